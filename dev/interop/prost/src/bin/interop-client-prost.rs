//! `interop-client-prost --server_host H --server_port N --test_case T`: as `interop-client`, over messages of prost.

use std::process::ExitCode;

use clap::Parser;
use farcall::Channel;
use interop_prost::cases;

/// Runs one case; exit code 0, or the reason on stderr.
#[derive(Debug, Parser)]
#[command(rename_all = "snake_case")]
struct Flags {
    /// The server's name or address.
    #[arg(long, default_value = "127.0.0.1")]
    server_host: String,
    /// The server's port.
    #[arg(long)]
    server_port: u16,
    /// The case.
    #[arg(long)]
    test_case: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let flags = Flags::parse();
    match run(&flags).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", flags.test_case);
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: &Flags) -> Result<(), Box<dyn std::error::Error>> {
    let channel = Channel::new(&format!("{}:{}", flags.server_host, flags.server_port))?;
    Ok(cases::run(&flags.test_case, channel).await?)
}
