//! What generated code hands to the framework: how a message becomes bytes, and what a method and a service are.
//!
//! No protobuf here: any format that can write into an [`EncodeBuf`] and read from a [`Payload`] is a codec. A codec
//! never sees the five bytes before a message, nor compression.

use std::borrow::Cow;
use std::fmt;

pub use farcall_wire::grpc::{EncodeBuf, Payload};

/// Writes messages of type `T`.
pub trait Encoder<T>: Send + Sync {
    /// Appends the encoded `message` to `out`.
    ///
    /// # Errors
    /// When the message cannot be expressed in the format. What was written so far is taken back by the caller.
    fn encode(&self, message: &T, out: &mut EncodeBuf) -> Result<(), CodecError>;
}

/// Reads messages of type `T`.
pub trait Decoder<T>: Send + Sync {
    /// Reads one message, which is the whole of `payload`.
    ///
    /// # Errors
    /// When the bytes are no message of this type; the call then ends with INTERNAL and this text.
    fn decode(&self, payload: Payload) -> Result<T, CodecError>;
}

/// Both directions of one message type; everything that is an [`Encoder`] and a [`Decoder`] is one.
pub trait Codec<T>: Encoder<T> + Decoder<T> {}

impl<T, C: Encoder<T> + Decoder<T> + ?Sized> Codec<T> for C {}

/// Why a message could not be written or read; the text names the place in the message where it can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodecError {
    message: Cow<'static, str>,
}

impl CodecError {
    /// An error with this text.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into() }
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CodecError {}

/// How many messages each side of a call sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// One request, one reply.
    Unary,
    /// One request, any number of replies.
    ServerStreaming,
    /// Any number of requests, one reply.
    ClientStreaming,
    /// Any number of both, in any order.
    Bidi,
}

impl Shape {
    /// Whether the client sends any number of messages instead of exactly one.
    pub const fn streams_requests(self) -> bool {
        matches!(self, Self::ClientStreaming | Self::Bidi)
    }

    /// Whether the server sends any number of messages instead of exactly one.
    pub const fn streams_replies(self) -> bool {
        matches!(self, Self::ServerStreaming | Self::Bidi)
    }
}

/// One method of a service as client and server know it: its path, its shape, its two codecs.
pub struct Method<Q: 'static, R: 'static> {
    path: &'static str,
    shape: Shape,
    request: &'static dyn Codec<Q>,
    response: &'static dyn Codec<R>,
}

impl<Q, R> Method<Q, R> {
    /// A method at `path` (`/package.Service/Method`).
    pub const fn new(
        path: &'static str,
        shape: Shape,
        request: &'static dyn Codec<Q>,
        response: &'static dyn Codec<R>,
    ) -> Self {
        Self { path, shape, request, response }
    }

    /// `/package.Service/Method`.
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// How many messages each side sends.
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// How requests become bytes and back.
    pub const fn request(&self) -> &'static dyn Codec<Q> {
        self.request
    }

    /// How replies become bytes and back.
    pub const fn response(&self) -> &'static dyn Codec<R> {
        self.response
    }
}

impl<Q, R> fmt::Debug for Method<Q, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Method").field("path", &self.path).field("shape", &self.shape).finish_non_exhaustive()
    }
}

/// What a service consists of; the index of a method in the list is the number that
/// [`Service::start`](crate::server::Service::start) gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceDescriptor {
    /// `package.Service`.
    pub name: &'static str,
    /// Its methods, in the order of the contract.
    pub methods: &'static [MethodDescriptor],
}

/// What a router needs to know of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MethodDescriptor {
    /// The name inside of the service.
    pub name: &'static str,
    /// `/package.Service/Method`.
    pub path: &'static str,
    /// How many messages each side sends.
    pub shape: Shape,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_say_which_side_streams() {
        let streams = [Shape::Unary, Shape::ServerStreaming, Shape::ClientStreaming, Shape::Bidi]
            .map(|shape| (shape.streams_requests(), shape.streams_replies()));
        assert_eq!(streams, [(false, false), (false, true), (true, false), (true, true)]);
    }

    #[test]
    fn a_codec_error_shows_its_text() {
        assert_eq!(CodecError::new("field 3: truncated").to_string(), "field 3: truncated");
    }
}
