//! 10,000 calls per second, half of them cancelled before they are answered, for a minute: nobody is thrown out.

use std::collections::VecDeque;
use std::time::Duration;

use sim::{Dice, Pair, Script, Wire};

/// Calls of a minute.
const CALLS: usize = 60 * 10_000;
const PAUSE: Duration = Duration::from_micros(100);

/// Runs a storm of so many calls; `cancels` says which are given up, and how many pauses after they were opened.
fn storm(calls: usize, mut cancels: impl FnMut(usize) -> Option<usize>) {
    let mut pair = Pair::new(Wire::LAN);
    let script = Script::unary("/sim.Storm/Unary");
    let mut cancelled = 0;
    let mut due: VecDeque<Vec<usize>> = VecDeque::new();
    for turn in 0..calls {
        let position = pair.open(&script);
        if let Some(pauses) = cancels(turn) {
            due.resize_with(due.len().max(pauses + 1), Vec::new);
            due[pauses].push(position);
        }
        for position in due.pop_front().unwrap_or_default() {
            assert!(pair.client.calls[position].status.is_none(), "nobody can have answered it by then");
            pair.cancel(position);
            cancelled += 1;
        }
        pair.run_for(PAUSE);
        assert!(pair.server.over.is_none() && pair.client.over.is_none(), "thrown out at call {turn}");
    }
    assert!(pair.clock.elapsed() >= PAUSE * u32::try_from(calls).expect("few enough"));
    assert!(cancelled * 20 > calls * 9, "{cancelled} of {calls} calls were given up");
    pair.run();
    let answered = pair.client.calls.iter().filter(|log| log.is_ok()).count();
    assert_eq!((pair.client.calls.len(), answered + cancelled), (calls, calls));
    assert_eq!((pair.server.over, pair.client.goaways.len()), (None, 0));
    pair.assert_at_rest();
}

#[test]
fn every_other_call_is_cancelled() {
    storm(CALLS, |turn| (turn % 2 == 0).then_some(0));
}

#[test]
fn every_call_is_cancelled_by_the_toss_of_a_coin_while_its_answer_is_under_way() {
    // A round trip takes 2 ms: the server has not heard of it, works on it, or has answered.
    let mut dice = Dice::new(2026);
    storm(CALLS, |_| (dice.below(2) == 0).then(|| dice.below(20) as usize));
}

#[test]
fn calls_are_cancelled_in_flights_of_a_hundred() {
    storm(CALLS / 20, |turn| (turn / 100 % 2 == 0).then_some(0));
}
