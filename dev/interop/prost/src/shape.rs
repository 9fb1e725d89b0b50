//! What the fields of prost's messages look like. `interop` has the same for its own messages.

use crate::proto::grpc::testing::Payload;

/// A field with an enum: its number, whatever the enum.
pub(crate) type EnumField<E> = <E as Numbered>::Number;

/// An enum that fields hold as a number.
pub(crate) trait Numbered {
    /// The number.
    type Number;
}

impl<E> Numbered for E {
    type Number = i32;
}

/// A field with a message.
pub(crate) trait Field<T> {
    /// The message, if there is one.
    fn sent(&self) -> Option<&T>;
}

impl<T> Field<T> for Option<T> {
    fn sent(&self) -> Option<&T> {
        self.as_ref()
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
pub(crate) fn number(field: &i32) -> i32 {
    *field
}
