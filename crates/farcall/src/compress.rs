//! Compression of messages: in on receipt, bounded by the receive limit; out where the call asks for it.
//!
//! Each message is compressed by itself (W22). Which encodings a peer understands is the head's business, not ours.

use std::fmt;

use bytes::{Buf, Bytes};
use farcall_wire::grpc::encode_buf::TooLarge;
use farcall_wire::grpc::{EncodeBuf, Encoding, Payload, Status};

use crate::call::Received;
use crate::codec::CodecError;

#[cfg(not(all(feature = "deflate", feature = "gzip", feature = "zstd")))]
mod absent;
#[cfg(feature = "deflate")]
mod deflate;
#[cfg(feature = "gzip")]
mod gzip;
#[cfg(feature = "zstd")]
mod zstd;

#[cfg(not(feature = "deflate"))]
use absent as deflate;
#[cfg(not(feature = "gzip"))]
use absent as gzip;
#[cfg(not(feature = "zstd"))]
use absent as zstd;

/// How messages of one encoding are made and read.
#[derive(Clone, Copy)]
struct Format {
    /// The bytes of one message, if they are at most so many.
    inflate: fn(Payload, u32) -> Inflated,
    /// The pieces of one message, compressed.
    deflate: fn(&mut dyn Iterator<Item = &[u8]>) -> Vec<u8>,
}

/// A message; `None` where it would pass the limit. The error says what is broken about its bytes.
type Inflated = Result<Option<Vec<u8>>, String>;

/// What a message may be compressed with, here.
pub(crate) fn supported() -> impl Iterator<Item = Encoding> {
    Encoding::ALL.into_iter().filter(|encoding| format(*encoding).is_some())
}

/// Why a call cannot be compressed like this; `None` if it can.
pub(crate) fn missing(encoding: Encoding) -> Option<String> {
    let absent = encoding != Encoding::Identity && format(encoding).is_none();
    absent.then(|| format!("{encoding} is not built in: turn on the feature `{encoding}` of farcall"))
}

fn format(encoding: Encoding) -> Option<Format> {
    match encoding {
        Encoding::Gzip => gzip::FORMAT,
        Encoding::Deflate => deflate::FORMAT,
        Encoding::Zstd => zstd::FORMAT,
        Encoding::Identity => None,
    }
}

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
    let Some(format) = format(encoding) else {
        // The engine lets no message come this far whose compression is not offered.
        return Err(Status::unimplemented(format!(
            "messages compressed with {encoding} cannot be read here: send them uncompressed"
        )));
    };
    let length = message.payload.len();
    match (format.inflate)(message.payload, limit) {
        Ok(Some(bytes)) => Ok(Payload::from(Bytes::from(bytes))),
        //= gRPC PROTOCOL-HTTP2 (W25): the limit also holds for what a message inflates to
        Ok(None) => Err(Status::resource_exhausted(format!(
            "a message of {length} compressed bytes inflates beyond the receive limit of {limit} bytes: raise the \
             limit, or send less"
        ))),
        //= gRPC compression.md (W23): broken bytes of a known algorithm are INTERNAL
        Err(error) => Err(Status::internal(format!(
            "a message of {length} bytes compressed with {encoding} does not inflate: {error}"
        ))),
    }
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
    let format = format(encoding);
    if let Some(format) = format {
        let smaller = (format.deflate)(&mut out.message());
        out.replace_message(&smaller);
    }
    out.end_message(format.is_some()).map_err(Unwritten::TooLarge)?;
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

/// Reads what an inflater gives, and no more than the limit and a byte.
#[cfg(any(feature = "gzip", feature = "zstd"))]
use bounded::read_within;
#[cfg(any(feature = "gzip", feature = "zstd"))]
mod bounded;

#[cfg(test)]
mod tests;
