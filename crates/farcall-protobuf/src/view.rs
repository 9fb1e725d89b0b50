//! A message that is read where it was received: strings and bytes are borrowed, nothing of them is copied.
//!
//! Which handlers get one is said in the build script; how large a message may be, and compression, are the framework's.

use std::fmt;
use std::ops::Deref;

use buffa::{HasMessageView, MessageName, OwnedView};
use farcall::codec::{CodecError, Decoder, EncodeBuf, Encoder, Payload};

use crate::codec::{Buffa, bounds, refusal};

/// A message of up to this many bytes is copied out of the read buffer, of 64 KiB, that it would keep in memory otherwise: no
/// more than 16 bytes are held for one received.
const SMALL: usize = 4 << 10;

/// A request with the bytes that it came in: it needs nothing around it, may be sent to other tasks, and lives as long as it is
/// wanted.
///
/// Handlers get one where the build script asks for it, by method or for a whole service:
///
/// ```text
/// // build.rs
/// farcall_build::Config::new().views(["files.v1.Files.Upload"]).compile(&["proto/files.proto"], &["proto"])
///
/// // the handler: a function for each field, which returns what an owned message would have, borrowed
/// async fn upload(&self, _: &Call, request: View<UploadRequest>) -> Result<UploadReply, Status> {
///     let (name, content): (&str, &[u8]) = (request.name(), request.content());
///     …
/// }
/// ```
///
/// Beside the functions for fields there are `view()`, with the fields as they are in a struct `UploadRequestView<'_>`,
/// `to_owned_message()` and `bytes()`; a field that bears one of these names is read through `view()`. A string costs no memory
/// of its own, a list or a map still that of its elements. Strings are checked to be UTF-8, and all bounds of [`Buffa`] hold, as for
/// an owned message.
///
/// The bytes have to lie in one piece. A message that came in several is copied together first, once; that is every message
/// longer than a frame of HTTP/2, 16 KiB unless the settings say otherwise. A view keeps the buffer that it points into: at most
/// 64 KiB for a message that is shorter (one of up to 4 KiB is copied, and keeps its own bytes alone).
///
/// What it saves, for ten strings of 24 bytes and 16 KiB of bytes (2-core virtual machine, x86-64; example `views` of the package
/// `contracts`, under DHAT): 2 allocations in place of 13 and 192 bytes in place of 16,912, where the message came in one piece; 7
/// allocations in place of 17, and as many bytes, where it came in two frames.
pub struct View<M: HasMessageView>(M::ViewHandle);

impl<M: HasMessageView + MessageName> View<M> {
    /// A view of a message that was not received: for the tests of a handler. Encodes the message.
    ///
    /// # Errors
    /// When it is longer than 2 GiB, or breaks one of the bounds that [`Buffa`] has for what is received.
    pub fn of(message: &M) -> Result<Self, CodecError> {
        let mut out = EncodeBuf::new(usize::MAX);
        Buffa.encode(message, &mut out)?;
        Buffa.decode(Payload::from(out.take().into_bytes()))
    }
}

impl<M: HasMessageView> Deref for View<M> {
    type Target = M::ViewHandle;

    fn deref(&self) -> &M::ViewHandle {
        &self.0
    }
}

impl<M: HasMessageView<ViewHandle: Clone>> Clone for View<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: HasMessageView<ViewHandle: fmt::Debug>> fmt::Debug for View<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The bytes as they came, with fields that this contract does not know.
impl<M: HasMessageView> Encoder<View<M>> for Buffa {
    fn encode(&self, message: &View<M>, out: &mut EncodeBuf) -> Result<(), CodecError> {
        out.put_shared(message.0.as_ref().bytes().clone());
        Ok(())
    }
}

impl<M: HasMessageView + MessageName> Decoder<View<M>> for Buffa {
    fn decode(&self, mut payload: Payload) -> Result<View<M>, CodecError> {
        let size = payload.len();
        let (options, limit) = bounds(size);
        payload.compact(SMALL);
        OwnedView::<M::View<'static>>::decode_with_options(payload.into_bytes(), &options)
            .map(|decoded| View(decoded.into()))
            .map_err(|cause| refusal::<M>(&cause, size, limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::well_known::{ListValue, StringValue, Type, Value};
    use bytes::Bytes;

    fn viewed<M: HasMessageView + MessageName>(bytes: impl Into<Payload>) -> Result<View<M>, CodecError> {
        Buffa.decode(bytes.into())
    }

    fn refused<M: HasMessageView + MessageName>(bytes: Vec<u8>) -> [String; 2] {
        let owned: Result<M, CodecError> = Buffa.decode(Payload::from(bytes.clone()));
        let owned = owned.err().expect("the bytes are no such message");
        let viewed = viewed::<M>(bytes).err().expect("the bytes are no such message");
        [owned.to_string(), viewed.to_string()]
    }

    fn string(length: usize) -> Bytes {
        let message = StringValue { value: "x".repeat(length), ..Default::default() };
        let mut out = EncodeBuf::new(usize::MAX);
        Buffa.encode(&message, &mut out).expect("the message is small enough");
        out.take().into_bytes()
    }

    #[test]
    fn a_string_lies_where_it_was_received() {
        let bytes = string(SMALL);
        let view = viewed::<StringValue>(bytes.clone()).expect("it is a message");
        assert_eq!(view.value().as_ptr(), bytes[3..].as_ptr());
        assert_eq!(view.to_owned_message().value, "x".repeat(SMALL));
        drop(bytes);
        assert_eq!(view.value().len(), SMALL);
    }

    #[test]
    fn a_short_message_does_not_keep_the_buffer_that_it_came_in() {
        let buffer = string(SMALL - 3);
        let view = viewed::<StringValue>(buffer.clone()).expect("it is a message");
        assert!(buffer.is_unique(), "the view points into the buffer");
        assert_eq!(view.value().len(), SMALL - 3);
    }

    #[test]
    fn a_message_in_pieces_is_viewed_like_one_in_one() {
        let bytes = string(100);
        for cut in 0..=bytes.len() {
            let mut payload = Payload::default();
            payload.push(bytes.slice(..cut));
            payload.push(bytes.slice(cut..));
            let view = viewed::<StringValue>(payload).expect("it is a message");
            assert_eq!(view.value(), "x".repeat(100), "cut at {cut}");
        }
    }

    #[test]
    fn hostile_bytes_are_refused_as_by_an_owned_message() {
        for bytes in [b"\x08\x01".to_vec(), b"\x0a\x02\xff\xff".to_vec(), b"\x0a\x09x".to_vec(), vec![0xff; 11]] {
            let [owned, viewed] = refused::<StringValue>(bytes);
            assert_eq!(owned, viewed);
        }
        assert_eq!(
            refused::<StringValue>(b"\x0a\x02\xff\xff".to_vec())[1],
            "google.protobuf.StringValue: invalid UTF-8 in string field (in 4 bytes)"
        );
    }

    #[test]
    fn messages_too_deep_in_each_other_are_refused() {
        let mut value = Value::from(true);
        for _ in 0..200 {
            value = Value::from(ListValue { values: vec![value], ..Default::default() });
        }
        let text = View::of(&value).expect_err("it is too deep").to_string();
        assert!(text.starts_with("google.protobuf.Value: recursion limit exceeded"), "{text}");
    }

    #[test]
    fn unknown_fields_beyond_the_bound_are_refused() {
        // A million and a few fields with number 2, of two bytes each.
        let [owned, viewed] = refused::<StringValue>([0x10, 0].repeat(1_000_100));
        assert!(owned.contains("unknown"), "{owned}");
        assert_eq!(owned, viewed);
    }

    #[test]
    fn elements_that_take_far_more_memory_than_bytes_are_refused() {
        // Two bytes each, and the view of a `Field` is a hundred times larger.
        let text = viewed::<Type>([0x12, 0].repeat(1 << 20)).expect_err("the elements take too much").to_string();
        assert!(text.starts_with("google.protobuf.Type: the elements of these 2097152 bytes take more than"), "{text}");
    }

    #[test]
    fn a_view_is_encoded_as_it_came() {
        // Field 9 is not known.
        let bytes = Bytes::from_static(b"\x0a\x01x\x48\x01");
        let view = viewed::<StringValue>(bytes.clone()).expect("it is a message");
        let mut out = EncodeBuf::new(usize::MAX);
        Buffa.encode(&view, &mut out).expect("bytes are written as they are");
        assert_eq!(out.take().into_bytes(), bytes);
    }
}
