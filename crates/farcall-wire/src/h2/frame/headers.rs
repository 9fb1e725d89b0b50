//! HEADERS: the beginning of a header block, which opens a stream or ends it with trailers.
//!
//! The block itself is not read here: it is HPACK's, and it may go on in CONTINUATION frames.
//! Law: RFC 9113 §6.2, and RFC 7540 §5.3.1 for the dependency.

use super::continuation;
use super::head::{FrameHead, MAX_LENGTH, encode_frame, flag, kind};
use super::priority::Priority;
use crate::error::Fault;

/// A HEADERS frame without its padding and priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headers<'a> {
    /// The header block, or its beginning.
    pub fragment: &'a [u8],
    /// Whether the stream carries nothing more from this sender, once the block is whole.
    pub end_stream: bool,
    /// Whether the block is whole.
    pub end_headers: bool,
    /// Whether the stream was said to depend on itself: a stream error ([`crate::error::Reason::SelfDependency`]), to
    /// be raised after the block went through HPACK, whose table the other streams need.
    pub self_dependency: bool,
}

/// Reads a HEADERS frame.
///
/// # Errors
///
/// Connection errors: stream 0, padding that fills the frame, a frame too short for its padding length or its priority.
pub fn parse(head: FrameHead, payload: &[u8]) -> Result<Headers<'_>, Fault> {
    //= RFC 9113 §6.2: HEADERS on stream 0 is a connection error
    head.needs_stream()?;
    let content = payload.get(head.without_padding(payload)?).unwrap_or_default();
    let (priority, fragment) = if head.has(flag::PRIORITY) {
        //= RFC 9113 §4.2: a wrong size of a frame with a header block, or of the connection, ends the connection
        let (priority, fragment) = content.split_first_chunk().ok_or_else(|| Fault::connection(head.wrong_size()))?;
        (Some(Priority::decode(priority)), fragment)
    } else {
        (None, content)
    };
    Ok(Headers {
        fragment,
        end_stream: head.has(flag::END_STREAM),
        end_headers: head.has(flag::END_HEADERS),
        //= RFC 7540 §5.3.1: a stream cannot depend on itself
        self_dependency: priority.is_some_and(|priority| priority.dependency == head.stream),
    })
}

/// Appends a whole header block: HEADERS, and as many CONTINUATION frames as `max_frame` makes necessary.
///
/// `max_frame` is the peer's SETTINGS_MAX_FRAME_SIZE in bytes.
pub fn encode(stream: u32, block: &[u8], end_stream: bool, max_frame: u32, out: &mut Vec<u8>) {
    let max_frame = max_frame.clamp(1, MAX_LENGTH) as usize;
    let (first, rest) = block.split_at_checked(max_frame).unwrap_or((block, &[]));
    let end_stream = if end_stream { flag::END_STREAM } else { 0 };
    let end_headers = if rest.is_empty() { flag::END_HEADERS } else { 0 };
    //= RFC 9113 §6.2: padding is zero: none is sent
    encode_frame(kind::HEADERS, end_stream | end_headers, stream, first, out);

    //= RFC 9113 §4.3, §6.2, §6.10, §8.1: a header block leaves in one piece, with no other frame between
    let mut fragments = rest.chunks(max_frame).peekable();
    while let Some(fragment) = fragments.next() {
        continuation::encode(stream, fragment, fragments.peek().is_none(), out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::head::FRAME_HEAD;
    use super::*;
    use crate::error::Reason;

    fn head(flags: u8, stream: u32, payload: &[u8]) -> FrameHead {
        FrameHead { length: payload.len() as u32, kind: kind::HEADERS, flags, stream }
    }

    #[test]
    fn a_plain_frame_is_all_block() {
        let headers = parse(head(flag::END_STREAM, 1, b"block"), b"block").unwrap();
        let expected = Headers { fragment: b"block", end_stream: true, end_headers: false, self_dependency: false };
        assert_eq!(headers, expected);
        let headers = parse(head(flag::END_HEADERS, 1, b""), b"").unwrap();
        let expected = Headers { fragment: b"", end_stream: false, end_headers: true, self_dependency: false };
        assert_eq!(headers, expected);
    }

    #[test]
    fn padding_and_priority_are_stripped() {
        let payload = b"\x02\x80\x00\x00\x05\x10block\0\0";
        let headers = parse(head(flag::PADDED | flag::PRIORITY, 1, payload), payload).unwrap();
        assert_eq!(headers.fragment, b"block");
        let headers = parse(head(flag::PRIORITY, 1, &payload[1..]), &payload[1..]).unwrap();
        assert_eq!(headers.fragment, b"block\0\0");
    }

    #[test]
    fn a_stream_that_depends_on_itself_is_told_along_with_its_block() {
        // The exclusive bit is not part of the dependency.
        let payload = b"\x80\x00\x00\x03\x10block";
        let headers = parse(head(flag::PRIORITY, 3, payload), payload).unwrap();
        assert!(headers.self_dependency);
        assert_eq!(headers.fragment, b"block");
        assert!(!parse(head(flag::PRIORITY, 5, payload), payload).unwrap().self_dependency);
        // Without the flag the same bytes are block.
        assert!(!parse(head(0, 3, payload), payload).unwrap().self_dependency);
    }

    //= RFC 9113 §6.2: HEADERS on stream 0 is a connection error
    #[test]
    fn headers_on_stream_0_is_a_connection_error() {
        let fault = Fault::connection(Reason::StreamZero { kind: kind::HEADERS });
        assert_eq!(parse(head(flag::END_HEADERS, 0, b"x"), b"x"), Err(fault));
    }

    #[test]
    fn padding_that_fills_the_frame_is_a_connection_error() {
        let fault = Fault::connection(Reason::Padding { kind: kind::HEADERS });
        assert_eq!(parse(head(flag::PADDED, 1, &[4, 0, 0, 0]), &[4, 0, 0, 0]), Err(fault));
    }

    #[test]
    fn a_frame_too_short_for_its_priority_has_a_wrong_size() {
        for payload in [&[0u8, 0, 0, 5][..], &[]] {
            let fault = Fault::connection(Reason::FrameSize { kind: kind::HEADERS, length: payload.len() as u32 });
            assert_eq!(parse(head(flag::PRIORITY, 1, payload), payload), Err(fault));
        }
        // Padding that reaches into the priority leaves too little of it.
        let payload = &[1, 0, 0, 0, 5, 16];
        let fault = Fault::connection(Reason::FrameSize { kind: kind::HEADERS, length: 6 });
        assert_eq!(parse(head(flag::PADDED | flag::PRIORITY, 1, payload), payload), Err(fault));
    }

    /// The frames in `bytes`, as kind, flags and length; and all payloads joined.
    fn frames(mut bytes: &[u8]) -> (Vec<(u8, u8, u32)>, Vec<u8>) {
        let (mut heads, mut block) = (Vec::new(), Vec::new());
        while let Some((head, rest)) = bytes.split_first_chunk::<FRAME_HEAD>() {
            let head = FrameHead::parse(head);
            assert_eq!(head.stream, 5);
            let (payload, rest) = rest.split_at(head.length as usize);
            heads.push((head.kind, head.flags, head.length));
            block.extend_from_slice(payload);
            bytes = rest;
        }
        (heads, block)
    }

    #[test]
    fn a_block_is_cut_where_frames_of_the_peer_end() {
        let block: Vec<u8> = (0..40).collect();
        let cases = [
            (0, vec![(1, 0x5, 0)]),
            (16, vec![(1, 0x5, 16)]),
            (17, vec![(1, 0x1, 16), (9, 0x4, 1)]),
            (32, vec![(1, 0x1, 16), (9, 0x4, 16)]),
            (40, vec![(1, 0x1, 16), (9, 0x0, 16), (9, 0x4, 8)]),
        ];
        for (length, expected) in cases {
            let mut out = Vec::new();
            encode(5, &block[..length], true, 16, &mut out);
            assert_eq!(frames(&out), (expected, block[..length].to_vec()));
        }
    }

    #[test]
    fn end_stream_is_set_only_when_asked_for() {
        let mut out = Vec::new();
        encode(5, b"block", false, 16_384, &mut out);
        assert_eq!(frames(&out).0, [(1, flag::END_HEADERS, 5)]);
    }

    #[test]
    fn a_frame_size_of_0_still_makes_progress() {
        let mut out = Vec::new();
        encode(5, b"ab", false, 0, &mut out);
        assert_eq!(frames(&out), (vec![(1, 0, 1), (9, flag::END_HEADERS, 1)], b"ab".to_vec()));
    }
}
