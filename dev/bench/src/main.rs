//! farcall beside its peers: what a call costs, and whether the gates hold.
//!
//! The measured processes are this program again, with the first word `serve`, `call` or `pair`;
//! `load` makes calls to a server that was started by hand, under a profiler.

mod arguments;
mod case;
mod child;
mod clock;
mod load;
mod peer;
mod proto;
mod report;
mod runtime;
mod sample;
mod samples;

use std::path::Path;
use std::process::ExitCode;

use arguments::{Arguments, Mode};
use case::{Case, Row, Verdict, catalogue};
use report::document::Results;
use report::{chart, document, figures, machine, table};

/// Why something could not be measured.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.split_first() {
        Some((word, rest)) if word == "serve" => child::serve::run(rest).map(|()| true),
        Some((word, rest)) if word == "call" => child::call::run(rest).map(|()| true),
        Some((word, rest)) if word == "pair" => child::pair::run(rest).map(|()| true),
        Some((word, rest)) if word == "load" => child::load::run(rest).map(|()| true),
        _ => bench(words),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::from(2)
        }
    }
}

/// Measures; whether all is as it should be.
fn bench(words: Vec<String>) -> Result<bool, Failure> {
    let arguments = Arguments::parse(words.into_iter())?;
    let machine = machine::facts();
    clock::pin(&[clock::OTHER_CORE])?;
    clock::raise_open_files()?;
    if clock::cores() < 2 {
        println!("This machine has one core: load generator and server share it, and the figures mean little.");
    }
    let effort = arguments.mode.effort();
    println!("{}", table::heading());
    let measure = |cases: Vec<Case>| -> Vec<Row> {
        let wanted = cases.into_iter().filter(|case| arguments.wants(case.name));
        wanted.map(|case| measured(&case, &effort)).collect()
    };
    let mut results = Results { machine, gates: measure(catalogue::gates()), ..Results::default() };
    if arguments.mode != Mode::Quick {
        results.others = measure(catalogue::others());
        results.scaling = measure(catalogue::scaling());
        if arguments.wants("latency") {
            results.latencies = case::latencies(&effort)?;
        }
    }
    conclude(&arguments, &results)
}

fn measured(case: &Case, effort: &case::Effort) -> Row {
    let row = case.measure(effort);
    println!("{}", table::row(&row));
    row
}

/// Prints what has to be known, writes what has to be written; whether all is as it should be.
fn conclude(arguments: &Arguments, results: &Results) -> Result<bool, Failure> {
    let rows = || results.gates.iter().chain(&results.others).chain(&results.scaling);
    let ran = rows().all(|row| row.cells.iter().all(|(_, cell)| cell.is_ok()))
        && results.latencies.iter().all(|latency| latency.microseconds.is_ok());
    if arguments.mode == Mode::Smoke {
        let failures = rows().flat_map(|row| row.cells.iter().map(move |cell| (row.case.name, cell)));
        for (name, (peer, cell)) in failures {
            if let Err(why) = cell {
                println!("{name}: {peer}: {why}");
            }
        }
        println!("{}", if ran { "Everything runs. The figures mean nothing." } else { "Not everything runs." });
        return Ok(ran);
    }
    rows().flat_map(figures::notes).for_each(|note| println!("{note}"));
    if arguments.mode == Mode::Full && arguments.only.is_none() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        std::fs::create_dir_all(&docs)?;
        std::fs::write(docs.join("performance.md"), document::page(results))?;
        std::fs::write(docs.join("performance.svg"), chart::chart(&results.gates))?;
        println!("Written: docs/performance.md and docs/performance.svg");
    }
    let failed = results.gates.iter().filter(|row| matches!(row.verdict(), Verdict::Fail(_))).count();
    println!("{} gates, {failed} failed", results.gates.len());
    Ok(failed == 0)
}
