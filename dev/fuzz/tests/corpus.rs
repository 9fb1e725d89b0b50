//! The corpus that is checked in: it is whole, it passes, and it reaches every fault that the engine can tell.

use std::collections::BTreeSet;

use farcall_wire::Reason;
use fuzz::corpus::{self, Entry};
use fuzz::explore::attempt;
use fuzz::{TARGETS, Target, seeds, target};

/// Every input of every target, with what it reaches.
fn replay(target: Target, entry: &Entry) -> BTreeSet<&'static str> {
    match attempt(target, &entry.input) {
        Ok(reach) => reach.reasons().clone(),
        Err(message) => panic!("{} panics on {}: {message}", target.name, entry.name),
    }
}

#[test]
fn every_input_passes_and_every_reason_is_reached_by_one_that_has_its_name() {
    let mut reached = BTreeSet::new();
    for target in TARGETS {
        for entry in corpus::read(target.name).unwrap() {
            let reasons = replay(*target, &entry);
            if !target.name.ends_with("-frames") {
                continue;
            }
            if Reason::NAMES.contains(&entry.name.as_str()) {
                assert!(reasons.contains(entry.name.as_str()), "{}, {}: reaches {reasons:?}", target.name, entry.name);
                reached.insert(entry.name);
            }
        }
    }
    let missing: Vec<_> = Reason::NAMES.iter().filter(|name| !reached.contains(**name)).collect();
    assert!(missing.is_empty(), "no seed is named for {missing:?}: write one in dev/fuzz/src/seeds");
}

#[test]
fn what_is_checked_in_is_what_the_seeds_say_and_is_small() {
    let mut size = 0;
    for target in TARGETS {
        let entries = corpus::read(target.name).unwrap();
        size += std::fs::metadata(corpus::path(target.name)).unwrap().len();
        let (found, seeds): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| entry.name.starts_with("found-"));
        assert_eq!(seeds, seeds::of(target.name), "{}: run `cargo run -p fuzz -- seeds`", target.name);
        let names: BTreeSet<_> = found.iter().chain(&seeds).map(|entry| &entry.name).collect();
        assert_eq!(names.len(), found.len() + seeds.len(), "{}: a name twice", target.name);
        assert!(seeds.len() >= 7, "{}: {} seeds", target.name, seeds.len());
    }
    assert!(size < 300_000, "the corpus has {size} bytes");
}

#[test]
fn raw_bytes_reach_most_of_what_a_peer_alone_can_cause() {
    let mut reached = BTreeSet::new();
    for name in ["server", "client"] {
        let target = target(name).unwrap();
        for entry in corpus::read(name).unwrap() {
            reached.extend(replay(*target, &entry));
        }
    }
    assert!(reached.len() >= 30, "{}: {reached:?}", reached.len());
}
