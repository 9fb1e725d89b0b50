//! DATA: the body of a message.
//!
//! Windows are not counted here: the whole payload counts, padding included, which is `head.length`.
//! Law: RFC 9113 §6.1.

use core::ops::Range;

use super::head::{FrameHead, flag, kind};
use crate::error::Fault;

/// Finds the body inside the payload: a range, so that the caller can cut it out of a shared buffer without a copy.
///
/// # Errors
///
/// Connection errors: stream 0, padding that fills the frame, a padded frame without a padding length.
pub fn parse(head: FrameHead, payload: &[u8]) -> Result<Range<usize>, Fault> {
    //= RFC 9113 §6.1: DATA on stream 0 is a connection error
    head.needs_stream()?;
    head.without_padding(payload)
}

/// Appends the head of a DATA frame, never padded; the caller lets `length` bytes of body follow.
///
/// `length` is in bytes and at most the peer's SETTINGS_MAX_FRAME_SIZE.
pub fn encode_head(stream: u32, length: u32, end_stream: bool, out: &mut Vec<u8>) {
    //= RFC 9113 §6.1: padding is zero: none is sent
    let flags = if end_stream { flag::END_STREAM } else { 0 };
    FrameHead { length, kind: kind::DATA, flags, stream }.encode(out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Reason;

    fn head(flags: u8, stream: u32, payload: &[u8]) -> FrameHead {
        FrameHead { length: payload.len() as u32, kind: kind::DATA, flags, stream }
    }

    #[test]
    fn the_body_of_an_unpadded_frame_is_its_payload() {
        assert_eq!(parse(head(0, 1, b"hello"), b"hello"), Ok(0..5));
        assert_eq!(parse(head(flag::END_STREAM, 1, b""), b""), Ok(0..0));
    }

    #[test]
    fn padding_is_stripped() {
        let payload = b"\x03hello\0\0\0";
        let body = parse(head(flag::PADDED, 1, payload), payload).unwrap();
        assert_eq!(payload.get(body), Some(&b"hello"[..]));
    }

    //= RFC 9113 §6.1: DATA on stream 0 is a connection error
    #[test]
    fn data_on_stream_0_is_a_connection_error() {
        let fault = Fault::connection(Reason::StreamZero { kind: kind::DATA });
        assert_eq!(parse(head(0, 0, b"x"), b"x"), Err(fault));
    }

    #[test]
    fn padding_that_fills_the_frame_is_a_connection_error() {
        let fault = Fault::connection(Reason::Padding { kind: kind::DATA });
        assert_eq!(parse(head(flag::PADDED, 1, &[4, 0, 0, 0]), &[4, 0, 0, 0]), Err(fault));
    }

    //= RFC 9113 §6.1: padding is zero: none is sent
    #[test]
    fn a_written_head_reads_back_and_is_never_padded() {
        for end_stream in [false, true] {
            let mut out = Vec::new();
            encode_head(0x7fff_ffff, 16_384, end_stream, &mut out);
            let head = FrameHead::parse(out.as_slice().try_into().unwrap());
            assert_eq!((head.kind, head.stream, head.length), (kind::DATA, 0x7fff_ffff, 16_384));
            assert_eq!(head.has(flag::END_STREAM), end_stream);
            assert!(!head.has(flag::PADDED));
        }
    }
}
