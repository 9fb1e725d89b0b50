//! One connection of the bad server: frames in, the steps of its script out as far as the client's windows let them.
//!
//! Header blocks are not decoded: the server keeps no table, and needs to know nothing that is in them.

use std::collections::{BTreeMap, VecDeque};

use farcall_protobuf::Message;
use farcall_wire::h2::ErrorCode;
use farcall_wire::h2::frame::settings::{self, SettingsFrame, id};
use farcall_wire::h2::frame::{
    FRAME_HEAD, FrameHead, data, flag, goaway, headers, kind, ping, rst_stream, window_update,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Behaviour;
use super::script::Step;
use crate::Failure;
use crate::proto::grpc::testing::{SimpleRequest, SimpleResponse};
use crate::service::zeros;

/// What became of a connection.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Calls that it had.
    pub(super) calls: usize,
    /// The most calls that were open at a time once the client had acknowledged every setting.
    pub(super) at_once: usize,
    /// PINGs that were not answered.
    pub(super) unanswered: usize,
}

/// A call: what came of its request, and what is to be sent.
#[derive(Default)]
struct Stream {
    request: Vec<u8>,
    /// Nothing more is expected of the client.
    ended: bool,
    window: i64,
    steps: VecDeque<Step>,
}

pub(super) struct Connection {
    io: TcpStream,
    behaviour: Behaviour,
    /// The first of its server.
    first: bool,
    received: Vec<u8>,
    out: Vec<u8>,
    streams: BTreeMap<u32, Stream>,
    /// What may be sent on the connection, and on a stream at its start, in bytes.
    window: i64,
    stream_window: i64,
    /// SETTINGS that were not acknowledged yet.
    unsettled: usize,
    seen: Seen,
}

impl Connection {
    pub(super) fn new(io: TcpStream, behaviour: Behaviour, first: bool) -> Self {
        Self {
            io,
            behaviour,
            first,
            received: Vec::new(),
            out: Vec::new(),
            streams: BTreeMap::new(),
            window: FIRST_WINDOW,
            stream_window: FIRST_WINDOW,
            unsettled: 0,
            seen: Seen::default(),
        }
    }

    /// Serves until the client has gone.
    pub(super) async fn run(mut self) -> Result<Seen, Failure> {
        self.greet();
        let mut preface = PREFACE.len();
        loop {
            // A client that is gone is told nothing more: what it read is seen in its answers.
            if self.io.write_all(&self.out).await.is_err() {
                return Ok(self.seen);
            }
            self.out.clear();
            match self.io.read_buf(&mut self.received).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => return Ok(self.seen),
            }
            if preface > 0 && self.received.len() >= preface {
                let given: Vec<u8> = self.received.drain(..std::mem::take(&mut preface)).collect();
                if given != PREFACE {
                    return Err(unexpected(format!("{given:?} in place of the preface")));
                }
            }
            if preface == 0 {
                self.take_frames()?;
                self.play();
            }
        }
    }

    fn greet(&mut self) {
        settings::encode(&[], &mut self.out);
        self.unsettled = 1;
        if let Some(limit) = self.behaviour.max_streams() {
            settings::encode(&[(id::MAX_CONCURRENT_STREAMS, limit as u32)], &mut self.out);
            self.unsettled = 2;
        }
    }

    fn take_frames(&mut self) -> Result<(), Failure> {
        let received = std::mem::take(&mut self.received);
        let mut rest = received.as_slice();
        while let Some((head, behind)) = rest.split_first_chunk::<FRAME_HEAD>() {
            let head = FrameHead::parse(head);
            let Some((payload, behind)) = behind.split_at_checked(head.length as usize) else { break };
            self.take(head, payload)?;
            rest = behind;
        }
        self.received = rest.to_vec();
        Ok(())
    }

    fn take(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Failure> {
        let broken = |fault| unexpected(format!("a frame of kind {}: {fault}", head.kind));
        match head.kind {
            kind::SETTINGS => match settings::parse(head, payload).map_err(broken)? {
                SettingsFrame::Ack => take_one(&mut self.unsettled, "SETTINGS")?,
                SettingsFrame::Entries(entries) => {
                    entries.for_each(|(id, value)| self.set(id, value));
                    settings::encode_ack(&mut self.out);
                }
            },
            kind::HEADERS => self.begin(head),
            kind::DATA => {
                let bytes = data::parse(head, payload).map_err(broken)?;
                self.receive(head, &payload[bytes])?;
            }
            kind::WINDOW_UPDATE => {
                let more = i64::from(window_update::parse(head, payload).map_err(broken)?);
                match self.streams.get_mut(&head.stream) {
                    Some(stream) => stream.window += more,
                    None if head.stream == 0 => self.window += more,
                    None => {}
                }
            }
            kind::PING if head.has(flag::ACK) => take_one(&mut self.seen.unanswered, "PING")?,
            kind::PING => ping::encode(ping::parse(head, payload).map_err(broken)?.data, true, &mut self.out),
            kind::RST_STREAM => drop(self.streams.remove(&head.stream)),
            kind::GOAWAY => {
                let goaway = goaway::parse(head, payload).map_err(broken)?;
                if goaway.code != ErrorCode::NoError {
                    let text = String::from_utf8_lossy(goaway.debug);
                    return Err(unexpected(format!("GOAWAY with {}: {text}", goaway.code)));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn set(&mut self, id: u16, value: u32) {
        if id == id::INITIAL_WINDOW_SIZE {
            let more = i64::from(value) - self.stream_window;
            self.stream_window += more;
            self.streams.values_mut().for_each(|stream| stream.window += more);
        }
    }

    fn begin(&mut self, head: FrameHead) {
        let first = self.first && self.seen.calls == 0;
        let steps = self.behaviour.at_head(first).into();
        self.streams.insert(head.stream, Stream { window: self.stream_window, steps, ..Stream::default() });
        self.seen.calls += 1;
        if self.unsettled == 0 {
            self.seen.at_once = self.seen.at_once.max(self.streams.len());
        }
    }

    /// Takes a piece of a request, and gives the window back at once.
    fn receive(&mut self, head: FrameHead, piece: &[u8]) -> Result<(), Failure> {
        if head.length > 0 {
            window_update::encode(0, head.length, &mut self.out);
        }
        let Some(stream) = self.streams.get_mut(&head.stream) else { return Ok(()) };
        stream.request.extend_from_slice(piece);
        if head.has(flag::END_STREAM) {
            stream.ended = true;
            stream.steps.extend(self.behaviour.at_end(reply(&stream.request)?));
        } else if head.length > 0 {
            window_update::encode(head.stream, head.length, &mut self.out);
        }
        Ok(())
    }

    /// Sends what the windows let out, and forgets the streams that are over.
    fn play(&mut self) {
        let mut streams = std::mem::take(&mut self.streams);
        for (&number, stream) in &mut streams {
            while let Some(step) = stream.steps.pop_front() {
                stream.ended |= step == Step::Reset;
                if let Some(rest) = self.step(number, &mut stream.window, step) {
                    stream.steps.push_front(rest);
                    break;
                }
            }
        }
        streams.retain(|_, stream| !stream.ended || !stream.steps.is_empty());
        self.streams = streams;
    }

    /// Takes one step; gives back what has to wait for a window.
    fn step(&mut self, stream: u32, window: &mut i64, step: Step) -> Option<Step> {
        match step {
            Step::Headers => headers::encode(stream, HEADERS, false, 16_384, &mut self.out),
            Step::Trailers => headers::encode(stream, TRAILERS, true, 16_384, &mut self.out),
            Step::Reset => rst_stream::encode(stream, ErrorCode::NoError, &mut self.out),
            Step::GoAway => goaway::encode(stream, ErrorCode::NoError, b"going, as I was asked to", &mut self.out),
            Step::Ping => {
                self.seen.unanswered += 1;
                ping::encode((self.seen.unanswered as u64).to_be_bytes(), false, &mut self.out);
            }
            Step::Data(bytes) => return self.data(stream, window, bytes),
        }
        None
    }

    fn data(&mut self, stream: u32, window: &mut i64, mut bytes: VecDeque<u8>) -> Option<Step> {
        let (most, padding) = self.behaviour.frames();
        let overhead = padding.map_or(0, |padding| 1 + i64::from(padding));
        while !bytes.is_empty() {
            let room = self.window.min(*window) - overhead;
            let size = bytes.len().min(most).min(usize::try_from(room).unwrap_or(0));
            if size == 0 {
                return Some(Step::Data(bytes));
            }
            let length = size as i64 + overhead;
            self.window -= length;
            *window -= length;
            let flags = if padding.is_some() { flag::PADDED } else { 0 };
            FrameHead { length: length as u32, kind: kind::DATA, flags, stream }.encode(&mut self.out);
            self.out.extend(padding);
            self.out.extend(bytes.drain(..size));
            self.out.extend(std::iter::repeat_n(0, padding.map_or(0, usize::from)));
        }
        None
    }
}

/// The message that a `UnaryCall` asks for, with the five bytes before it.
fn reply(request: &[u8]) -> Result<Vec<u8>, Failure> {
    let message = request.get(5..).unwrap_or_default();
    let request = SimpleRequest::decode_from_slice(message)
        .map_err(|error| unexpected(format!("a request of {} bytes that does not decode: {error}", message.len())))?;
    let size = usize::try_from(request.response_size).unwrap_or(0);
    let message = SimpleResponse { payload: zeros(size).into(), ..SimpleResponse::default() }.encode_to_vec();
    let mut framed = vec![0];
    framed.extend((message.len() as u32).to_be_bytes());
    framed.extend(message);
    Ok(framed)
}

/// One acknowledgement less to wait for.
fn take_one(waiting: &mut usize, what: &str) -> Result<(), Failure> {
    *waiting = waiting.checked_sub(1).ok_or_else(|| unexpected(format!("an acknowledgement of no {what}")))?;
    Ok(())
}

fn unexpected(what: String) -> Failure {
    Failure::new(format!("expected a client that keeps to HTTP/2, got {what}"))
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Both windows before anything was said of them (RFC 9113 §6.9.2).
const FIRST_WINDOW: i64 = 65_535;
/// `:status` 200 from the static table, and `content-type` (its name too) with a literal that is not remembered.
const HEADERS: &[u8] = b"\x88\x0f\x10\x10application/grpc";
/// `grpc-status` 0, as literals that are not remembered.
const TRAILERS: &[u8] = b"\x00\x0bgrpc-status\x010";
