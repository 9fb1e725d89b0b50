//! Calls that are given up: the server learns of it once, and nothing is left of them anywhere.

use std::time::Duration;

use farcall_wire::grpc::{Code, Config};
use farcall_wire::h2::frame::kind;
use sim::{Body, Dice, Pair, Script, Side, Wire};

const MILLISECOND: Duration = Duration::from_millis(1);

#[test]
fn a_server_learns_of_a_cancelled_call_after_the_way_there() {
    let mut pair = Pair::new(Wire::LAN.latency(10 * MILLISECOND));
    pair.recording.start();
    pair.open(&Script::unanswered("/sim.Cancel/Waiting"));
    pair.run_for(50 * MILLISECOND);
    pair.cancel(0);
    pair.run();
    let (client, server) = (&pair.client.calls[0], &pair.server.calls[0]);
    assert_eq!((client.error().code(), client.over), (Code::Cancelled, Some(50 * MILLISECOND)));
    assert_eq!(server.error().code(), Code::Cancelled);
    let heard = server.over.expect("it was told");
    assert!(heard >= 60 * MILLISECOND && heard < 61 * MILLISECOND, "told after {heard:?}");
    let resets: Vec<_> = pair.recording.frames.iter().filter(|frame| frame.head.kind == kind::RST_STREAM).collect();
    assert_eq!((resets.len(), resets[0].from), (1, Side::Client), "one RST_STREAM says it all: {resets:?}");
    pair.assert_at_rest();
}

#[test]
fn nothing_more_of_a_cancelled_download_is_sent_than_was_under_way() {
    let mut pair = Pair::new(Wire::LAN);
    pair.open(&Script::download("/sim.Cancel/Download", Body::of_length(1_000, 100_000)));
    pair.run_for(20 * MILLISECOND);
    assert!(pair.server.connection.queued_on(pair.server.calls[0].call) > 0, "the server is in the middle of it");
    pair.cancel(0);
    pair.run_until(|pair| pair.server.calls[0].status.is_some());
    let written = pair.recording.data(Side::Server);
    pair.run();
    // Two turns were in the outbox; a head of one may have been written by then.
    assert!(pair.recording.data(Side::Server) - written <= 3 * 16_384);
    assert_eq!(pair.client.calls[0].error().code(), Code::Cancelled);
    pair.assert_at_rest();
}

#[test]
fn a_cancelled_upload_leaves_nothing_in_the_middle_of_a_message() {
    for seed in 0..5 {
        let mut pair = Pair::new(Wire::LAN.cut(seed));
        pair.open(&Script::upload("/sim.Cancel/Upload", Body::of_length(3, 3_000_000)));
        pair.run_until(|pair| pair.server.connection.unfinished() > 200_000);
        pair.cancel(0);
        pair.run();
        assert_eq!(pair.server.calls[0].error().code(), Code::Cancelled);
        pair.assert_at_rest();
    }
}

#[test]
fn an_answer_that_crosses_the_cancellation_is_nobodys() {
    let mut pair = Pair::new(Wire::LAN.latency(10 * MILLISECOND));
    pair.open(&Script::unanswered("/sim.Cancel/Crossing"));
    pair.run_for(50 * MILLISECOND);
    pair.cancel(0);
    pair.answer(0);
    pair.run();
    assert_eq!(pair.client.calls[0].error().code(), Code::Cancelled);
    assert!(pair.server.calls[0].is_ok(), "the server had answered before it heard");
    pair.assert_at_rest();
}

#[test]
fn calls_cancelled_at_any_moment_leave_nothing_and_harm_no_other() {
    for seed in 0..20 {
        let mut dice = Dice::new(seed);
        let mut pair = Pair::new(Wire::LAN.cut(seed));
        let scripts = [
            Script::unary("/sim.Cancel/Unary"),
            Script::upload("/sim.Cancel/Up", Body::of_length(10, 20_000)),
            Script::download("/sim.Cancel/Down", Body::of_length(10, 20_000)),
            Script { client_reads: false, ..Script::download("/sim.Cancel/Unread", Body::of_length(9, 30_000)) },
            Script::unanswered("/sim.Cancel/Unanswered"),
        ];
        let survivor = pair.open(&Script::download("/sim.Cancel/Survivor", Body::of_length(50, 5_000)));
        for _ in 0..40 {
            let script = &scripts[dice.below(5) as usize];
            let position = pair.open(script);
            pair.run_for(Duration::from_micros(dice.below(1_500)));
            // Not every one: some are over by then, and cancelling those has to change nothing.
            let victim = position.saturating_sub(dice.below(3) as usize);
            if victim != survivor {
                pair.cancel(victim);
            }
        }
        for position in 1..pair.client.calls.len() {
            pair.cancel(position);
        }
        pair.run();
        assert_eq!((pair.client.calls[survivor].messages, pair.client.calls[survivor].is_ok()), (50, true));
        pair.assert_at_rest();
    }
}

#[test]
fn a_hundred_thousand_cancelled_and_expired_calls_leave_nothing() {
    // No call is ever answered here, which a server does not bear for long.
    let mut server = Config::default();
    server.h2.reset_budget = u32::MAX;
    let mut pair = Pair::with(Config::default(), server, Wire::LAN);
    let cancelled = Script::unanswered("/sim.Cancel/Cancelled");
    let expired = Script::unanswered("/sim.Cancel/Expired").timeout(5 * MILLISECOND);
    for _ in 0..1_000 {
        let first = pair.client.calls.len();
        for turn in 0..100 {
            pair.open(if turn % 2 == 0 { &cancelled } else { &expired });
        }
        pair.run_for(3 * MILLISECOND);
        for turn in (0..100).step_by(2) {
            pair.cancel(first + turn);
        }
        pair.run();
    }
    let count = |logs: &[sim::Log], code| logs.iter().filter(|log| log.error().code() == code).count();
    assert_eq!(count(&pair.client.calls, Code::DeadlineExceeded), 50_000);
    assert_eq!(count(&pair.client.calls, Code::Cancelled), 50_000);
    assert_eq!((pair.client.calls.len(), pair.server.calls.len()), (100_000, 100_000));
    assert!(pair.server.calls.iter().all(|log| matches!(log.status, Some(Err(_)))), "the server was told of each");
    pair.assert_at_rest();
    assert_eq!(pair.client.connection.available_calls(), 100);
}
