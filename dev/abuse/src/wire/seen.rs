//! What came back: replies, resets, GOAWAY, and how the connection ended.

use std::collections::BTreeMap;

use farcall_wire::h2::ErrorCode;
use farcall_wire::h2::hpack::{Decoder, FieldSink};

use super::frames::{
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PADDED, PING, RST_STREAM, SETTINGS,
    WINDOW_UPDATE,
};

/// Everything that a connection has brought so far.
#[derive(Debug)]
pub(crate) struct State {
    /// Bytes that were to be skipped before the first frame: a client's preface.
    skip: usize,
    rest: Vec<u8>,
    block: Vec<u8>,
    decoder: Decoder,
    /// Bytes of all frames.
    pub(crate) received: u64,
    /// Frames of each kind.
    pub(crate) frames: BTreeMap<u8, u64>,
    /// The peer's SETTINGS have come.
    pub(crate) greeted: bool,
    /// PINGs that want an answer.
    pub(crate) pings: Vec<[u8; 8]>,
    /// Code and text of a GOAWAY; the last one, where there were several.
    pub(crate) goaway: Option<(u32, String)>,
    /// Streams that were reset, and with which code.
    pub(crate) resets: BTreeMap<u32, u32>,
    /// What came on streams, for a hostile server the requests.
    pub(crate) replies: BTreeMap<u32, Reply>,
    /// What WINDOW_UPDATE has granted, by stream.
    pub(crate) granted: BTreeMap<u32, u64>,
    /// How the byte stream ended, once it has.
    pub(crate) ended: Option<String>,
}

/// What came on one stream.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// All fields of all header lists, in their order.
    pub(crate) fields: Vec<(String, String)>,
    /// The first bytes of the body.
    pub(crate) body: Vec<u8>,
    /// Bytes of the body.
    pub(crate) length: u64,
    /// END_STREAM has come.
    pub(crate) over: bool,
}

impl Reply {
    /// The value of a field.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find_map(|(field, value)| (field == name).then_some(value.as_str()))
    }

    /// HTTP's status and gRPC's, such as `200/0`; `-` for what did not come.
    pub(crate) fn status(&self) -> String {
        format!("{}/{}", self.field(":status").unwrap_or("-"), self.field("grpc-status").unwrap_or("-"))
    }
}

impl State {
    /// `skip` bytes come before the first frame.
    pub(super) fn new(skip: usize) -> Self {
        Self {
            skip,
            rest: Vec::new(),
            block: Vec::new(),
            decoder: Decoder::new(4_096),
            received: 0,
            frames: BTreeMap::new(),
            greeted: false,
            pings: Vec::new(),
            goaway: None,
            resets: BTreeMap::new(),
            replies: BTreeMap::new(),
            granted: BTreeMap::new(),
            ended: None,
        }
    }

    /// Whether nothing that is sent now has an effect.
    pub(crate) fn is_over(&self) -> bool {
        self.ended.is_some() || self.goaway.is_some()
    }

    /// How many streams were reset with this code.
    pub(crate) fn resets_with(&self, code: u32) -> usize {
        self.resets.values().filter(|reset| **reset == code).count()
    }

    /// Replies with this status, as [`Reply::status`] writes it.
    pub(crate) fn replies_with(&self, status: &str) -> usize {
        self.replies.values().filter(|reply| reply.over && reply.status() == status).count()
    }

    /// Streams that are over, by END_STREAM or a reset.
    pub(crate) fn finished(&self) -> usize {
        let silent = self.resets.keys().filter(|stream| !self.replies.get(stream).is_some_and(|reply| reply.over));
        self.replies.values().filter(|reply| reply.over).count() + silent.count()
    }

    /// Bytes have come.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.received += bytes.len() as u64;
        self.rest.extend_from_slice(bytes);
        let skipped = self.skip.min(self.rest.len());
        self.rest.drain(..skipped);
        self.skip -= skipped;
        let rest = std::mem::take(&mut self.rest);
        let mut left = rest.as_slice();
        while let Some((head, behind)) = left.split_first_chunk::<9>() {
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            let Some((payload, behind)) = behind.split_at_checked(length) else { break };
            let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & !(1 << 31);
            self.frame(head[3], head[4], stream, payload);
            left = behind;
        }
        self.rest = left.to_vec();
    }

    fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        *self.frames.entry(kind).or_default() += 1;
        match kind {
            DATA => self.body(flags, stream, payload),
            HEADERS | CONTINUATION => {
                self.block.extend_from_slice(payload);
                if flags & END_HEADERS != 0 {
                    let block = std::mem::take(&mut self.block);
                    let reply = self.replies.entry(stream).or_default();
                    // A block that does not decode shows itself by the fields that are missing.
                    let _ = self.decoder.decode(&block, &mut Fields(&mut reply.fields));
                }
                if kind == HEADERS && flags & END_STREAM != 0 {
                    self.replies.entry(stream).or_default().over = true;
                }
            }
            RST_STREAM => {
                self.resets.insert(stream, number(payload));
            }
            SETTINGS if flags & ACK == 0 => self.greeted = true,
            PING if flags & ACK == 0 => self.pings.extend(<[u8; 8]>::try_from(payload)),
            WINDOW_UPDATE => *self.granted.entry(stream).or_default() += u64::from(number(payload)),
            GOAWAY => {
                let text = String::from_utf8_lossy(payload.get(8..).unwrap_or_default()).into_owned();
                self.goaway = Some((number(payload.get(4..).unwrap_or_default()), text));
            }
            _ => {}
        }
    }

    fn body(&mut self, flags: u8, stream: u32, payload: &[u8]) {
        let reply = self.replies.entry(stream).or_default();
        reply.length += payload.len() as u64;
        reply.over |= flags & END_STREAM != 0;
        if flags & PADDED == 0 {
            let room = BODY.saturating_sub(reply.body.len()).min(payload.len());
            reply.body.extend_from_slice(&payload[..room]);
        }
    }
}

struct Fields<'a>(&'a mut Vec<(String, String)>);

impl FieldSink for Fields<'_> {
    fn field(&mut self, name: &[u8], value: &[u8], _: bool) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.0.push((text(name), text(value)));
    }
}

/// The name of an error code, such as `ENHANCE_YOUR_CALM`.
pub(crate) fn code_name(code: u32) -> &'static str {
    ErrorCode::from_number(code).name()
}

fn number(payload: &[u8]) -> u32 {
    payload.first_chunk().map_or(u32::MAX, |bytes| u32::from_be_bytes(*bytes))
}

/// Bytes of a body that are kept.
const BODY: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::super::{Block, Frames};
    use super::*;

    #[test]
    fn frames_are_read_however_they_are_cut() {
        let frames = Frames::new()
            .settings(&[])
            .headers(1, &Block::response(), false)
            .data(1, b"\0\0\0\0\x02hi", false)
            .headers(1, &Block::trailers("0"), true)
            .reset(3, 7)
            .goaway(3, 11);
        let mut state = State::new(2);
        b"ab".iter().chain(frames.bytes()).for_each(|byte| state.take(&[*byte]));
        assert!(state.greeted && state.is_over());
        assert_eq!((state.replies[&1].status(), state.replies[&1].length), ("200/0".to_owned(), 7));
        assert_eq!((state.resets_with(7), state.replies_with("200/0"), state.finished()), (1, 1, 2));
        assert_eq!(state.goaway, Some((11, String::new())));
    }

    #[test]
    fn codes_have_the_names_of_the_rfc() {
        assert_eq!(code_name(11), "ENHANCE_YOUR_CALM");
    }
}
