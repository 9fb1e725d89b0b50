//! Much ado in small pieces: tiny frames, empty messages and many short replies are ordinary and spend no budget.

use std::time::Duration;

use farcall_wire::grpc::Config;
use farcall_wire::h2::frame::kind;
use sim::{Body, Pair, Script, Side, Wire};

fn assert_nobody_was_thrown_out(pair: &mut Pair) {
    pair.run();
    assert_eq!((&pair.client.over, &pair.server.over), (&None, &None));
    assert!(pair.client.goaways.is_empty() && pair.client.calls.iter().all(|log| log.is_ok()));
    pair.assert_at_rest();
}

#[test]
fn messages_in_frames_of_one_byte_arrive() {
    for (script, sender) in [
        (Script::download("/sim.Tiny/Down", Body::of_length(20, 1_000)), Side::Server),
        (Script::upload("/sim.Tiny/Up", Body::of_length(20, 1_000)), Side::Client),
    ] {
        // A window of one byte makes every frame one.
        let mut config = Config::default();
        (config.h2.stream_window, config.h2.max_window) = (1, 1);
        let mut pair = Pair::with(config.clone(), config, Wire::LAN);
        pair.run();
        pair.recording.start();
        pair.open(&script);
        assert_nobody_was_thrown_out(&mut pair);
        let frames = pair.recording.of_kind(sender, kind::DATA).filter(|frame| frame.head.length == 1).count();
        assert_eq!(frames, 20 * 1_005, "each byte is a frame");
    }
}

#[test]
fn a_hundred_thousand_empty_messages_on_one_stream_arrive() {
    for script in [
        Script::download("/sim.Tiny/Empty", Body::of_length(100_000, 0)),
        Script::upload("/sim.Tiny/Empty", Body::of_length(100_000, 0)),
    ] {
        let mut pair = Pair::new(Wire::LAN);
        pair.open(&script);
        assert_nobody_was_thrown_out(&mut pair);
        assert_eq!(pair.client.calls[0].messages + pair.server.calls[0].messages, 100_001);
    }
}

#[test]
fn two_hundred_short_calls_at_once_and_a_reader_that_comes_late_are_no_flood() {
    for wire in [Wire::LAN, Wire::LAN.cut(9)] {
        let mut server = Config::default();
        server.h2.max_concurrent_streams = 200;
        let mut pair = Pair::with(Config::default(), server, wire);
        pair.run();
        for _ in 0..20 {
            pair.down.hold(true);
            (0..200).for_each(|_| _ = pair.open(&Script::unary("/sim.Tiny/Unary")));
            pair.run_for(Duration::from_secs(5));
            pair.down.hold(false);
            pair.run();
        }
        assert_eq!(pair.client.calls.len(), 4_000);
        assert_nobody_was_thrown_out(&mut pair);
    }
}

#[test]
fn probes_of_this_side_are_never_too_many_pings() {
    let mut strict = Config::default();
    strict.h2.ping_strikes = 0;
    let mut pair = Pair::with(Config::default(), strict, Wire::LAN.latency(Duration::from_millis(20)));
    pair.recording.start();
    for _ in 0..5 {
        pair.open(&Script::download("/sim.Tiny/Large", Body::of_length(100, 100_000)));
        pair.open(&Script::upload("/sim.Tiny/Large", Body::of_length(100, 100_000)));
    }
    assert_nobody_was_thrown_out(&mut pair);
    assert!(pair.recording.of_kind(Side::Client, kind::PING).count() > 10, "there were probes");
}
