//! What an HTTP/2 connection tells the layer above.

use std::sync::Arc;

use bytes::Bytes;

use super::{ErrorCode, Fields};
use crate::error::{Fault, Reason};

/// Names one stream of one connection: a slot, which is small and used again, and the stream's number, which is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamKey {
    pub(crate) slot: u32,
    pub(crate) id: u32,
}

impl StreamKey {
    /// A small number that no other stream of this connection has at this time.
    pub fn slot(self) -> usize {
        self.slot as usize
    }

    /// The stream's number.
    pub fn id(self) -> u32 {
        self.id
    }
}

/// Something that the layer above should know.
#[derive(Debug)]
pub enum Event {
    /// The peer's first SETTINGS have arrived.
    Ready,
    /// A header list: a request, a final response, or trailers. Interim responses (1xx) are passed over.
    Headers {
        /// The stream.
        stream: StreamKey,
        /// The list. The same list may come as the same `Arc` again.
        fields: Arc<Fields>,
        /// Whether the list follows the body.
        trailers: bool,
        /// Whether the peer has ended its half.
        end: bool,
    },
    /// A request whose header list passed the limits; its fields are gone, the stream is open.
    Oversize {
        /// The stream.
        stream: StreamKey,
        /// Whether the peer has ended its half.
        end: bool,
    },
    /// A piece of a body. Its length goes back by [`super::Connection::release`].
    Data {
        /// The stream.
        stream: StreamKey,
        /// The piece, without padding.
        bytes: Bytes,
        /// Whether the peer has ended its half.
        end: bool,
    },
    /// The stream is over before its end.
    Reset {
        /// The stream.
        stream: StreamKey,
        /// Who ended it, and why.
        cause: Cause,
    },
    /// Queued bytes of a stream have left.
    Room {
        /// The stream.
        stream: StreamKey,
        /// How many since the last such event.
        bytes: u32,
    },
    /// More streams may be opened than before.
    Available,
    /// The peer takes no new streams.
    GoingAway {
        /// The peer's code.
        code: ErrorCode,
        /// What the peer said beside it.
        debug: Bytes,
    },
    /// Something for the log.
    Incident(Incident),
    /// The connection is over; every stream has ended before this event.
    Over {
        /// Why, if it was not an orderly end.
        fault: Option<Fault>,
    },
}

/// Who ended a stream, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The peer sent RST_STREAM.
    Peer(ErrorCode),
    /// The peer's GOAWAY says that it will never look at this stream.
    Unprocessed,
    /// A breach, or the end of the connection.
    Fault(Reason),
}

/// Something that belongs in a log and changes nothing for the application.
#[derive(Debug, Clone)]
pub enum Incident {
    /// This side reset a stream.
    ResetSent {
        /// The stream's number.
        serial: u32,
        /// What the peer was told.
        code: ErrorCode,
        /// Why, when it was more than a wish of the application.
        reason: Option<Reason>,
    },
    /// The peer reset a stream.
    ResetReceived {
        /// The stream's number.
        serial: u32,
        /// The peer's code.
        code: ErrorCode,
    },
    /// This side sent GOAWAY.
    GoAwaySent {
        /// The code.
        code: ErrorCode,
        /// Why, when a fault was the reason.
        reason: Option<Reason>,
    },
    /// The peer sent GOAWAY.
    GoAwayReceived {
        /// The peer's code.
        code: ErrorCode,
        /// What the peer said beside it.
        debug: Bytes,
    },
    /// A header list passed its limits and was refused, or passed [`super::Config::header_list_soft`] and was taken.
    LargeHeaders {
        /// The stream's number.
        serial: u32,
        /// The limit in bytes as RFC 9113 §6.5.2 counts.
        limit: u32,
        /// Whether it was refused.
        refused: bool,
    },
}
