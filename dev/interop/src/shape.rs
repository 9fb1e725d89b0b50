//! What the fields of buffa's messages look like, for the sources that `interop-prost` compiles over other messages.

use farcall_protobuf::__private::buffa::message_field::ProtoBox;
use farcall_protobuf::{EnumValue, Enumeration, MessageField};

use crate::proto::grpc::testing::Payload;

/// A field with an enum.
pub(crate) type EnumField<E> = EnumValue<E>;

/// A field with a message.
pub(crate) trait Field<T> {
    /// The message, if there is one.
    fn sent(&self) -> Option<&T>;
}

impl<T: Default, P: ProtoBox<T>> Field<T> for MessageField<T, P> {
    fn sent(&self) -> Option<&T> {
        self.as_option()
    }
}

impl Field<Self> for Payload {
    fn sent(&self) -> Option<&Self> {
        Some(self)
    }
}

/// The message in a field, if there is one.
pub(crate) fn sent<T>(field: &impl Field<T>) -> Option<&T> {
    field.sent()
}

/// The number in a field with an enum.
pub(crate) fn number<E: Enumeration>(field: &EnumField<E>) -> i32 {
    field.to_i32()
}
