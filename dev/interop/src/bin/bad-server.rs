//! `bad-server --port N --test_case T`: misbehaves to one client, and judges how that took it. The frames are the
//! library's.

use std::process::ExitCode;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use interop::bad_server::{Behaviour, serve};
use tokio::net::TcpListener;

/// A server of grpc.testing.TestService that misbehaves; prints "listening on ADDRESS" when it is ready, and ends after
/// one client, with exit code 0 if that did what it should.
#[derive(Debug, Parser)]
#[command(rename_all = "snake_case")]
struct Flags {
    /// The port; 0 lets the system choose a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// How to misbehave.
    #[arg(long, value_parser = PossibleValuesParser::new(Behaviour::ALL.map(Behaviour::name)))]
    test_case: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let flags = Flags::parse();
    match run(&flags).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bad-server, {}: {error}", flags.test_case);
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: &Flags) -> Result<(), Box<dyn std::error::Error>> {
    let behaviour = Behaviour::find(&flags.test_case).ok_or("there is no such case")?;
    let listener = TcpListener::bind(("127.0.0.1", flags.port)).await?;
    println!("listening on {}", listener.local_addr()?);
    Ok(serve(listener, behaviour).await?)
}
