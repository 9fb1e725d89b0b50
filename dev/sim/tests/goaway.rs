//! The end of a connection: whatever is under way when it comes, every call knows what became of it.

use std::time::Duration;

use farcall_wire::Reason;
use farcall_wire::grpc::{Code, Config, Processed};
use farcall_wire::h2::frame::{goaway, kind};
use sim::{Body, Pair, Script, Side, Wire};

const MILLISECOND: Duration = Duration::from_millis(1);
const ALL: u32 = (1 << 31) - 1;

/// Opens a call each half millisecond while the client may, and lets `event` happen after 40 of them.
fn steady_calls(pair: &mut Pair, event: impl FnOnce(&mut Pair)) {
    let mut event = Some(event);
    let scripts = [
        Script::unary("/sim.End/Unary"),
        Script::download("/sim.End/Download", Body::of_length(4, 20_000)),
        Script::upload("/sim.End/Upload", Body::of_length(4, 20_000)),
    ];
    pair.run_for(100 * MILLISECOND);
    for turn in 0..120 {
        if turn == 40 {
            event.take().expect("once")(pair);
        }
        if pair.client.connection.available_calls() > 0 {
            pair.open(&scripts[turn % 3]);
        }
        pair.run_for(MILLISECOND / 2);
    }
}

/// The last streams that the GOAWAY frames of the server told.
fn last_streams(pair: &Pair) -> Vec<u32> {
    let frames = pair.recording.of_kind(Side::Server, kind::GOAWAY);
    frames.map(|frame| goaway::parse(frame.head, &frame.payload).expect("a GOAWAY").last_stream).collect()
}

#[test]
fn two_goaways_lose_no_call_that_the_client_sent() {
    let wires = [Wire::LAN, Wire::LAN.latency(5 * MILLISECOND), Wire::LAN.cut(1), Wire::LAN.cut(2), Wire::LAN.cut(3)];
    for wire in wires {
        let mut pair = Pair::new(wire);
        pair.recording.start();
        steady_calls(&mut pair, |pair| pair.shut_down(Side::Server));
        pair.run();
        let last = pair.client.calls.last().expect("calls").call.serial();
        assert_eq!(last_streams(&pair), [ALL, last], "all streams first, then the last that came");
        assert!(pair.client.calls.len() > 40, "calls crossed the first GOAWAY");
        assert_eq!(pair.client.calls.len(), pair.server.calls.len());
        assert!(pair.client.calls.iter().all(|log| log.is_ok()), "{:?}", pair.client.calls);
        assert!(matches!((&pair.client.over, &pair.server.over), (Some(None), Some(None))), "both ends are orderly");
        pair.assert_at_rest();
    }
}

#[test]
fn a_call_above_the_last_stream_was_certainly_not_processed() {
    // The server does not wait for the round trip of 40 ms, so that calls come too late for it.
    let mut config = Config::default();
    config.h2.drain_timeout = 5 * MILLISECOND;
    for wire in [Wire::LAN, Wire::LAN.cut(7), Wire::LAN.cut(8)] {
        let mut pair = Pair::with(Config::default(), config.clone(), wire.latency(20 * MILLISECOND));
        pair.recording.start();
        steady_calls(&mut pair, |pair| pair.shut_down(Side::Server));
        pair.run();
        let [ALL, last] = last_streams(&pair)[..] else { panic!("two GOAWAY frames: {:?}", last_streams(&pair)) };
        let (seen, unseen): (Vec<_>, Vec<_>) = pair.client.calls.iter().partition(|log| log.call.serial() <= last);
        assert!(unseen.len() > 5 && seen.len() == pair.server.calls.len());
        assert!(seen.iter().all(|log| log.is_ok()));
        for log in unseen {
            assert_eq!((log.processed, log.error().code()), (Some(Processed::No), Code::Unavailable), "{log:?}");
        }
        pair.assert_at_rest();
    }
}

#[test]
fn a_server_that_gives_up_tells_which_calls_it_never_saw() {
    for wire in [Wire::LAN, Wire::LAN.cut(9)] {
        let mut pair = Pair::new(wire.latency(10 * MILLISECOND));
        steady_calls(&mut pair, |pair| pair.server.connection.abort(Reason::Broken));
        pair.run();
        let seen = pair.server.calls.len();
        let calls = &pair.client.calls;
        assert!(seen > 0 && seen < calls.len(), "the server saw {seen} of {}", calls.len());
        for (position, log) in calls.iter().enumerate().filter(|(_, log)| !log.is_ok()) {
            let expected = if position < seen { Processed::Perhaps } else { Processed::No };
            assert_eq!(log.processed, Some(expected), "call {position} of which {seen} were seen: {log:?}");
        }
        pair.assert_at_rest();
    }
}

#[test]
fn a_client_that_leaves_finishes_its_calls_first() {
    for wire in [Wire::LAN, Wire::LAN.cut(11)] {
        let mut pair = Pair::new(wire);
        steady_calls(&mut pair, |pair| pair.shut_down(Side::Client));
        pair.run();
        assert_eq!((pair.client.calls.len(), pair.server.calls.len()), (40, 40));
        assert!(pair.client.calls.iter().all(|log| log.is_ok()));
        assert!(matches!((&pair.client.over, &pair.server.over), (Some(None), Some(None))));
        pair.assert_at_rest();
    }
}

#[test]
fn a_call_in_progress_takes_the_time_it_needs() {
    let mut pair = Pair::new(Wire::LAN);
    pair.open(&Script::unanswered("/sim.End/Long"));
    pair.run();
    pair.shut_down(Side::Server);
    pair.run_for(Duration::from_secs(3_600));
    assert!(pair.client.over.is_none() && pair.client.connection.available_calls() == 0);
    pair.answer(0);
    pair.run();
    assert!(pair.client.calls[0].is_ok());
    assert!(pair.client.over.is_some() && pair.server.over.is_some());
    pair.assert_at_rest();
}
