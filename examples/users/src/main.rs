//! Serves users from memory, makes a tour of the service over TCP, and goes on serving.
//!
//! `cargo run --release -p users` does all of it; `-- --once` ends after the tour, `-- --listen ADDR` serves elsewhere.

mod arguments;
mod service;
mod tour;

#[allow(unreachable_pub, reason = "generated code is public, and a program has no public")]
mod proto;

use std::process::ExitCode;

use arguments::Arguments;
use farcall::Server;
use proto::users::v1::UserServiceServer;
use service::Users;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("users: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let server =
        Server::builder().service(UserServiceServer::new(Users::with_examples())).bind(&arguments.listen).await?;
    let address = server.local_addr();
    let shutdown = server.shutdown_handle();
    let serving = tokio::spawn(server.serve());
    println!("users.v1.UserService is served on {address}\n");

    tour::run(&format!("http://{address}")).await?;

    if !arguments.once {
        say_what_to_try(&address.to_string());
        tokio::signal::ctrl_c().await?;
        println!("\nshutting down: calls in flight may finish");
    }
    shutdown.begin();
    serving.await??;
    Ok(())
}

fn say_what_to_try(address: &str) {
    println!("Still serving on {address}. From other languages, in another terminal:\n");
    println!(
        "  dev/interop/peers/setup                                                   # once: installs both below target/"
    );
    println!("  target/peers/venv/bin/python examples/users/peers/client.py {address}");
    println!("  node examples/users/peers/client.mjs {address}\n");
    println!("Ctrl-C ends it.");
}
