//! The heads of a call: what a request asks for, what a reply begins and ends with.

use std::time::Duration;

use super::{Encoding, EncodingSet, Metadata, Status};

/// What a call asks for: sent by a client, received by a server.
#[derive(Debug, Clone, Default)]
pub struct RequestHead {
    /// `/package.Service/Method`.
    pub path: String,
    /// The `:authority`, or `host` where that is missing (W4).
    pub authority: String,
    /// Whether `:scheme` is `https`.
    pub secure: bool,
    /// Time that remained when the head was sent; `None` is for ever.
    pub timeout: Option<Duration>,
    /// How compressed messages of this call are compressed.
    pub encoding: Encoding,
    /// Compressions that the sender of this head understands.
    pub accept: EncodingSet,
    /// `proto` of `application/grpc+proto`; empty when the content-type names none.
    pub subtype: String,
    /// `user-agent`, empty when absent.
    pub user_agent: String,
    /// Custom metadata.
    pub metadata: Metadata,
}

impl RequestHead {
    /// Service and method of the path `/package.Service/Method`, or `None` where it has another shape (W3).
    pub fn service_and_method(&self) -> Option<(&str, &str)> {
        let (service, method) = self.path.strip_prefix('/')?.rsplit_once('/')?;
        (!service.is_empty() && !method.is_empty()).then_some((service, method))
    }
}

/// What a reply begins with: sent by a server, received by a client.
#[derive(Debug, Clone, Default)]
pub struct ReplyHead {
    /// How compressed messages of this reply are compressed.
    pub encoding: Encoding,
    /// Compressions that the sender of this head understands.
    pub accept: EncodingSet,
    /// Custom metadata.
    pub metadata: Metadata,
}

/// What a reply ends with.
#[derive(Debug, Clone)]
pub struct ReplyEnd {
    /// OK, or why not. Metadata of the status joins the trailers.
    pub status: Result<(), Status>,
    /// Trailing metadata.
    pub trailers: Metadata,
}

impl ReplyEnd {
    /// The end of a call that went well, without trailing metadata.
    pub const OK: Self = Self { status: Ok(()), trailers: Metadata::new() };
}

impl From<Status> for ReplyEnd {
    fn from(status: Status) -> Self {
        Self { status: Err(status), trailers: Metadata::new() }
    }
}
