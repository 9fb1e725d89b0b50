//! What valgrind counts: instructions (callgrind), allocations and heap (DHAT).
//!
//! Each figure is the difference of two runs that differ in length only, so that beginning and end cancel out.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::{Effort, Kind, Row};
use crate::Failure;
use crate::child::{Server, Setup};
use crate::clock;
use crate::load::{Job, Method, closed};
use crate::peer::Peer;
use crate::runtime::Runtime;

/// Fills the row's cells.
pub fn measure(row: &mut Row, effort: &Effort) {
    for peer in Peer::GRPC {
        let counted = match row.case.kind {
            Kind::Instructions { calls } => per_call(effort, |total| instructions(peer, calls, total)),
            Kind::Allocations => per_call(effort, |total| Ok(pair(peer, total)?.blocks)),
            _ => idle(peer, effort.idle),
        };
        let samples = counted.map(|figure| [figure].into_iter().collect());
        row.cells.push((peer, samples.map_err(|error| error.to_string())));
    }
}

fn per_call(effort: &Effort, count: impl Fn(usize) -> Result<f64, Failure>) -> Result<f64, Failure> {
    let (short, long) = (count(SHORT)?, count(SHORT + effort.counted)?);
    Ok((long - short) / effort.counted as f64)
}

/// Instructions of a server that answers so many calls.
fn instructions(peer: Peer, calls: usize, total: usize) -> Result<f64, Failure> {
    let log = Log::new("callgrind");
    let runner = log.runner(&["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    let server = Server::start_with(&runner, setup(peer))?;
    closed::counted(&job(peer, &server, 1, calls), total)?;
    server.stop()?;
    log.number("Collected :", 0)
}

/// What a server holds for each idle connection after one call: bytes of heap.
fn idle(peer: Peer, connections: usize) -> Result<f64, Failure> {
    let (few, many) = (idle_heap(peer, FEW)?, idle_heap(peer, FEW + connections)?);
    Ok((many - few) / connections as f64)
}

fn idle_heap(peer: Peer, connections: usize) -> Result<f64, Failure> {
    let log = Log::new("dhat");
    let server = Server::start_with(&log.runner(&DHAT), setup(peer))?;
    let job = job(peer, &server, connections, 1);
    closed::idle(&job, || {
        std::thread::sleep(SETTLE);
        server.stop()
    })??;
    log.number("At t-end:", 0)
}

struct Heap {
    blocks: f64,
}

/// Client and server in one process, so many calls.
fn pair(peer: Peer, calls: usize) -> Result<Heap, Failure> {
    let log = Log::new("dhat");
    let runner = log.runner(&DHAT);
    let Some((program, options)) = runner.split_first() else { return Err("no program to run".into()) };
    let mut command = Command::new(program);
    command.args(options).arg(std::env::current_exe()?).args(["pair", &peer.to_string(), &calls.to_string()]);
    let status = command.status()?;
    if !status.success() {
        return Err(format!("client and server under valgrind ended with {status}").into());
    }
    Ok(Heap { blocks: log.number("Total:", 1)? })
}

fn setup(peer: Peer) -> Setup {
    Setup { peer, runtime: Runtime::Current, suspend: false, core: clock::MEASURED_CORE }
}

fn job(peer: Peer, server: &Server, connections: usize, calls: usize) -> Job {
    Job { peer, address: server.address, connections, calls, method: Method::Get { metadata: false } }
}

/// What valgrind says at the end of a run; the file is gone when this is.
struct Log(PathBuf);

impl Log {
    fn new(tool: &str) -> Self {
        Self(std::env::temp_dir().join(format!("farcall-bench-{}-{tool}.log", std::process::id())))
    }

    fn runner(&self, options: &[&str]) -> Vec<String> {
        let log = format!("--log-file={}", self.0.display());
        std::iter::once("valgrind").chain(options.iter().copied()).map(str::to_owned).chain([log]).collect()
    }

    /// The number at `place` of the line that begins with `label`.
    fn number(&self, label: &str, place: usize) -> Result<f64, Failure> {
        let text = std::fs::read_to_string(&self.0)?;
        number(&text, label, place).ok_or_else(|| format!("valgrind did not say {label:?}, but: {text}").into())
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // It is not there when valgrind is not.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn number(text: &str, label: &str, place: usize) -> Option<f64> {
    let line = text.lines().find_map(|line| line.split_once(label))?.1;
    let mut numbers = line.split_whitespace().filter_map(|word| word.replace(',', "").parse().ok());
    numbers.nth(place)
}

const DHAT: [&str; 2] = ["--tool=dhat", "--dhat-out-file=/dev/null"];
/// Calls of the short run.
const SHORT: usize = 300;
/// Connections of the short run.
const FEW: usize = 10;
/// Time for a server to give back what it holds for speed alone.
const SETTLE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_what_valgrind_says() {
        let text = "==1== Total:     104,374 bytes in 212 blocks\n==1== At t-end:  544 bytes in 1 blocks\n";
        assert_eq!(number(text, "Total:", 0), Some(104_374.0));
        assert_eq!(number(text, "Total:", 1), Some(212.0));
        assert_eq!(number(text, "At t-end:", 0), Some(544.0));
        assert_eq!(number("==7== Collected : 1234567\n", "Collected :", 0), Some(1_234_567.0));
        assert_eq!(number("", "Collected :", 0), None);
    }
}
