//! A strict peer: reads every byte that the engine writes, and holds it to RFC 9113 and to its own limits.
//!
//! Frames whole and in order, windows never passed, header blocks that decode, nothing after an end. The engine is never
//! asked what it thinks; only bytes count.

use std::collections::{HashMap, VecDeque};

use bytes::{Buf, BytesMut};
use farcall_wire::grpc::Config;
use farcall_wire::h2::Role;
use farcall_wire::h2::frame::settings::id;
use farcall_wire::h2::frame::{FRAME_HEAD, FrameHead, flag, kind};
use farcall_wire::h2::hpack::{Decoder, FieldSink};

use super::incoming::{Heard, Incoming};
use crate::Reach;

/// What a strict peer knows of a connection.
#[derive(Debug)]
pub struct Watch {
    role: Role,
    incoming: Incoming,
    unread: BytesMut,
    /// A client's preface has not come yet.
    preface: bool,
    decoder: Decoder,
    /// The block that waits for its end: stream and bytes.
    block: Option<(u32, Vec<u8>)>,
    /// Settings of the peer that the engine has not acknowledged.
    pending: VecDeque<Vec<(u16, u32)>>,
    /// What of them counts.
    max_frame: u32,
    initial: i64,
    /// What the engine may send on the connection.
    window: i64,
    /// What the engine has let the peer send on the connection and did not get yet.
    credit: i64,
    /// What a window is at first, of the connection and of a stream, and how large it may become: twice as large with
    /// each answer to a probe.
    first: [i64; 2],
    largest: i64,
    probed: u32,
    streams: HashMap<u32, Stream>,
    last_opened: u32,
    /// GOAWAY with an error has come: nothing follows.
    over: bool,
}

/// What the engine did on one stream.
#[derive(Debug, Default)]
struct Stream {
    headers: bool,
    ended: bool,
    reset: bool,
    /// Window updates of the peer less what was sent.
    window: i64,
    /// Window updates of the engine less what was received.
    credit: i64,
}

impl Watch {
    /// For an engine of this role and with these settings.
    pub fn new(role: Role, config: &Config) -> Self {
        let h2 = &config.h2;
        Self {
            role,
            incoming: Incoming::new(role),
            unread: BytesMut::new(),
            preface: role == Role::Client,
            decoder: Decoder::new(4_096),
            block: None,
            pending: VecDeque::new(),
            max_frame: 16_384,
            initial: DEFAULT_WINDOW,
            window: DEFAULT_WINDOW,
            credit: DEFAULT_WINDOW,
            first: [h2.connection_window, h2.stream_window].map(|window| DEFAULT_WINDOW.max(window.into())),
            largest: h2.max_window.into(),
            probed: 0,
            streams: HashMap::new(),
            last_opened: 0,
            over: false,
        }
    }

    /// The peer has sent these bytes.
    pub fn fed(&mut self, bytes: &[u8], reach: &mut Reach) {
        self.incoming.push(bytes);
        while let Some(heard) = self.incoming.next() {
            match heard {
                Heard::Settings(entries) => {
                    reach.note("fed", kind::SETTINGS.into());
                    self.pending.push_back(entries);
                }
                Heard::Window { stream, increment } => {
                    reach.note("fed", kind::WINDOW_UPDATE.into());
                    match stream {
                        0 => self.window += i64::from(increment),
                        _ => self.stream(stream).window += i64::from(increment),
                    }
                }
                Heard::Data { stream, length } => {
                    reach.note("fed", kind::DATA.into());
                    self.credit -= i64::from(length);
                    self.stream(stream).credit -= i64::from(length);
                }
                Heard::Probed => {
                    reach.note("fed", 99);
                    self.probed = (self.probed + 1).min(30);
                }
                Heard::Other { kind, flags } => reach.note("fed", u32::from(kind.min(10)) << 8 | u32::from(flags & 1)),
            }
        }
    }

    /// The engine has written these bytes.
    pub fn came(&mut self, bytes: &[u8], reach: &mut Reach) {
        self.unread.extend_from_slice(bytes);
        if self.preface && self.unread.len() >= PREFACE.len() {
            assert!(self.unread.starts_with(PREFACE), "a client begins with its preface");
            self.unread.advance(PREFACE.len());
            self.preface = false;
        }
        while !self.preface {
            let Some(head) = self.unread.first_chunk::<FRAME_HEAD>().map(FrameHead::parse) else { return };
            assert!(head.length <= self.max_frame, "{head:?} passes the largest frame of {}", self.max_frame);
            let whole = FRAME_HEAD + head.length as usize;
            if self.unread.len() < whole {
                return;
            }
            let frame = self.unread.split_to(whole);
            reach.note("came", u32::from(head.kind) << 8 | u32::from(head.flags & flag::END_STREAM));
            self.take(head, frame.get(FRAME_HEAD..).unwrap_or_default());
        }
    }

    fn stream(&mut self, id: u32) -> &mut Stream {
        self.streams.entry(id).or_default()
    }

    fn take(&mut self, head: FrameHead, payload: &[u8]) {
        assert!(!self.over, "{head:?} after a GOAWAY with an error");
        let continues = self.block.as_ref().is_some_and(|(stream, _)| *stream == head.stream);
        assert_eq!(self.block.is_some(), head.kind == kind::CONTINUATION && continues, "{head:?} in a header block");
        match head.kind {
            kind::DATA => self.take_data(head),
            kind::HEADERS => self.take_headers(head, payload),
            kind::CONTINUATION => self.take_block(head, payload),
            kind::RST_STREAM => {
                assert!(payload.len() == 4 && head.stream != 0);
                self.stream(head.stream).reset = true;
            }
            kind::SETTINGS => self.take_settings(head, payload),
            kind::PING => assert!(payload.len() == 8 && head.stream == 0),
            kind::GOAWAY => {
                assert!(payload.len() >= 8 && head.stream == 0);
                self.over = payload.get(4..8) != Some(&[0; 4]);
            }
            kind::WINDOW_UPDATE => self.take_window(head, payload),
            other => panic!("nobody writes frames of kind {other}"),
        }
    }

    fn take_data(&mut self, head: FrameHead) {
        let (length, initial) = (i64::from(head.length), self.initial);
        assert_eq!(head.flags & !flag::END_STREAM, 0, "{head:?}");
        self.window -= length;
        assert!(length == 0 || self.window >= 0, "{head:?} passes the connection's window by {}", -self.window);
        let stream = self.stream(head.stream);
        assert!(stream.headers && !stream.ended && !stream.reset, "{head:?} on {stream:?}");
        stream.window -= length;
        assert!(length == 0 || initial + stream.window >= 0, "{head:?} passes the stream's window: {stream:?}");
        stream.ended |= head.has(flag::END_STREAM);
    }

    fn take_headers(&mut self, head: FrameHead, payload: &[u8]) {
        if self.role == Role::Client && !self.streams.get(&head.stream).is_some_and(|stream| stream.headers) {
            assert!(head.stream % 2 == 1 && head.stream > self.last_opened, "{head:?} after {}", self.last_opened);
            self.last_opened = head.stream;
        }
        let stream = self.stream(head.stream);
        assert!(!stream.ended && !stream.reset, "{head:?} on {stream:?}");
        stream.headers = true;
        stream.ended |= head.has(flag::END_STREAM);
        self.block = Some((head.stream, Vec::new()));
        self.take_block(head, payload);
    }

    fn take_block(&mut self, head: FrameHead, payload: &[u8]) {
        let Some((_, block)) = &mut self.block else { return };
        block.extend_from_slice(payload);
        if head.has(flag::END_HEADERS) {
            let mut fields = Pseudo::default();
            let read = self.decoder.decode(block, &mut fields);
            assert!(read.is_ok(), "a header block of the engine does not decode: {read:?}");
            assert!(fields.0, "{head:?} has a pseudo-header behind another field, or a name that is no name");
            self.block = None;
        }
    }

    fn take_settings(&mut self, head: FrameHead, payload: &[u8]) {
        assert!(head.stream == 0 && payload.len().is_multiple_of(6), "{head:?}");
        if !head.has(flag::ACK) {
            return;
        }
        let Some(entries) = self.pending.pop_front() else { panic!("an acknowledgement of settings that nobody sent") };
        for (id, value) in entries {
            match id {
                id::INITIAL_WINDOW_SIZE => self.initial = value.into(),
                id::MAX_FRAME_SIZE => self.max_frame = value,
                id::HEADER_TABLE_SIZE => self.decoder.set_max_table_size(value),
                _ => {}
            }
        }
    }

    fn take_window(&mut self, head: FrameHead, payload: &[u8]) {
        let Some(increment) = payload.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes)) else {
            panic!("{head:?} is too short")
        };
        assert!((1..1 << 31).contains(&increment), "{head:?} by {increment}");
        let [connection, stream] = self.first;
        let (first, before, credit) = match head.stream {
            0 => (connection, 0, &mut self.credit),
            id => (stream, stream, &mut self.streams.entry(id).or_default().credit),
        };
        *credit += i64::from(increment);
        let (credit, limit) = (before + *credit, first.max(self.largest.min(first << self.probed)));
        assert!(credit <= limit, "{head:?} makes a window of {credit} bytes where {limit} is the most");
    }
}

/// Whether pseudo-headers come first, and names are lower case.
#[derive(Debug)]
struct Pseudo(bool, bool);

impl Default for Pseudo {
    fn default() -> Self {
        Self(true, false)
    }
}

impl FieldSink for Pseudo {
    fn field(&mut self, name: &[u8], _: &[u8], _: bool) {
        let pseudo = name.first() == Some(&b':');
        self.0 &= !(name.is_empty() || pseudo && self.1 || name.iter().any(u8::is_ascii_uppercase));
        self.1 |= !pseudo;
    }
}

/// Every window before SETTINGS say otherwise, in bytes (RFC 9113 §6.9.2).
const DEFAULT_WINDOW: i64 = 65_535;
/// What a client says first (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
