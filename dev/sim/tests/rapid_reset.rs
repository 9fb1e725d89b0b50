//! A client that opens calls and takes them back at once (CVE-2023-44487): what it costs the server is bounded, whether
//! the client listens or not.

use std::time::Duration;

use farcall_wire::Reason;
use farcall_wire::grpc::Code;
use farcall_wire::h2::ErrorCode;
use sim::{Body, Pair, Script, Wire};

const MILLISECOND: Duration = Duration::from_millis(1);

/// Opens and cancels calls, as many as the client's engine allows, at most `most`.
fn attack(pair: &mut Pair, script: &Script, most: usize) -> usize {
    for done in 0..most {
        if pair.client.over.is_some() || pair.client.connection.available_calls() == 0 {
            return done;
        }
        let position = pair.open(script);
        pair.cancel(position);
        if done % 50 == 0 {
            pair.run_for(MILLISECOND);
        }
    }
    most
}

#[test]
fn the_connection_ends_after_two_hundred_and_every_handler_was_told() {
    for wire in [Wire::LAN, Wire::LAN.cut(4)] {
        let mut pair = Pair::new(wire);
        let bystander = pair.open(&Script::unanswered("/sim.Rapid/Bystander"));
        pair.run_for(10 * MILLISECOND);
        attack(&mut pair, &Script::unanswered("/sim.Rapid/Reset"), 100_000);
        pair.run();
        let limit = 200;
        let reason = pair.server.over.flatten().map(|fault| fault.reason);
        assert_eq!(reason, Some(Reason::ResetFlood { limit }));
        assert!(pair.server.calls.len() <= 210, "{} handlers were started", pair.server.calls.len());
        assert!(pair.server.calls.iter().all(|log| log.status.is_some()), "and each of them knows of its end");
        assert_eq!(pair.client.goaways, [ErrorCode::EnhanceYourCalm]);
        assert_eq!(pair.client.calls[bystander].error().code(), Code::Unavailable, "of this connection alone");
        pair.assert_at_rest();
    }
}

#[test]
fn a_client_that_reads_nothing_gains_nothing_by_it() {
    let mut pair = Pair::new(Wire::LAN);
    pair.run();
    pair.down.hold(true);
    let done = attack(&mut pair, &Script::unanswered("/sim.Rapid/Deaf"), 20_000);
    assert_eq!(done, 20_000, "it never hears that it is over");
    assert!(pair.server.over.is_some());
    assert!(pair.server.calls.len() <= 210, "{} handlers were started", pair.server.calls.len());
    assert!(pair.server.connection.outbox().len() < 10_000, "and little waits to be written");
}

#[test]
fn resets_of_answered_calls_are_ordinary() {
    let mut pair = Pair::new(Wire::LAN);
    let script = Script::download("/sim.Rapid/Answered", Body::of_length(50, 1_000));
    for _ in 0..2_000 {
        let position = pair.open(&script);
        pair.run_until(|pair| pair.client.calls[position].messages > 0);
        pair.cancel(position);
    }
    pair.run();
    assert_eq!((pair.server.over, pair.client.goaways.len()), (None, 0));
    pair.assert_at_rest();
}
