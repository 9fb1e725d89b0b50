//! What a gRPC connection tells its application.

use std::sync::Arc;

use bytes::Bytes;

use super::{Message, Metadata, ReplyHead, RequestHead, Status};
use crate::error::Fault;
pub use crate::h2::event::Incident;
use crate::h2::{ErrorCode, StreamKey};

/// Names one call of one connection: a slot, which is small and used again, and a serial number, which is not.
///
/// The connection chooses it. [`CallId::slot`] is an index for tables beside the connection's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub(crate) StreamKey);

impl CallId {
    /// A small number that no other open call of this connection has.
    pub fn slot(self) -> usize {
        self.0.slot as usize
    }

    /// A number that no other call of this connection ever has; over HTTP/2 it is the stream's number.
    pub fn serial(self) -> u32 {
        self.0.id
    }
}

/// Something that the application should know.
#[derive(Debug)]
pub enum Event {
    /// The peer's first SETTINGS have arrived: the connection works in both directions.
    Ready,
    /// Server: a call begins. Ends with one `Cancelled`, or with the application's own [`super::Connection::reply`].
    Request {
        /// The call.
        call: CallId,
        /// What it asks for.
        head: Arc<RequestHead>,
    },
    /// Client: the response headers of a call (never for a call that ends without them).
    Headers {
        /// The call.
        call: CallId,
        /// What they say.
        head: Arc<ReplyHead>,
    },
    /// A whole message. Its credit goes back by [`super::Connection::release`] once it has been consumed.
    Message {
        /// The call.
        call: CallId,
        /// The message, still compressed if its flag says so.
        message: Message,
        /// Flow-control credit in bytes that this message holds.
        credit: u32,
    },
    /// Server: the peer has sent its last message.
    End {
        /// The call.
        call: CallId,
    },
    /// Client: the call is over; exactly once for each call that was opened. The id is free afterwards.
    Done {
        /// The call.
        call: CallId,
        /// How it ended.
        outcome: Outcome,
    },
    /// Server: the call is over before it was answered (reset, deadline, breach, connection lost). The application
    /// answers with [`super::Connection::close`] when its handler has ended; until then the call holds its slot.
    Cancelled {
        /// The call.
        call: CallId,
        /// Why.
        status: Status,
    },
    /// Queued bytes of a call have left, so that its sender may go on.
    Room {
        /// The call.
        call: CallId,
        /// How many bytes have left since the last such event.
        bytes: u32,
    },
    /// Client: [`super::Connection::available_calls`] has grown.
    Available,
    /// The peer will not take new calls on this connection.
    GoingAway {
        /// The HTTP/2 code that came with it.
        code: ErrorCode,
        /// What the peer said beside it.
        debug: Bytes,
    },
    /// Something for the log.
    Incident(Incident),
    /// The connection is over. Every call has ended before this event, and none follows.
    Over {
        /// Why, if it was not an orderly end.
        fault: Option<Fault>,
    },
}

/// How a client's call ended.
#[derive(Debug)]
pub struct Outcome {
    /// OK, or why not.
    pub status: Result<(), Status>,
    /// Trailing metadata, empty when there was none.
    pub trailers: Metadata,
    /// Whether the peer's application may have seen the call: a transparent retry needs to know (gRFC A6).
    pub processed: Processed,
}

impl Outcome {
    /// A call that went well, without trailing metadata.
    pub const OK: Self = Self { status: Ok(()), trailers: Metadata::new(), processed: Processed::Perhaps };
}

/// Whether the peer's application may have seen a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Processed {
    /// Certainly not: refused, or above the last stream of a GOAWAY.
    No,
    /// It may have.
    Perhaps,
}
