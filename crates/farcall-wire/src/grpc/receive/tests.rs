//! What a gRPC connection makes of what a raw peer sends: W15, W20–W26, W36–W38, W50, §1.4 and §1.5.

mod credit;
mod replies;

use std::time::Duration;

use super::*;
use crate::grpc::{Code, Config, EncodingSet, Metadata, Outcome, Processed, ReplyEnd, ReplyHead, RequestHead};
use crate::h2::ErrorCode;
use crate::h2::frame::{flag, kind};
use crate::raw_peer::{ANSWER, CALL, GET, RawPeer, credit, resets};

fn server(config: Config) -> RawPeer<Connection> {
    RawPeer::of_grpc_server(config)
}

/// A client with one call, whose request is on the wire.
fn calling(config: Config, deadline: Option<Duration>) -> (RawPeer<Connection>, CallId) {
    let mut peer = RawPeer::of_grpc_client(config);
    let head = RequestHead { path: "/a.B/C".into(), ..RequestHead::default() };
    let call = peer.engine.open(&head, deadline.map(|time| peer.now + time)).unwrap();
    peer.heard();
    (peer, call)
}

fn understanding(encoding: Encoding) -> Config {
    let accept: EncodingSet = [Encoding::Identity, encoding].into_iter().collect();
    Config { accept, ..Config::default() }
}

/// A message as it travels.
fn framed(flag: u8, body: &[u8]) -> Vec<u8> {
    [&[flag][..], &u32::try_from(body.len()).unwrap().to_be_bytes(), body].concat()
}

fn messages(told: &[Event]) -> Vec<Vec<u8>> {
    let payload = |event: &Event| match event {
        Event::Message { message, .. } => Some(message.payload.clone().into_bytes().to_vec()),
        _ => None,
    };
    told.iter().filter_map(payload).collect()
}

/// How the only call ended.
fn outcome(peer: &mut RawPeer<Connection>) -> Outcome {
    let mut done = peer.told().into_iter().filter_map(|event| match event {
        Event::Done { outcome, .. } => Some(outcome),
        _ => None,
    });
    let outcome = done.next().expect("the call is over");
    assert!(done.next().is_none(), "once");
    assert_eq!((peer.engine.open_calls(), peer.engine.unfinished()), (0, 0));
    outcome
}

fn failure(peer: &mut RawPeer<Connection>) -> (Code, String) {
    let status = outcome(peer).status.expect_err("a failure");
    (status.code(), status.message().to_owned())
}

/// Why the only call of a server was cancelled, with what the peer was sent as `grpc-status`.
fn cancelled(peer: &mut RawPeer<Connection>) -> (Code, Option<String>) {
    let told = peer.told();
    let why = told.iter().find_map(|event| match event {
        Event::Cancelled { status, .. } => Some(status.code()),
        _ => None,
    });
    let heard = peer.heard();
    let status = heard.iter().find_map(|frame| frame.field("grpc-status").map(str::to_owned));
    (why.expect("a cancelled call"), status)
}

#[test]
fn w20_frame_boundaries_and_padding_mean_nothing() {
    let mut peer = server(Config::default());
    peer.headers(1, &CALL, false);
    let bytes = [framed(0, b"one"), framed(0, b""), framed(0, b"three")].concat();
    for byte in &bytes {
        let mut payload = vec![255, *byte];
        payload.resize(257, 0);
        peer.frame(kind::DATA, flag::PADDED, 1, &payload);
    }
    peer.data(1, b"", true);
    let told = peer.told();
    assert_eq!(messages(&told), [&b"one"[..], b"", b"three"]);
    assert!(matches!(told.last(), Some(Event::End { .. })));
    assert_eq!(peer.engine.unfinished(), 0);
}

#[test]
fn w20_a_flag_above_one_fails_the_call_on_both_sides() {
    let mut peer = server(Config::default());
    peer.headers(1, &CALL, false);
    peer.data(1, &framed(2, b""), false);
    assert_eq!(cancelled(&mut peer), (Code::Internal, Some("13".into())));
    let (mut peer, _) = calling(Config::default(), None);
    peer.headers(1, &ANSWER, false);
    peer.data(1, &framed(255, b""), false);
    let (code, message) = failure(&mut peer);
    assert!(code == Code::Internal && message.contains("255"), "{message}");
    assert_eq!(resets(&peer.heard()), [(1, ErrorCode::Cancel)]);
}

#[test]
fn w21_a_compressed_message_needs_an_announced_compression() {
    for fields in [&CALL[..], &[&CALL[..], &[("grpc-encoding", "identity")]].concat()] {
        let mut peer = server(understanding(Encoding::Gzip));
        peer.headers(1, fields, false);
        peer.data(1, &framed(1, b"x"), false);
        assert_eq!(cancelled(&mut peer), (Code::Internal, Some("13".into())));
    }
    let (mut peer, _) = calling(understanding(Encoding::Gzip), None);
    peer.headers(1, &ANSWER, false);
    peer.data(1, &framed(1, b"x"), false);
    let (code, message) = failure(&mut peer);
    assert!(code == Code::Internal && message.contains("flag 1"), "{message}");
}

#[test]
fn w22_each_message_says_for_itself_whether_it_is_compressed() {
    let mut peer = server(understanding(Encoding::Gzip));
    peer.headers(1, &[&CALL[..], &[("grpc-encoding", "gzip")]].concat(), false);
    peer.data(1, &[framed(1, b"z"), framed(0, b"plain")].concat(), true);
    let flags: Vec<bool> = peer
        .told()
        .iter()
        .filter_map(|event| match event {
            Event::Message { message, .. } => Some(message.compressed),
            _ => None,
        })
        .collect();
    assert_eq!(flags, [true, false]);
}

#[test]
fn w23_a_server_answers_an_unknown_encoding_with_what_it_understands() {
    let mut peer = server(understanding(Encoding::Gzip));
    peer.headers(1, &[&CALL[..], &[("grpc-encoding", "snappy")]].concat(), false);
    assert!(peer.told().iter().all(|event| matches!(event, Event::Incident(_))), "no handler hears of it");
    let heard = peer.heard();
    assert_eq!((heard[0].field("grpc-status"), heard[0].ends()), (Some("12"), true));
    assert_eq!(heard[0].field("grpc-accept-encoding"), Some("identity,gzip"));
}

#[test]
fn w23_a_client_fails_only_when_a_message_is_really_compressed() {
    for (flag, expected) in [(0, None), (1, Some(Code::Internal))] {
        let (mut peer, _) = calling(Config::default(), None);
        peer.headers(1, &[&ANSWER[..], &[("grpc-encoding", "gzip")]].concat(), false);
        peer.data(1, &framed(flag, b"x"), false);
        if expected.is_none() {
            peer.headers(1, &[("grpc-status", "0")], true);
        }
        assert_eq!(outcome(&mut peer).status.err().map(|status| status.code()), expected);
    }
}

#[test]
fn w25_an_oversize_message_is_refused_by_its_prefix() {
    let (mut peer, _) = calling(Config { receive_limit: 10, ..Config::default() }, None);
    peer.headers(1, &ANSWER, false);
    peer.data(1, &framed(0, &[7; 10]), false);
    peer.data(1, &[0, 0, 0, 0, 11], false);
    let told = peer.told();
    assert_eq!(messages(&told), [[7; 10]]);
    let Some(Event::Done { outcome, .. }) = told.into_iter().find(|event| matches!(event, Event::Done { .. })) else {
        panic!("the call is over")
    };
    let status = outcome.status.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().contains("11 bytes") && status.message().contains("10 bytes"), "{status}");
}

#[test]
fn w26_a_message_cut_off_by_the_end_is_internal() {
    let mut peer = server(Config::default());
    peer.headers(1, &CALL, false);
    peer.data(1, &framed(0, b"whole")[..7], true);
    assert_eq!(cancelled(&mut peer), (Code::Internal, Some("13".into())));
    for status in [("grpc-status", "0"), ("grpc-status", "5")] {
        let (mut peer, _) = calling(Config::default(), None);
        peer.headers(1, &ANSWER, false);
        peer.data(1, &[0, 0], false);
        peer.headers(1, &[status], true);
        let expected = if status.1 == "0" { Code::Internal } else { Code::NotFound };
        assert_eq!(failure(&mut peer).0, expected, "the server's own failure says more");
    }
}

#[test]
fn a_client_that_ends_by_trailers_has_ended() {
    let mut peer = server(Config::default());
    peer.headers(1, &CALL, false);
    peer.data(1, &framed(0, b"x"), false);
    peer.headers(1, &[("x-odd", "but legal")], true);
    let told = peer.told();
    assert!(matches!(told.last(), Some(Event::End { .. })), "{told:?}");
}

#[test]
fn w15_an_oversize_head_is_answered_by_431_on_its_stream_alone() {
    let mut peer = server(Config::default());
    let long = "x".repeat(16_384);
    peer.headers(1, &[&CALL[..], &[("x", &long)]].concat(), false);
    peer.headers(3, &CALL, true);
    let told = peer.told();
    let heard = peer.heard();
    assert_eq!((heard[0].field(":status"), heard[0].field("grpc-status")), (Some("431"), Some("8")));
    assert_eq!(resets(&heard), [(1, ErrorCode::NoError)]);
    assert!(told.iter().any(|event| matches!(event, Event::Request { call, .. } if call.serial() == 3)));
    assert_eq!(peer.engine.open_calls(), 1);
}

#[test]
fn what_is_no_grpc_is_answered_and_forgotten_whatever_follows() {
    let mut peer = server(Config::default());
    peer.headers(1, &GET, false);
    assert!(!peer.told().iter().any(|event| matches!(event, Event::Request { .. })));
    let heard = peer.heard();
    assert_eq!((heard[0].field(":status"), heard[0].field("allow")), (Some("405"), Some("POST")));
    assert_eq!(resets(&heard), [(1, ErrorCode::NoError)]);
    peer.data(1, b"body", true);
    assert_eq!((peer.heard().len(), peer.engine.open_calls()), (0, 0));
}

#[test]
fn w9_a_call_that_comes_too_late_never_reaches_its_handler() {
    let mut peer = server(Config::default());
    peer.headers(1, &[&CALL[..], &[("grpc-timeout", "0n")]].concat(), true);
    assert!(peer.told().iter().all(|event| matches!(event, Event::Incident(_))));
    let heard = peer.heard();
    assert_eq!((heard[0].field("grpc-status"), heard[0].ends()), (Some("4"), true));
    assert_eq!((peer.engine.open_calls(), peer.engine.poll_timeout()), (0, None));
}

#[test]
fn w38_a_server_can_refuse_a_call_by_its_number_of_messages() {
    let mut peer = server(Config::default());
    peer.headers(1, &CALL, false);
    peer.data(1, &[framed(0, b"1"), framed(0, b"2")].concat(), true);
    let told = peer.told();
    let Some(Event::Request { call, .. }) = told.first() else { panic!("{told:?}") };
    peer.engine.reject(*call, Reason::Cardinality { expected: "one message" });
    assert_eq!(cancelled(&mut peer), (Code::Unimplemented, Some("12".into())));
    peer.engine.reply(*call, &ReplyHead::default(), &mut crate::grpc::EncodeBuf::new(9), &ReplyEnd::OK);
    assert!(peer.heard().is_empty(), "it has been answered");
    peer.engine.close(*call);
    assert_eq!(peer.engine.open_calls(), 0);
}

#[test]
fn w5_a_malformed_request_is_reset_and_never_told() {
    let mut peer = server(Config::default());
    peer.headers(1, &[&CALL[..], &[("connection", "close")]].concat(), true);
    assert_eq!(resets(&peer.heard()), [(1, ErrorCode::ProtocolError)]);
    assert!(!peer.told().iter().any(|event| matches!(event, Event::Request { .. })));
    assert_eq!(peer.engine.open_calls(), 0);
}
