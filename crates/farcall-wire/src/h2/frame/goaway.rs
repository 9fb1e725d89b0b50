//! GOAWAY: no more streams are taken, and which ones were.
//!
//! What becomes of the streams above the last one is decided elsewhere. Law: RFC 9113 §6.8.

use super::head::{FrameHead, kind, number};
use crate::error::Fault;
use crate::h2::ErrorCode;

/// The most debug data that is sent, in bytes: with it the frame has the length that every peer must take (§4.2).
const MAX_DEBUG: usize = 16_384 - 8;

/// A GOAWAY frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoAway<'a> {
    /// The highest stream that the sender may have acted on, or 0.
    pub last_stream: u32,
    /// Why.
    pub code: ErrorCode,
    /// More about it, for people; often ASCII, but nothing promises so.
    pub debug: &'a [u8],
}

/// Reads a GOAWAY frame.
///
/// # Errors
///
/// Connection errors: a stream other than 0, a length below 8.
pub fn parse(head: FrameHead, payload: &[u8]) -> Result<GoAway<'_>, Fault> {
    //= RFC 9113 §6.8: GOAWAY on a stream is a connection error
    head.needs_connection()?;
    //= RFC 9113 §4.2: a frame too short for a field it must have is a FRAME_SIZE_ERROR
    let wrong_size = || Fault::connection(head.wrong_size());
    let (last_stream, rest) = payload.split_first_chunk().ok_or_else(wrong_size)?;
    let (code, debug) = rest.split_first_chunk().ok_or_else(wrong_size)?;
    Ok(GoAway { last_stream: number(last_stream), code: ErrorCode::from_number(u32::from_be_bytes(*code)), debug })
}

/// Appends a GOAWAY frame. Of `debug` at most the first 16,376 bytes are sent.
pub fn encode(last: u32, code: ErrorCode, debug: &[u8], out: &mut Vec<u8>) {
    let debug = debug.get(..MAX_DEBUG).unwrap_or(debug);
    FrameHead { length: 8 + debug.len() as u32, kind: kind::GOAWAY, flags: 0, stream: 0 }.encode(out);
    out.extend_from_slice(&last.to_be_bytes());
    out.extend_from_slice(&code.number().to_be_bytes());
    out.extend_from_slice(debug);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Reason;

    fn head(stream: u32, length: u32) -> FrameHead {
        FrameHead { length, kind: kind::GOAWAY, flags: 0, stream }
    }

    #[test]
    fn last_stream_and_code_stand_before_the_debug_data() {
        let goaway = GoAway { last_stream: 30, code: ErrorCode::CompressionError, debug: b"broken" };
        assert_eq!(parse(head(0, 14), b"\0\0\0\x1e\0\0\0\x09broken"), Ok(goaway));
        let goaway = GoAway { last_stream: 0x7fff_ffff, code: ErrorCode::InternalError, debug: b"" };
        assert_eq!(parse(head(0, 8), &[0xff; 8]), Ok(goaway));
    }

    //= RFC 9113 §6.8: GOAWAY on a stream is a connection error
    #[test]
    fn goaway_on_a_stream_is_a_connection_error() {
        let fault = Fault::connection(Reason::StreamNotZero { kind: kind::GOAWAY, stream: 1 });
        assert_eq!(parse(head(1, 8), &[0; 8]), Err(fault));
    }

    #[test]
    fn a_length_below_8_is_a_connection_error() {
        for length in [0, 3, 4, 7] {
            let fault = Fault::connection(Reason::FrameSize { kind: kind::GOAWAY, length });
            assert_eq!(parse(head(0, length), &vec![0; length as usize]), Err(fault));
        }
    }

    #[test]
    fn a_written_frame_reads_back() {
        let goaway = GoAway { last_stream: 7, code: ErrorCode::EnhanceYourCalm, debug: b"too_many_pings" };
        let mut out = Vec::new();
        encode(goaway.last_stream, goaway.code, goaway.debug, &mut out);
        let (bytes, payload) = out.split_first_chunk().unwrap();
        assert_eq!(FrameHead::parse(bytes), head(0, 22));
        assert_eq!(parse(head(0, 22), payload), Ok(goaway));
    }

    #[test]
    fn debug_data_is_cut_to_what_every_peer_takes() {
        for (given, sent) in [(16_376, 16_384), (16_377, 16_384), (100_000, 16_384)] {
            let mut out = Vec::new();
            encode(0, ErrorCode::NoError, &vec![b'x'; given], &mut out);
            assert_eq!(out.first_chunk().map(FrameHead::parse), Some(head(0, sent)));
            assert_eq!(out.len(), 9 + sent as usize);
        }
    }
}
