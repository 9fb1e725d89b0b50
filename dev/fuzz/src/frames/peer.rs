//! The other end of the wire: turns ops into frames. It keeps no rule but HPACK's, whose table both ends share.

use farcall_wire::h2::frame::{FrameHead, flag, kind};
use farcall_wire::h2::hpack::Encoder;
use farcall_wire::h2::{Indexing, Role};

use super::{List, Op};
use crate::pieces;
use crate::session::Session;

/// The peer of one session.
#[derive(Debug)]
pub(crate) struct Peer {
    /// The engine's role.
    role: Role,
    encoder: Encoder,
    /// How its bytes are cut.
    plan: u8,
}

impl Peer {
    /// The peer of an engine of this role.
    pub(crate) fn new(role: Role, plan: u8) -> Self {
        Self { role, encoder: Encoder::new(), plan }
    }

    /// Preface, SETTINGS, and the acknowledgement of the engine's.
    pub(crate) fn greet(&mut self, session: &mut Session) {
        let mut bytes = Vec::new();
        if self.role == Role::Server {
            bytes.extend_from_slice(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        }
        frame(kind::SETTINGS, 0, 0, &[], &mut bytes);
        frame(kind::SETTINGS, flag::ACK, 0, &[], &mut bytes);
        self.send(&bytes, session);
        session.write(usize::MAX);
    }

    /// Sends bytes in pieces.
    pub(crate) fn send(&mut self, bytes: &[u8], session: &mut Session) {
        for piece in pieces(bytes, self.plan) {
            session.feed(piece);
        }
    }

    /// The bytes of an op that says something; in a row of such ops this one is number `turn`.
    pub(crate) fn say(&mut self, op: Op, turn: u32) -> Vec<u8> {
        let mut out = Vec::new();
        match op {
            Op::Headers { stream, list, shape, cut, detail } => {
                self.headers(id(stream) + 2 * turn, list, shape, cut, detail, &mut out);
            }
            Op::Data { stream, shape, body, length, detail } => {
                let (flags, payload) = padded(shape, detail, body.bytes(length, detail));
                frame(kind::DATA, flags, id(stream), &payload, &mut out);
            }
            Op::Priority { stream, on, length } => {
                let mut payload = id(on).to_be_bytes().to_vec();
                payload.resize(if length == 0 { 5 } else { usize::from(length) }, 15);
                frame(kind::PRIORITY, 0, id(stream), &payload, &mut out);
            }
            Op::Reset { stream, code } => {
                frame(kind::RST_STREAM, 0, id(stream) + 2 * turn, &u32::from(code).to_be_bytes(), &mut out);
            }
            Op::Settings { ack, count, id, value } => {
                let entry = [&u16::from(id).to_be_bytes()[..], &value.to_be_bytes()].concat();
                let flags = if ack { flag::ACK } else { 0 };
                frame(kind::SETTINGS, flags, 0, &entry.repeat(count.into()), &mut out);
            }
            Op::Push { stream, promised } => {
                frame(kind::PUSH_PROMISE, flag::END_HEADERS, id(stream), &id(promised).to_be_bytes(), &mut out);
            }
            Op::Ping { ack, data } => {
                let data = match data {
                    0 => *b"fc-probe",
                    1 => *b"fc-drain",
                    other => [other; 8],
                };
                frame(kind::PING, if ack { flag::ACK } else { 0 }, 0, &data, &mut out);
            }
            Op::GoAway { last, code, debug } => {
                let numbers = [id(last).to_be_bytes(), u32::from(code).to_be_bytes()].concat();
                frame(kind::GOAWAY, 0, 0, &[numbers, vec![b'd'; debug.into()]].concat(), &mut out);
            }
            Op::Window { stream, increment } => {
                frame(kind::WINDOW_UPDATE, 0, id(stream), &increment.to_be_bytes(), &mut out);
            }
            Op::Continuation { stream, end, length } => {
                let flags = if end { flag::END_HEADERS } else { 0 };
                frame(kind::CONTINUATION, flags, id(stream), &vec![0x88; length.into()], &mut out);
            }
            Op::Raw { kind, flags, stream, length, fill } => {
                frame(kind, flags, id(stream), &vec![fill; usize::from(length) % 20_000], &mut out);
            }
            Op::Noise(bytes) => out.extend_from_slice(&bytes),
            Op::Repeat(_) | Op::Pass(_) | Op::Write(_) | Op::Verb { .. } => {}
        }
        out
    }

    fn headers(&mut self, stream: u32, list: List, shape: u8, cut: u8, detail: u16, out: &mut Vec<u8>) {
        let mut block = Vec::new();
        self.encoder.begin_block(&mut block);
        let indexing = if shape & Op::INDEXED != 0 { Indexing::Index } else { Indexing::Plain };
        for (name, value) in list.fields(detail) {
            self.encoder.encode(name.as_bytes(), value.as_bytes(), indexing, &mut block);
        }
        let size = block.len().div_ceil(usize::from(cut % 16) + 1).clamp(1, 16_000);
        let mut fragments: Vec<&[u8]> = block.chunks(size).collect();
        fragments.resize(fragments.len().max(usize::from(cut % 16) + 1), &[]);
        let last = fragments.len() - 1;
        for (at, fragment) in fragments.into_iter().enumerate() {
            let end = if at == last && shape & Op::OPEN_ENDED == 0 { flag::END_HEADERS } else { 0 };
            if at > 0 {
                frame(kind::CONTINUATION, end, stream, fragment, out);
                continue;
            }
            let on = if shape & Op::ITSELF != 0 { stream } else { 0 };
            let depends = shape & (Op::PRIORITY | Op::ITSELF) != 0;
            let fragment = if depends { [&on.to_be_bytes()[..], &[15], fragment].concat() } else { fragment.to_vec() };
            let (flags, payload) = padded(shape, cut, fragment);
            let priority = if depends { flag::PRIORITY } else { 0 };
            frame(kind::HEADERS, flags | end | priority, stream, &payload, out);
        }
    }
}

/// A frame of any shape.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8], out: &mut Vec<u8>) {
    FrameHead { length: payload.len() as u32, kind, flags, stream }.encode(out);
    out.extend_from_slice(payload);
}

/// Flags, and the payload with padding where `shape` asks for it.
fn padded(shape: u8, length: u8, payload: Vec<u8>) -> (u8, Vec<u8>) {
    let end = if shape & Op::END != 0 { flag::END_STREAM } else { 0 };
    if shape & Op::OVERFULL != 0 {
        return (end | flag::PADDED, vec![9; 3]);
    }
    if shape & Op::PADDED == 0 {
        return (end, payload);
    }
    (end | flag::PADDED, [vec![length], payload, vec![0; length.into()]].concat())
}

/// Small numbers are themselves; a few stand for large ones.
fn id(stream: u8) -> u32 {
    match stream {
        255 => 0x7fff_ffff,
        254 => 0x7fff_fffe,
        253 => 100_001,
        small => small.into(),
    }
}
