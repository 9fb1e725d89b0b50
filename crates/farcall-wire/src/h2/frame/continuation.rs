//! CONTINUATION: more of a header block.
//!
//! Whether a block is under way, and on which stream, is for the connection to know. Law: RFC 9113 §6.10.

use super::head::{FrameHead, encode_frame, flag, kind};
use crate::error::Fault;

/// Reads a CONTINUATION frame: a fragment of the header block, and whether the block ends with it.
///
/// # Errors
///
/// Stream 0, a connection error.
pub fn parse(head: FrameHead, payload: &[u8]) -> Result<(&[u8], bool), Fault> {
    //= RFC 9113 §6.10: CONTINUATION on stream 0 is a connection error
    head.needs_stream()?;
    Ok((payload, head.has(flag::END_HEADERS)))
}

/// Appends a CONTINUATION frame. The fragment is at most as long as the peer's SETTINGS_MAX_FRAME_SIZE.
pub fn encode(stream: u32, fragment: &[u8], end_headers: bool, out: &mut Vec<u8>) {
    let flags = if end_headers { flag::END_HEADERS } else { 0 };
    encode_frame(kind::CONTINUATION, flags, stream, fragment, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Reason;

    fn head(flags: u8, stream: u32) -> FrameHead {
        FrameHead { length: 5, kind: kind::CONTINUATION, flags, stream }
    }

    #[test]
    fn the_payload_is_the_fragment_whatever_other_flags_say() {
        assert_eq!(parse(head(0, 1), b"block"), Ok((&b"block"[..], false)));
        assert_eq!(parse(head(flag::END_HEADERS, 1), b"block"), Ok((&b"block"[..], true)));
        assert_eq!(parse(head(flag::PADDED | flag::PRIORITY, 1), b"block"), Ok((&b"block"[..], false)));
    }

    //= RFC 9113 §6.10: CONTINUATION on stream 0 is a connection error
    #[test]
    fn continuation_on_stream_0_is_a_connection_error() {
        let fault = Fault::connection(Reason::StreamZero { kind: kind::CONTINUATION });
        assert_eq!(parse(head(flag::END_HEADERS, 0), b"block"), Err(fault));
    }

    #[test]
    fn a_written_frame_reads_back() {
        for end_headers in [false, true] {
            let mut out = Vec::new();
            encode(7, b"block", end_headers, &mut out);
            let (head, payload) = out.split_first_chunk().unwrap();
            let head = FrameHead::parse(head);
            assert_eq!((head.kind, head.stream, head.length), (kind::CONTINUATION, 7, 5));
            assert_eq!(parse(head, payload), Ok((&b"block"[..], end_headers)));
        }
    }
}
