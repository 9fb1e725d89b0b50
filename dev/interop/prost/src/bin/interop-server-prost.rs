//! `interop-server-prost --port N`: as `interop-server`, over messages of prost.

use std::process::ExitCode;

use clap::Parser;
use farcall::Server;
use interop_prost::proto::grpc::testing::TestServiceServer;
use interop_prost::service::InteropService;

/// Serves grpc.testing.TestService on this machine; prints "listening on ADDRESS" when it is ready.
#[derive(Debug, Parser)]
struct Flags {
    /// The port; 0 lets the system choose a free one.
    #[arg(long)]
    port: u16,
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve(&Flags::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("interop-server-prost: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(flags: &Flags) -> Result<(), Box<dyn std::error::Error>> {
    let service = TestServiceServer::new(InteropService::new());
    let bound = Server::builder().service(service).bind(format!("127.0.0.1:{}", flags.port)).await?;
    println!("listening on {}", bound.local_addr());
    Ok(bound.serve().await?)
}
