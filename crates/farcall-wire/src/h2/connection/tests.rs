//! The engine against a peer of raw frames: the handshake, SETTINGS and PING; each other subject has a file.

mod budgets;
mod frames;
mod headers;
mod leaving;
mod receiving;
mod sending;
mod stalls;
mod streams;
mod written;

use std::time::{Duration, Instant};

use super::PREFACE;
use crate::error::Reason;
use crate::h2::frame::settings::{self, id};
use crate::h2::frame::{flag, kind};
use crate::h2::{Config, Connection, ErrorCode, Event};
use crate::raw_peer::{GET, RawPeer, list};

impl super::Connection {
    /// What this side may send on the connection, and what its peer may.
    pub(crate) fn windows(&self) -> (u32, u32) {
        (self.send_window.available(), self.credit.available())
    }
}

fn small() -> Config {
    Config { stream_window: 1_000, ..Config::default() }
}

//= RFC 9113 §3.4: a client begins with the preface string, both sides with SETTINGS
//= RFC 9113 §6.5: both sides begin with SETTINGS
//= RFC 9113 §6.5.2: a client that wants no push says so; a server that cannot be pushed to says nothing
#[test]
fn a_client_begins_with_the_preface_and_settings_that_forbid_push() {
    let mut peer = RawPeer::of_new_client(Config::default());
    let mut bytes = Vec::new();
    bytes.extend_from_slice(bytes::Buf::chunk(peer.engine.outbox()));
    assert!(bytes.starts_with(PREFACE));
    let heard = peer.heard();
    assert_eq!((heard[0].kind, heard[0].flags, heard[0].stream), (kind::SETTINGS, 0, 0));
    let expected = [(id::ENABLE_PUSH, 0), (id::INITIAL_WINDOW_SIZE, 65_536), (id::MAX_HEADER_LIST_SIZE, 16_384)];
    let mut encoded = Vec::new();
    settings::encode(&expected, &mut encoded);
    assert_eq!(heard[0].payload, &encoded[9..]);
    assert_eq!((heard[1].kind, heard[1].number(0)), (kind::WINDOW_UPDATE, (1 << 20) - 65_535));
}

//= RFC 9113 §3.3: a server too begins with its preface, where TLS has negotiated nothing
//= RFC 9113 §6.5: both sides begin with SETTINGS
//= RFC 9113 §6.5.2: a client that wants no push says so; a server that cannot be pushed to says nothing
#[test]
fn a_server_says_its_limit_of_streams_and_nothing_of_push() {
    let heard = RawPeer::of_new_server(Config { max_concurrent_streams: 7, ..Config::default() }).heard();
    let entries: Vec<&[u8]> = heard[0].payload.chunks(6).collect();
    assert!(entries.contains(&&[0, 3, 0, 0, 0, 7][..]), "{entries:?}");
    assert!(!entries.iter().any(|entry| entry[1] == 2), "{entries:?}");
}

//= RFC 9113 §3.4: a server takes nothing before the client's preface, and an invalid one is PROTOCOL_ERROR
#[test]
fn a_wrong_preface_ends_the_connection_at_its_first_wrong_byte() {
    for (bytes, wrong) in
        [(&b"GET / HTTP/1.1\r\n\r\n"[..], true), (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\rX", true), (b"PRI *", false)]
    {
        let mut peer = RawPeer::of_new_server(Config::default());
        peer.write(|out| out.extend_from_slice(bytes));
        match wrong {
            true => peer.assert_over(Reason::Preface),
            false => assert!(peer.fault().is_none(), "more may come"),
        }
    }
}

#[test]
fn a_preface_in_pieces_is_a_preface() {
    let mut peer = RawPeer::of_new_server(Config::default());
    for byte in PREFACE {
        peer.write(|out| out.push(*byte));
    }
    peer.settings(&[]);
    assert!(matches!(peer.told()[..], [Event::Ready, ..]));
}

//= RFC 9113 §3.4: the first frame of the peer is SETTINGS
#[test]
fn the_first_frame_is_settings_and_no_acknowledgement() {
    for (kind, flags, payload) in [(kind::PING, 0, &[0; 8][..]), (kind::SETTINGS, flag::ACK, &[]), (0xee, 0, &[])] {
        let mut peer = RawPeer::of_new_client(Config::default());
        peer.frame(kind, flags, 0, payload);
        peer.assert_over(Reason::SettingsFirst { kind });
    }
}

#[test]
fn a_peer_that_does_not_finish_the_handshake_is_left() {
    for mut peer in [RawPeer::of_new_client(Config::default()), RawPeer::of_new_server(Config::default())] {
        let due = peer.engine.poll_timeout().expect("a handshake has its time");
        assert_eq!(due, peer.now + Duration::from_secs(10));
        peer.engine.handle_timeout(due - Duration::from_nanos(1));
        assert!(peer.fault().is_none());
        peer.engine.handle_timeout(due);
        peer.assert_over(Reason::HandshakeTimeout);
        assert_eq!(peer.engine.poll_timeout(), None);
    }
}

//= RFC 9113 §3.4: the peer's first SETTINGS are acknowledged after this side's own
//= RFC 9113 §6.5.2, §6.5.3: settings that are not known are ignored
//= RFC 9113 §6.5.3: settings are applied at once, in the order in which they stand
//= RFC 9113 §6.5.3: once applied, they are acknowledged at once
#[test]
fn settings_end_the_wait_are_acknowledged_and_make_the_connection_ready() {
    let mut peer = RawPeer::of_new_client(Config::default());
    peer.heard();
    peer.settings(&[(id::MAX_CONCURRENT_STREAMS, 3), (0xabcd, 9), (id::MAX_CONCURRENT_STREAMS, 5)]);
    assert_eq!(peer.engine.poll_timeout(), Some(peer.now + Duration::from_secs(10)), "an acknowledgement is due");
    peer.write(settings::encode_ack);
    assert_eq!(peer.engine.poll_timeout(), None);
    assert_eq!(peer.engine.available_streams(), 5, "the last value counts, unknown ones do not");
    let heard = peer.heard();
    assert_eq!((heard[0].kind, heard[0].flags, heard[0].payload.len()), (kind::SETTINGS, flag::ACK, 0));
    assert!(matches!(peer.told()[..], [Event::Ready, Event::Available]));
    peer.settings(&[]);
    assert!(matches!(peer.told()[..], [Event::Available]), "ready once");
}

//= RFC 9113 §6.5: every defined setting is obeyed
#[test]
fn before_its_settings_a_server_is_taken_to_allow_a_hundred_streams() {
    let mut peer = RawPeer::of_new_client(Config::default());
    assert_eq!(peer.engine.available_streams(), 100);
    peer.settings(&[]);
    assert!(peer.engine.available_streams() >= 1 << 30, "settings that name no limit set none");
    peer.settings(&[(id::MAX_CONCURRENT_STREAMS, 0)]);
    assert_eq!(peer.engine.available_streams(), 0);
}

//= RFC 9113 §6.5.2: ENABLE_PUSH is 0 or 1, or else a PROTOCOL_ERROR
//= RFC 9113 §6.5.2: an initial window above 2^31-1 is a FLOW_CONTROL_ERROR of the connection
//= RFC 9113 §6.5.2: a SETTINGS_MAX_FRAME_SIZE outside its range is a PROTOCOL_ERROR
#[test]
fn settings_out_of_range_are_connection_errors() {
    let value = |id, value| Reason::SettingValue { id, value };
    let cases = [
        (id::ENABLE_PUSH, 2, value(id::ENABLE_PUSH, 2)),
        (id::INITIAL_WINDOW_SIZE, 1 << 31, Reason::InitialWindow { value: 1 << 31 }),
        (id::MAX_FRAME_SIZE, 16_383, value(id::MAX_FRAME_SIZE, 16_383)),
        (id::MAX_FRAME_SIZE, 1 << 24, value(id::MAX_FRAME_SIZE, 1 << 24)),
    ];
    for (id, number, reason) in cases {
        let mut peer = RawPeer::of_server(Config::default());
        peer.settings(&[(id, number)]);
        peer.assert_over(reason);
    }
}

//= RFC 9113 §6.5.2: a client treats any ENABLE_PUSH but 0 from a server as PROTOCOL_ERROR
#[test]
fn only_a_server_is_forbidden_to_allow_push() {
    let mut server = RawPeer::of_server(Config::default());
    server.settings(&[(id::ENABLE_PUSH, 1)]);
    server.assert_unmoved();
    let mut client = RawPeer::of_client(Config::default());
    client.settings(&[(id::ENABLE_PUSH, 0)]);
    client.assert_unmoved();
    client.settings(&[(id::ENABLE_PUSH, 1)]);
    client.assert_over(Reason::SettingValue { id: id::ENABLE_PUSH, value: 1 });
}

#[test]
fn too_many_settings_in_one_frame_are_a_flood() {
    let mut peer = RawPeer::of_server(Config::default());
    peer.settings(&[(0x99, 1); 32]);
    peer.assert_unmoved();
    peer.settings(&[(0x99, 1); 33]);
    peer.assert_over(Reason::SettingsFlood { limit: 32 });
}

//= RFC 9113 §4.1: no frame is longer than the peer's SETTINGS_MAX_FRAME_SIZE
//= RFC 9113 §6.5: every defined setting is obeyed
#[test]
fn a_smaller_frame_limit_of_the_default_is_kept_and_a_larger_one_used_in_header_blocks() {
    let mut peer = RawPeer::of_client(Config::default());
    let long = "v".repeat(20_000);
    let fields = [&GET[..], &[("x", long.as_str())]].concat();
    peer.engine.open(&list(&fields), true).unwrap();
    let heard = peer.heard();
    let kinds: Vec<u8> = heard.iter().map(|frame| frame.kind).collect();
    assert_eq!(kinds, [kind::HEADERS, kind::CONTINUATION]);
    assert_eq!((heard[0].payload.len(), heard[0].flags), (16_384, flag::END_STREAM));
    assert_eq!(heard[0].field("x"), Some(long.as_str()));
    peer.settings(&[(id::MAX_FRAME_SIZE, 32_768)]);
    peer.engine.open(&list(&fields), true).unwrap();
    let headers = peer.heard().into_iter().find(|frame| frame.kind == kind::HEADERS).unwrap();
    assert_eq!(headers.flags, flag::END_STREAM | flag::END_HEADERS);
}

//= RFC 9113 §6.5: every defined setting is obeyed
#[test]
fn the_peers_header_table_size_is_followed() {
    let mut peer = RawPeer::of_client(Config::default());
    let mut fields = crate::h2::Fields::new();
    for (name, value) in GET {
        fields.push(name.as_bytes(), value.as_bytes(), crate::h2::Indexing::Index);
    }
    fields.push(b"x-a", b"a value worth keeping", crate::h2::Indexing::Index);
    let length = |peer: &mut RawPeer<super::Connection>| {
        peer.engine.open(&fields, true).unwrap();
        peer.heard().iter().find(|frame| frame.kind == kind::HEADERS).unwrap().payload.len()
    };
    let (first, second) = (length(&mut peer), length(&mut peer));
    assert!(second < first, "the table is used");
    peer.settings(&[(id::HEADER_TABLE_SIZE, 0)]);
    assert!(length(&mut peer) > second, "a table of 0 bytes has no entries");
}

//= RFC 9113 §6.7: a PING is answered with the same 8 bytes, and marked as an answer
//= RFC 9113 §6.7: an answer to a PING is not answered
#[test]
fn a_ping_comes_back_and_an_answer_to_none_is_ignored() {
    let mut peer = RawPeer::of_server(Config::default());
    peer.frame(kind::PING, 0xfe, 0, b"12345678");
    let heard = peer.heard();
    assert_eq!((heard[0].kind, heard[0].flags, &heard[0].payload[..]), (kind::PING, flag::ACK, &b"12345678"[..]));
    for data in [b"12345678", b"fc-drain", b"fc-probe"] {
        peer.frame(kind::PING, flag::ACK, 0, data);
        assert!(peer.heard().is_empty());
    }
    peer.assert_unmoved();
}

#[test]
fn a_peer_that_reads_nothing_is_not_read_from_either() {
    let mut peer = RawPeer::of_server(Config { control_limit: 10, ping_strikes: u32::MAX, ..Config::default() });
    for sent in 0..10 {
        assert!(peer.engine.wants_bytes(), "{sent} answers wait");
        peer.frame(kind::PING, 0, 0, &[0; 8]);
    }
    assert!(!peer.engine.wants_bytes());
    assert_eq!(peer.heard().len(), 10);
    peer.engine.outbox();
    assert!(peer.engine.wants_bytes(), "writing makes room");
}

#[test]
fn answers_that_have_left_are_not_held_against_a_connection_that_always_writes() {
    let mut peer = RawPeer::of_server(Config { control_limit: 40, ..Config::default() });
    peer.settings(&[(id::INITIAL_WINDOW_SIZE, (1 << 31) - 1)]);
    peer.window(0, (1 << 31) - 1 - 65_535);
    let stream = peer.request(1, true);
    peer.answer(stream);
    peer.engine.send_data(stream, vec![0; 64 << 20].into());
    for round in 0..1_000 {
        peer.frame(kind::PING, 0, 0, &[0; 8]);
        peer.take(20_000);
        assert!(peer.engine.outbox().len() > 1, "the socket is never idle");
        assert!(peer.engine.wants_bytes(), "round {round}");
    }
}

#[test]
fn too_many_bytes_in_the_outbox_stop_the_reading_until_they_leave() {
    let mut peer = RawPeer::of_server(Config::default());
    peer.settings(&[(id::MAX_FRAME_SIZE, 1 << 20)]);
    let stream = peer.request(1, true);
    let large = "x".repeat(300_000);
    peer.engine.send_headers(stream, &list(&[(":status", "200"), ("x", &large)]), false);
    assert!(!peer.engine.wants_bytes());
    peer.take(100_000);
    assert!(peer.engine.wants_bytes());
}

//= RFC 9113 §5.2.2: what has arrived is read and worked off at once
#[test]
fn a_client_reads_on_while_its_own_requests_wait_to_be_written() {
    let mut peer = RawPeer::of_client(Config { control_limit: 10, ..Config::default() });
    let large = "x".repeat(300_000);
    let stream = peer.engine.open(&list(&[&GET[..], &[("x", &large)]].concat()), true).expect("room for a stream");
    assert!(peer.engine.wants_bytes(), "a server that waits for its replies to be fetched must not wait for ever");
    peer.headers(1, &[(":status", "200")], false);
    // A server that takes nothing and sends without end is held up by the credit that waits for it.
    let mut sent = 0;
    while peer.engine.wants_bytes() {
        assert!(sent < 1_000, "credit for {sent} frames waits");
        peer.data(1, &[0; 16_384], false);
        peer.engine.release(stream, 16_384);
        sent += 1;
    }
    peer.heard();
    peer.engine.outbox();
    assert!(peer.engine.wants_bytes(), "writing makes room");
}

//= RFC 9113 §6.9.2: a new initial window moves the windows of all streams by the difference
//= RFC 9113 §6.9.3: until our smaller window is acknowledged, the peer may use the larger one
#[test]
fn a_smaller_window_binds_the_peer_only_once_it_has_acknowledged_it() {
    let mut peer = RawPeer::of_new_server(small());
    peer.write(|out| {
        out.extend_from_slice(PREFACE);
        settings::encode(&[], out);
    });
    peer.headers(1, &GET, false);
    peer.data(1, &[0; 10_000], false);
    peer.assert_unmoved();
    peer.write(settings::encode_ack);
    peer.told();
    // The window is 1,000 less the 10,000 that were sent.
    peer.data(1, &[], false);
    peer.assert_unmoved();
    peer.data(1, &[0; 1], false);
    peer.assert_reset(1, Reason::WindowExceeded { stream: 1 });
    peer.headers(3, &GET, false);
    peer.data(3, &[0; 1_001], false);
    peer.assert_reset(3, Reason::WindowExceeded { stream: 3 });
    assert_eq!(Reason::WindowExceeded { stream: 3 }.http2(), ErrorCode::FlowControlError);
}

#[test]
fn a_server_that_speaks_http_1_is_called_what_it_is() {
    let now = Instant::now();
    let mut client = Connection::client(Config::default(), now);
    client.handle_bytes(&mut bytes::BytesMut::from(&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..]), now);
    let over = std::iter::from_fn(|| client.poll_event()).find_map(|event| match event {
        Event::Over { fault } => fault,
        _ => None,
    });
    let text = over.expect("a fault").to_string();
    assert!(text.contains("does not speak HTTP/2"), "{text}");
}
