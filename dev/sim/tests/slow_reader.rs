//! Applications that do not read: what they hold is bounded, what they do not read waits at the sender, and nobody else
//! is held up.

use std::time::Duration;

use farcall_wire::grpc::Config;
use sim::{Body, Pair, Script, Side, Wire};

const MESSAGE: usize = 40_000;
const WINDOW: u64 = 65_536;

/// Windows that do not grow, so that a bound can be told, and senders that wait for ever.
fn fixed() -> Config {
    let mut config = Config::default();
    config.h2.send_stall_timeout = Duration::MAX;
    config.h2.max_window = WINDOW as u32;
    config
}

fn unread_download() -> Script {
    let script = Script::download("/sim.Slow/Download", Body::of_length(100, MESSAGE));
    Script { client_reads: false, ..script }
}

fn unread_upload() -> Script {
    let script = Script::upload("/sim.Slow/Upload", Body::of_length(100, MESSAGE));
    Script { server_reads: false, ..script }
}

/// Reads once whenever nothing else happens; how much was held at most.
fn read_slowly(pair: &mut Pair, reader: Side) -> u64 {
    let mut most = 0;
    loop {
        pair.run();
        let held = pair.peer(reader).held();
        most = most.max(held);
        if held == 0 {
            return most;
        }
        pair.read(reader, 0);
    }
}

#[test]
fn a_slow_reader_holds_its_window_and_one_message_at_most() {
    for (script, reader) in [(unread_download(), Side::Client), (unread_upload(), Side::Server)] {
        for wire in [Wire::LAN, Wire::LAN.cut(1), Wire::LAN.cut(2)] {
            let mut pair = Pair::with(fixed(), fixed(), wire);
            pair.open(&script);
            let most = read_slowly(&mut pair, reader);
            assert!(most <= WINDOW + MESSAGE as u64, "{reader:?} held {most} bytes");
            assert_eq!(pair.peer(reader).calls[0].messages, 100);
            assert!(pair.client.calls[0].is_ok());
            pair.assert_at_rest();
        }
    }
}

#[test]
fn a_window_grows_little_for_a_reader_that_never_reads() {
    for script in [unread_download(), unread_upload()] {
        let mut pair = Pair::new(Wire::LAN);
        pair.open(&script);
        pair.run();
        let held = pair.client.held() + pair.server.held();
        assert!(held <= 2 * WINDOW + MESSAGE as u64, "{held} bytes are held");
        pair.cancel(0);
        pair.run();
        pair.assert_at_rest();
    }
}

#[test]
fn what_is_not_read_stops_its_writer() {
    let mut pair = Pair::with(fixed(), fixed(), Wire::LAN);
    pair.open(&unread_download());
    pair.run_for(Duration::from_secs(10));
    let call = pair.server.calls[0].call;
    let queued = pair.server.connection.queued_on(call);
    assert!(queued > 0 && queued <= (64 << 10) + MESSAGE + 5, "{queued} bytes wait at the server");
    let written = pair.recording.data(Side::Server);
    pair.run_for(Duration::from_secs(3600));
    assert_eq!(pair.recording.data(Side::Server), written, "an hour later nothing more has been sent");
    pair.cancel(0);
    pair.run();
    pair.assert_at_rest();
}

#[test]
fn forty_slow_readers_hold_up_nobody() {
    // Their windows together are more than twice the connection's.
    for wire in [Wire::LAN, Wire::LAN.cut(5)] {
        let mut pair = Pair::with(fixed(), fixed(), wire);
        for _ in 0..20 {
            pair.open(&unread_download());
            pair.open(&unread_upload());
        }
        pair.run();
        let began = pair.clock.elapsed();
        let quick = pair.open(&Script::unary("/sim.Slow/Quick"));
        pair.run();
        let log = &pair.client.calls[quick];
        assert!(log.is_ok());
        let took = log.over.expect("it is over") - began;
        assert!(took < Duration::from_micros(2_100), "a call of one round trip of 2 ms took {took:?}");
        for position in 0..40 {
            pair.cancel(position);
        }
        pair.run();
        pair.assert_at_rest();
    }
}

#[test]
fn a_peer_that_stops_reading_its_socket_stops_the_other_and_loses_nothing() {
    let mut pair = Pair::new(Wire::LAN);
    pair.open(&Script::download("/sim.Slow/Held", Body::of_length(200, MESSAGE)));
    pair.run_for(Duration::from_millis(5));
    pair.down.hold(true);
    pair.run_for(Duration::from_secs(15));
    assert!(pair.server.connection.outbox().len() <= 3 * (16 << 10), "turns are taken as the socket takes them");
    pair.down.hold(false);
    pair.run();
    assert_eq!((pair.client.calls[0].messages, pair.client.calls[0].is_ok()), (200, true));
    pair.assert_at_rest();
}

#[test]
fn replies_that_the_client_does_not_fetch_stop_the_server_reading() {
    for wire in [Wire::LAN, Wire::LAN.cut(12)] {
        let mut config = Config::default();
        config.h2.max_concurrent_streams = 400;
        let mut pair = Pair::with(Config::default(), config, wire);
        pair.run();
        pair.down.hold(true);
        // Small enough to be written past the line of turns, which holds large ones back.
        let script = Script::download("/sim.Slow/Reply", Body::of_length(1, 3_000));
        for _ in 0..400 {
            pair.open(&script);
            pair.run_for(Duration::from_micros(200));
        }
        pair.run_for(Duration::from_secs(1));
        let waiting = pair.server.connection.outbox().len();
        assert!(waiting <= (256 << 10) + (64 << 10), "{waiting} bytes wait to be written");
        assert!(!pair.server.connection.wants_bytes(), "{waiting} bytes wait, {} calls came", pair.server.calls.len());
        pair.down.hold(false);
        pair.run();
        assert!(pair.client.calls.iter().all(|log| log.is_ok()));
        pair.assert_at_rest();
    }
}
