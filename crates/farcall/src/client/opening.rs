//! What a call's handle tells the channel's driver when the call begins.
//!
//! Messages are not here: they wait in the call's state, where the driver finds them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use farcall_wire::grpc::{Metadata, Payload};

use super::waiting::Waiter;
use crate::call::CallState;
use crate::codec::Shape;

/// What only a client's handles say to the owner of the mailbox.
#[derive(Debug)]
pub(crate) enum ClientCommand {
    /// A call begins.
    Open(Opening),
    /// A call failed because there is no connection; the next one would be glad of one.
    Connect,
    /// No handle of the channel is left.
    Closed,
}

/// A call that wants to be sent.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(super) state: Arc<CallState>,
    pub(super) path: &'static str,
    pub(super) shape: Shape,
    pub(super) metadata: Metadata,
    /// What the call may take, from the moment at which the driver hears of it.
    pub(super) timeout: Option<Duration>,
    /// When the call ends at the latest; the driver takes the earlier of the two.
    pub(super) deadline: Option<Instant>,
    pub(super) wait_for_ready: bool,
    /// It was sent before, and came back unprocessed.
    pub(super) retried: bool,
    /// The message of a call that does not stream requests, framed.
    pub(super) request: Payload,
}

impl Opening {
    /// Turns the timeout into a deadline.
    pub(super) fn begin(&mut self, now: Instant) {
        // A timeout beyond what an `Instant` can hold is none.
        let own = self.timeout.take().and_then(|timeout| now.checked_add(timeout));
        self.deadline = match (self.deadline, own) {
            (Some(given), Some(own)) => Some(given.min(own)),
            (given, own) => given.or(own),
        };
    }
}

impl Waiter for Opening {
    fn address(&self) -> usize {
        Arc::as_ptr(&self.state).addr()
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    fn waits_for_ready(&self) -> bool {
        self.wait_for_ready
    }
}
