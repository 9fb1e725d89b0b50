//! The codec between buffa's messages and the bytes of a call.
//!
//! Compression and the five bytes before a message are the framework's; limits on the size of a message too.

use buffa::{DecodeError, DecodeOptions, Message, MessageName, SizeCache};
use bytes::Buf;
use farcall::codec::{CodecError, Decoder, EncodeBuf, Encoder, Payload};

/// Memory that the elements of a message may take, per byte on the wire. A `repeated` message takes two bytes on the wire when
/// empty, and as much memory as its Rust type; real ones are far below this.
const ELEMENT_MEMORY_PER_BYTE: usize = 32;

/// Memory that the elements of any message may take, however few bytes it has.
const ELEMENT_MEMORY_FLOOR: usize = 8 << 20;

/// Encodes and decodes messages that `farcall-build` has generated. Has no state: generated code holds it in statics.
///
/// Decoding is bounded in depth (100 messages in each other), in unknown fields (a million) and in the memory that elements
/// take (32 times the bytes received, but no less than 8 MiB); the number of bytes is bounded by the channel or the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Buffa;

impl<T: Message + MessageName> Encoder<T> for Buffa {
    fn encode(&self, message: &T, out: &mut EncodeBuf) -> Result<(), CodecError> {
        // Walks the message twice, first for the sizes of what is nested; they are kept for the second walk.
        let mut sizes = SizeCache::new();
        let size = buffa::message::checked_encode_size(message.compute_size(&mut sizes))
            .map_err(|cause| CodecError::new(format!("{}: {cause}", T::FULL_NAME)))?;
        let tail = out.tail();
        tail.reserve(usize::try_from(size).unwrap_or_default());
        message.write_to(&mut sizes, tail);
        Ok(())
    }
}

impl<T: Message + MessageName> Decoder<T> for Buffa {
    fn decode(&self, mut payload: Payload) -> Result<T, CodecError> {
        let size = payload.remaining();
        let limit = size.saturating_mul(ELEMENT_MEMORY_PER_BYTE).max(ELEMENT_MEMORY_FLOOR);
        let options = DecodeOptions::new().with_element_memory_limit(limit);
        let decoded = match payload.as_contiguous() {
            Some(bytes) => options.decode_from_slice(bytes),
            None => options.decode(&mut payload),
        };
        decoded.map_err(|cause| refusal::<T>(&cause, size, limit))
    }
}

/// The text that the peer reads: the type, and what is wrong with the bytes.
fn refusal<T: MessageName>(cause: &DecodeError, size: usize, limit: usize) -> CodecError {
    let name = T::FULL_NAME;
    CodecError::new(match cause {
        DecodeError::ElementMemoryLimitExceeded => {
            format!("{name}: the elements of these {size} bytes take more than the limit of {limit} bytes of memory; send fewer at once")
        }
        _ => format!("{name}: {cause} (in {size} bytes)"),
    })
}
