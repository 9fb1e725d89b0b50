//! RST_STREAM: the end of a stream at once, with a reason.
//!
//! Whether the stream exists is for the connection to know. Law: RFC 9113 §6.4.

use super::head::{FrameHead, encode_frame, kind};
use crate::error::Fault;
use crate::h2::ErrorCode;

/// Reads a RST_STREAM frame.
///
/// # Errors
///
/// Connection errors: stream 0, a length other than 4.
pub fn parse(head: FrameHead, payload: &[u8]) -> Result<ErrorCode, Fault> {
    //= RFC 9113 §6.4: RST_STREAM on stream 0 is a connection error
    head.needs_stream()?;
    //= RFC 9113 §6.4: a length other than 4 is a connection error
    let code = payload.try_into().map_err(|_| Fault::connection(head.wrong_size()))?;
    Ok(ErrorCode::from_number(u32::from_be_bytes(code)))
}

/// Appends a RST_STREAM frame.
pub fn encode(stream: u32, code: ErrorCode, out: &mut Vec<u8>) {
    encode_frame(kind::RST_STREAM, 0, stream, &code.number().to_be_bytes(), out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Reason;

    fn head(stream: u32, length: u32) -> FrameHead {
        FrameHead { length, kind: kind::RST_STREAM, flags: 0, stream }
    }

    #[test]
    fn the_payload_is_the_code() {
        assert_eq!(parse(head(5, 4), &[0, 0, 0, 8]), Ok(ErrorCode::Cancel));
        assert_eq!(parse(head(5, 4), &[0, 0, 1, 8]), Ok(ErrorCode::InternalError));
    }

    //= RFC 9113 §6.4: RST_STREAM on stream 0 is a connection error
    #[test]
    fn rst_stream_on_stream_0_is_a_connection_error() {
        let fault = Fault::connection(Reason::StreamZero { kind: kind::RST_STREAM });
        assert_eq!(parse(head(0, 4), &[0, 0, 0, 8]), Err(fault));
    }

    //= RFC 9113 §6.4: a length other than 4 is a connection error
    #[test]
    fn a_length_other_than_4_is_a_connection_error() {
        for length in [0, 3, 5, 8] {
            let fault = Fault::connection(Reason::FrameSize { kind: kind::RST_STREAM, length });
            assert_eq!(parse(head(5, length), &vec![0; length as usize]), Err(fault));
        }
    }

    #[test]
    fn a_written_frame_reads_back() {
        for code in (0..14).map(ErrorCode::from_number) {
            let mut out = Vec::new();
            encode(5, code, &mut out);
            let (bytes, payload) = out.split_first_chunk().unwrap();
            assert_eq!(FrameHead::parse(bytes), head(5, 4));
            assert_eq!(parse(head(5, 4), payload), Ok(code));
        }
    }
}
