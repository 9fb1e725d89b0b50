//! The page: `docs/performance.md`.

use std::fmt::Write;

use super::figures;
use crate::case::{Latency, Row};
use crate::peer::Peer;

/// All that was measured.
#[derive(Debug, Default)]
pub struct Results {
    /// Name and value of the machine's facts.
    pub machine: Vec<(&'static str, String)>,
    /// Rows with a gate.
    pub gates: Vec<Row>,
    /// Rows beside them.
    pub others: Vec<Row>,
    /// Rows over the number of connections.
    pub scaling: Vec<Row>,
    /// Latencies.
    pub latencies: Vec<Latency>,
}

/// The page as Markdown.
pub fn page(results: &Results) -> String {
    let mut page = INTRODUCTION.to_owned();
    page.push_str("\n## Machine\n\n| | |\n|---|---|\n");
    for (name, value) in &results.machine {
        let _ = writeln!(page, "| {name} | {value} |");
    }
    page.push_str("\n## Gates\n\n");
    page.push_str(GATES);
    rows(&mut page, &results.gates);
    page.push_str("\n## Beside the gates\n\n");
    page.push_str(BESIDE);
    rows(&mut page, &results.others);
    page.push_str("\n## Connections\n\nTen calls in flight on each connection, `current_thread`.\n\n");
    rows(&mut page, &results.scaling);
    latencies(&mut page, &results.latencies);
    page.push_str(METHOD);
    page
}

fn rows(page: &mut String, rows: &[Row]) {
    page.push_str("| case | unit | farcall | tonic | connectrpc | floor | ratio | gate | aim | |\n");
    page.push_str("|---|---|---|---|---|---|---|---|---|---|\n");
    for row in rows {
        let _ = write!(page, "| {} | {} |", row.case.name, row.case.unit);
        for peer in Peer::ALL {
            let _ = write!(page, " {} |", figures::cell(row, peer));
        }
        let (ratio, gate, verdict) = (figures::ratio(row), figures::gate(row), figures::verdict(row));
        let _ = writeln!(page, " {ratio} | {gate} | {} | {verdict} |", row.case.aim);
    }
    let notes: Vec<String> = rows.iter().flat_map(figures::notes).collect();
    if !notes.is_empty() {
        page.push('\n');
    }
    for note in notes {
        let _ = writeln!(page, "- {note}");
    }
}

fn latencies(page: &mut String, latencies: &[Latency]) {
    page.push_str("\n## Latency\n\n");
    page.push_str(LATENCY);
    page.push_str("| server | 80 % of | calls/s |");
    for (name, _) in Latency::QUANTILES {
        let _ = write!(page, " {name} |");
    }
    page.push_str("\n|---|---|---|---|---|---|---|---|\n");
    for latency in latencies {
        let _ = write!(page, "| {} | {} | {} |", latency.peer, latency.of, figures::figure(latency.rate));
        match &latency.microseconds {
            Ok(values) => values.iter().for_each(|value| {
                let _ = write!(page, " {} |", figures::figure(*value));
            }),
            Err(why) => {
                let _ = write!(page, " not measured: {why} | | | | |");
            }
        }
        page.push('\n');
    }
}

const INTRODUCTION: &str = "\
# Performance

What a call costs: farcall beside tonic 0.14 (prost) and connectrpc 0.9 (buffa), and beside a server that only moves as many
bytes over TCP (the floor). Written by `dev/bench`; do not edit.

![CPU time of the server for each call, tonic being 100 %](performance.svg)
";

const GATES: &str = "\
CPU time of the measured process for each call or message: median, and least and most of all rounds in brackets. `c` is the number
of connections, `m` the calls in flight on each. The ratio is tonic's median over farcall's.

";

const BESIDE: &str = "\
Handlers that are not ready at their first poll but yield once; two workers on two cores, which the load generator shares;
calls with a deadline and two entries of metadata.

";

const LATENCY: &str = "\
Microseconds from the time at which a call was due, so that a stall is charged with every call that it held up. Ten connections,
`current_thread`.

";

const METHOD: &str = "
## How it is measured

- Every server runs in a process of its own on one core, the load generator on another; clients are measured the other way round.
  All implementations are measured in turns, in one run.
- Handlers decode the request and encode the reply: `Get` answers a request of 6 bytes with a user of 83 bytes, two of its fields strings;
  `Download` sends messages of the size that is named. The contract is `dev/bench/proto/bench.proto`.
- Everybody runs with defaults, `TCP_NODELAY`, and release builds with thin LTO and one codegen unit.
- The load generator writes prepared HTTP/2 frames and counts the streams that end and the bytes that come. When it has no time left
  while the server has, it says so below the table. Before a server is measured, tonic's client calls it and looks at the replies.
- Instructions (callgrind), allocations and heap (DHAT, valgrind's own) are differences of a long and a short run. Instructions are
  those of the server in user space; allocations are those of client and server together, one call after the other, six of them
  being the strings of the messages themselves; heap is what a server holds for each of 1,000 connections that made one call and are idle.
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::catalogue;

    #[test]
    fn a_page_has_every_row_and_says_what_is_missing() {
        let row = |case| Row { case, cells: vec![(Peer::Farcall, Err("it broke".to_owned()))], notes: Vec::new() };
        let gates: Vec<Row> = catalogue::gates().into_iter().map(row).collect();
        let names: Vec<&str> = gates.iter().map(|row| row.case.name).collect();
        let machine = vec![("Cores", "2".to_owned())];
        let page = page(&Results { machine, gates, ..Results::default() });
        assert!(page.contains("| Cores | 2 |"));
        for name in names {
            assert!(
                page.contains(&format!("| {name} |")) && page.contains(&format!("- {name}: FAIL")),
                "{name}: {page}"
            );
        }
        assert!(page.contains("farcall was not measured: it broke"));
    }
}
