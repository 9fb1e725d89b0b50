//! Deadlines bound the whole call, on both sides, whatever the link does.

use std::time::Duration;

use farcall_wire::grpc::Code;
use sim::{Body, Dice, Pair, Script, Side, Wire};

const MILLISECOND: Duration = Duration::from_millis(1);

fn codes(pair: &Pair) -> [Code; 2] {
    [pair.client.calls[0].error().code(), pair.server.calls[0].error().code()]
}

#[test]
fn an_unanswered_call_ends_on_both_sides_when_its_time_is_over() {
    let mut pair = Pair::new(Wire::LAN.latency(10 * MILLISECOND));
    pair.open(&Script::unanswered("/sim.Deadline/Unanswered").timeout(100 * MILLISECOND));
    pair.run();
    assert_eq!(pair.client.calls[0].over, Some(100 * MILLISECOND), "to the nanosecond");
    let heard = pair.server.calls[0].over.expect("the server was told");
    assert!(heard >= 110 * MILLISECOND && heard < 111 * MILLISECOND, "told after {heard:?}");
    assert_eq!(pair.client.calls[0].error().code(), Code::DeadlineExceeded);
    pair.assert_at_rest();
}

#[test]
fn each_side_keeps_the_deadline_when_the_other_cannot_be_heard() {
    let mut pair = Pair::new(Wire::LAN.latency(10 * MILLISECOND));
    pair.open(&Script::unanswered("/sim.Deadline/Alone").timeout(100 * MILLISECOND));
    pair.run_for(50 * MILLISECOND);
    pair.up.hold(true);
    pair.down.hold(true);
    pair.run_for(100 * MILLISECOND);
    assert_eq!(codes(&pair), [Code::DeadlineExceeded; 2]);
    let heard = pair.server.calls[0].over.expect("the server's own timer");
    assert!(heard >= 110 * MILLISECOND && heard < 111 * MILLISECOND, "its time began when the head arrived: {heard:?}");
    pair.up.hold(false);
    pair.down.hold(false);
    pair.run();
    pair.assert_at_rest();
}

#[test]
fn a_stream_ends_at_its_deadline_however_much_it_still_has_to_say() {
    let download = Script::download("/sim.Deadline/Download", Body::of_length(100_000, 10_000));
    let upload = Script::upload("/sim.Deadline/Upload", Body::of_length(100_000, 10_000));
    for (script, reader) in [(download, Side::Client), (upload, Side::Server)] {
        for wire in [Wire::LAN, Wire::LAN.cut(4)] {
            let mut pair = Pair::new(wire);
            pair.open(&script.clone().timeout(50 * MILLISECOND));
            pair.run();
            assert_eq!(pair.client.calls[0].error().code(), Code::DeadlineExceeded);
            assert_eq!(pair.client.calls[0].over, Some(50 * MILLISECOND));
            assert!(pair.peer(reader).calls[0].messages > 10, "it was under way");
            pair.assert_at_rest();
        }
    }
}

#[test]
fn an_unread_stream_ends_at_its_deadline() {
    let script = Script::download("/sim.Deadline/Unread", Body::of_length(100, 50_000)).timeout(50 * MILLISECOND);
    let mut pair = Pair::new(Wire::LAN);
    pair.open(&Script { client_reads: false, ..script });
    pair.run();
    // The client's RST_STREAM and the server's own timer come in the same moment; either may be first.
    let [client, server] = codes(&pair);
    assert_eq!(client, Code::DeadlineExceeded);
    assert!(matches!(server, Code::DeadlineExceeded | Code::Cancelled), "{server:?}");
    pair.assert_at_rest();
}

#[test]
fn a_call_that_is_answered_in_time_takes_its_timers_with_it() {
    let mut pair = Pair::new(Wire::LAN);
    pair.open(&Script::unary("/sim.Deadline/InTime").timeout(Duration::from_secs(3_600)));
    pair.run();
    assert!(pair.client.calls[0].is_ok());
    assert!(pair.clock.elapsed() < Duration::from_secs(1), "nobody waited for the hour to pass");
    pair.assert_at_rest();
}

#[test]
fn calls_of_all_lengths_and_deadlines_end_once_and_in_time() {
    for seed in 0..20 {
        let mut dice = Dice::new(seed);
        let mut pair = Pair::new(Wire::LAN.cut(seed));
        let paths = ["/sim.Deadline/A", "/sim.Deadline/B", "/sim.Deadline/C", "/sim.Deadline/D"];
        let scripts = paths.map(|path| {
            let timeout = Duration::from_micros(1 + dice.below(20_000));
            Script::download(path, Body::of_length(dice.below(20), dice.below(50_000) as usize)).timeout(timeout)
        });
        for turn in 0..60 {
            pair.open(&scripts[turn % 4]);
            pair.run_for(Duration::from_micros(dice.below(1_000)));
        }
        pair.run();
        for (position, log) in pair.client.calls.iter().enumerate() {
            let took = log.over.expect("it is over") - log.began;
            let timeout = scripts[position % 4].timeout.expect("a deadline");
            assert!(took <= timeout, "call {position} with {timeout:?} took {took:?}");
            assert_eq!(log.is_ok(), took < timeout || log.is_ok());
            assert!(log.is_ok() || log.error().code() == Code::DeadlineExceeded, "{log:?}");
        }
        pair.assert_at_rest();
    }
}
