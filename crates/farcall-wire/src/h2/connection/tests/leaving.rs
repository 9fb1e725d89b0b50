//! The end of a connection: GOAWAY in both directions, faults, and the end of the bytes. RFC 9113 §6.8.

use std::time::Duration;

use crate::error::{Fault, Reason};
use crate::h2::event::Cause;
use crate::h2::frame::{flag, goaway, kind};
use crate::h2::{Config, Connection, ErrorCode, Event};
use crate::raw_peer::{Frame, GET, RawPeer, credit, list};

fn server() -> RawPeer<Connection> {
    RawPeer::of_server(Config::default())
}

fn client() -> RawPeer<Connection> {
    RawPeer::of_client(Config::default())
}

fn last_streams(heard: &[Frame]) -> Vec<(u32, u32)> {
    heard.iter().filter(|frame| frame.kind == kind::GOAWAY).map(|frame| (frame.number(0), frame.number(4))).collect()
}

fn says_goodbye(peer: &mut RawPeer<Connection>, last: u32, code: ErrorCode, debug: &[u8]) {
    peer.write(|out| goaway::encode(last, code, debug, out));
}

//= RFC 9113 §6.8: a first GOAWAY with 2^31-1 and, a round trip later, a second one lose no request
#[test]
fn a_server_leaves_in_two_steps_and_loses_nothing_that_was_sent_between() {
    let mut peer = server();
    let first = peer.request(1, true);
    peer.engine.shut_down(peer.now);
    let heard = peer.heard();
    assert_eq!(last_streams(&heard), [(0x7fff_ffff, 0)]);
    let ping = heard.iter().find(|frame| frame.kind == kind::PING).expect("a round trip is waited for").clone();
    let second = peer.request(3, true);
    peer.frame(kind::PING, flag::ACK, 0, &ping.payload);
    assert_eq!(last_streams(&peer.heard()), [(3, 0)]);
    // Too late: ignored, but decoded and counted.
    peer.headers(5, &GET, false);
    peer.data(5, b"ignored", true);
    peer.assert_unmoved();
    for stream in [first, second] {
        peer.engine.send_headers(stream, &list(&[(":status", "200")]), true);
        peer.engine.forget(stream);
    }
    assert!(peer.told().iter().any(|event| matches!(event, Event::Over { fault: None })));
    assert_eq!(peer.heard().len(), 2, "the replies leave");
    assert!(peer.engine.is_drained());
}

//= RFC 9113 §6.8: above the last number told, blocks are decoded, DATA is counted, both are dropped
#[test]
fn what_comes_above_the_last_number_is_decoded_and_counted() {
    let mut peer = server();
    peer.request(1, false);
    peer.engine.shut_down(peer.now);
    peer.frame(kind::PING, flag::ACK, 0, b"fc-drain");
    peer.heard();
    let mut block = Vec::new();
    peer.encoder.begin_block(&mut block);
    for (name, value) in GET.iter().chain(&[("x-ignored", "but indexed")]) {
        peer.encoder.encode(name.as_bytes(), value.as_bytes(), crate::h2::Indexing::Index, &mut block);
    }
    peer.frame(kind::HEADERS, flag::END_HEADERS, 3, &block);
    for _ in 0..64 {
        peer.data(3, &[0; 16_384], false);
    }
    assert!(!peer.told().iter().any(|event| matches!(event, Event::Headers { .. } | Event::Data { .. })));
    assert!(credit(&peer.heard(), 0) >= 900_000, "the connection's credit comes back");
    peer.headers(1, &[("x-ignored", "but indexed")], true);
    let told = peer.told();
    let Some(Event::Headers { fields, trailers: true, .. }) = told.last() else { panic!("{told:?}") };
    assert_eq!(fields.get(b"x-ignored"), Some(&b"but indexed"[..]));
}

#[test]
fn a_peer_that_does_not_answer_the_first_goaway_gets_the_second_after_a_time() {
    let mut peer = server();
    peer.request(1, true);
    peer.engine.shut_down(peer.now);
    peer.heard();
    let due = peer.engine.poll_timeout().expect("a time to wait");
    assert_eq!(due, peer.now + Duration::from_secs(10));
    peer.engine.handle_timeout(due);
    assert_eq!(last_streams(&peer.heard()), [(1, 0)]);
    assert_eq!(peer.engine.poll_timeout(), None);
    peer.engine.shut_down(due);
    assert!(peer.heard().is_empty(), "once is enough");
}

#[test]
fn a_server_that_leaves_before_the_handshake_takes_the_calls_that_come_with_it() {
    let mut peer = RawPeer::of_new_server(Config::default());
    peer.engine.shut_down(peer.now);
    let mut peer = peer.greeted(crate::raw_peer::PREFACE, &[]);
    let stream = peer.request(1, true);
    peer.frame(kind::PING, flag::ACK, 0, b"fc-drain");
    assert_eq!(last_streams(&peer.heard()), [(1, 0)], "the call that came with the preface is served");
    peer.engine.send_headers(stream, &list(&[(":status", "200")]), true);
    peer.engine.forget(stream);
    assert!(peer.told().iter().any(|event| matches!(event, Event::Over { fault: None })));

    let mut silent = RawPeer::of_new_server(Config::default());
    silent.engine.shut_down(silent.now);
    let due = silent.engine.poll_timeout().expect("it does not wait for ever");
    assert_eq!(due, silent.now + Duration::from_secs(10));
    silent.engine.handle_timeout(due);
    assert!(silent.told().iter().any(|event| matches!(event, Event::Over { .. })));
}

#[test]
fn an_idle_server_is_over_with_its_second_goaway() {
    let mut peer = server();
    peer.engine.shut_down(peer.now);
    peer.heard();
    peer.frame(kind::PING, flag::ACK, 0, b"fc-drain");
    assert!(matches!(peer.told().last(), Some(Event::Over { fault: None })));
    assert_eq!(last_streams(&peer.heard()), [(0, 0)]);
    assert!(peer.engine.is_drained());
}

#[test]
fn a_client_leaves_with_its_last_stream() {
    let mut peer = client();
    let stream = peer.open(true);
    peer.engine.shut_down(peer.now);
    assert_eq!(peer.engine.available_streams(), 0);
    assert_eq!(last_streams(&peer.heard()), [(0, 0)]);
    peer.headers(1, &[(":status", "204")], true);
    peer.engine.forget(stream);
    assert!(matches!(peer.told().last(), Some(Event::Over { fault: None })));
}

//= RFC 9113 §6.8: whoever has received GOAWAY opens no more streams
//= RFC 9113 §6.8: streams of this side above the last number were not and will not be looked at
#[test]
fn streams_above_the_last_of_a_goaway_are_unprocessed_and_the_others_finish() {
    let mut peer = client();
    let streams = [peer.open(true), peer.open(true), peer.open(false)];
    says_goodbye(&mut peer, 1, ErrorCode::NoError, b"maintenance");
    let told = peer.told();
    let unprocessed: Vec<_> = told
        .iter()
        .filter_map(|event| match event {
            Event::Reset { stream, cause: Cause::Unprocessed } => Some(*stream),
            _ => None,
        })
        .collect();
    assert_eq!(unprocessed, streams[1..]);
    let is_told =
        |event: &Event| matches!(event, Event::GoingAway { code: ErrorCode::NoError, debug } if debug == "maintenance");
    assert!(told.iter().any(is_told));
    assert_eq!(peer.engine.available_streams(), 0);
    assert!(peer.engine.open(&list(&GET), true).is_none());
    for stream in &streams[1..] {
        peer.engine.forget(*stream);
    }
    peer.headers(1, &[(":status", "200")], true);
    peer.engine.forget(streams[0]);
    assert!(matches!(peer.told().last(), Some(Event::Over { fault: None })));
}

#[test]
fn a_second_goaway_can_only_lower_what_is_left() {
    let mut peer = client();
    peer.open(true);
    peer.open(true);
    says_goodbye(&mut peer, 0x7fff_ffff, ErrorCode::NoError, b"");
    assert!(!peer.told().iter().any(|event| matches!(event, Event::Reset { .. })));
    says_goodbye(&mut peer, 1, ErrorCode::EnhanceYourCalm, &[b'x'; 1_000]);
    let told = peer.told();
    assert_eq!(told.iter().filter(|event| matches!(event, Event::Reset { .. })).count(), 1);
    let debug = told.iter().find_map(|event| match event {
        Event::GoingAway { code: ErrorCode::EnhanceYourCalm, debug } => Some(debug.len()),
        _ => None,
    });
    assert_eq!(debug, Some(256), "a long text is cut");
}

#[test]
fn a_server_goes_on_after_the_goaway_of_a_client() {
    let mut peer = server();
    let stream = peer.request(1, true);
    says_goodbye(&mut peer, 0, ErrorCode::NoError, b"");
    peer.answer(stream);
    peer.engine.end(stream);
    peer.engine.forget(stream);
    assert_eq!(peer.heard().len(), 2);
    assert!(peer.fault().is_none());
    assert!(!peer.engine.is_drained(), "the peer closes when it likes");
}

//= RFC 9113 §6.8: the last stream that was told never grows: the peer may have tried the others elsewhere
#[test]
fn the_last_stream_of_a_goaway_never_grows() {
    let mut peer = server();
    peer.request(1, false);
    peer.engine.shut_down(peer.now);
    peer.frame(kind::PING, flag::ACK, 0, b"fc-drain");
    peer.headers(9, &GET, true);
    peer.window(0, 0);
    let heard = peer.heard();
    let told: Vec<u32> = last_streams(&heard).iter().map(|goaway| goaway.0).collect();
    assert_eq!(told, [0x7fff_ffff, 1, 1]);
}

//= RFC 9113 §5.4.1: before closing for an error, GOAWAY tells the last stream that was looked at, and the code
//= RFC 9113 §8.7: what the application has heard of is not refused, nor above the last stream of a GOAWAY
#[test]
fn a_fault_ends_every_stream_before_the_connection() {
    let mut peer = server();
    let streams = [peer.request(1, false), peer.request(3, true)];
    peer.answer(streams[1]);
    peer.engine.send_data(streams[1], vec![0; 1 << 20].into());
    peer.window(0, 0);
    let told = peer.told();
    let reason = Reason::ZeroIncrement { stream: 0 };
    assert!(matches!(told.last(), Some(Event::Over { fault: Some(fault) }) if *fault == Fault::connection(reason)));
    let ended = told.iter().filter(|event| matches!(event, Event::Reset { cause: Cause::Fault(_), .. })).count();
    assert_eq!((ended, peer.engine.queued()), (2, 0));
    assert_eq!(last_streams(&peer.heard()), [(3, ErrorCode::ProtocolError.number())]);
    assert!(peer.engine.is_drained() && !peer.engine.wants_bytes());
    for stream in streams {
        peer.engine.forget(stream);
    }
    assert!(peer.told().is_empty(), "nothing follows the end");
    assert_eq!(peer.engine.open_streams(), 0);
}

#[test]
fn the_end_of_the_bytes_is_orderly_only_without_streams() {
    let over = |peer: &mut RawPeer<Connection>| {
        peer.engine.handle_eof();
        peer.told().into_iter().find_map(|event| match event {
            Event::Over { fault } => Some(fault.map(|fault| fault.reason)),
            _ => None,
        })
    };
    assert_eq!(over(&mut server()), Some(None));
    let mut busy = client();
    busy.open(true);
    assert_eq!(over(&mut busy), Some(Some(Reason::Disconnected)));
    assert!(busy.engine.is_drained(), "nobody reads what was not written");
    assert_eq!(over(&mut RawPeer::of_new_server(Config::default())), Some(Some(Reason::Disconnected)));
    let mut twice = server();
    over(&mut twice);
    assert_eq!(over(&mut twice), None, "once");
}

#[test]
fn after_the_end_bytes_are_swallowed_and_verbs_do_nothing() {
    let mut peer = client();
    let stream = peer.open(false);
    peer.engine.abort(Reason::Broken);
    peer.heard();
    peer.told();
    let mut bytes = bytes::BytesMut::from(&[0; 100][..]);
    peer.engine.handle_bytes(&mut bytes, peer.now);
    assert!(bytes.is_empty());
    peer.engine.send_data(stream, vec![1].into());
    peer.engine.end(stream);
    peer.engine.reset(stream, ErrorCode::Cancel, None);
    peer.engine.abort(Reason::Broken);
    peer.engine.shut_down(peer.now);
    assert!(peer.engine.open(&list(&GET), true).is_none());
    assert_eq!((peer.heard().len(), peer.told().len()), (0, 0));
}

//= RFC 9113 §5.1.1: a client that runs out of stream numbers opens a new connection
#[test]
fn a_client_that_has_used_its_last_number_leaves_with_its_last_stream() {
    let mut peer = RawPeer::of_client(Config { first_stream: 0x7fff_fffd, ..Config::default() });
    let first = peer.open(true);
    assert_eq!((first.id(), peer.engine.available_streams()), (0x7fff_fffd, 1), "one number is left");
    let last = peer.engine.open_unsent().expect("the last number");
    assert_eq!((last.id(), peer.engine.available_streams()), (0x7fff_ffff, 0));
    assert!(peer.engine.open(&list(&GET), true).is_none() && peer.engine.open_unsent().is_none());
    assert_eq!(last_streams(&peer.heard()), [(0, 0)], "the server is told that nothing follows");
    peer.engine.forget(last);
    assert!(!peer.told().iter().any(|event| matches!(event, Event::Over { .. })), "a call is under way");
    peer.headers(first.id(), &[(":status", "204")], true);
    peer.engine.forget(first);
    assert!(matches!(peer.told().last(), Some(Event::Over { fault: None })), "time for a new connection");
}
