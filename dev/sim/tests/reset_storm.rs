//! 10,000 calls per second, half of them cancelled before they are answered, for a minute: nobody is thrown out.

use std::time::Duration;

use sim::{Dice, Pair, Script, Wire};

/// Calls of a minute.
const CALLS: usize = 60 * 10_000;
const PAUSE: Duration = Duration::from_micros(100);

/// Runs a storm of so many calls; `cancels` says which are given up.
fn storm(calls: usize, mut cancels: impl FnMut(usize) -> bool) {
    let mut pair = Pair::new(Wire::LAN);
    let script = Script::unary("/sim.Storm/Unary");
    let mut cancelled = 0;
    for turn in 0..calls {
        let position = pair.open(&script);
        if cancels(turn) {
            pair.cancel(position);
            cancelled += 1;
        }
        pair.run_for(PAUSE);
        assert!(pair.server.over.is_none() && pair.client.over.is_none(), "thrown out at call {turn}");
    }
    assert!(pair.clock.elapsed() >= PAUSE * u32::try_from(calls).expect("few enough"));
    pair.run();
    let answered = pair.client.calls.iter().filter(|log| log.is_ok()).count();
    assert_eq!((pair.client.calls.len(), answered + cancelled), (calls, calls));
    assert_eq!((pair.server.over, pair.client.goaways.len()), (None, 0));
    pair.assert_at_rest();
}

#[test]
fn every_other_call_is_cancelled() {
    storm(CALLS, |turn| turn % 2 == 0);
}

#[test]
fn every_call_is_cancelled_by_the_toss_of_a_coin() {
    let mut dice = Dice::new(2026);
    storm(CALLS, |_| dice.below(2) == 0);
}

#[test]
fn calls_are_cancelled_in_flights_of_a_hundred() {
    storm(CALLS / 20, |turn| turn / 100 % 2 == 0);
}
