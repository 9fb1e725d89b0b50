//! The codec between buffa's messages and the bytes of a call.
//!
//! Compression and the five bytes before a message are the framework's; limits on the size of a message too.

use buffa::{DecodeError, DecodeOptions, EncodeSink, Message, MessageName, SizeCache};
use bytes::{Buf, Bytes};
use farcall::codec::{CodecError, Decoder, EncodeBuf, Encoder, Payload};

/// Memory that the elements of a message may take, per byte on the wire. A `repeated` message takes two bytes on the wire when
/// empty, and as much memory as its Rust type; real ones are far below this.
const ELEMENT_MEMORY_PER_BYTE: usize = 32;

/// Memory that the elements of any message may take, however few bytes it has.
const ELEMENT_MEMORY_FLOOR: usize = 8 << 20;

/// From this many bytes on a message is written in pieces.
const LARGE: usize = 32 << 10;

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
        let size = usize::try_from(size).unwrap_or_default();
        if size < LARGE {
            let tail = out.tail();
            tail.reserve(size);
            message.write_to(&mut sizes, tail);
        } else {
            message.write_to(&mut sizes, &mut Pieces(out));
        }
        Ok(())
    }
}

/// Writes a large message so that long fields get pieces of their own, in place of one buffer that grows with the message.
struct Pieces<'a>(&'a mut EncodeBuf);

impl EncodeSink for Pieces<'_> {
    const IS_SEGMENTED: bool = true;

    fn put_u8(&mut self, value: u8) {
        self.0.tail().push(value);
    }

    fn put_slice(&mut self, src: &[u8]) {
        self.0.put_slice(src);
    }

    fn put_u32_le(&mut self, value: u32) {
        self.0.tail().extend_from_slice(&value.to_le_bytes());
    }

    fn put_u64_le(&mut self, value: u64) {
        self.0.tail().extend_from_slice(&value.to_le_bytes());
    }

    fn put_shared(&mut self, bytes: Bytes) {
        self.0.put_shared(bytes);
    }
}

impl<T: Message + MessageName> Decoder<T> for Buffa {
    fn decode(&self, mut payload: Payload) -> Result<T, CodecError> {
        let size = payload.remaining();
        let (options, limit) = bounds(size);
        let decoded = match payload.as_contiguous() {
            // A field that shares the buffer of a small message would hold all that was read with it.
            Some(bytes) if size < LARGE => options.decode_from_slice(bytes),
            Some(_) => options.decode(&mut payload.into_bytes()),
            None => options.decode(&mut payload),
        };
        decoded.map_err(|cause| refusal::<T>(&cause, size, limit))
    }
}

/// What a message of `size` bytes may take, and how much memory that is for its elements.
pub(crate) fn bounds(size: usize) -> (DecodeOptions, usize) {
    let limit = size.saturating_mul(ELEMENT_MEMORY_PER_BYTE).max(ELEMENT_MEMORY_FLOOR);
    (DecodeOptions::new().with_element_memory_limit(limit), limit)
}

/// The text that the peer reads: the type, and what is wrong with the bytes.
pub(crate) fn refusal<T: MessageName>(cause: &DecodeError, size: usize, limit: usize) -> CodecError {
    let name = T::FULL_NAME;
    CodecError::new(match cause {
        DecodeError::ElementMemoryLimitExceeded => {
            format!(
                "{name}: the elements of these {size} bytes take more than the limit of {limit} bytes of memory; send fewer at once"
            )
        }
        _ => format!("{name}: {cause} (in {size} bytes)"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::well_known::{ListValue, StringValue, Timestamp, Type, Value};
    use bytes::Bytes;

    fn encoded<T: Message + MessageName>(message: &T) -> Bytes {
        let mut out = EncodeBuf::new(usize::MAX);
        Buffa.encode(message, &mut out).expect("the message is small enough");
        out.take().into_bytes()
    }

    fn refused<T: Message + MessageName>(bytes: &'static [u8]) -> String {
        let decoded: Result<T, CodecError> = Buffa.decode(Payload::from(bytes));
        decoded.err().expect("the bytes are no such message").to_string()
    }

    fn timestamp() -> Timestamp {
        Timestamp { seconds: 300, nanos: 7, ..Default::default() }
    }

    /// A list of so many truths: four bytes each on the wire.
    fn truths(count: usize) -> ListValue {
        ListValue { values: vec![Value::from(true); count], ..Default::default() }
    }

    #[test]
    fn a_message_is_appended_to_what_is_there() {
        let mut out = EncodeBuf::new(usize::MAX);
        out.put_slice(b"before");
        Buffa.encode(&timestamp(), &mut out).expect("the message is small enough");
        assert_eq!(out.take().into_bytes(), b"before\x08\xac\x02\x10\x07"[..]);
    }

    #[test]
    fn an_empty_message_is_no_bytes_and_back() {
        assert_eq!(encoded(&Timestamp::default()).len(), 0);
        assert_eq!(Buffa.decode(Payload::default()), Ok(Timestamp::default()));
    }

    #[test]
    fn a_message_in_pieces_is_decoded_like_one_in_one() {
        let list = truths(100);
        let bytes = encoded(&list);
        for cut in 0..=bytes.len() {
            let mut payload = Payload::default();
            payload.push(bytes.slice(..cut));
            payload.push(bytes.slice(cut..));
            assert_eq!(Buffa.decode(payload).as_ref(), Ok(&list), "cut at {cut}");
        }
    }

    #[test]
    fn a_refusal_names_the_type_and_the_reason() {
        let text = refused::<Timestamp>(b"\x0a\x01x");
        assert_eq!(text, "google.protobuf.Timestamp: wire type mismatch on field 1: expected 0, got 2 (in 3 bytes)");
        let text = refused::<StringValue>(b"\x0a\x02\xff\xff");
        assert_eq!(text, "google.protobuf.StringValue: invalid UTF-8 in string field (in 4 bytes)");
        let text = refused::<StringValue>(b"\x0a\x09x");
        assert_eq!(text, "google.protobuf.StringValue: unexpected end of buffer (in 3 bytes)");
        assert!(refused::<Timestamp>(&[0xff; 11]).starts_with("google.protobuf.Timestamp: "));
    }

    #[test]
    fn four_mebibytes_of_small_elements_are_decoded() {
        let list = truths((4 << 20) / 4);
        let bytes = encoded(&list);
        assert_eq!(bytes.len(), 4 << 20);
        assert!(Buffa.decode(Payload::from(bytes)).is_ok_and(|decoded: ListValue| decoded == list));
    }

    #[test]
    fn elements_that_take_far_more_memory_than_bytes_are_refused() {
        // Two bytes each, and a `Field` is a hundred times larger.
        let bytes = [0x12, 0].repeat(1 << 20);
        let decoded: Result<Type, CodecError> = Buffa.decode(Payload::from(bytes));
        let text = decoded.expect_err("the elements take too much").to_string();
        assert!(text.starts_with("google.protobuf.Type: the elements of these 2097152 bytes take more than"), "{text}");
    }

    #[test]
    fn messages_too_deep_in_each_other_are_refused() {
        let mut value = Value::from(true);
        for _ in 0..200 {
            value = Value::from(ListValue { values: vec![value], ..Default::default() });
        }
        let decoded: Result<Value, CodecError> = Buffa.decode(Payload::from(encoded(&value)));
        let text = decoded.expect_err("it is too deep").to_string();
        assert!(text.starts_with("google.protobuf.Value: recursion limit exceeded"), "{text}");
    }
}
