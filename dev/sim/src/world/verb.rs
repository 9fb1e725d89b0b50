//! What can be done to a connection, by its applications, by the network, and by time: one verb each.

use std::time::Duration;

use farcall_wire::grpc::Code;

use crate::Side;

/// One thing that is done. Calls are named by the order in which they were opened, from 0.
///
/// A verb that makes no sense at its time, such as an answer to a call that is over, does nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Verb {
    /// The client opens a call.
    Open {
        /// Its deadline, counted from now.
        timeout: Option<Duration>,
        /// Whether both applications give credit back as soon as they have a message.
        eager: bool,
    },
    /// One side sends a message.
    Send {
        /// Which.
        side: Side,
        /// On this call.
        call: usize,
        /// Bytes without the prefix.
        length: usize,
    },
    /// The client ends its half.
    Finish(usize),
    /// The client gives a call up.
    Cancel(usize),
    /// The server sends response headers.
    Head(usize),
    /// The server sends these messages, and the status.
    Answer {
        /// The call.
        call: usize,
        /// Lengths of the messages.
        lengths: Vec<usize>,
        /// `None` is OK.
        code: Option<Code>,
    },
    /// The server refuses what the client sent.
    Reject(usize),
    /// The server ends a call by RST_STREAM.
    Reset(usize),
    /// The server's handler of a cancelled call ends.
    Close(usize),
    /// One side consumes all messages that it has of a call.
    Read(Side, usize),
    /// One side ends gracefully.
    ShutDown(Side),
    /// One side ends at once.
    Abort(Side),
    /// SETTINGS of one side, between two of its frames.
    Say(Side, Vec<(u16, u32)>),
    /// A PING of one side, between two of its frames.
    Ping(Side),
    /// One side stops reading its socket, or goes on.
    Listen(Side, bool),
    /// What one side writes does not arrive for a while, then in one burst.
    Stall(Side, Duration),
    /// After so many bytes more of this side, the connection breaks.
    Break(Side, u64),
    /// Everything that can happen now does, and what is due within this time.
    Wait(Duration),
}
