//! `soak`: mixed calls between a server in a process of its own and clients in this one, for as long as one likes.
//!
//! Speed is not measured here, and no limit is tried: both sides behave, and their connections do not. Linux only, for
//! memory and sockets are read from `/proc`.
//!
//! ```text
//!   main ── run ──┬── child ═ stdin, stdout ═ serve ── service ── ledger
//!                 ├── load ── plan ── call ───── TCP ────┘           │
//!                 ├── sample, trend, graph                           │
//!                 └── tally ◀──────────── both sides agree? ─────────┘
//! ```

mod arguments;
mod broken;
mod call;
mod child;
mod dice;
mod fate;
mod graph;
mod ledger;
mod load;
mod pattern;
mod plan;
mod process;
mod report;
mod run;
mod sample;
mod serve;
mod service;
mod tally;
mod trend;
mod weather;

use std::process::ExitCode;

use clap::Parser;

/// What keeps a run from its end.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The contract, as `farcall-build` writes it.
mod proto {
    farcall_protobuf::include_proto!();
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    let done = match arguments.role {
        Some(arguments::Role::Serve) => serve::serve().await.map(|()| true),
        None => run::run(arguments.soak).await,
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}
