//! Calls with one reply: [`UnaryCall`], and the [`ReplyFuture`] that a client-streaming call leaves behind.
//!
//! The reply is decoded in the task that awaits it. Both are cancelled when they are dropped before their end.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use farcall_wire::grpc::{Metadata, Status};

use super::draft::{Draft, wishes};
use crate::call::CallState;
use crate::codec::{Codec, Method};
use crate::stream;

/// A reply with the metadata around it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply<R> {
    /// The message.
    pub message: R,
    /// Metadata that came before it.
    pub headers: Metadata,
    /// Metadata that came after it.
    pub trailers: Metadata,
    /// Whether the message came compressed.
    pub compressed: bool,
}

/// A call with one request and one reply: a future of the reply.
///
/// Nothing is sent before the first poll. Dropped unfinished, the call is cancelled.
#[must_use = "a call is sent when it is awaited"]
pub struct UnaryCall<R: 'static> {
    pub(super) draft: Draft,
    codec: &'static dyn Codec<R>,
}

wishes!(UnaryCall<R>);

impl<R> UnaryCall<R> {
    pub(super) fn new<Q>(draft: Draft, method: &'static Method<Q, R>) -> Self {
        Self { draft, codec: method.response() }
    }

    /// The same call, as a future of the reply and the metadata around it.
    pub fn reply(self) -> UnaryReply<R> {
        UnaryReply { draft: self.draft, codec: self.codec }
    }
}

impl<R> Future for UnaryCall<R> {
    type Output = Result<R, Status>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.draft.send()?;
        let reply = ready!(poll_reply(&self.draft.state, self.draft.path, self.codec, cx));
        self.draft.is_over();
        Poll::Ready(reply.map(|taken| taken.message))
    }
}

/// A [`UnaryCall`] whose metadata is wanted too.
#[must_use = "a call is sent when it is awaited"]
pub struct UnaryReply<R: 'static> {
    pub(super) draft: Draft,
    codec: &'static dyn Codec<R>,
}

wishes!(UnaryReply<R>);

impl<R> Future for UnaryReply<R> {
    type Output = Result<Reply<R>, Status>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.draft.send()?;
        let reply = ready!(poll_reply(&self.draft.state, self.draft.path, self.codec, cx));
        self.draft.is_over();
        Poll::Ready(reply.map(|taken| whole(&self.draft.state, taken)))
    }
}

/// The reply of a client-streaming call: a future of it. Dropped unfinished, the call is cancelled.
#[must_use = "dropping the reply cancels the call"]
pub struct ReplyFuture<R: 'static> {
    state: Arc<CallState>,
    path: &'static str,
    codec: &'static dyn Codec<R>,
}

impl<R> ReplyFuture<R> {
    pub(super) fn new(state: Arc<CallState>, path: &'static str, codec: &'static dyn Codec<R>) -> Self {
        Self { state, path, codec }
    }

    /// The same, as a future of the reply and the metadata around it.
    pub fn reply(self) -> WholeReply<R> {
        WholeReply(self)
    }
}

impl<R> Future for ReplyFuture<R> {
    type Output = Result<R, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        poll_reply(&self.state, self.path, self.codec, cx).map_ok(|taken| taken.message)
    }
}

impl<R> Drop for ReplyFuture<R> {
    fn drop(&mut self) {
        self.state.cancel(Status::cancelled("the reply of the call was dropped before it came"));
    }
}

/// A [`ReplyFuture`] whose metadata is wanted too.
#[must_use = "dropping the reply cancels the call"]
pub struct WholeReply<R: 'static>(ReplyFuture<R>);

impl<R> Future for WholeReply<R> {
    type Output = Result<Reply<R>, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let ReplyFuture { state, path, codec } = &self.0;
        poll_reply(state, path, *codec, cx).map_ok(|taken| whole(state, taken))
    }
}

/// The one message of a call that ended well, and its trailers.
struct Taken<R> {
    message: R,
    compressed: bool,
    trailers: Metadata,
}

fn poll_reply<R>(
    state: &CallState,
    path: &str,
    codec: &dyn Codec<R>,
    cx: &Context<'_>,
) -> Poll<Result<Taken<R>, Status>> {
    let (received, trailers) = ready!(state.poll_reply(cx.waker()))?;
    let Some(received) = received else {
        //= gRPC statuscodes.md (W38): a reply without its message breaks the method's cardinality
        return Poll::Ready(Err(Status::unimplemented(format!(
            "{path} has one reply, but the server ended the call with OK and without a message"
        ))));
    };
    let compressed = received.message.compressed;
    Poll::Ready(stream::decode(codec, path, received).map(|message| Taken { message, compressed, trailers }))
}

fn whole<R>(state: &CallState, taken: Taken<R>) -> Reply<R> {
    let Taken { message, compressed, trailers } = taken;
    let headers = state.lock().receive.headers.as_ref().map(|head| head.metadata.clone()).unwrap_or_default();
    Reply { message, headers, trailers, compressed }
}

macro_rules! debug {
    ($($call:ident),+) => { $(
        impl<R> fmt::Debug for $call<R> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($call)).field("path", &self.draft.path).field("call", &self.draft.state).finish()
            }
        }
    )+ };
}
debug!(UnaryCall, UnaryReply);

impl<R> fmt::Debug for ReplyFuture<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyFuture").field("path", &self.path).field("call", &self.state).finish()
    }
}

impl<R> fmt::Debug for WholeReply<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
