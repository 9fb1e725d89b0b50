//! Compression of messages: in on receipt, bounded by the receive limit; out where the call asks for it.
//!
//! Each message is compressed by itself (W22). Which encodings a peer understands is the head's business, not ours.

use std::fmt;

use bytes::{Buf, Bytes};
use farcall_wire::grpc::encode_buf::TooLarge;
use farcall_wire::grpc::{EncodeBuf, Encoding, Payload, Status};

use crate::call::Received;
use crate::codec::CodecError;

#[cfg(feature = "gzip")]
mod gzip;
#[cfg(not(feature = "gzip"))]
#[path = "compress/without_gzip.rs"]
mod gzip;

/// What a message may be compressed with, here.
pub(crate) const SUPPORTED: &[Encoding] = gzip::ENCODINGS;

/// The encoded message of a received one, inflated if it was compressed.
///
/// # Errors
/// RESOURCE_EXHAUSTED above the limit, INTERNAL when the bytes are broken, UNIMPLEMENTED for a compression that this
/// build lacks.
pub(crate) fn open(received: Received) -> Result<Payload, Status> {
    let Received { message, encoding, limit } = received;
    if !message.compressed {
        return Ok(message.payload);
    }
    gzip::inflate(encoding, message.payload, limit).map(|bytes| Payload::from(Bytes::from(bytes)))
}

/// The engine lets no message come this far whose compression is not offered.
fn not_built_in(encoding: Encoding) -> Status {
    Status::unimplemented(format!("messages compressed with {encoding} cannot be read here: send them uncompressed"))
}

/// Appends one message with its prefix, compressed with `encoding`; an error leaves `out` as it was.
///
/// # Errors
/// What the codec said, or that the message passes the buffer's limit.
pub(crate) fn write(
    encoding: Encoding,
    out: &mut EncodeBuf,
    encode: impl FnOnce(&mut EncodeBuf) -> Result<(), CodecError>,
) -> Result<(), Unwritten> {
    out.begin_message();
    if let Err(error) = encode(out) {
        out.roll_back();
        return Err(Unwritten::Codec(error));
    }
    let compressed = SUPPORTED.contains(&encoding);
    if compressed {
        let smaller = gzip::deflate(out);
        out.replace_message(&smaller);
    }
    out.end_message(compressed).map_err(Unwritten::TooLarge)?;
    Ok(())
}

/// Compresses the one message, prefix and all, that a buffer holds; what cannot be compressed stays as it is.
pub(crate) fn compress_written(encoding: Encoding, out: &mut EncodeBuf) {
    let mut plain = out.take();
    plain.advance(PREFIX.min(plain.len()));
    let copied = write(encoding, out, |out| {
        plain.segments().cloned().for_each(|piece| out.put_shared(piece));
        Ok(())
    });
    debug_assert!(copied.is_ok(), "a message was within the limit, and compressed it is not");
}

/// Why a message was not written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Unwritten {
    /// The codec cannot express it.
    Codec(CodecError),
    /// It passes the send limit.
    TooLarge(TooLarge),
}

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Codec(error) => error.fmt(f),
            Self::TooLarge(error) => error.fmt(f),
        }
    }
}

/// The flag and the length before a message.
const PREFIX: usize = 5;

#[cfg(all(test, feature = "gzip"))]
mod tests;
