//! Header lists on their streams: requests, responses, trailers, limits, and the memo. RFC 9113 §8.

use std::sync::Arc;

use crate::error::Reason;
use crate::h2::event::{Cause, Incident};
use crate::h2::frame::{flag, headers, kind};
use crate::h2::{Config, Connection, ErrorCode, Event, Fields, Indexing};
use crate::raw_peer::{GET, RawPeer};

fn server() -> RawPeer<Connection> {
    RawPeer::of_server(Config::default())
}

fn client() -> RawPeer<Connection> {
    let mut peer = RawPeer::of_client(Config::default());
    peer.open(false);
    peer.heard();
    peer
}

fn lists(peer: &mut RawPeer<Connection>) -> Vec<Arc<Fields>> {
    let lists = peer.told().into_iter().filter_map(|event| match event {
        Event::Headers { fields, .. } => Some(fields),
        _ => None,
    });
    lists.collect()
}

fn reset_reason(peer: &mut RawPeer<Connection>) -> Option<Reason> {
    peer.told().into_iter().find_map(|event| match event {
        Event::Reset { cause: Cause::Fault(reason), .. } => Some(reason),
        _ => None,
    })
}

//= RFC 9113 §8.1.1: a malformed message is a stream error of type PROTOCOL_ERROR
//= RFC 9113 §8.2.1: a field with a character that is not allowed makes its message malformed
#[test]
fn a_malformed_request_is_a_stream_error_and_never_told() {
    let cases: [&[(&str, &str)]; 4] = [
        &GET[1..],
        &[GET[0], GET[1], GET[2], ("connection", "close")],
        &[GET[0], GET[1], GET[2], ("Upper", "x")],
        &[("a", "b"), GET[0], GET[1], GET[2]],
    ];
    let mut peer = server();
    for (stream, fields) in (1..).step_by(2).zip(cases) {
        peer.headers(stream, fields, true);
        let heard = peer.heard();
        assert_eq!(crate::raw_peer::resets(&heard), [(stream, ErrorCode::ProtocolError)], "{fields:?}");
    }
    assert!(lists(&mut peer).is_empty());
    assert_eq!(peer.engine.open_streams(), 0);
}

//= RFC 9113 §8.1.1: a malformed response is never told
#[test]
fn a_malformed_response_ends_its_call_only() {
    let mut peer = client();
    let other = peer.open(true);
    peer.headers(1, &[(":status", "20")], false);
    peer.assert_reset(1, Reason::Malformed { what: ":status is not three digits" });
    let told = peer.told();
    assert!(!told.iter().any(|event| matches!(event, Event::Headers { .. })), "the response is never told: {told:?}");
    let reason = Reason::Malformed { what: ":status is not three digits" };
    assert!(told.iter().any(|event| matches!(event, Event::Reset { cause: Cause::Fault(why), .. } if *why == reason)));
    peer.headers(other.id(), &[(":status", "200")], true);
    assert_eq!(lists(&mut peer).len(), 1, "the other call has its answer");
}

//= RFC 9113 §8.1: pseudo-header fields in trailers are malformed
#[test]
fn trailers_end_a_message_and_carry_no_pseudo_headers() {
    let mut peer = client();
    peer.headers(1, &[(":status", "200")], false);
    peer.data(1, b"body", false);
    peer.headers(1, &[("grpc-status", "0")], true);
    let told = peer.told();
    assert!(matches!(told[0], Event::Headers { trailers: false, end: false, .. }));
    assert!(matches!(told[2], Event::Headers { trailers: true, end: true, .. }));
    let mut peer = client();
    peer.headers(1, &[(":status", "200")], false);
    peer.headers(1, &[(":status", "200")], true);
    peer.assert_reset(1, Reason::Malformed { what: "a pseudo-header in trailers" });
}

//= RFC 9113 §8.1: headers after the head are trailers, and trailers end the stream
#[test]
fn headers_in_the_middle_that_do_not_end_the_stream_are_a_stream_error() {
    let what = "a second header list that does not end the stream";
    let mut peer = client();
    peer.headers(1, &[(":status", "200")], false);
    peer.headers(1, &[("grpc-status", "0")], false);
    peer.assert_reset(1, Reason::MessageOrder { what });
    let mut peer = server();
    peer.headers(1, &GET, false);
    peer.headers(1, &[("a", "b")], false);
    peer.assert_reset(1, Reason::MessageOrder { what });
    assert_eq!(reset_reason(&mut peer), Some(Reason::MessageOrder { what }));
}

#[test]
fn data_before_headers_is_a_stream_error() {
    let mut peer = client();
    peer.data(1, b"too early", false);
    peer.assert_reset(1, Reason::MessageOrder { what: "data before headers" });
}

//= RFC 9113 §8.1: interim responses precede the final one and never end the stream
#[test]
fn interim_responses_are_passed_over_and_never_the_end() {
    let mut peer = client();
    peer.headers(1, &[(":status", "100")], false);
    peer.headers(1, &[(":status", "103"), ("link", "x")], false);
    peer.headers(1, &[(":status", "204")], true);
    let seen = lists(&mut peer);
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].get(b":status"), Some(&b"204"[..]));
    let mut peer = client();
    peer.headers(1, &[(":status", "100")], true);
    peer.assert_reset(1, Reason::Malformed { what: "an interim response ends the stream" });
}

#[test]
fn an_oversize_request_is_told_without_its_fields_and_the_next_one_is_read() {
    let mut peer = RawPeer::of_server(Config { header_list_limit: 500, ..Config::default() });
    let long = "x".repeat(400);
    let mut block = Vec::new();
    peer.encoder.begin_block(&mut block);
    for (name, value) in GET.iter().chain(&[("x-long", long.as_str())]) {
        peer.encoder.encode(name.as_bytes(), value.as_bytes(), Indexing::Index, &mut block);
    }
    peer.write(|out| headers::encode(1, &block, true, 16_384, out));
    let told = peer.told();
    assert!(
        matches!(told[0], Event::Incident(Incident::LargeHeaders { serial: 1, limit: 500, refused: true }))
            && matches!(told[1], Event::Oversize { end: true, .. }),
        "{told:?}"
    );
    peer.headers(3, &GET, true);
    assert_eq!(lists(&mut peer).len(), 1, "the table is still the peer's");
    peer.assert_unmoved();
}

#[test]
fn too_many_fields_are_too_large_however_small_they_are() {
    let mut peer = RawPeer::of_server(Config { header_count_limit: 10, ..Config::default() });
    let many: Vec<_> = GET.iter().copied().chain([("a", "")].repeat(6)).collect();
    peer.headers(1, &many, true);
    assert_eq!(lists(&mut peer).len(), 1);
    peer.headers(3, &[&many[..], &[("a", "")]].concat(), true);
    assert!(peer.told().iter().any(|event| matches!(event, Event::Oversize { .. })));
}

#[test]
fn oversize_responses_and_trailers_end_their_stream() {
    let config = Config { header_list_limit: 300, ..Config::default() };
    let long = "x".repeat(300);
    for answered in [false, true] {
        let mut peer = RawPeer::of_client(config.clone());
        peer.open(false);
        peer.heard();
        if answered {
            peer.headers(1, &[(":status", "200")], false);
        }
        peer.headers(1, &[(":status", "200"), ("x", &long)][usize::from(answered)..], true);
        peer.assert_reset(1, Reason::HeaderListTooLarge { limit: 300 });
    }
}

//= RFC 9113 §8.1.1: a body that does not add up to content-length is malformed
#[test]
fn a_body_adds_up_to_its_content_length() {
    let with_length = |length| [&GET[..], &[("content-length", length)]].concat();
    let mut peer = server();
    peer.headers(1, &with_length("5"), false);
    peer.frame(kind::DATA, flag::PADDED, 1, &[2, b'a', b'b', 0, 0]);
    peer.data(1, b"cde", true);
    peer.headers(3, &with_length("0"), true);
    peer.assert_unmoved();
    peer.headers(5, &with_length("5"), false);
    peer.data(5, b"abcdef", false);
    peer.assert_reset(5, Reason::ContentLength);
    peer.headers(7, &with_length("5"), false);
    peer.data(7, b"abcd", true);
    peer.assert_reset(7, Reason::ContentLength);
    peer.headers(9, &with_length("5"), true);
    peer.assert_reset(9, Reason::ContentLength);
    peer.headers(11, &with_length("5"), false);
    peer.headers(11, &[("trailer", "x")], true);
    peer.assert_reset(11, Reason::ContentLength);
    peer.headers(13, &with_length("five"), false);
    peer.assert_reset(13, Reason::Malformed { what: "content-length is not a number" });
    peer.headers(15, &[&with_length("5")[..], &[("content-length", "6")]].concat(), false);
    peer.assert_reset(15, Reason::Malformed { what: "two different content-length" });
}

#[test]
fn a_response_to_head_has_a_length_and_no_body() {
    let mut peer = client();
    peer.headers(1, &[(":status", "200"), ("content-length", "1000")], true);
    peer.assert_unmoved();
    assert_eq!(lists(&mut peer).len(), 1);
}

#[test]
fn the_same_block_is_the_same_list_until_the_table_changes() {
    let mut peer = server();
    for stream in [1, 3] {
        peer.headers(stream, &GET, true);
    }
    let seen = lists(&mut peer);
    assert!(Arc::ptr_eq(&seen[0], &seen[1]), "the memo knows it");
}

#[test]
fn a_block_that_refers_to_the_table_means_what_the_table_says_now() {
    let mut peer = server();
    let mut first = Vec::new();
    peer.encoder.begin_block(&mut first);
    for (name, value) in GET {
        peer.encoder.encode(name.as_bytes(), value.as_bytes(), Indexing::Plain, &mut first);
    }
    let plain = first.clone();
    peer.encoder.encode(b"x", b"one", Indexing::Index, &mut first);
    // The newest entry of the table, whatever it is: index 62.
    let newest = [&plain[..], &[0x80 | 62]].concat();
    let mut second = plain.clone();
    peer.encoder.encode(b"x", b"two", Indexing::Index, &mut second);
    for (stream, block) in [(1, &first), (3, &newest), (5, &newest), (7, &second), (9, &newest), (11, &newest)] {
        peer.write(|out| headers::encode(stream, block, true, 16_384, out));
    }
    let seen: Vec<_> = lists(&mut peer).iter().map(|fields| fields.get(b"x").unwrap().to_vec()).collect();
    assert_eq!(seen, [b"one", b"one", b"one", b"two", b"two", b"two"]);
}

#[test]
fn a_remembered_list_of_one_kind_is_judged_anew_as_another() {
    let mut peer = client();
    peer.open(false);
    peer.headers(1, &[(":status", "200")], false);
    peer.headers(3, &[(":status", "200")], false);
    assert_eq!(lists(&mut peer).len(), 2);
    peer.headers(1, &[(":status", "200")], true);
    assert_eq!(reset_reason(&mut peer), Some(Reason::Malformed { what: "a pseudo-header in trailers" }));
}

#[test]
fn connect_is_a_legal_request() {
    let mut peer = server();
    peer.headers(1, &[(":method", "CONNECT"), (":authority", "a:1")], false);
    assert_eq!(lists(&mut peer).len(), 1);
    peer.assert_unmoved();
}
