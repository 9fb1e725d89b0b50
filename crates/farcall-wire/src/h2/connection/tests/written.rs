//! What leaves, byte by byte: no flag, no bit and no padding that means nothing, and header blocks in one piece.

use bytes::Buf;

use crate::h2::frame::settings::{self, id};
use crate::h2::frame::{FRAME_HEAD, flag, kind};
use crate::h2::{Config, Connection, ErrorCode};
use crate::raw_peer::{GET, PREFACE, RawPeer, list};

/// A frame as it stands on the wire.
struct Written {
    kind: u8,
    flags: u8,
    reserved: u8,
    stream: u32,
}

/// Moves a piece of what waits to be written; `false`: nothing does.
fn drain(peer: &mut RawPeer<Connection>, most: usize, bytes: &mut Vec<u8>) -> bool {
    let outbox = peer.engine.outbox();
    let length = most.min(outbox.chunk().len());
    bytes.extend_from_slice(&outbox.chunk()[..length]);
    outbox.advance(length);
    length > 0
}

/// The frames among bytes, without the preface of a client.
fn frames(bytes: &[u8]) -> Vec<Written> {
    let mut rest = bytes.strip_prefix(PREFACE).unwrap_or(bytes);
    let mut frames = Vec::new();
    while let Some((&[high, middle, low, kind, flags, ref stream @ ..], after)) = rest.split_first_chunk::<FRAME_HEAD>()
    {
        frames.push(Written { kind, flags, reserved: stream[0] & 0x80, stream: u32::from_be_bytes(*stream) });
        rest = &after[u32::from_be_bytes([0, high, middle, low]) as usize..];
    }
    frames
}

/// Frames of every kind that this side writes, from a client or a server.
fn conversation(server: bool) -> Vec<Written> {
    let mut peer = match server {
        true => RawPeer::of_new_server(Config::default()),
        false => RawPeer::of_new_client(Config::default()),
    };
    peer.write(|out| {
        out.extend_from_slice(if server { PREFACE } else { b"" });
        settings::encode(&[(id::MAX_CONCURRENT_STREAMS, 9)], out);
        settings::encode_ack(out);
    });
    let long = "v".repeat(20_000);
    let more = list(&[(":status", "200"), ("x", &long)]);
    let stream = if server { peer.request(1, false) } else { peer.open(false) };
    if server {
        peer.engine.send_headers(stream, &more, false);
        peer.headers(3, &GET[1..], true);
    } else {
        peer.engine.open(&more, false).expect("room for a stream");
        peer.headers(1, &[(":status", "200")], false);
        let given_up = peer.open(false);
        peer.engine.reset(given_up, ErrorCode::Cancel, None);
    }
    for _ in 0..4 {
        peer.data(1, &[0; 16_384], false);
    }
    peer.engine.release(stream, 65_536);
    peer.frame(kind::PING, 0, 0, b"pingping");
    peer.engine.send_data(stream, vec![0; 20_000].into());
    peer.engine.end_with(stream, &list(&[("x", "1")]));
    let now = peer.now;
    peer.engine.shut_down(now);
    let mut bytes = Vec::new();
    while drain(&mut peer, usize::MAX, &mut bytes) {}
    frames(&bytes)
}

//= RFC 9113 §4.1: flags that mean nothing are never set
//= RFC 9113 §4.1: the reserved bit is never set
//= RFC 9113 §6.1, §6.2: padding is zero: none is sent
#[test]
fn what_is_sent_has_no_flag_no_bit_and_no_padding_that_means_nothing() {
    for frames in [conversation(true), conversation(false)] {
        let mut seen: Vec<u8> = frames.iter().map(|frame| frame.kind).collect();
        seen.sort_unstable();
        seen.dedup();
        let all = [
            kind::DATA,
            kind::HEADERS,
            kind::RST_STREAM,
            kind::SETTINGS,
            kind::PING,
            kind::GOAWAY,
            kind::WINDOW_UPDATE,
            kind::CONTINUATION,
        ];
        assert_eq!(seen, all, "every kind that is written at all");
        for Written { kind, flags, reserved, .. } in frames {
            let defined = match kind {
                kind::DATA => flag::END_STREAM,
                kind::HEADERS => flag::END_STREAM | flag::END_HEADERS,
                kind::CONTINUATION => flag::END_HEADERS,
                kind::SETTINGS | kind::PING => flag::ACK,
                _ => 0,
            };
            assert_eq!((flags & !defined, reserved), (0, 0), "kind {kind}, flags {flags:#x}");
        }
    }
}

//= RFC 9113 §4.3, §6.2, §6.10, §8.1: a header block leaves in one piece, with no other frame between
#[test]
fn a_header_block_leaves_in_one_piece_whatever_else_waits() {
    let mut peer = RawPeer::of_server(Config { ping_strikes: u32::MAX, ..Config::default() });
    peer.settings(&[(id::INITIAL_WINDOW_SIZE, 1 << 30)]);
    peer.window(0, 1 << 30);
    let long = "v".repeat(40_000);
    for id in [1, 3, 5] {
        let stream = peer.request(id, true);
        peer.engine.send_headers(stream, &list(&[(":status", "200"), ("x", &long)]), false);
        peer.engine.send_data(stream, vec![0; 200_000].into());
        peer.engine.end_with(stream, &list(&[("y", &long)]));
    }
    let mut bytes = Vec::new();
    let mut waits = true;
    while waits {
        peer.frame(kind::PING, 0, 0, b"pingping");
        waits = (0..10).all(|_| drain(&mut peer, 5_000, &mut bytes));
    }
    let frames = frames(&bytes);
    let mut blocks = 0;
    let mut open = None;
    for frame in &frames {
        match open {
            Some(stream) => assert_eq!((frame.kind, frame.stream), (kind::CONTINUATION, stream)),
            None => assert_ne!(frame.kind, kind::CONTINUATION),
        }
        if matches!(frame.kind, kind::HEADERS | kind::CONTINUATION) {
            let ends = frame.flags & flag::END_HEADERS != 0;
            blocks += usize::from(ends);
            open = (!ends).then_some(frame.stream);
        }
    }
    assert_eq!((blocks, open), (6, None), "three heads and three trailers");
    assert!(frames.iter().filter(|frame| frame.kind == kind::PING).count() > 10, "answers had to wait their turn");
}
