//! What one side saw of one call.

use std::time::Duration;

use farcall_wire::grpc::{CallId, Processed, Status};

/// What happened to one call on one side.
#[derive(Debug)]
pub struct Log {
    /// The call.
    pub call: CallId,
    /// Which script it plays.
    pub(crate) script: usize,
    /// When the client opened it, or the server heard of it.
    pub began: Duration,
    /// Messages that this side has still to write.
    pub(crate) to_write: u64,
    /// Whether this side writes.
    pub(crate) writing: bool,
    /// Whole messages received.
    pub messages: u64,
    /// Bytes of them, without prefixes.
    pub bytes: u64,
    /// Credit of messages that were not read yet, in bytes.
    pub held: u64,
    /// Server: whether the client has ended its half.
    pub ended: bool,
    /// Client: how it ended. Server: `Err` when it was cancelled, `Ok` when it was answered.
    pub status: Option<Result<(), Status>>,
    /// Client: whether the server may have seen it.
    pub processed: Option<Processed>,
    /// When `status` was known.
    pub over: Option<Duration>,
}

impl Log {
    pub(crate) fn new(call: CallId, script: usize, began: Duration) -> Self {
        Self {
            call,
            script,
            began,
            to_write: 0,
            writing: false,
            messages: 0,
            bytes: 0,
            held: 0,
            ended: false,
            status: None,
            processed: None,
            over: None,
        }
    }

    /// Whether it ended well.
    pub fn is_ok(&self) -> bool {
        matches!(self.status, Some(Ok(())))
    }

    /// The status of a call that failed.
    ///
    /// # Panics
    ///
    /// When it is not over, or went well.
    pub fn error(&self) -> &Status {
        match &self.status {
            Some(Err(status)) => status,
            other => panic!("a failed call expected, but it is {other:?}"),
        }
    }

    /// Notes how it ended; a call ends once.
    pub(crate) fn end(&mut self, status: Result<(), Status>, now: Duration) {
        assert!(self.status.is_none(), "{:?} has ended twice: {:?}, then {status:?}", self.call, self.status);
        self.status = Some(status);
        self.over = Some(now);
    }
}
