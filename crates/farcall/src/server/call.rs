//! What a handler knows of its call beside the messages, and what it may say beside them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use farcall_wire::grpc::{Encoding, Metadata, MetadataError, RequestHead, Status};

use crate::call::CallState;
use crate::compress;
use crate::context::{Context, now};
use crate::transport::Peer;

/// One call on the server's side. Everything takes `&self`: a handler may echo a request header, or use it in `join!`.
#[derive(Debug)]
pub struct Call {
    state: Arc<CallState>,
    deadline: Option<Instant>,
}

impl Call {
    pub(super) fn new(state: Arc<CallState>, deadline: Option<Instant>) -> Self {
        Self { state, deadline }
    }

    pub(super) fn state(&self) -> &Arc<CallState> {
        &self.state
    }

    /// `/package.Service/Method`.
    pub fn path(&self) -> &str {
        &self.head().path
    }

    /// The name under which the client called this server.
    pub fn authority(&self) -> &str {
        &self.head().authority
    }

    /// The request's metadata.
    pub fn metadata(&self) -> &Metadata {
        &self.head().metadata
    }

    /// Everything that the request began with.
    pub fn head(&self) -> &RequestHead {
        self.state.head()
    }

    /// Who called.
    pub fn peer(&self) -> &Peer {
        self.state.peer()
    }

    /// When the call is cut off at the latest; `None` when the client waits for ever.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Time until the deadline, zero once it has passed.
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(now()))
    }

    /// Adds to the metadata before the messages.
    ///
    /// # Errors
    /// INTERNAL once the head has left (with the first message, or [`Call::send_headers`]), or for a name or value that
    /// cannot be sent.
    pub fn set_header(&self, name: &str, value: impl AsRef<str>) -> Result<(), Status> {
        self.headers(name, |metadata| metadata.append(name, value))
    }

    /// [`Call::set_header`] with any bytes; `name` ends in `-bin`.
    ///
    /// # Errors
    /// As `set_header`.
    pub fn set_header_bin(&self, name: &str, value: impl AsRef<[u8]>) -> Result<(), Status> {
        self.headers(name, |metadata| metadata.append_bin(name, value))
    }

    /// Adds to the metadata after the messages.
    ///
    /// # Errors
    /// INTERNAL for a name or value that cannot be sent.
    pub fn set_trailer(&self, name: &str, value: impl AsRef<str>) -> Result<(), Status> {
        self.state.lock().send.trailers.append(name, value).map_err(unsendable)
    }

    /// [`Call::set_trailer`] with any bytes; `name` ends in `-bin`.
    ///
    /// # Errors
    /// As `set_trailer`.
    pub fn set_trailer_bin(&self, name: &str, value: impl AsRef<[u8]>) -> Result<(), Status> {
        self.state.lock().send.trailers.append_bin(name, value).map_err(unsendable)
    }

    /// Lets the head leave now instead of with the first message.
    pub fn send_headers(&self) {
        self.state.send_head();
    }

    /// Compresses the reply's messages, where the client accepts that and this build can; says whether it does. Without
    /// this nothing is compressed. It has no effect once the head has left.
    pub fn set_compression(&self, encoding: Encoding) -> bool {
        //= gRPC compression.md (W24): what the client does not accept is sent uncompressed
        let accepted = encoding == Encoding::Identity || self.head().accept.contains(encoding);
        let mut shared = self.state.lock();
        if !accepted || compress::missing(encoding).is_some() || shared.send.head_left {
            return false;
        }
        shared.send.encoding = encoding;
        shared.send.head.encoding = encoding;
        true
    }

    /// Whether the client understands replies that are compressed like this.
    pub fn accepts(&self, encoding: Encoding) -> bool {
        self.head().accept.contains(encoding)
    }

    /// Whether the one request of a unary or server-streaming call came compressed; streams tell it by
    /// [`Inbound::compressed`](crate::Inbound::compressed).
    pub fn request_compressed(&self) -> bool {
        self.state.lock().receive.request_compressed
    }

    /// Ready when the call is cut off: cancelled by the client, past its deadline, connection lost. The handler itself
    /// is dropped then; this is for what must know of it while the handler lives.
    pub async fn cancelled(&self) {
        self.context().cancelled().await;
    }

    /// Deadline and cancellation for work on other tasks.
    pub fn context(&self) -> Context {
        Context::of_call(Arc::clone(&self.state), self.deadline)
    }

    fn headers(&self, name: &str, add: impl FnOnce(&mut Metadata) -> Result<(), MetadataError>) -> Result<(), Status> {
        let mut shared = self.state.lock();
        if shared.send.head_left {
            return Err(Status::internal(format!(
                "header {name} came too late: the head has left with the first message, so set headers before that"
            )));
        }
        add(&mut shared.send.head.metadata).map_err(unsendable)
    }
}

/// INTERNAL, since gRPC keeps INVALID_ARGUMENT for applications (statuscodes.md).
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unsendable(error: MetadataError) -> Status {
    Status::internal(format!("metadata of the reply cannot be sent: {error}"))
}
