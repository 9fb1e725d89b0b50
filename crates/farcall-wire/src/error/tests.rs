//! Every row of the table is reached: one small scenario each.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Reason;
use crate::grpc::{self, RequestHead};
use crate::h2::event::Cause;
use crate::h2::frame::settings::id;
use crate::h2::frame::{flag, kind};
use crate::h2::{self, Config, Event};
use crate::raw_peer::{ANSWER, CALL, GET, RawPeer};

/// What a scenario saw.
type Seen = Vec<Reason>;
/// The name of a row, and how it is reached.
type Scenario = (&'static str, fn() -> Seen);

fn h2_reasons(events: Vec<Event>) -> Seen {
    let reason = |event| match event {
        Event::Over { fault: Some(fault) } => Some(fault.reason),
        Event::Reset { cause: Cause::Fault(reason), .. } => Some(reason),
        Event::Incident(h2::event::Incident::ResetSent { reason, .. }) => reason,
        _ => None,
    };
    events.into_iter().filter_map(reason).collect()
}

/// What a server says of a peer that does this after the handshake, with stream 1 open.
fn server(act: impl FnOnce(&mut RawPeer<h2::Connection>)) -> Seen {
    let mut peer = RawPeer::of_server(Config { max_concurrent_streams: 2, ..Config::default() });
    peer.headers(1, &GET, false);
    act(&mut peer);
    h2_reasons(peer.told())
}

/// What a client says of a peer that does this after the handshake, with stream 1 open.
fn client(act: impl FnOnce(&mut RawPeer<h2::Connection>)) -> Seen {
    let mut peer = RawPeer::of_client(Config::default());
    peer.open(false);
    act(&mut peer);
    h2_reasons(peer.told())
}

/// What a gRPC client says when its call is answered like this.
fn call(act: impl FnOnce(&mut RawPeer<grpc::Connection>, grpc::CallId)) -> Seen {
    let config = grpc::Config { receive_limit: 1_000, unfinished_limit: 500, ..grpc::Config::default() };
    let mut peer = RawPeer::of_grpc_client(config);
    let head = RequestHead { path: "/a.B/C".into(), ..RequestHead::default() };
    let call = peer.engine.open(&head, Some(peer.now + Duration::from_secs(1))).unwrap();
    act(&mut peer, call);
    grpc_reasons(peer.told())
}

fn grpc_reasons(events: Vec<grpc::Event>) -> Seen {
    let reason = |event| match event {
        grpc::Event::Incident(grpc::Incident::ResetSent { reason, .. }) => reason,
        _ => None,
    };
    events.into_iter().filter_map(reason).collect()
}

/// The same, for one DATA frame behind response headers.
fn answer(fields: &[(&str, &str)], bytes: &[u8], end: bool) -> Seen {
    call(|peer, _| {
        peer.headers(1, &[&ANSWER[..], fields].concat(), false);
        peer.data(1, bytes, end);
    })
}

/// Frames that are wrong in themselves.
const FRAMES: [Scenario; 17] = [
    ("FrameTooLarge", || server(|peer| peer.frame(kind::DATA, 0, 1, &[0; 16_385]))),
    ("FrameSize", || server(|peer| peer.frame(kind::PING, 0, 0, &[0; 7]))),
    ("Padding", || server(|peer| peer.frame(kind::DATA, flag::PADDED, 1, &[1]))),
    ("StreamZero", || server(|peer| peer.data(0, b"", false))),
    ("StreamNotZero", || server(|peer| peer.frame(kind::PING, 0, 1, &[0; 8]))),
    ("SelfDependency", || server(|peer| peer.frame(kind::PRIORITY, 0, 1, &[0, 0, 0, 1, 0]))),
    ("SettingValue", || server(|peer| peer.settings(&[(id::ENABLE_PUSH, 2)]))),
    ("InitialWindow", || server(|peer| peer.settings(&[(id::INITIAL_WINDOW_SIZE, u32::MAX)]))),
    ("ZeroIncrement", || server(|peer| peer.window(1, 0))),
    ("WindowOverflow", || server(|peer| peer.window(0, 0x7fff_ffff))),
    ("WindowExceeded", || server(|peer| (0..5).for_each(|_| peer.data(1, &[0; 16_384], false)))),
    ("Push", || client(|peer| peer.frame(kind::PUSH_PROMISE, flag::END_HEADERS, 1, &[0, 0, 0, 2]))),
    ("PromisedStream", || client(|peer| peer.frame(kind::PUSH_PROMISE, flag::END_HEADERS, 1, &[0; 4]))),
    ("ContinuationExpected", || {
        server(|peer| {
            peer.frame(kind::HEADERS, 0, 3, b"");
            peer.data(1, b"", false);
        })
    }),
    ("ContinuationUnexpected", || server(|peer| peer.frame(kind::CONTINUATION, 0, 1, b""))),
    ("TooManyContinuations", || {
        server(|peer| {
            peer.frame(kind::HEADERS, 0, 3, b"");
            (0..9).for_each(|_| peer.frame(kind::CONTINUATION, 0, 3, b""));
        })
    }),
    ("HeaderCompression", || server(|peer| peer.frame(kind::HEADERS, flag::END_HEADERS, 3, &[0x80]))),
];

/// What is legal, but not without end.
const BUDGETS: [Scenario; 8] = [
    ("SettingsTimeout", || {
        let mut peer = RawPeer::of_new_client(Config::default());
        peer.settings(&[]);
        peer.engine.handle_timeout(peer.now + Duration::from_secs(10));
        h2_reasons(peer.told())
    }),
    ("ControlFlood", || {
        server(|peer| {
            (0..1_000).for_each(|_| peer.settings(&[]));
            peer.engine.handle_timeout(peer.now + Duration::from_secs(10));
        })
    }),
    ("ResetFlood", || server(|peer| (0..201).for_each(|turn| peer.headers(2 * turn + 3, &GET[1..], true)))),
    ("EmptyFrames", || server(|peer| (0..101).for_each(|_| peer.data(1, b"", false)))),
    ("Glitches", || server(|peer| (0..10_001).for_each(|_| peer.frame(0xee, 0, 0, b"")))),
    ("TooManyPings", || server(|peer| (0..4).for_each(|_| peer.frame(kind::PING, 0, 0, &[0; 8])))),
    ("SendStall", || {
        let mut peer = RawPeer::of_client(Config::default());
        let stream = peer.open(false);
        peer.engine.send_data(stream, vec![0; 70_000].into());
        peer.heard();
        for seconds in [5, 26] {
            peer.engine.handle_timeout(peer.now + Duration::from_secs(seconds));
        }
        h2_reasons(peer.told())
    }),
    ("PeerHeaderList", || {
        let mut peer = RawPeer::of_grpc_server(grpc::Config::default());
        peer.settings(&[(id::MAX_HEADER_LIST_SIZE, 1)]);
        peer.headers(1, &CALL[..4], true);
        peer.headers(3, &[&CALL[..], &[("grpc-timeout", "0n")]].concat(), true);
        grpc_reasons(peer.told())
    }),
];

/// Frames that are wrong here and now, and what the connection itself meets.
const STATES: [Scenario; 14] = [
    ("Preface", || {
        let mut peer = RawPeer::of_new_server(Config::default());
        peer.write(|out| out.extend_from_slice(b"GET / HTTP/1.1"));
        h2_reasons(peer.told())
    }),
    ("SettingsFirst", || {
        let mut peer = RawPeer::of_new_client(Config::default());
        peer.frame(kind::PING, 0, 0, &[0; 8]);
        h2_reasons(peer.told())
    }),
    ("HandshakeTimeout", || {
        let mut peer = RawPeer::of_new_server(Config::default());
        peer.engine.handle_timeout(peer.now + Duration::from_secs(10));
        h2_reasons(peer.told())
    }),
    ("IdleStream", || server(|peer| peer.data(3, b"", false))),
    ("StreamId", || server(|peer| peer.headers(2, &GET, true))),
    ("ClosedStream", || {
        server(|peer| {
            peer.data(1, b"", true);
            peer.data(1, b"", true);
        })
    }),
    ("TooManyStreams", || server(|peer| [3, 5].into_iter().for_each(|stream| peer.headers(stream, &GET, true)))),
    ("Disconnected", || server(|peer| peer.engine.handle_eof())),
    ("Broken", || server(|peer| peer.engine.abort(Reason::Broken))),
    ("Malformed", || server(|peer| peer.headers(3, &CALL[1..], true))),
    ("HeaderListTooLarge", || client(|peer| peer.headers(1, &[(":status", &"2".repeat(20_000))], true))),
    ("ContentLength", || {
        client(|peer| {
            peer.headers(1, &[(":status", "200"), ("content-length", "1")], false);
            peer.data(1, b"", true);
        })
    }),
    ("MessageOrder", || client(|peer| peer.data(1, b"", false))),
    ("SettingsFlood", || server(|peer| peer.settings(&[(0x99, 0); 33]))),
];

/// What gRPC, time and the application end.
const CALLS: [Scenario; 9] = [
    ("MessageFlag", || answer(&[], &[7, 0, 0, 0, 0], false)),
    ("MessageTooLarge", || answer(&[], &[0, 0, 0, 4, 0], false)),
    ("UnfinishedMessages", || answer(&[], &[&[0, 0, 0, 3, 0][..], &[0; 600]].concat(), false)),
    ("MessageTruncated", || answer(&[], &[0, 0, 0, 0, 1], true)),
    ("CompressedWithoutEncoding", || answer(&[], &[1, 0, 0, 0, 0], false)),
    ("UnknownEncoding", || answer(&[("grpc-encoding", "snappy")], &[1, 0, 0, 0, 0], false)),
    ("Cardinality", || call(|peer, call| peer.engine.reset(call, Reason::Cardinality { expected: "one message" }))),
    ("DeadlineExceeded", || call(|peer, _| peer.pass(Duration::from_secs(1)))),
    ("Cancelled", || call(|peer, call| peer.engine.reset(call, Reason::Cancelled))),
];

#[test]
fn every_reason_is_reached() {
    let mut reached = BTreeSet::new();
    for (name, scenario) in FRAMES.iter().chain(&STATES).chain(&BUDGETS).chain(&CALLS) {
        let seen: Vec<&str> = scenario().iter().map(Reason::name).collect();
        assert!(seen.contains(name), "{name} was not reached, but {seen:?}");
        assert!(reached.insert(*name), "{name} twice");
    }
    assert_eq!(reached, Reason::NAMES.iter().copied().collect());
}

#[test]
fn every_reason_is_told_in_words_with_its_codes() {
    for (_, scenario) in FRAMES.iter().chain(&STATES).chain(&BUDGETS).chain(&CALLS) {
        for reason in scenario() {
            let text = reason.to_string();
            assert!(text.len() > 10 && !text.contains('{'), "{text}");
            assert!(super::Fault::call(reason).to_string().contains(reason.http2().name()));
            assert!(grpc::Status::from(super::Fault::connection(reason)).message() == text);
        }
    }
}
