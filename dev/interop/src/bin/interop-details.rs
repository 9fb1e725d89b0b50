//! `interop-details server --port N` fails with every kind of detail; `interop-details client --server_port N` reads them.
//! What they are is the library's.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use farcall::{Channel, Server};
use interop::details::{FailingUsers, check};
use interop::proto::users::v1::UserServiceServer;

/// Rich errors, from either side.
#[derive(Debug, Parser)]
struct Flags {
    #[command(subcommand)]
    role: Role,
}

#[derive(Debug, Subcommand)]
#[command(rename_all = "snake_case")]
enum Role {
    /// Serves users.v1.UserService; prints "listening on ADDRESS" when it is ready.
    Server {
        /// The port; 0 lets the system choose a free one.
        #[arg(long)]
        port: u16,
    },
    /// Reads the details of a server on this machine; exit code 0, or the reason on stderr.
    #[command(rename_all = "snake_case")]
    Client {
        /// The server's port.
        #[arg(long = "server_port")]
        server_port: u16,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Flags::parse().role).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("interop-details: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(role: Role) -> Result<(), Box<dyn std::error::Error>> {
    match role {
        Role::Server { port } => {
            let service = UserServiceServer::new(FailingUsers);
            let bound =
                Server::builder().service(service).bind(std::net::SocketAddr::from(([127, 0, 0, 1], port))).await?;
            println!("listening on {}", bound.local_addr());
            Ok(bound.serve().await?)
        }
        Role::Client { server_port } => Ok(check(Channel::new(&format!("127.0.0.1:{server_port}"))?).await?),
    }
}
