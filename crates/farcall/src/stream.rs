//! The two directions of a call as users hold them: [`Inbound`] to receive, [`Outbound`] to send, on both sides alike.
//!
//! Messages are decoded and encoded in the task of whoever calls `next` and `send`. Both wait: `next` for a message,
//! `send` for room, which is the back-pressure.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use farcall_wire::grpc::{EncodeBuf, Encoding, Metadata, Status};
use futures_core::Stream;

use crate::call::{CallState, Received, Role};
use crate::codec::Codec;
use crate::compress::{self, Unwritten};

/// Messages that come in.
///
/// Dropping it on a client cancels the call unless it is over; on a server it tells nobody, and what still comes is
/// dropped.
pub struct Inbound<T: 'static> {
    state: Arc<CallState>,
    open: Open<T>,
    compressed: bool,
}

/// How a message as it came becomes a `T`.
pub(crate) enum Open<T: 'static> {
    /// Inflated and decoded.
    Decoded { path: &'static str, codec: &'static dyn Codec<T> },
    /// As it is.
    Raw(fn(Received) -> T),
}

impl<T> Inbound<T> {
    pub(crate) fn new(state: Arc<CallState>, open: Open<T>) -> Self {
        Self { state, open, compressed: false }
    }

    /// The next message, or `None` when the peer has sent its last one (and, on a client, the call ended with OK).
    ///
    /// Cancel safe: a future that is dropped has taken no message.
    ///
    /// # Errors
    /// The status with which the call failed; INTERNAL when a message does not decode; RESOURCE_EXHAUSTED when it is
    /// longer than the receive limit after inflating.
    pub async fn next(&mut self) -> Result<Option<T>, Status> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// [`Inbound::next`] for code that polls.
    ///
    /// # Errors
    /// As `next`.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<T>, Status>> {
        let Some(received) = ready!(self.state.poll_message(cx.waker()))? else { return Poll::Ready(Ok(None)) };
        self.compressed = received.message.compressed;
        let opened = match &self.open {
            Open::Decoded { path, codec } => decode(*codec, path, received),
            Open::Raw(raw) => Ok(raw(received)),
        };
        if let (Err(status), Role::Client) = (&opened, self.state.role()) {
            self.state.cancel(status.clone());
        }
        Poll::Ready(opened.map(Some))
    }

    /// The metadata before the messages: a client waits for the response headers, a server has its request's.
    ///
    /// # Errors
    /// The status of a call that failed before its headers came.
    pub async fn headers(&mut self) -> Result<Metadata, Status> {
        if self.state.role() == Role::Server {
            return Ok(self.state.head().metadata.clone());
        }
        poll_fn(|cx| self.state.poll_headers(cx.waker())).await.map(|head| head.metadata.clone())
    }

    /// The metadata after the messages: a client waits for the end of the call, a server gets none.
    ///
    /// Trailers of a call that failed are told too; the status itself is what [`Inbound::next`] fails with. Messages
    /// that were not taken hold the end back once the window is full, so take them first.
    pub async fn trailers(&mut self) -> Metadata {
        match self.state.role() {
            Role::Client => poll_fn(|cx| self.state.poll_trailers(cx.waker())).await,
            Role::Server => Metadata::new(),
        }
    }

    /// Whether the message that came last was compressed.
    pub fn compressed(&self) -> bool {
        self.compressed
    }

    /// The same messages as a [`Stream`], which ends after the first error.
    pub fn into_stream(self) -> Messages<T> {
        Messages { inbound: self, ended: false }
    }
}

impl<T> Drop for Inbound<T> {
    fn drop(&mut self) {
        if self.state.role() == Role::Client {
            self.state.cancel(Status::cancelled("the receiving half of the call was dropped before its end"));
        }
        self.state.abandon();
    }
}

impl<T> fmt::Debug for Inbound<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound").field("call", &self.state).finish()
    }
}

/// An [`Inbound`] as a [`Stream`] of results.
#[derive(Debug)]
pub struct Messages<T: 'static> {
    inbound: Inbound<T>,
    ended: bool,
}

impl<T> Stream for Messages<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let next = ready!(self.inbound.poll_next(cx)).transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        Poll::Ready(next)
    }
}

/// Messages that go out.
///
/// Dropping a client's before [`Outbound::finish`] cancels the call: otherwise a `?` half-way would turn a partial
/// upload into a success. A server's stream ends when the handler returns.
pub struct Outbound<T: 'static> {
    state: Arc<CallState>,
    close: Close<T>,
    compress: bool,
}

/// How a `T` becomes a message.
pub(crate) enum Close<T: 'static> {
    /// Encoded, and compressed where the call compresses.
    Encoded { path: &'static str, codec: &'static dyn Codec<T> },
    /// As it is.
    Raw(fn(&T, &mut EncodeBuf) -> Result<(), Status>),
}

impl<T> Outbound<T> {
    pub(crate) fn new(state: Arc<CallState>, close: Close<T>) -> Self {
        Self { state, close, compress: true }
    }

    /// Queues a message, waiting until the peer and this side's send queue (64 KiB a call) have room.
    ///
    /// Cancel safe: a future that is dropped has queued nothing. A client whose call the peer has already ended with OK
    /// gets `Ok`, and the message is discarded.
    ///
    /// # Errors
    /// The status with which the call failed; INTERNAL when the message cannot be encoded, or after `finish`.
    pub async fn send(&mut self, message: T) -> Result<(), Status> {
        poll_fn(|cx| self.poll_send(cx, &message)).await
    }

    /// [`Outbound::send`] for code that polls: nothing is queued before it is ready, and once it is, everything.
    ///
    /// # Errors
    /// As `send`.
    pub fn poll_send(&mut self, cx: &mut Context<'_>, message: &T) -> Poll<Result<(), Status>> {
        let Self { state, close, compress } = self;
        state.poll_send(cx.waker(), &mut |out, encoding| match close {
            Close::Encoded { path, codec } => {
                encode(*codec, path, message, if *compress { encoding } else { Encoding::Identity }, out)
            }
            Close::Raw(raw) => raw(message, out),
        })
    }

    /// Client: says that nothing follows. Messages that are queued still go out.
    ///
    /// # Errors
    /// The status of a call that has failed already.
    pub async fn finish(self) -> Result<(), Status> {
        self.state.finish();
        match self.state.cut_off() {
            Some(status) => Err(status),
            None => Ok(()),
        }
    }

    /// Whether the messages that follow are compressed, where the call compresses at all. It is on at the start; turn
    /// it off for secrets beside data that an attacker chooses (the BEAST and CRIME attacks).
    pub fn compress(&mut self, on: bool) {
        self.compress = on;
    }
}

impl<T> Drop for Outbound<T> {
    fn drop(&mut self) {
        if self.state.role() == Role::Client && !self.state.sending_is_finished() {
            self.state.cancel(Status::cancelled("the sending half of the call was dropped before finish()"));
        }
    }
}

impl<T> fmt::Debug for Outbound<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound").field("call", &self.state).finish()
    }
}

/// Inflates and decodes one message.
pub(crate) fn decode<T>(codec: &dyn Codec<T>, path: &str, received: Received) -> Result<T, Status> {
    let payload = compress::open(received)?;
    codec
        .decode(payload)
        .map_err(|error| Status::internal(format!("a message of {path} is no {}: {error}", type_name::<T>())))
}

/// Encodes one message with its prefix, compressed if `encoding` says so; an error leaves `out` as it was.
pub(crate) fn encode<T>(
    codec: &dyn Codec<T>,
    path: &str,
    message: &T,
    encoding: Encoding,
    out: &mut EncodeBuf,
) -> Result<(), Status> {
    compress::write(encoding, out, |out| codec.encode(message, out)).map_err(|error| match error {
        Unwritten::Codec(error) => {
            Status::internal(format!("a {} for {path} cannot be encoded: {error}", type_name::<T>()))
        }
        Unwritten::TooLarge(error) => error.into(),
    })
}

/// The last part of a type's path, which is what a contract calls it.
fn type_name<T>() -> String {
    let parts = std::any::type_name::<T>().split_inclusive(['<', '>', ',', ' ']);
    parts.map(|part| part.rsplit("::").next().unwrap_or(part)).collect()
}
