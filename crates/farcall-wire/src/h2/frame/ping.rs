//! PING: eight bytes that come back.
//!
//! When to send one, and what a late answer means, is decided elsewhere. Law: RFC 9113 §6.7.

use super::head::{FrameHead, encode_frame, flag, kind};
use crate::error::Fault;

/// A PING frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ping {
    /// Whether it answers a PING of this side; one that does not is to be answered with the same data.
    pub ack: bool,
    /// What comes back in the answer.
    pub data: [u8; 8],
}

/// Reads a PING frame.
///
/// # Errors
///
/// Connection errors: a stream other than 0, a length other than 8.
pub fn parse(head: FrameHead, payload: &[u8]) -> Result<Ping, Fault> {
    //= RFC 9113 §6.7: PING on a stream is a connection error
    head.needs_connection()?;
    //= RFC 9113 §6.7: a length other than 8 is a connection error
    let data = payload.try_into().map_err(|_| Fault::connection(head.wrong_size()))?;
    Ok(Ping { ack: head.has(flag::ACK), data })
}

/// Appends a PING frame.
pub fn encode(data: [u8; 8], ack: bool, out: &mut Vec<u8>) {
    //= RFC 9113 §6.7: a PING carries 8 bytes
    encode_frame(kind::PING, if ack { flag::ACK } else { 0 }, 0, &data, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Reason;

    fn head(flags: u8, stream: u32, length: u32) -> FrameHead {
        FrameHead { length, kind: kind::PING, flags, stream }
    }

    #[test]
    fn the_payload_is_the_data() {
        assert_eq!(parse(head(0, 0, 8), b"deadbeef"), Ok(Ping { ack: false, data: *b"deadbeef" }));
        assert_eq!(parse(head(flag::ACK, 0, 8), b"deadbeef"), Ok(Ping { ack: true, data: *b"deadbeef" }));
    }

    //= RFC 9113 §6.7: PING on a stream is a connection error
    #[test]
    fn ping_on_a_stream_is_a_connection_error() {
        let fault = Fault::connection(Reason::StreamNotZero { kind: kind::PING, stream: 3 });
        assert_eq!(parse(head(0, 3, 8), b"deadbeef"), Err(fault));
    }

    //= RFC 9113 §6.7: a length other than 8 is a connection error
    #[test]
    fn a_length_other_than_8_is_a_connection_error() {
        for length in [0, 4, 7, 9] {
            let fault = Fault::connection(Reason::FrameSize { kind: kind::PING, length });
            assert_eq!(parse(head(0, 0, length), &vec![0; length as usize]), Err(fault));
        }
    }

    //= RFC 9113 §6.7: a PING carries 8 bytes
    #[test]
    fn a_written_frame_reads_back() {
        for ack in [false, true] {
            let mut out = Vec::new();
            encode(*b"01234567", ack, &mut out);
            let (head, payload) = out.split_first_chunk().unwrap();
            assert_eq!(parse(FrameHead::parse(head), payload), Ok(Ping { ack, data: *b"01234567" }));
        }
    }
}
