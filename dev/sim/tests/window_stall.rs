//! Windows that stay shut: what waits for them is given up after its time, in both roles, and nobody else notices.

use std::time::Duration;

use farcall_wire::grpc::Code;
use farcall_wire::h2::ErrorCode;
use farcall_wire::h2::frame::{kind, rst_stream};
use sim::{Body, Pair, Script, Side, Wire};

const SECOND: Duration = Duration::from_secs(1);
const MESSAGE: usize = 40_000;

fn unread_download() -> Script {
    let script = Script::download("/sim.Stall/Download", Body::of_length(100, MESSAGE));
    Script { client_reads: false, ..script }
}

fn unread_upload() -> Script {
    let script = Script::upload("/sim.Stall/Upload", Body::of_length(100, MESSAGE));
    Script { server_reads: false, ..script }
}

#[test]
fn what_nobody_reads_is_given_up_after_twenty_seconds() {
    for (script, sender, code) in
        [(unread_download(), Side::Server, Code::Cancelled), (unread_upload(), Side::Client, Code::Unavailable)]
    {
        let mut pair = Pair::new(Wire::LAN);
        pair.recording.start();
        let stalled = pair.open(&script);
        pair.run();
        let resets: Vec<_> = pair.recording.of_kind(sender, kind::RST_STREAM).collect();
        assert_eq!(resets.len(), 1, "{resets:?}");
        assert_eq!(rst_stream::parse(resets[0].head, &resets[0].payload), Ok(ErrorCode::Cancel));
        assert!(resets[0].at >= 20 * SECOND && resets[0].at < 27 * SECOND, "after {:?}", resets[0].at);
        assert_eq!(pair.client.calls[stalled].error().code(), code);
        assert!(pair.server.calls[0].status.is_some());
        assert_eq!(pair.peer(sender).connection.queued(), 0, "nothing is held for it any more");
        pair.assert_at_rest();
    }
}

#[test]
fn others_are_served_while_some_are_stalled() {
    let mut pair = Pair::new(Wire::LAN);
    for _ in 0..20 {
        pair.open(&unread_download());
        pair.open(&unread_upload());
    }
    pair.run_for(SECOND);
    let quick = Script::unary("/sim.Stall/Quick");
    for _ in 0..60 {
        let position = pair.open(&quick);
        pair.run_for(SECOND);
        let log = &pair.client.calls[position];
        assert!(log.is_ok());
        assert!(log.over.expect("an end") - log.began < Duration::from_millis(3));
    }
    let failed = pair.client.calls.iter().filter(|log| !log.is_ok()).count();
    assert_eq!((failed, pair.client.connection.queued(), pair.server.connection.queued()), (40, 0, 0));
    pair.run();
    pair.assert_at_rest();
}

#[test]
fn a_slow_reader_is_served_to_the_end() {
    for (script, reader) in [(unread_download(), Side::Client), (unread_upload(), Side::Server)] {
        let mut pair = Pair::new(Wire::LAN);
        pair.open(&script);
        pair.run_for(SECOND);
        while pair.client.calls[0].status.is_none() || pair.peer(reader).held() > 0 {
            pair.read(reader, 0);
            pair.run_for(19 * SECOND);
        }
        assert_eq!((pair.peer(reader).calls[0].messages, pair.client.calls[0].is_ok()), (100, true));
        pair.run();
        pair.assert_at_rest();
    }
}
