//! Header lists that the peer has said it does not take (S29), and answers that nobody wants to hear to their end.

use crate::error::Reason;
use crate::grpc::{
    CallId, Code, Config, Connection, Event, Metadata, Outcome, Processed, ReplyEnd, ReplyHead, RequestHead, Status,
};
use crate::h2::ErrorCode;
use crate::h2::frame::kind;
use crate::h2::frame::settings::id;
use crate::raw_peer::{ANSWER, CALL, RawPeer, resets};

fn large() -> Metadata {
    let mut metadata = Metadata::new();
    metadata.insert("x-large", "v".repeat(1_000)).unwrap();
    metadata
}

fn request(metadata: Metadata) -> RequestHead {
    RequestHead { path: "/a.B/C".into(), metadata, ..RequestHead::default() }
}

/// A server whose client takes header lists of `limit` bytes, and its first call.
fn server(limit: u32) -> (RawPeer<Connection>, CallId) {
    let mut peer = RawPeer::of_grpc_server(Config::default());
    peer.settings(&[(id::MAX_HEADER_LIST_SIZE, limit)]);
    peer.headers(1, &CALL, true);
    let call = peer.told().into_iter().find_map(|event| match event {
        Event::Request { call, .. } => Some(call),
        _ => None,
    });
    peer.heard();
    (peer, call.expect("a request"))
}

fn outcome(told: Vec<Event>) -> Option<Outcome> {
    told.into_iter().find_map(|event| match event {
        Event::Done { outcome, .. } => Some(outcome),
        _ => None,
    })
}

#[test]
fn a_call_that_the_server_would_not_take_is_never_sent() {
    let mut peer = RawPeer::of_grpc_client(Config::default());
    peer.settings(&[(id::MAX_HEADER_LIST_SIZE, 600)]);
    peer.heard();
    peer.engine.open(&request(large()), None).unwrap();
    let outcome = outcome(peer.told()).expect("it is over at once");
    let status = outcome.status.unwrap_err();
    assert_eq!((status.code(), outcome.processed), (Code::ResourceExhausted, Processed::Perhaps));
    assert!(status.message().contains("limit of 600"), "{status:?}");
    assert!(peer.heard().is_empty() && peer.engine.open_calls() == 0);
    peer.engine.open(&request(Metadata::new()), None).unwrap();
    assert_eq!((peer.heard()[0].kind, peer.engine.open_calls()), (kind::HEADERS, 1));
}

/// What a server does with a call.
type Reply<'a> = &'a dyn Fn(&mut Connection, CallId);

#[test]
fn a_reply_that_the_client_would_not_take_becomes_a_status() {
    let head = ReplyHead { metadata: large(), ..ReplyHead::default() };
    let end = ReplyEnd::from(Status::not_found("no such thing").with_metadata(large()));
    let cases: [Reply<'_>; 4] = [
        &|server, call| server.reply(call, &head, &mut super::framed(&[b"body"]), &ReplyEnd::OK),
        &|server, call| server.reply_head(call, &head),
        &|server, call| server.reply(call, &ReplyHead::default(), &mut super::framed(&[]), &end),
        &|server, call| {
            server.reply_head(call, &ReplyHead::default());
            server.reply(call, &ReplyHead::default(), &mut super::framed(&[b"body"]), &end);
        },
    ];
    for (index, reply) in cases.iter().enumerate() {
        let (mut peer, call) = server(600);
        reply(&mut peer.engine, call);
        let heard = peer.heard();
        let last = heard.last().expect("an end");
        assert!(last.ends() && last.field("x-large").is_none(), "case {index}: {heard:?}");
        assert_eq!(last.field("grpc-status"), Some("8"), "case {index}: {heard:?}");
        let told = peer.told();
        match index {
            1 => assert!(matches!(told[..], [Event::Cancelled { .. }]), "the handler is told: {told:?}"),
            _ => assert!(!told.iter().any(|event| matches!(event, Event::Cancelled { .. })), "{told:?}"),
        }
        peer.engine.close(call);
        assert_eq!(peer.engine.open_calls(), 0);
    }
}

#[test]
fn a_client_that_takes_no_header_at_all_gets_a_reset() {
    for answered in [false, true] {
        let (mut peer, call) = server(if answered { 200 } else { 10 });
        if answered {
            peer.engine.reply_head(call, &ReplyHead::default());
            peer.settings(&[(id::MAX_HEADER_LIST_SIZE, 10)]);
        }
        peer.engine.reply(call, &ReplyHead::default(), &mut super::framed(&[b"x"]), &ReplyEnd::OK);
        assert_eq!(resets(&peer.heard()), [(1, ErrorCode::InternalError)]);
        assert_eq!(peer.engine.open_calls(), 0);
    }
}

#[test]
fn an_answer_that_is_not_grpc_is_given_up_with_cancel_and_heard_to_its_end_without() {
    for (length, expected) in [(5_000, Some(ErrorCode::Cancel)), (500, None)] {
        let mut peer = RawPeer::of_grpc_client(Config::default());
        let call = peer.engine.open(&request(Metadata::new()), None).unwrap();
        peer.engine.finish(call);
        peer.heard();
        peer.headers(1, &[(":status", "502"), ("content-type", "text/html")], false);
        peer.data(1, &vec![b'x'; length], expected.is_none());
        let status = outcome(peer.told()).expect("an end").status.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        let sent: Vec<ErrorCode> = resets(&peer.heard()).into_iter().map(|(_, code)| code).collect();
        assert_eq!(sent, expected.into_iter().collect::<Vec<_>>(), "{length} bytes");
    }
}

#[test]
fn a_hundred_thousand_empty_messages_on_one_stream_are_no_flood() {
    let mut peer = RawPeer::of_grpc_client(Config::default());
    peer.engine.open(&request(Metadata::new()), None).unwrap();
    peer.headers(1, &ANSWER, false);
    for _ in 0..100_000 {
        peer.data(1, &[0; 5], false);
        for event in peer.told() {
            if let Event::Message { call, credit, .. } = event {
                peer.engine.release(call, credit);
            }
        }
        peer.heard();
    }
    peer.headers(1, &[("grpc-status", "0")], true);
    assert!(outcome(peer.told()).expect("an end").status.is_ok());
}

#[test]
fn too_many_pings_is_what_a_client_looks_for() {
    let mut peer = RawPeer::of_grpc_server(Config::default());
    (0..4).for_each(|_| peer.frame(kind::PING, 0, 0, &[0; 8]));
    let over = peer.told().into_iter().find_map(|event| match event {
        Event::Over { fault } => fault,
        _ => None,
    });
    assert_eq!(over.map(|fault| fault.reason), Some(Reason::TooManyPings { limit: 2 }));
    let goaway = peer.heard().into_iter().find(|frame| frame.kind == kind::GOAWAY).expect("a last word");
    assert_eq!(&goaway.payload[8..], b"too_many_pings");
}
