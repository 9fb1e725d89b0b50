//! What one kind of call does, on both sides: the applications of the simulation play it.

use std::time::Duration;

use bytes::Bytes;
use farcall_wire::grpc::{Code, EncodeBuf, Payload};

/// The story of a call. The path names it, so that the server finds it again.
#[derive(Debug, Clone)]
pub struct Script {
    /// `/package.Service/Method`.
    pub path: &'static str,
    /// The deadline, counted from when the call is opened.
    pub timeout: Option<Duration>,
    /// What the client sends before it ends its half.
    pub request: Body,
    /// Whether the client ends its half after the last message.
    pub finishes: bool,
    /// When the server answers.
    pub reply: Reply,
    /// What the server sends.
    pub replies: Body,
    /// How the server ends it; `None` is OK.
    pub fails: Option<Code>,
    /// Whether the client gives credit back as soon as a message is there. If not, [`crate::Pair::read`] does.
    pub client_reads: bool,
    /// The same for the server.
    pub server_reads: bool,
}

/// When a server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// When the client has ended its half.
    AtEnd,
    /// As soon as the request is there.
    AtOnce,
    /// When the test says so, by [`crate::Pair::answer`].
    WhenTold,
}

/// Messages of one half of a call.
#[derive(Debug, Clone)]
pub struct Body {
    /// How many.
    pub count: u64,
    framed: Payload,
}

impl Body {
    /// `count` times the same message.
    pub fn new(count: u64, message: impl Into<Bytes>) -> Self {
        let mut buffer = EncodeBuf::new(usize::MAX);
        buffer.begin_message();
        buffer.put_shared(message.into());
        buffer.end_message(false).expect("a message without limit");
        Self { count, framed: buffer.take() }
    }

    /// `count` messages of `length` bytes.
    pub fn of_length(count: u64, length: usize) -> Self {
        Self::new(count, vec![b'.'; length])
    }

    /// No message.
    pub fn none() -> Self {
        Self { count: 0, framed: Payload::default() }
    }

    /// One message with its prefix.
    pub(crate) fn framed(&self) -> Payload {
        self.framed.clone()
    }
}

impl Script {
    /// A unary call: one short message there, one back.
    pub fn unary(path: &'static str) -> Self {
        Self {
            path,
            timeout: None,
            request: Body::new(1, "hello"),
            finishes: true,
            reply: Reply::AtEnd,
            replies: Body::new(1, "world"),
            fails: None,
            client_reads: true,
            server_reads: true,
        }
    }

    /// A download: a short message there, `replies` back.
    pub fn download(path: &'static str, replies: Body) -> Self {
        Self { replies, reply: Reply::AtOnce, ..Self::unary(path) }
    }

    /// An upload: `request` there, a short message back at its end.
    pub fn upload(path: &'static str, request: Body) -> Self {
        Self { request, ..Self::unary(path) }
    }

    /// A call that nobody answers.
    pub fn unanswered(path: &'static str) -> Self {
        Self { reply: Reply::WhenTold, ..Self::unary(path) }
    }

    /// The same with a deadline.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self }
    }
}
