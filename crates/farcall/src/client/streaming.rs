//! Calls that stream: the futures that are ready once the call is admitted, and the handles that they give.
//!
//! None of them waits for response headers: servers delay those, and a bidirectional call would wait for ever.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use farcall_wire::grpc::{Metadata, Status};

use super::draft::{Draft, wishes};
use super::unary::{ReplyFuture, WholeReply};
use crate::call::CallState;
use crate::codec::{Codec, Method};
use crate::stream::{Close, Inbound, Open, Outbound};

/// A call with one request and any number of replies: a future of the [`Inbound`] replies.
#[must_use = "a call is sent when it is awaited"]
pub struct ServerStreamingCall<R: 'static> {
    pub(super) draft: Draft,
    codec: &'static dyn Codec<R>,
}

wishes!(ServerStreamingCall<R>);

impl<R> ServerStreamingCall<R> {
    pub(super) fn new<Q>(draft: Draft, method: &'static Method<Q, R>) -> Self {
        Self { draft, codec: method.response() }
    }
}

impl<R> Future for ServerStreamingCall<R> {
    type Output = Result<Inbound<R>, Status>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        self.draft.admit()?;
        let path = self.draft.path;
        Poll::Ready(Ok(inbound(self.draft.hand_over(), path, self.codec)))
    }
}

/// A call with any number of requests and one reply: a future of the [`Upload`].
#[must_use = "a call is sent when it is awaited"]
pub struct ClientStreamingCall<Q: 'static, R: 'static> {
    pub(super) draft: Draft,
    method: &'static Method<Q, R>,
}

wishes!(ClientStreamingCall<Q, R>);

impl<Q, R> ClientStreamingCall<Q, R> {
    pub(super) fn new(draft: Draft, method: &'static Method<Q, R>) -> Self {
        Self { draft, method }
    }
}

impl<Q, R> Future for ClientStreamingCall<Q, R> {
    type Output = Result<Upload<Q, R>, Status>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        self.draft.admit()?;
        let state = self.draft.hand_over();
        let outbound = outbound(Arc::clone(&state), self.method);
        let reply = ReplyFuture::new(state, self.method.path(), self.method.response());
        Poll::Ready(Ok(Upload { outbound, reply }))
    }
}

/// A call with any number of messages in both directions, in any order: a future of the [`Duplex`].
#[must_use = "a call is sent when it is awaited"]
pub struct BidiCall<Q: 'static, R: 'static> {
    pub(super) draft: Draft,
    method: &'static Method<Q, R>,
}

wishes!(BidiCall<Q, R>);

impl<Q, R> BidiCall<Q, R> {
    pub(super) fn new(draft: Draft, method: &'static Method<Q, R>) -> Self {
        Self { draft, method }
    }
}

impl<Q, R> Future for BidiCall<Q, R> {
    type Output = Result<Duplex<Q, R>, Status>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        self.draft.admit()?;
        let state = self.draft.hand_over();
        let outbound = outbound(Arc::clone(&state), self.method);
        Poll::Ready(Ok(Duplex { outbound, inbound: inbound(state, self.method.path(), self.method.response()) }))
    }
}

/// The two halves of a client-streaming call: requests to send, one reply to wait for.
///
/// Dropping either half before its end cancels the call.
#[derive(Debug)]
pub struct Upload<Q: 'static, R: 'static> {
    outbound: Outbound<Q>,
    reply: ReplyFuture<R>,
}

impl<Q, R> Upload<Q, R> {
    /// The halves, for two tasks or for `join!`.
    pub fn split(self) -> (Outbound<Q>, ReplyFuture<R>) {
        (self.outbound, self.reply)
    }

    /// Sends a request; see [`Outbound::send`].
    ///
    /// # Errors
    /// As `Outbound::send`.
    pub async fn send(&mut self, message: Q) -> Result<(), Status> {
        self.outbound.send(message).await
    }

    /// Says that nothing follows, and waits for the reply.
    ///
    /// # Errors
    /// The status with which the call failed.
    pub async fn finish(self) -> Result<R, Status> {
        self.outbound.finish().await?;
        self.reply.await
    }

    /// As [`Upload::finish`], with the metadata around the reply.
    ///
    /// # Errors
    /// The status with which the call failed.
    pub async fn finish_with_metadata(self) -> Result<super::Reply<R>, Status> {
        self.outbound.finish().await?;
        let whole: WholeReply<R> = self.reply.reply();
        whole.await
    }
}

/// The two halves of a bidirectional call.
///
/// Dropping the sending half before `finish`, or the receiving half before its end, cancels the call.
#[derive(Debug)]
pub struct Duplex<Q: 'static, R: 'static> {
    outbound: Outbound<Q>,
    inbound: Inbound<R>,
}

impl<Q, R> Duplex<Q, R> {
    /// The halves, for two tasks or for `join!`.
    pub fn split(self) -> (Outbound<Q>, Inbound<R>) {
        (self.outbound, self.inbound)
    }

    /// Sends a message; see [`Outbound::send`].
    ///
    /// # Errors
    /// As `Outbound::send`.
    pub async fn send(&mut self, message: Q) -> Result<(), Status> {
        self.outbound.send(message).await
    }

    /// The next message; see [`Inbound::next`].
    ///
    /// # Errors
    /// As `Inbound::next`.
    pub async fn next(&mut self) -> Result<Option<R>, Status> {
        self.inbound.next().await
    }

    /// The response headers; see [`Inbound::headers`].
    ///
    /// # Errors
    /// As `Inbound::headers`.
    pub async fn headers(&mut self) -> Result<Metadata, Status> {
        self.inbound.headers().await
    }

    /// Says that nothing follows, and leaves the receiving half.
    ///
    /// # Errors
    /// The status of a call that has failed already.
    pub async fn finish(self) -> Result<Inbound<R>, Status> {
        self.outbound.finish().await?;
        Ok(self.inbound)
    }
}

fn inbound<R>(state: Arc<CallState>, path: &'static str, codec: &'static dyn Codec<R>) -> Inbound<R> {
    Inbound::new(state, Open::Decoded { path, codec })
}

fn outbound<Q, R>(state: Arc<CallState>, method: &'static Method<Q, R>) -> Outbound<Q> {
    Outbound::new(state, Close::Encoded { path: method.path(), codec: method.request() })
}

macro_rules! debug {
    ($($call:ident<$($message:ident),+>),+) => { $(
        impl<$($message),+> fmt::Debug for $call<$($message),+> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($call)).field("path", &self.draft.path).field("call", &self.draft.state).finish()
            }
        }
    )+ };
}
debug!(ServerStreamingCall<R>, ClientStreamingCall<Q, R>, BidiCall<Q, R>);
