//! Random verbs on both peers, by seed: whatever applications and network do, every law holds after every step.
//!
//! These are few; the program of this package runs as many as it is asked for: `cargo run --release -p sim -- --help`.

use sim::Side;
use sim::world::{Plant, Run, Tally};

/// Runs seeds; what they did together.
fn run(seeds: std::ops::Range<u64>) -> Vec<Tally> {
    let again = "cargo run --release -p sim -- --seeds 1 --trace --from";
    let run = |seed| Run::new(seed).run().unwrap_or_else(|failure| panic!("{}\nagain: {again} {seed}", failure.what));
    seeds.map(run).collect()
}

#[test]
fn every_law_holds_in_three_hundred_random_worlds() {
    let tallies = run(0..300);
    let sum = |of: fn(&Tally) -> usize| tallies.iter().map(of).sum::<usize>();
    let (calls, ok, unprocessed) = (sum(|tally| tally.calls), sum(|tally| tally.ok), sum(|tally| tally.unprocessed));
    assert!(ok > 500 && ok * 5 > calls, "{ok} of {calls} calls went well: the worlds are too rough to show anything");
    assert!(unprocessed > 100 && sum(|tally| tally.messages) > 2_000);
    let over = tallies.iter().filter(|tally| tally.over).count();
    assert!((30..270).contains(&over), "{over} connections ended: both kinds are wanted");
}

#[test]
fn a_seed_is_a_run_and_a_broken_law_is_told_with_what_came_before() {
    let run = Run { seed: 3, plant: Some((Side::Client, Plant::EndsTwice)) };
    let ((first, trace), (second, again)) = (run.watch(), run.watch());
    let failures = (first.expect_err("a fault is planted"), second.expect_err("a fault is planted"));
    assert_eq!((failures.0.what, &trace), (failures.1.what, &again));
    for part in ["Open {", "client ──▶  stream 1    HEADERS", "Client is told: Done", "ms  Wait("] {
        assert!(trace.contains(part), "{part} is not in:\n{trace}");
    }
    assert_eq!(Run::new(17).run().expect("no law is broken"), Run::new(17).run().expect("no law is broken"));
}
