//! The codec between prost's messages and the bytes of a call, for those who have messages of prost, or want them.
//!
//! Behind the feature `prost`; `farcall_build::Config::runtime(Runtime::Prost)` writes what uses it.

use bytes::Buf;
use farcall::codec::{CodecError, Decoder, EncodeBuf, Encoder, Payload};

pub use ::prost;
pub use ::prost_types;

/// Encodes and decodes messages of prost, written by `farcall-build` or by prost itself. Has no state.
///
/// Decoding is bounded in depth (100 messages in each other); unlike [`Buffa`](crate::Buffa), prost has no bound for the memory
/// that elements take, which may be many times the bytes received. It drops fields that the contract does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prost;

impl<T: prost::Message> Encoder<T> for Prost {
    fn encode(&self, message: &T, out: &mut EncodeBuf) -> Result<(), CodecError> {
        let size = message.encoded_len();
        let tail = out.tail();
        tail.reserve(size);
        message.encode_raw(tail);
        Ok(())
    }
}

impl<T: prost::Message + Default> Decoder<T> for Prost {
    fn decode(&self, mut payload: Payload) -> Result<T, CodecError> {
        let size = payload.remaining();
        let decoded = match payload.as_contiguous() {
            Some(bytes) => T::decode(bytes),
            None => T::decode(&mut payload),
        };
        decoded.map_err(|cause| {
            let name = std::any::type_name::<T>();
            CodecError::new(format!("{name}: {cause} (in {size} bytes)"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use prost_types::{ListValue, Timestamp, Value, value::Kind};

    fn encoded<T: prost::Message>(message: &T) -> Bytes {
        let mut out = EncodeBuf::new(usize::MAX);
        Prost.encode(message, &mut out).expect("the message is small enough");
        out.take().into_bytes()
    }

    #[test]
    fn a_message_is_appended_to_what_is_there() {
        let mut out = EncodeBuf::new(usize::MAX);
        out.put_slice(b"before");
        Prost.encode(&Timestamp { seconds: 300, nanos: 7 }, &mut out).expect("the message is small enough");
        assert_eq!(out.take().into_bytes(), b"before\x08\xac\x02\x10\x07"[..]);
    }

    #[test]
    fn a_message_in_pieces_is_decoded_like_one_in_one() {
        let list = ListValue { values: vec![Value { kind: Some(Kind::BoolValue(true)) }; 100] };
        let bytes = encoded(&list);
        for cut in 0..=bytes.len() {
            let mut payload = Payload::default();
            payload.push(bytes.slice(..cut));
            payload.push(bytes.slice(cut..));
            assert_eq!(Prost.decode(payload).as_ref(), Ok(&list), "cut at {cut}");
        }
    }

    #[test]
    fn a_refusal_names_the_type_and_the_reason() {
        let decoded: Result<Timestamp, CodecError> = Prost.decode(Payload::from(b"\x0a\x01x".as_slice()));
        let text = decoded.expect_err("the bytes are no such message").to_string();
        assert!(text.contains("Timestamp") && text.contains("wire type") && text.ends_with("(in 3 bytes)"), "{text}");
    }

    #[test]
    fn messages_too_deep_in_each_other_are_refused() {
        let mut value = Value { kind: Some(Kind::BoolValue(true)) };
        for _ in 0..200 {
            value = Value { kind: Some(Kind::ListValue(ListValue { values: vec![value] })) };
        }
        let decoded: Result<Value, CodecError> = Prost.decode(Payload::from(encoded(&value)));
        assert!(decoded.expect_err("it is too deep").to_string().contains("recursion limit"));
    }
}
