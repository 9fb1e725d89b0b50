//! What generated code is to the server: one erased service, which turns a call into something that can be polled.
//!
//! The one allocation of a call is made here, for the handler's future.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use farcall_wire::grpc::{EncodeBuf, Encoding, Status};
use pin_project_lite::pin_project;

use super::Call;
use crate::call::Received;
use crate::codec::{Codec, Method, ServiceDescriptor};
use crate::stream::{self, Close, Inbound, Open, Outbound};

/// A service of a contract; generated code implements it.
pub trait Service: Send + Sync + 'static {
    /// Its name and its methods.
    fn descriptor(&self) -> &'static ServiceDescriptor;

    /// Begins a call of the method with this index in the descriptor. Nothing of the handler runs before its first poll.
    fn start(&self, method: usize, call: Call, io: Io) -> Handling;
}

/// A call in progress. Written by [`Handling`]'s constructors; interceptors wrap it.
pub trait Handle: Send {
    /// Runs the handler. A reply of a unary shape is written into `out`, with its prefix, by the poll that is ready.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut EncodeBuf) -> Poll<Finished>;
}

/// How a handler ended.
#[derive(Debug)]
pub enum Finished {
    /// With OK, and one message in the buffer. An empty message has five bytes there.
    Message,
    /// With OK, and nothing more to send than what was streamed.
    Empty,
    /// Not with OK.
    Failed(Status),
}

/// A boxed [`Handle`].
pub struct Handling(pub(super) Pin<Box<dyn Handle>>);

impl Handling {
    /// A handler with one reply.
    pub fn unary<Q, R, F>(method: &'static Method<Q, R>, future: F) -> Self
    where
        R: Send,
        F: Future<Output = Result<R, Status>> + Send + 'static,
    {
        Self::new(Unary { path: method.path(), codec: method.response(), future })
    }

    /// A handler that streams its replies.
    pub fn streaming(future: impl Future<Output = Result<(), Status>> + Send + 'static) -> Self {
        Self::new(Streaming { future })
    }

    /// The end of a call whose method the service does not have.
    pub fn unimplemented(call: Call) -> Self {
        let status = unimplemented(call.path());
        Self::streaming(std::future::ready(Err(status)))
    }

    /// Any other [`Handle`].
    pub fn new(handle: impl Handle + 'static) -> Self {
        Self(Box::pin(handle))
    }
}

impl fmt::Debug for Handling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handling").finish_non_exhaustive()
    }
}

/// What a caller of something that is not served here is told.
pub(super) fn unimplemented(path: &str) -> Status {
    // What a peer sends in one byte again and again should not come back at its full length each time.
    let end = path.char_indices().nth(LONGEST_PATH).map_or(path.len(), |(at, _)| at);
    let (path, more) = path.split_at(end);
    let more = if more.is_empty() { "" } else { "…" };
    Status::unimplemented(format!("this server has no method {path}{more}: check the contract and the service's name"))
}

/// Characters of a path that an answer repeats.
const LONGEST_PATH: usize = 256;

pin_project! {
    struct Unary<R: 'static, F> {
        path: &'static str,
        codec: &'static dyn Codec<R>,
        #[pin]
        future: F,
    }
}

impl<R: Send, F: Future<Output = Result<R, Status>> + Send> Handle for Unary<R, F> {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut EncodeBuf) -> Poll<Finished> {
        let this = self.project();
        let reply = ready!(this.future.poll(cx));
        // Compression is the driver's: it knows what the handler asked for.
        let written =
            reply.and_then(|message| stream::encode(*this.codec, this.path, &message, Encoding::Identity, out));
        Poll::Ready(match written {
            Ok(()) => Finished::Message,
            Err(status) => Finished::Failed(status),
        })
    }
}

pin_project! {
    struct Streaming<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future<Output = Result<(), Status>> + Send> Handle for Streaming<F> {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>, _: &mut EncodeBuf) -> Poll<Finished> {
        Poll::Ready(match ready!(self.project().future.poll(cx)) {
            Ok(()) => Finished::Empty,
            Err(status) => Finished::Failed(status),
        })
    }
}

/// The messages of a call, in the shape that its method has. Streams come with the [`Call`] whose they are.
#[derive(Debug)]
pub struct Io {
    /// The request of a shape that has one.
    pub(super) message: Option<Received>,
}

impl Io {
    /// The one request.
    pub fn request<Q, R>(self, method: &'static Method<Q, R>) -> Request<Q> {
        Request { path: method.path(), codec: method.request(), message: self.message }
    }

    /// The one request, and the stream of replies.
    pub fn server_streaming<Q, R>(self, method: &'static Method<Q, R>, call: &Call) -> (Request<Q>, Outbound<R>) {
        (self.request(method), Outbound::new(Arc::clone(call.state()), replies(method)))
    }

    /// The stream of requests.
    pub fn inbound<Q, R>(self, method: &'static Method<Q, R>, call: &Call) -> Inbound<Q> {
        Inbound::new(Arc::clone(call.state()), requests(method))
    }

    /// Both streams.
    pub fn bidi<Q, R>(self, method: &'static Method<Q, R>, call: &Call) -> (Inbound<Q>, Outbound<R>) {
        let replies = Outbound::new(Arc::clone(call.state()), replies(method));
        (self.inbound(method, call), replies)
    }
}

fn requests<Q, R>(method: &'static Method<Q, R>) -> Open<Q> {
    Open::Decoded { path: method.path(), codec: method.request() }
}

fn replies<Q, R>(method: &'static Method<Q, R>) -> Close<R> {
    Close::Encoded { path: method.path(), codec: method.response() }
}

/// The one request of a call: a future that is ready at once, so that a message that does not decode fails inside of
/// the handler's future, where interceptors see it.
pub struct Request<Q: 'static> {
    path: &'static str,
    codec: &'static dyn Codec<Q>,
    message: Option<Received>,
}

impl<Q> Future for Request<Q> {
    type Output = Result<Q, Status>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(received) = self.message.take() else {
            let text = format!("the request of {} was taken already, or its method streams requests", self.path);
            return Poll::Ready(Err(Status::internal(text)));
        };
        Poll::Ready(stream::decode(self.codec, self.path, received))
    }
}

impl<Q> fmt::Debug for Request<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_repeats_only_the_beginning_of_a_long_path() {
        let status = unimplemented(&format!("/a.B/{}", "ü".repeat(10_000)));
        assert!(status.message().contains("üü…: check") && status.message().chars().count() < 400);
        assert!(unimplemented("/a.B/C").message().contains("/a.B/C: check"));
    }
}
