//! WINDOW_UPDATE: room for more DATA, on a stream or on the connection.
//!
//! Windows are not counted here, so that an overflow shows elsewhere. Law: RFC 9113 §6.9.

use super::head::{FrameHead, encode_frame, kind, number};
use crate::error::{Fault, Reason};

/// Reads a WINDOW_UPDATE frame: the increment in bytes, from 1 to 2^31-1.
///
/// # Errors
///
/// A length other than 4 is a connection error. An increment of 0 ends what its window belongs to: the stream, or on
/// stream 0 the connection.
pub fn parse(head: FrameHead, payload: &[u8]) -> Result<u32, Fault> {
    //= RFC 9113 §6.9: a length other than 4 is a connection error
    let increment = payload.try_into().map_err(|_| Fault::connection(head.wrong_size()))?;
    //= RFC 9113 §6.9: an increment of 0 is a stream error, on the connection's window a connection error
    match (number(increment), head.stream) {
        (0, 0) => Err(Fault::connection(Reason::ZeroIncrement { stream: 0 })),
        (0, stream) => Err(Fault::call(Reason::ZeroIncrement { stream })),
        (increment, _) => Ok(increment),
    }
}

/// Appends a WINDOW_UPDATE frame; `increment` is in bytes, from 1 to 2^31-1.
pub fn encode(stream: u32, increment: u32, out: &mut Vec<u8>) {
    encode_frame(kind::WINDOW_UPDATE, 0, stream, &increment.to_be_bytes(), out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(stream: u32, length: u32) -> FrameHead {
        FrameHead { length, kind: kind::WINDOW_UPDATE, flags: 0, stream }
    }

    #[test]
    fn the_payload_is_the_increment_without_its_reserved_bit() {
        assert_eq!(parse(head(50, 4), &[0, 0, 3, 0xe8]), Ok(1000));
        assert_eq!(parse(head(0, 4), &[0x80, 0, 3, 0xe8]), Ok(1000));
        assert_eq!(parse(head(0, 4), &[0xff; 4]), Ok(0x7fff_ffff));
    }

    #[test]
    fn an_increment_of_0_on_a_stream_is_a_stream_error() {
        let fault = Fault::call(Reason::ZeroIncrement { stream: 3 });
        assert_eq!(parse(head(3, 4), &[0; 4]), Err(fault));
        assert_eq!(parse(head(3, 4), &[0x80, 0, 0, 0]), Err(fault));
    }

    #[test]
    fn an_increment_of_0_on_the_connection_is_a_connection_error() {
        let fault = Fault::connection(Reason::ZeroIncrement { stream: 0 });
        assert_eq!(parse(head(0, 4), &[0; 4]), Err(fault));
    }

    //= RFC 9113 §6.9: a length other than 4 is a connection error
    #[test]
    fn a_length_other_than_4_is_a_connection_error() {
        for (stream, length) in [(0, 0), (0, 5), (3, 3), (3, 8)] {
            let fault = Fault::connection(Reason::FrameSize { kind: kind::WINDOW_UPDATE, length });
            assert_eq!(parse(head(stream, length), &vec![1; length as usize]), Err(fault));
        }
    }

    #[test]
    fn a_written_frame_reads_back() {
        for (stream, increment) in [(0, 1), (1, 65_535), (0x7fff_ffff, 0x7fff_ffff)] {
            let mut out = Vec::new();
            encode(stream, increment, &mut out);
            let (bytes, payload) = out.split_first_chunk().unwrap();
            assert_eq!(FrameHead::parse(bytes), head(stream, 4));
            assert_eq!(parse(head(stream, 4), payload), Ok(increment));
        }
    }
}
