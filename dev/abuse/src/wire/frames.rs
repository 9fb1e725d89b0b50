//! Frames written by hand, legal or not (RFC 9113 §6), and counted.

use super::Block;

/// Frames on their way to the peer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
    count: u64,
}

impl Frames {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Any frame.
    pub(crate) fn frame(self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Self {
        self.lie(payload.len(), kind, flags, stream, payload)
    }

    /// A frame whose head says another length than it has.
    pub(crate) fn lie(mut self, length: usize, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Self {
        self.bytes.extend_from_slice(&(length as u32).to_be_bytes()[1..]);
        self.bytes.extend_from_slice(&[kind, flags]);
        self.bytes.extend_from_slice(&stream.to_be_bytes());
        self.bytes.extend_from_slice(payload);
        self.count += 1;
        self
    }

    /// A whole header block, in as many frames as it needs.
    pub(crate) fn headers(mut self, stream: u32, block: &Block, end: bool) -> Self {
        let mut pieces = block.bytes().chunks(FRAME).peekable();
        let (mut kind, mut flags) = (HEADERS, if end { END_STREAM } else { 0 });
        loop {
            let piece = pieces.next().unwrap_or_default();
            let last = pieces.peek().is_none();
            self = self.frame(kind, flags | if last { END_HEADERS } else { 0 }, stream, piece);
            if last {
                return self;
            }
            (kind, flags) = (CONTINUATION, 0);
        }
    }

    /// A request with this header block and one message.
    pub(crate) fn call(self, stream: u32, block: &Block, message: &[u8]) -> Self {
        self.headers(stream, block, false).data(stream, &framed(message), true)
    }

    /// DATA, cut to frames of the default size.
    pub(crate) fn data(mut self, stream: u32, bytes: &[u8], end: bool) -> Self {
        let mut pieces = bytes.chunks(FRAME).peekable();
        loop {
            let piece = pieces.next().unwrap_or_default();
            let last = pieces.peek().is_none();
            self = self.frame(DATA, if last && end { END_STREAM } else { 0 }, stream, piece);
            if last {
                return self;
            }
        }
    }

    pub(crate) fn reset(self, stream: u32, code: u32) -> Self {
        self.frame(RST_STREAM, 0, stream, &code.to_be_bytes())
    }

    pub(crate) fn settings(self, entries: &[(u16, u32)]) -> Self {
        let payload: Vec<u8> =
            entries.iter().flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()[..]].concat()).collect();
        self.frame(SETTINGS, 0, 0, &payload)
    }

    pub(crate) fn ping(self, data: u64) -> Self {
        self.frame(PING, 0, 0, &data.to_be_bytes())
    }

    pub(crate) fn goaway(self, last: u32, code: u32) -> Self {
        self.frame(GOAWAY, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat())
    }

    pub(crate) fn window_update(self, stream: u32, increment: u32) -> Self {
        self.frame(WINDOW_UPDATE, 0, stream, &increment.to_be_bytes())
    }

    pub(crate) fn priority(self, stream: u32, dependency: u32) -> Self {
        self.frame(PRIORITY, 0, stream, &[&dependency.to_be_bytes()[..], &[0]].concat())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// A message with the five bytes before it.
pub(crate) fn framed(message: &[u8]) -> Vec<u8> {
    [&[0][..], &(message.len() as u32).to_be_bytes()[..], message].concat()
}

/// The largest payload of a frame before SETTINGS say otherwise, in bytes.
pub(crate) const FRAME: usize = 16_384;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PUSH_PROMISE: u8 = 5;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const ACK: u8 = 1;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
pub(crate) const PADDED: u8 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_a_head_of_nine_bytes_and_its_payload() {
        let frames = Frames::new().reset(3, 8).ping(1);
        assert_eq!(frames.bytes()[..13], [0, 0, 4, 3, 0, 0, 0, 0, 3, 0, 0, 0, 8]);
        assert_eq!((frames.bytes().len(), frames.count()), (13 + 17, 2));
    }

    #[test]
    fn a_long_block_is_continued_and_ends_once() {
        let block = Block::new().raw(&[0x82; FRAME + 1]);
        let frames = Frames::new().headers(1, &block, true);
        let second = 9 + FRAME;
        assert_eq!((frames.bytes()[3], frames.bytes()[4]), (HEADERS, END_STREAM));
        assert_eq!((frames.bytes()[second + 3], frames.bytes()[second + 4]), (CONTINUATION, END_HEADERS));
        assert_eq!(frames.count(), 2);
    }

    #[test]
    fn an_empty_body_is_one_frame_and_a_call_two() {
        assert_eq!(Frames::new().data(1, &[], true).bytes(), [0, 0, 0, DATA, END_STREAM, 0, 0, 0, 1]);
        assert_eq!(Frames::new().call(1, &Block::request("/a/b"), b"hi").count(), 2);
        assert_eq!(framed(b"hi"), [0, 0, 0, 0, 2, b'h', b'i']);
    }

    #[test]
    fn a_head_may_lie() {
        assert_eq!(Frames::new().lie(1 << 20, DATA, 0, 1, &[]).bytes()[..3], [0x10, 0, 0]);
    }
}
