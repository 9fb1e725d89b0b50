//! PUSH_PROMISE: the announcement of a stream that a server would begin; read to be refused, and never sent.
//!
//! That push is disabled is for the connection to say. Law: RFC 9113 §6.6.

use super::head::{FrameHead, flag, number};
use crate::error::{Fault, Reason};

/// A PUSH_PROMISE frame without its padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushPromise<'a> {
    /// The stream that would be begun: even, and not 0.
    pub promised: u32,
    /// The header block, or its beginning.
    pub fragment: &'a [u8],
    /// Whether the block is whole.
    pub end_headers: bool,
}

/// Reads a PUSH_PROMISE frame.
///
/// # Errors
///
/// Connection errors: stream 0, padding that fills the frame, a frame too short for its fields, a promised stream that
/// a server cannot begin.
pub fn parse(head: FrameHead, payload: &[u8]) -> Result<PushPromise<'_>, Fault> {
    //= RFC 9113 §6.6: PUSH_PROMISE on stream 0 is a connection error
    head.needs_stream()?;
    let content = payload.get(head.without_padding(payload)?).unwrap_or_default();
    //= RFC 9113 §4.2: a wrong size of a frame with a header block, or of the connection, ends the connection
    let (promised, fragment) = content.split_first_chunk().ok_or_else(|| Fault::connection(head.wrong_size()))?;
    let promised = number(promised);
    //= RFC 9113 §6.6: a promise of a stream that no server may begin is a connection error
    if promised == 0 || promised % 2 == 1 {
        return Err(Fault::connection(Reason::PromisedStream { stream: promised }));
    }
    Ok(PushPromise { promised, fragment, end_headers: head.has(flag::END_HEADERS) })
}

#[cfg(test)]
mod tests {
    use super::super::head::kind;
    use super::*;

    fn head(flags: u8, stream: u32, payload: &[u8]) -> FrameHead {
        FrameHead { length: payload.len() as u32, kind: kind::PUSH_PROMISE, flags, stream }
    }

    #[test]
    fn the_promised_stream_stands_before_the_block() {
        let payload = b"\0\0\0\x0cblock";
        let promise = PushPromise { promised: 12, fragment: b"block", end_headers: true };
        assert_eq!(parse(head(flag::END_HEADERS, 1, payload), payload), Ok(promise));
        assert_eq!(parse(head(0, 1, payload), payload), Ok(PushPromise { end_headers: false, ..promise }));
    }

    #[test]
    fn padding_is_stripped_and_the_reserved_bit_dropped() {
        let payload = b"\x02\x80\0\0\x0cblock\0\0";
        let promise = PushPromise { promised: 12, fragment: b"block", end_headers: false };
        assert_eq!(parse(head(flag::PADDED, 1, payload), payload), Ok(promise));
    }

    //= RFC 9113 §6.6: PUSH_PROMISE on stream 0 is a connection error
    #[test]
    fn push_promise_on_stream_0_is_a_connection_error() {
        let fault = Fault::connection(Reason::StreamZero { kind: kind::PUSH_PROMISE });
        assert_eq!(parse(head(0, 0, &[0, 0, 0, 2]), &[0, 0, 0, 2]), Err(fault));
    }

    //= RFC 9113 §6.6: a promise of a stream that no server may begin is a connection error
    #[test]
    fn a_promised_stream_that_is_0_or_odd_is_a_connection_error() {
        for (last, stream) in [(0, 0), (1, 1), (7, 7)] {
            let fault = Fault::connection(Reason::PromisedStream { stream });
            assert_eq!(parse(head(0, 1, &[0, 0, 0, last]), &[0, 0, 0, last]), Err(fault));
        }
    }

    #[test]
    fn padding_that_fills_the_frame_is_a_connection_error() {
        let fault = Fault::connection(Reason::Padding { kind: kind::PUSH_PROMISE });
        assert_eq!(parse(head(flag::PADDED, 1, &[4, 0, 0, 0]), &[4, 0, 0, 0]), Err(fault));
    }

    #[test]
    fn a_frame_too_short_for_the_promised_stream_has_a_wrong_size() {
        for (flags, payload) in [(0, &[0u8, 0, 2][..]), (0, &[]), (flag::PADDED, &[]), (flag::PADDED, &[1, 0, 0, 0, 2])]
        {
            let length = payload.len() as u32;
            let fault = Fault::connection(Reason::FrameSize { kind: kind::PUSH_PROMISE, length });
            assert_eq!(parse(head(flags, 1, payload), payload), Err(fault));
        }
    }
}
