//! Runs random worlds by seed: `sim --seeds 10000`. Each failure is told with the command that shows it again.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use sim::world::{Failure, Run, Tally};

const HELP: &str = "\
Runs two peers of farcall-wire under random verbs, seed by seed, and holds every law against each step.

usage: sim [--seeds N] [--from S] [--threads T] [--trace]

  --seeds N    how many seeds (default 1000)
  --from S     the first of them (default 0)
  --threads T  how many run at once (default: one for each core)
  --trace      with one seed: print what happened, verb by verb and frame by frame

The exit code is 0 when no seed failed, 1 when one did, 2 for a bad argument.";

struct Options {
    seeds: u64,
    from: u64,
    threads: usize,
    trace: bool,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let cores = thread::available_parallelism().map_or(1, Into::into);
        let mut options = Self { seeds: 1_000, from: 0, threads: cores, trace: false };
        while let Some(name) = arguments.next() {
            let mut number = || {
                let text = arguments.next().ok_or(format!("{name} needs a number; see --help"))?;
                text.parse::<u64>().map_err(|_| format!("{name} needs a number, but was given `{text}`"))
            };
            match name.as_str() {
                "--help" | "-h" => return Ok(None),
                "--seeds" => options.seeds = number()?,
                "--from" => options.from = number()?,
                "--threads" => options.threads = usize::try_from(number()?.clamp(1, 64)).unwrap_or(1),
                "--trace" => options.trace = true,
                _ => return Err(format!("there is no argument `{name}`; see --help")),
            }
        }
        if options.seeds == 0 {
            return Err("--seeds 0 would test nothing; give at least 1".to_owned());
        }
        if options.trace && options.seeds > 1 {
            return Err(format!("--trace shows one seed, not {}; add --seeds 1", options.seeds));
        }
        Ok(Some(options))
    }
}

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("sim: {error}");
            return ExitCode::from(2);
        }
    };
    // What a law says is told below, together with its seed.
    if !options.trace {
        std::panic::set_hook(Box::new(|_| {}));
    }
    let next = AtomicU64::new(0);
    let results: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..options.threads).map(|_| scope.spawn(|| work(&options, &next))).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    if report(&options, &results) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Takes seeds until there are no more.
fn work(options: &Options, next: &AtomicU64) -> Vec<Result<Tally, Failure>> {
    let mut results = Vec::new();
    loop {
        let turn = next.fetch_add(1, Ordering::Relaxed);
        if turn >= options.seeds {
            return results;
        }
        let run = Run::new(options.from.wrapping_add(turn));
        if options.trace {
            let (result, trace) = run.watch();
            print!("{trace}");
            results.push(result);
        } else {
            results.push(run.run());
        }
    }
}

/// Tells what was found; `true` if every seed was run, and none failed.
fn report(options: &Options, results: &[Result<Tally, Failure>]) -> bool {
    let tallies = || results.iter().flatten();
    let sum = |of: fn(&Tally) -> usize| tallies().map(of).sum::<usize>();
    let mut failures: Vec<&Failure> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    failures.sort_by_key(|failure| failure.seed);
    for failure in failures.iter().take(SHOWN) {
        println!("seed {} broke a law: {}", failure.seed, failure.what);
        println!("  again: cargo run --release -p sim -- --from {} --seeds 1 --trace\n", failure.seed);
    }
    let (calls, ok, unprocessed) = (sum(|tally| tally.calls), sum(|tally| tally.ok), sum(|tally| tally.unprocessed));
    let over = tallies().filter(|tally| tally.over).count();
    println!(
        "{} seeds from {}: {calls} calls ({ok} ok, {unprocessed} never seen by the server), {} messages, {over} \
         connections ended; {} failed",
        options.seeds,
        options.from,
        sum(|tally| tally.messages),
        failures.len()
    );
    failures.is_empty() && results.len() as u64 == options.seeds
}

/// Failures that are told in full.
const SHOWN: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Option<Options>, String> {
        Options::parse(text.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn one_broken_law_or_missing_seed_is_a_failure() {
        let options = parse("--seeds 2").expect("legal").expect("a run");
        let failure = Failure { seed: 1, what: "a law".to_owned(), struck: false };
        assert!(report(&options, &[Ok(Tally::default()), Ok(Tally::default())]));
        assert!(!report(&options, &[Ok(Tally::default()), Err(failure)]));
        assert!(!report(&options, &[Ok(Tally::default())]));
    }

    #[test]
    fn arguments_are_read_and_bad_ones_named() {
        let options = parse("--seeds 7 --from 3 --threads 2").expect("legal").expect("a run");
        assert_eq!((options.seeds, options.from, options.threads, options.trace), (7, 3, 2, false));
        assert!(parse("--help").expect("legal").is_none());
        for (text, part) in [
            ("--seeds", "needs a number"),
            ("--from x", "`x`"),
            ("--sed 1", "`--sed`"),
            ("--seeds 0", "nothing"),
            ("--seeds 2 --trace", "--seeds 1"),
        ] {
            let error = parse(text).err().expect(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
