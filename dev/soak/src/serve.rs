//! The server process: it says where it listens, obeys the lines of its parent, and ends when they do.
//!
//! It is stopped and started again within one process, so that its memory is one curve for the whole run.

use std::io::{BufRead, Write};
use std::sync::Arc;
use std::time::Duration;

use farcall::Server;
use tokio::sync::mpsc;

use crate::Failure;
use crate::ledger::{Counts, Ledger};
use crate::proto::soak::MixedServer;
use crate::service::Service;

/// Asks for the counts.
pub(crate) const REPORT: &str = "report";
/// Ends the server in order, and starts it again.
pub(crate) const RESTART: &str = "restart";
/// Drops the server with everything that it holds, and starts it again.
pub(crate) const CRASH: &str = "crash";

/// Serves until there are no more lines.
///
/// # Errors
/// When it cannot listen, or does not end in its time.
pub(crate) async fn serve() -> Result<(), Failure> {
    let ledger = Arc::new(Ledger::default());
    let mut commands = lines();
    let mut address = "127.0.0.1:0".to_owned();
    loop {
        let service = MixedServer::new(Service { ledger: Arc::clone(&ledger) });
        let bound = Server::builder().service(service).bind(&address).await?;
        address = bound.local_addr().to_string();
        say(&address)?;
        let shutdown = bound.shutdown_handle();
        let mut serving = std::pin::pin!(bound.serve());
        let more = loop {
            let command = tokio::select! {
                ended = &mut serving => return Err(format!("the server ended by itself: {ended:?}").into()),
                command = commands.recv() => command,
            };
            match command.as_deref() {
                Some(CRASH) => break true,
                Some(REPORT) => say(&counts(&ledger).line())?,
                other => {
                    shutdown.begin();
                    let ended = tokio::time::timeout(ORDERLY, &mut serving).await;
                    ended.map_err(|_| format!("calls were open {ORDERLY:?} after the shutdown began"))??;
                    break other.is_some();
                }
            }
        };
        if !more {
            return Ok(());
        }
    }
}

fn counts(ledger: &Ledger) -> Counts {
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks() as u64;
    Counts { tasks, ..ledger.counts() }
}

fn say(line: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

/// The parent's lines, read by a thread; they end with the parent.
fn lines() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// How long a shutdown may take: longer than any handler that is not given up.
const ORDERLY: Duration = Duration::from_secs(90);
