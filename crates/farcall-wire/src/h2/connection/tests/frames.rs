//! What every frame must be like, whatever it means: RFC 9113 §4 and §6.

use crate::error::Reason;
use crate::h2::frame::{flag, kind};
use crate::h2::{Config, Event};
use crate::raw_peer::{GET, RawPeer, body, credit};

fn server() -> RawPeer<crate::h2::Connection> {
    RawPeer::of_server(Config::default())
}

//= RFC 9113 §4.2: a frame longer than SETTINGS_MAX_FRAME_SIZE is a FRAME_SIZE_ERROR
#[test]
fn a_frame_longer_than_allowed_ends_the_connection_before_it_has_come() {
    let mut peer = server();
    peer.write(|out| out.extend_from_slice(&[0, 0x40, 1, kind::DATA, 0, 0, 0, 0, 1]));
    peer.assert_over(Reason::FrameTooLarge { length: 16_385, limit: 16_384 });
}

#[test]
fn a_larger_frame_size_that_was_announced_is_taken() {
    let config = Config { max_frame_size: 40_000, stream_window: 100_000, ..Config::default() };
    let mut peer = RawPeer::of_server(config);
    peer.headers(1, &GET, false);
    peer.data(1, &[7; 40_000], true);
    assert!(matches!(peer.told().last(), Some(Event::Data { bytes, end: true, .. }) if bytes.len() == 40_000));
}

//= RFC 9113 §4.2: frames of 2^14 bytes are always taken
#[test]
fn frames_of_16384_bytes_are_taken_whatever_is_configured() {
    let mut peer = RawPeer::of_server(Config { max_frame_size: 1, ..Config::default() });
    peer.headers(1, &GET, false);
    peer.data(1, &[7; 16_384], true);
    assert!(matches!(peer.told().last(), Some(Event::Data { bytes, end: true, .. }) if bytes.len() == 16_384));
}

//= RFC 9113 §4.1, §5.5: frames of unknown kinds are ignored
#[test]
fn frames_of_unknown_kinds_are_skipped_on_any_stream() {
    let mut peer = server();
    for (kind, stream) in [(0xa, 0), (0xff, 1), (0x10, 2), (0xee, 0x7fff_ffff)] {
        peer.frame(kind, 0xff, stream, b"whatever");
    }
    peer.assert_unmoved();
    assert!(peer.told().is_empty());
}

//= RFC 9113 §4.1: flags that mean nothing are ignored
//= RFC 9113 §4.1: the reserved bit is ignored by a receiver
#[test]
fn reserved_bits_and_unknown_flags_mean_nothing() {
    let mut peer = server();
    let block = peer.block(&GET);
    peer.frame(kind::HEADERS, flag::END_HEADERS | flag::END_STREAM | 0xc2, 1 | 0x8000_0000, &block);
    assert!(matches!(peer.told().last(), Some(Event::Headers { end: true, .. })));
    peer.frame(kind::WINDOW_UPDATE, 0xff, 1, &[0x80, 0, 0, 1]);
    peer.assert_unmoved();
}

#[test]
fn frames_of_a_stream_need_one_and_frames_of_the_connection_must_have_none() {
    for (kind, length) in
        [(kind::DATA, 1), (kind::HEADERS, 1), (kind::PRIORITY, 5), (kind::RST_STREAM, 4), (kind::PUSH_PROMISE, 4)]
    {
        let mut peer = server();
        peer.frame(kind, flag::END_HEADERS, 0, &vec![0; length]);
        peer.assert_over(Reason::StreamZero { kind });
    }
    for (kind, length) in [(kind::SETTINGS, 6), (kind::PING, 8), (kind::GOAWAY, 8)] {
        let mut peer = server();
        peer.frame(kind, 0, 3, &vec![0; length]);
        peer.assert_over(Reason::StreamNotZero { kind, stream: 3 });
    }
}

//= RFC 9113 §4.2: a frame too short for a field it must have is a FRAME_SIZE_ERROR
//= RFC 9113 §4.2: a wrong size of a frame with a header block, or of the connection, ends the connection
//= RFC 9113 §6.5: SETTINGS that cannot be read end the connection
#[test]
fn a_length_that_the_kind_does_not_have_ends_the_connection() {
    let cases = [
        (kind::RST_STREAM, 0, 1, 3),
        (kind::RST_STREAM, 0, 1, 5),
        (kind::SETTINGS, 0, 0, 5),
        (kind::SETTINGS, flag::ACK, 0, 6),
        (kind::PING, 0, 0, 7),
        (kind::PING, 0, 0, 9),
        (kind::GOAWAY, 0, 0, 7),
        (kind::WINDOW_UPDATE, 0, 0, 3),
        (kind::WINDOW_UPDATE, 0, 1, 5),
        (kind::PRIORITY, 0, 5, 4),
        (kind::DATA, flag::PADDED, 1, 0),
        (kind::HEADERS, flag::PADDED, 3, 0),
        (kind::HEADERS, flag::PRIORITY | flag::END_HEADERS, 3, 4),
        (kind::PUSH_PROMISE, flag::END_HEADERS, 1, 3),
    ];
    for (kind, flags, stream, length) in cases {
        let mut peer = server();
        peer.headers(1, &GET, false);
        peer.frame(kind, flags, stream, &vec![0; length]);
        peer.assert_over(Reason::FrameSize { kind, length: length as u32 });
    }
}

//= RFC 9113 §5.3.2: priorities are checked for their form and have no effect
//= RFC 9113 §6.4: an idle stream is never reset
#[test]
fn priority_is_checked_and_has_no_effect() {
    let mut peer = server();
    peer.frame(kind::PRIORITY, 0, 9, &[0x80, 0, 0, 3, 255]);
    peer.headers(1, &GET, false);
    peer.frame(kind::PRIORITY, 0, 1, &[0, 0, 0, 0, 16]);
    peer.assert_unmoved();
    peer.frame(kind::PRIORITY, 0, 1, &[0; 4]);
    peer.assert_reset(1, Reason::FrameSize { kind: kind::PRIORITY, length: 4 });
    peer.headers(3, &GET, false);
    peer.frame(kind::PRIORITY, 0, 3, &[0x80, 0, 0, 3, 0]);
    peer.assert_reset(3, Reason::SelfDependency { stream: 3 });
    peer.frame(kind::PRIORITY, 0, 7, &[0, 0, 0, 7, 0]);
    peer.assert_over(Reason::SelfDependency { stream: 7 });
}

//= RFC 9113 §4.3: every block is decoded, whatever becomes of its list
#[test]
fn headers_that_depend_on_themselves_are_a_stream_error_and_their_block_is_decoded() {
    let mut peer = server();
    let mut payload = vec![0, 0, 0, 1, 0];
    peer.encoder.begin_block(&mut payload);
    let indexed = GET.iter().chain(&[("x-indexed", "by the refused request")]);
    for (name, value) in indexed {
        peer.encoder.encode(name.as_bytes(), value.as_bytes(), crate::h2::Indexing::Index, &mut payload);
    }
    peer.frame(kind::HEADERS, flag::END_HEADERS | flag::PRIORITY, 1, &payload);
    peer.assert_reset(1, Reason::SelfDependency { stream: 1 });
    peer.headers(3, &[&GET[..], &[("x-indexed", "by the refused request")]].concat(), true);
    let Some(Event::Headers { fields, .. }) = peer.told().pop() else { panic!("the next request") };
    assert_eq!(fields.get(b"x-indexed"), Some(&b"by the refused request"[..]));
}

//= RFC 9113 §5.4: of all that is wrong with a frame, what ends the connection is what is told
#[test]
fn headers_that_depend_on_themselves_and_do_not_decode_end_the_connection() {
    let mut peer = server();
    peer.frame(kind::HEADERS, flag::END_HEADERS | flag::PRIORITY, 1, &[0, 0, 0, 1, 0, 0x80]);
    peer.assert_over(Reason::HeaderCompression { what: "an index names no table entry" });
}

#[test]
fn a_padded_header_block_with_a_priority_is_read() {
    let mut peer = server();
    let block = peer.block(&GET);
    let payload = [&[3, 0, 0, 0, 0, 15], &block[..], &[0; 3]].concat();
    let flags = flag::END_HEADERS | flag::PRIORITY | flag::PADDED | flag::END_STREAM;
    peer.frame(kind::HEADERS, flags, 1, &payload);
    let Some(Event::Headers { fields, end: true, .. }) = peer.told().pop() else { panic!("a request") };
    assert_eq!(fields.get(b":path"), Some(&b"/"[..]));
}

//= RFC 9113 §6.1, §6.2, §6.6: padding as long as the payload, or longer, is a connection error
#[test]
fn padding_that_fills_the_frame_ends_the_connection() {
    for (kind, payload) in [(kind::DATA, &[4, 0, 0, 0][..]), (kind::HEADERS, &[200, 1]), (kind::PUSH_PROMISE, &[9; 5])]
    {
        let mut peer = server();
        peer.headers(1, &GET, false);
        peer.frame(kind, flag::PADDED | flag::END_HEADERS, 1, payload);
        peer.assert_over(Reason::Padding { kind });
    }
}

//= RFC 9113 §6.1: the whole payload counts, padding included
#[test]
fn padding_is_cut_off_counts_and_its_credit_comes_back_by_itself() {
    let mut peer = RawPeer::of_server(Config { empty_frame_limit: u32::MAX, ..Config::default() });
    peer.headers(1, &GET, false);
    peer.frame(kind::DATA, flag::PADDED, 1, &[3, b'a', b'b', 0, 0, 0]);
    assert!(matches!(peer.told().last(), Some(Event::Data { bytes, .. }) if bytes == "ab"));
    // Padding alone, many times the window: nobody above ever sees it, so that nobody else could give it back.
    let mut granted = 0;
    for _ in 0..2_000 {
        let mut payload = [0; 256];
        payload[0] = 255;
        peer.frame(kind::DATA, flag::PADDED, 1, &payload);
        granted += credit(&peer.heard(), 1);
    }
    assert!(granted > 400_000, "{granted} bytes of credit for 512,000 bytes of padding");
    assert!(peer.told().iter().all(|event| matches!(event, Event::Data { bytes, .. } if bytes.is_empty())));
}

//= RFC 9113 §6.5.2, §6.6, §8.4: nobody pushes to us: a client has said so, and a server is never pushed to
#[test]
fn push_is_refused_in_both_roles() {
    let mut client = RawPeer::of_client(Config::default());
    client.open(true);
    client.frame(kind::PUSH_PROMISE, flag::END_HEADERS, 1, &[0, 0, 0, 2]);
    client.assert_over(Reason::Push);
    let mut server = server();
    server.headers(1, &GET, false);
    server.frame(kind::PUSH_PROMISE, flag::END_HEADERS, 1, &[0, 0, 0, 2]);
    server.assert_over(Reason::Push);
    for stream in [0, 3] {
        let mut client = RawPeer::of_client(Config::default());
        client.open(true);
        client.frame(kind::PUSH_PROMISE, flag::END_HEADERS, 1, &[0, 0, 0, stream]);
        client.assert_over(Reason::PromisedStream { stream: stream.into() });
    }
}

//= RFC 9113 §5.5, §6.2, §6.10: nothing stands between a block and its CONTINUATION, not even unknown frames
#[test]
fn continuation_follows_its_headers_and_nothing_comes_between() {
    let mut peer = server();
    let block = peer.block(&GET);
    let (first, rest) = block.split_at(3);
    peer.frame(kind::HEADERS, flag::END_STREAM, 1, first);
    for piece in rest.chunks(2) {
        peer.frame(kind::CONTINUATION, 0, 1, piece);
    }
    assert!(peer.told().is_empty());
    peer.frame(kind::CONTINUATION, flag::END_HEADERS, 1, &[]);
    assert!(matches!(peer.told().last(), Some(Event::Headers { end: true, .. })));
    for (kind, stream) in
        [(kind::PING, 0), (kind::DATA, 3), (kind::HEADERS, 3), (0xcc, 0), (kind::CONTINUATION, 5), (kind::PRIORITY, 3)]
    {
        let mut peer = server();
        peer.frame(kind::HEADERS, 0, 3, first);
        peer.frame(kind, flag::END_HEADERS, stream, &[0; 8]);
        peer.assert_over(Reason::ContinuationExpected { kind });
    }
}

//= RFC 9113 §6.10: CONTINUATION that continues nothing is a connection error
#[test]
fn continuation_of_nothing_ends_the_connection() {
    let mut peer = server();
    peer.headers(1, &GET, false);
    peer.frame(kind::CONTINUATION, flag::END_HEADERS, 1, &[]);
    peer.assert_over(Reason::ContinuationUnexpected { stream: 1 });
}

#[test]
fn endless_continuations_end_the_connection_even_when_they_are_empty() {
    let mut peer = server();
    peer.frame(kind::HEADERS, 0, 1, &[]);
    for _ in 0..8 {
        peer.frame(kind::CONTINUATION, 0, 1, &[]);
        assert!(peer.fault().is_none());
    }
    peer.frame(kind::CONTINUATION, 0, 1, &[]);
    peer.assert_over(Reason::TooManyContinuations { limit: 8 });
}

//= RFC 9113 §4.3: a block that does not decode is COMPRESSION_ERROR for the connection
#[test]
fn a_block_that_does_not_decode_ends_the_connection_whatever_its_stream_is() {
    for stream in [1, 3] {
        let mut peer = server();
        peer.headers(1, &GET, false);
        peer.frame(kind::HEADERS, flag::END_HEADERS | flag::END_STREAM, stream, &[0xff, 0xff, 0xff]);
        let told = peer.fault().expect("a fault");
        assert!(matches!(told.reason, Reason::HeaderCompression { .. }), "{told}");
    }
}

#[test]
fn bytes_that_do_not_make_a_frame_yet_are_left_where_they_are() {
    let mut peer = server();
    peer.headers(1, &GET, false);
    peer.told();
    let mut bytes = bytes::BytesMut::from(&[0, 0, 3, kind::DATA, 0, 0, 0, 0, 1, b'a', b'b'][..]);
    peer.engine.handle_bytes(&mut bytes, peer.now);
    assert_eq!((bytes.len(), peer.told().len()), (11, 0));
    bytes.extend_from_slice(b"c\0");
    peer.engine.handle_bytes(&mut bytes, peer.now);
    assert!(matches!(&peer.told()[..], [Event::Data { bytes, .. }] if bytes == "abc"));
    assert_eq!(bytes.len(), 1);
    assert!(body(&peer.heard(), 1).is_empty());
}
