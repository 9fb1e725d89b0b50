//! The driver at work: a small run of every target, and a planted bug that only guidance finds.

use fuzz::explore::{attempt, shorten};
use fuzz::planted::{ORDINARY, PLANTED};
use fuzz::{Explorer, Finding, Guidance, TARGETS, corpus};

/// Few enough for a debug build; the long runs are the README's.
const EXECUTIONS: u64 = 1_500;
/// Within so many executions the planted bug is found; twice as many as it takes.
const HUNT: usize = 30_000;

#[test]
fn a_short_run_of_every_target_finds_nothing_and_reaches_more_than_its_seeds() {
    for target in TARGETS {
        let mut explorer = Explorer::new(*target, Guidance::ByReach, 1);
        for entry in corpus::read(target.name).unwrap() {
            explorer
                .seed(&entry.input)
                .unwrap_or_else(|finding| panic!("{}, {}: {finding:?}", target.name, entry.name));
        }
        let before = explorer.reach().orders();
        while explorer.executions() < EXECUTIONS {
            explorer.step().unwrap_or_else(|finding| panic!("{}: {finding:?}", target.name));
        }
        assert!(explorer.reach().orders() > before, "{}: {before} orders, and no more", target.name);
    }
}

/// The first panic of the broken target within so many executions.
fn hunt(guidance: Guidance, seed: u64) -> Option<Finding> {
    let mut explorer = Explorer::new(PLANTED, guidance, seed);
    explorer.seed(ORDINARY).expect("ordinary blocks pass");
    std::iter::repeat_with(|| explorer.step()).take(HUNT).find_map(Result::err)
}

#[test]
fn a_planted_bug_is_found_by_guidance_and_not_by_chance() {
    let found = hunt(Guidance::ByReach, 1).expect("a finding");
    assert_eq!(found.message, "the planted bug");
    let short = shorten(PLANTED, &found);
    assert!(attempt(PLANTED, &short).is_err() && short.len() < 60, "{} bytes: {short:?}", short.len());
    assert_eq!(hunt(Guidance::Blind, 1), None, "chance finds it as well: the bug is too easy to show anything");
}
