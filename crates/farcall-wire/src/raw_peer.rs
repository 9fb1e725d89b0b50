//! A peer made of raw frames, for tests: it writes what a test says, legal or not, and reads frame by frame.
//!
//! It keeps no rule by itself but HPACK's, whose tables it must share with the engine.

use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};

use crate::error::{Fault, Reason};
use crate::grpc;
use crate::h2::frame::{FRAME_HEAD, FrameHead, flag, headers, kind, ping, rst_stream, settings, window_update};
use crate::h2::hpack::{Decoder, Encoder, FieldSink};
use crate::h2::{Config, Connection, ErrorCode, Event, Fields, Indexing, StreamKey};
use crate::outbox::Outbox;

/// What a raw peer can talk to.
pub(crate) trait Engine {
    type Event;
    fn take(&mut self, bytes: &mut BytesMut, now: Instant);
    fn tell(&mut self, now: Instant) -> Option<Self::Event>;
    fn waiting(&mut self) -> &mut Outbox;
}

impl Engine for Connection {
    type Event = Event;
    fn take(&mut self, bytes: &mut BytesMut, now: Instant) {
        self.handle_bytes(bytes, now);
    }
    fn tell(&mut self, _now: Instant) -> Option<Event> {
        self.poll_event()
    }
    fn waiting(&mut self) -> &mut Outbox {
        self.outbox()
    }
}

impl Engine for grpc::Connection {
    type Event = grpc::Event;
    fn take(&mut self, bytes: &mut BytesMut, now: Instant) {
        self.handle_bytes(bytes, now);
    }
    fn tell(&mut self, now: Instant) -> Option<grpc::Event> {
        self.poll_event(now)
    }
    fn waiting(&mut self) -> &mut Outbox {
        self.outbox()
    }
}

/// One frame that the engine sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
    /// The header list that a HEADERS frame begins.
    pub(crate) fields: Vec<(String, String)>,
}

impl Frame {
    pub(crate) fn ends(&self) -> bool {
        matches!(self.kind, kind::DATA | kind::HEADERS) && self.flags & flag::END_STREAM != 0
    }

    /// The 32-bit number at a place of the payload.
    pub(crate) fn number(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.0 == name).map(|field| field.1.as_str())
    }
}

/// The other end of an engine.
pub(crate) struct RawPeer<E> {
    pub(crate) engine: E,
    pub(crate) now: Instant,
    pub(crate) encoder: Encoder,
    decoder: Decoder,
    unread: BytesMut,
    sent: BytesMut,
}

/// What a client says first (RFC 9113 §3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The fields of a plain request.
pub(crate) const GET: [(&str, &str); 4] =
    [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "test")];
/// The fields of a gRPC request.
pub(crate) const CALL: [(&str, &str); 5] = [
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/a.B/C"),
    ("te", "trailers"),
    ("content-type", "application/grpc"),
];
/// The fields of a gRPC response that messages follow.
pub(crate) const ANSWER: [(&str, &str); 2] = [(":status", "200"), ("content-type", "application/grpc")];

impl RawPeer<Connection> {
    /// A server that has heard nothing yet.
    pub(crate) fn of_new_server(config: Config) -> Self {
        let now = Instant::now();
        Self::new(Connection::server(config, now), now)
    }

    /// A client that has heard nothing yet.
    pub(crate) fn of_new_client(config: Config) -> Self {
        let now = Instant::now();
        Self::new(Connection::client(config, now), now)
    }

    /// A server after the handshake.
    pub(crate) fn of_server(config: Config) -> Self {
        Self::of_new_server(config).greeted(PREFACE, &[])
    }

    /// A client after the handshake.
    pub(crate) fn of_client(config: Config) -> Self {
        Self::of_new_client(config).greeted(b"", &[])
    }

    /// Opens a stream of the engine's client.
    pub(crate) fn open(&mut self, end: bool) -> StreamKey {
        self.engine.open(&list(&GET), end).expect("room for a stream")
    }

    /// Makes a request and gives the stream that the server was told of.
    pub(crate) fn request(&mut self, stream: u32, end: bool) -> StreamKey {
        self.headers(stream, &GET, end);
        let told = self.told().into_iter().find_map(|event| match event {
            Event::Headers { stream, trailers: false, .. } => Some(stream),
            _ => None,
        });
        told.expect("a request")
    }

    /// Answers a stream of the engine's server with response headers.
    pub(crate) fn answer(&mut self, stream: StreamKey) {
        self.engine.send_headers(stream, &list(&[(":status", "200")]), false);
    }

    /// Which fault ended the connection.
    pub(crate) fn fault(&mut self) -> Option<Fault> {
        self.told().into_iter().find_map(|event| match event {
            Event::Over { fault } => fault,
            _ => None,
        })
    }

    /// The connection ended for this reason, the peer was told so, and nothing follows.
    pub(crate) fn assert_over(&mut self, reason: Reason) {
        assert_eq!(self.fault(), Some(Fault::connection(reason)));
        let heard = self.heard();
        let last = heard.last().expect("GOAWAY");
        assert_eq!((last.kind, last.number(4)), (kind::GOAWAY, reason.http2().number()), "{reason}");
        assert_eq!(&last.payload[8..], reason.to_string().as_bytes(), "the debug data says why");
        self.write(|out| ping::encode([0; 8], false, out));
        assert!(self.heard().is_empty(), "nothing is answered any more");
    }

    /// One stream ended for this reason, and nothing else did.
    pub(crate) fn assert_reset(&mut self, stream: u32, reason: Reason) {
        let heard = self.heard();
        assert_eq!(resets(&heard), [(stream, reason.http2())], "{reason}");
        assert!(!heard.iter().any(|frame| frame.kind == kind::GOAWAY), "the connection lives");
        self.assert_alive();
    }

    /// Nothing was reset, and the connection answers.
    pub(crate) fn assert_unmoved(&mut self) {
        let heard = self.heard();
        assert_eq!(resets(&heard), []);
        assert!(!heard.iter().any(|frame| frame.kind == kind::GOAWAY), "the connection lives");
        self.assert_alive();
    }

    fn assert_alive(&mut self) {
        // Late enough that no server calls it too soon.
        self.now += Duration::from_secs(3 * 60 * 60);
        self.write(|out| ping::encode(*b"alive?!?", false, out));
        let heard = self.heard();
        assert!(heard.iter().any(|frame| frame.kind == kind::PING && frame.payload == b"alive?!?"), "{heard:?}");
    }
}

impl RawPeer<grpc::Connection> {
    /// A gRPC server after the handshake.
    pub(crate) fn of_grpc_server(config: grpc::Config) -> Self {
        let now = Instant::now();
        Self::new(grpc::Connection::server(config, now), now).greeted(PREFACE, &[])
    }

    /// A gRPC client after the handshake.
    pub(crate) fn of_grpc_client(config: grpc::Config) -> Self {
        let now = Instant::now();
        Self::new(grpc::Connection::client(config, now), now).greeted(b"", &[])
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
        self.engine.handle_timeout(self.now);
    }
}

impl<E: Engine> RawPeer<E> {
    fn new(engine: E, now: Instant) -> Self {
        let (encoder, decoder) = (Encoder::new(), Decoder::new(4096));
        Self { engine, now, encoder, decoder, unread: BytesMut::new(), sent: BytesMut::new() }
    }

    /// Says the preface and SETTINGS, acknowledges the engine's, and forgets what both said.
    pub(crate) fn greeted(mut self, preface: &[u8], entries: &[(u16, u32)]) -> Self {
        self.write(|out| {
            out.extend_from_slice(preface);
            settings::encode(entries, out);
            settings::encode_ack(out);
        });
        self.heard();
        self.told();
        self
    }

    /// Sends bytes.
    pub(crate) fn write(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = Vec::new();
        write(&mut bytes);
        self.sent.extend_from_slice(&bytes);
        self.engine.take(&mut self.sent, self.now);
    }

    /// Sends one frame of any shape.
    pub(crate) fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        self.write(|out| {
            FrameHead { length: payload.len() as u32, kind, flags, stream }.encode(out);
            out.extend_from_slice(payload);
        });
    }

    /// The block of a header list.
    pub(crate) fn block(&mut self, fields: &[(&str, &str)]) -> Vec<u8> {
        let mut block = Vec::new();
        self.encoder.begin_block(&mut block);
        for (name, value) in fields {
            self.encoder.encode(name.as_bytes(), value.as_bytes(), Indexing::Plain, &mut block);
        }
        block
    }

    /// Sends a header list.
    pub(crate) fn headers(&mut self, stream: u32, fields: &[(&str, &str)], end: bool) {
        let block = self.block(fields);
        self.write(|out| headers::encode(stream, &block, end, 16_384, out));
    }

    pub(crate) fn data(&mut self, stream: u32, bytes: &[u8], end: bool) {
        self.frame(kind::DATA, if end { flag::END_STREAM } else { 0 }, stream, bytes);
    }

    pub(crate) fn reset(&mut self, stream: u32, code: ErrorCode) {
        self.write(|out| rst_stream::encode(stream, code, out));
    }

    pub(crate) fn window(&mut self, stream: u32, increment: u32) {
        self.write(|out| window_update::encode(stream, increment, out));
    }

    pub(crate) fn settings(&mut self, entries: &[(u16, u32)]) {
        self.write(|out| settings::encode(entries, out));
    }

    /// What the engine has told its application since it was last asked.
    pub(crate) fn told(&mut self) -> Vec<E::Event> {
        std::iter::from_fn(|| self.engine.tell(self.now)).collect()
    }

    /// The frames that the engine has sent since it was last asked.
    pub(crate) fn heard(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while !self.engine.waiting().is_empty() {
            frames.extend(self.take(usize::MAX));
        }
        frames
    }

    /// The frames that are whole after at most `most` bytes were taken from the outbox.
    pub(crate) fn take(&mut self, most: usize) -> Vec<Frame> {
        let outbox = self.engine.waiting();
        let mut left = most.min(outbox.len());
        while left > 0 {
            let piece = outbox.chunk();
            let step = left.min(piece.len());
            self.unread.extend_from_slice(&piece[..step]);
            outbox.advance(step);
            left -= step;
        }
        self.frames()
    }

    fn frames(&mut self) -> Vec<Frame> {
        if self.unread.starts_with(PREFACE) {
            self.unread.advance(PREFACE.len());
        }
        let mut frames: Vec<Frame> = Vec::new();
        while let Some(head) = self.unread.first_chunk::<FRAME_HEAD>().map(FrameHead::parse) {
            let whole = FRAME_HEAD + head.length as usize;
            if self.unread.len() < whole {
                break;
            }
            let payload = self.unread.split_to(whole)[FRAME_HEAD..].to_vec();
            let FrameHead { kind, flags, stream, .. } = head;
            frames.push(Frame { kind, flags, stream, payload, fields: Vec::new() });
            if flags & flag::END_HEADERS != 0 && matches!(kind, kind::HEADERS | kind::CONTINUATION) {
                self.decode(&mut frames);
            }
        }
        frames
    }

    /// Decodes the header block that ends with the last frame.
    fn decode(&mut self, frames: &mut [Frame]) {
        let start = frames.iter().rposition(|frame| frame.kind == kind::HEADERS).expect("the block's HEADERS");
        let block: Vec<u8> = frames[start..].iter().flat_map(|frame| frame.payload.iter().copied()).collect();
        let mut collected = Collected::default();
        self.decoder.decode(&block, &mut collected).expect("the engine's block decodes");
        frames[start].fields = collected.0;
    }
}

#[derive(Default)]
struct Collected(Vec<(String, String)>);

impl FieldSink for Collected {
    fn field(&mut self, name: &[u8], value: &[u8], _sensitive: bool) {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        self.0.push((text(name), text(value)));
    }
}

/// A header list for the engine's own verbs.
pub(crate) fn list(fields: &[(&str, &str)]) -> Fields {
    let mut list = Fields::new();
    for (name, value) in fields {
        list.push(name.as_bytes(), value.as_bytes(), Indexing::Plain);
    }
    list
}

/// Every RST_STREAM among frames.
pub(crate) fn resets(frames: &[Frame]) -> Vec<(u32, ErrorCode)> {
    let resets = frames.iter().filter(|frame| frame.kind == kind::RST_STREAM);
    resets.map(|frame| (frame.stream, ErrorCode::from_number(frame.number(0)))).collect()
}

/// The sum of the WINDOW_UPDATE frames of a stream.
pub(crate) fn credit(frames: &[Frame], stream: u32) -> u32 {
    let updates = frames.iter().filter(|frame| frame.kind == kind::WINDOW_UPDATE && frame.stream == stream);
    updates.map(|frame| frame.number(0)).sum()
}

/// The bytes of the DATA frames of a stream.
pub(crate) fn body(frames: &[Frame], stream: u32) -> Vec<u8> {
    let data = frames.iter().filter(|frame| frame.kind == kind::DATA && frame.stream == stream);
    data.flat_map(|frame| frame.payload.iter().copied()).collect()
}
