//! What has happened to each call, seen from above: who did what, who was told what, and whether the one explains the
//! other.
//!
//! The laws: a call ends once on each side and nothing follows; messages arrive whole, once, in order; an end that was
//! told has a cause; a call that is told as not processed was never seen by the server's application.

use std::collections::HashMap;
use std::time::Duration;

use farcall_wire::Reason;
use farcall_wire::grpc::{CallId, Code, Incident, Message, Outcome, Processed, Status};
use farcall_wire::h2::ErrorCode;

use super::contents;
use crate::Side;

/// One call.
#[derive(Debug)]
pub struct Entry {
    /// The client's name for it.
    pub(crate) client: CallId,
    /// How the server stands to it.
    pub(crate) serving: Serving,
    opened: Duration,
    /// The client's own.
    timeout: Option<Duration>,
    heard: Option<Duration>,
    pub(crate) eager: bool,
    /// What each side sends.
    pub(crate) halves: [Half; 2],
    pub(crate) cancelled: bool,
    rejected: bool,
    /// What the server has answered.
    pub(crate) answered: Option<Option<Code>>,
    /// RST_STREAM that each side has sent, and why.
    resets: [Option<(ErrorCode, Option<Reason>)>; 2],
    /// How the client was told that it ended.
    pub done: Option<Ending>,
}

/// How a call ended for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// `None` is OK.
    pub code: Option<Code>,
    /// Whether the server may have seen it.
    pub processed: Processed,
}

/// How the server stands to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serving {
    /// It has not heard of it.
    Unheard,
    /// Its handler runs.
    Runs(CallId),
    /// Its handler was told to stop, and has not yet.
    Stops(CallId),
    /// It is over.
    Over,
}

/// One direction of a call.
#[derive(Debug, Default)]
pub(crate) struct Half {
    /// Lengths of the messages that were sent.
    pub(crate) sent: Vec<usize>,
    pub(crate) finished: bool,
    pub(crate) received: usize,
    end_heard: bool,
    /// Credit of messages that the receiver has not given back.
    pub(crate) held: u32,
}

/// All calls of a connection.
#[derive(Debug, Default)]
pub struct Book {
    /// In the order in which they were opened.
    pub entries: Vec<Entry>,
    by_serial: HashMap<u32, usize>,
    /// The longest message that each side takes, in bytes.
    pub(crate) limits: [usize; 2],
    /// Sides that have told an end of which only the end of the connection can be the cause.
    pub(crate) must_be_over: [bool; 2],
}

impl Book {
    /// No calls, between sides that take messages of at most `limits` bytes.
    pub(crate) fn new(limits: [usize; 2]) -> Self {
        Self { limits, ..Self::default() }
    }

    pub(crate) fn open(&mut self, client: CallId, timeout: Option<Duration>, eager: bool, now: Duration) {
        let old = self.by_serial.insert(client.serial(), self.entries.len());
        assert!(old.is_none(), "{client:?} has a number that was used before");
        self.entries.push(Entry {
            client,
            serving: Serving::Unheard,
            opened: now,
            timeout,
            heard: None,
            eager,
            halves: [Half::default(), Half::default()],
            cancelled: false,
            rejected: false,
            answered: None,
            resets: [None; 2],
            done: None,
        });
    }

    /// The position of a call.
    pub(crate) fn position(&self, call: CallId) -> usize {
        *self.by_serial.get(&call.serial()).unwrap_or_else(|| panic!("{call:?} was never opened"))
    }

    /// The position of a call that is not over on this side.
    pub(crate) fn running(&self, side: Side, call: CallId) -> usize {
        let position = self.position(call);
        let id = self.entries[position].id(side);
        assert!(id == Some(call), "{side:?} was told of {call:?}, which is over for it ({id:?}); call {position}");
        position
    }

    pub(crate) fn request(&mut self, call: CallId, now: Duration) {
        let position = self.position(call);
        let entry = &mut self.entries[position];
        assert_eq!(entry.serving, Serving::Unheard, "the server was told twice of call {position}");
        let unseen = entry.done.is_some_and(|done| done.processed == Processed::No);
        assert!(!unseen, "the client was told that call {position} was never looked at, and now it is");
        (entry.serving, entry.heard) = (Serving::Runs(call), Some(now));
    }

    /// The next message of one side; its bytes.
    pub(crate) fn send(&mut self, side: Side, call: usize, length: usize) -> bytes::Bytes {
        let sent = &mut self.entries[call].halves[side as usize].sent;
        sent.push(length);
        contents::bytes(call, side, sent.len() - 1, length)
    }

    /// `reader` was told of a message.
    pub(crate) fn message(&mut self, reader: Side, call: CallId, message: &Message, credit: u32) -> usize {
        let position = self.running(reader, call);
        let from = reader.other();
        let half = &mut self.entries[position].halves[from as usize];
        assert!(!half.end_heard, "a message of {from:?} after its end, call {position}");
        let number = half.received;
        let length = half.sent.get(number).copied();
        let length = length.unwrap_or_else(|| panic!("message {number} of {from:?} was never sent, call {position}"));
        let same = contents::is(&message.payload, &contents::bytes(position, from, number, length));
        assert!(
            length <= self.limits[reader as usize],
            "a message of {length} bytes passes the limit, call {position}"
        );
        assert!(same, "message {number} of {from:?} is not what was sent ({length} bytes), call {position}");
        half.received += 1;
        half.held += credit;
        position
    }

    /// The server was told that the client has ended its half.
    pub(crate) fn end(&mut self, call: CallId) -> usize {
        let position = self.running(Side::Server, call);
        let half = &mut self.entries[position].halves[Side::Client as usize];
        assert!(half.finished && !half.end_heard, "the end of requests came, and should not have: call {position}");
        assert_eq!(half.received, half.sent.len(), "the end of requests came before all of them, call {position}");
        half.end_heard = true;
        position
    }

    /// The client was told that a call is over.
    pub(crate) fn done(&mut self, call: CallId, outcome: &Outcome, now: Duration) -> usize {
        let position = self.running(Side::Client, call);
        let code = outcome.status.as_ref().err().map(Status::code);
        let entry = &mut self.entries[position];
        let cause = entry.cause_of(code, outcome.processed, self.limits, now);
        let known = cause != Cause::None;
        assert!(known, "call {position} ended with {:?} for no reason: {entry:#?}", outcome.status);
        if cause == Cause::Connection {
            self.must_be_over[Side::Client as usize] = true;
        }
        if outcome.processed == Processed::No {
            assert!(entry.heard.is_none(), "call {position} is said not to have been looked at, but it was");
        }
        entry.done = Some(Ending { code, processed: outcome.processed });
        position
    }

    /// The server was told that a call is over.
    pub(crate) fn stop(&mut self, call: CallId, now: Duration) -> usize {
        let position = self.running(Side::Server, call);
        let entry = &mut self.entries[position];
        assert_eq!(entry.serving, Serving::Runs(call), "the server was told twice of the end of call {position}");
        let heard = entry.heard.unwrap_or_default();
        let late = entry.timeout.is_some_and(|timeout| heard + timeout <= now);
        let reset = entry.resets.iter().any(Option::is_some);
        let known = entry.cancelled || entry.rejected || entry.is_too_large(self.limits);
        if !(known || late || reset || entry.done.is_some()) {
            self.must_be_over[Side::Server as usize] = true;
        }
        entry.serving = Serving::Stops(call);
        position
    }

    /// One side has sent RST_STREAM.
    pub(crate) fn incident(&mut self, side: Side, incident: &Incident) {
        let Incident::ResetSent { serial, code, reason } = incident else { return };
        let Some(position) = self.by_serial.get(serial) else { return };
        let place = &mut self.entries[*position].resets[side as usize];
        assert!(place.is_none(), "{side:?} has reset call {position} twice: {place:?}, then {code}");
        *place = Some((*code, *reason));
    }

    pub(crate) fn reject(&mut self, call: usize) {
        self.entries[call].rejected = true;
    }
}

/// What explains the end of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// Nothing.
    None,
    /// What was done to the call.
    Call,
    /// Only the end of the connection.
    Connection,
}

impl Entry {
    /// Its name on one side, while it is not over there.
    pub(crate) fn id(&self, side: Side) -> Option<CallId> {
        match (side, self.serving) {
            (Side::Client, _) => Some(self.client).filter(|_| self.done.is_none()),
            (Side::Server, Serving::Runs(call) | Serving::Stops(call)) => Some(call),
            (Side::Server, Serving::Unheard | Serving::Over) => None,
        }
    }

    /// The server's name for it, while its handler may answer.
    pub(crate) fn runs(&self) -> Option<CallId> {
        match self.serving {
            Serving::Runs(call) => Some(call),
            _ => None,
        }
    }

    /// Whether the server's application was told of it.
    pub fn was_heard(&self) -> bool {
        self.heard.is_some()
    }

    /// Whether the server knows that the client has ended its half.
    pub(crate) fn is_asked(&self) -> bool {
        self.halves[Side::Client as usize].end_heard
    }

    /// Whether a message was sent that its receiver does not take.
    fn is_too_large(&self, limits: [usize; 2]) -> bool {
        let passes =
            |from: Side| self.halves[from as usize].sent.iter().any(|sent| *sent > limits[from.other() as usize]);
        passes(Side::Client) || passes(Side::Server)
    }

    /// What explains this end for the client.
    fn cause_of(&self, code: Option<Code>, processed: Processed, limits: [usize; 2], now: Duration) -> Cause {
        let late = self.timeout.is_some_and(|timeout| self.opened + timeout <= now);
        let reset = self.resets[Side::Server as usize].map(|(code, _)| code);
        let stalled = self.resets.iter().flatten().any(|(_, reason)| matches!(reason, Some(Reason::SendStall { .. })));
        let replies = &self.halves[Side::Server as usize];
        let all = replies.received == replies.sent.len();
        let explained = match code {
            code if self.answered == Some(code) && all => true,
            Some(Code::Cancelled) => self.cancelled || reset == Some(ErrorCode::Cancel),
            Some(Code::DeadlineExceeded) => late,
            Some(Code::Unimplemented) => self.rejected,
            Some(Code::ResourceExhausted) => self.is_too_large(limits),
            Some(Code::Unavailable) if processed == Processed::No => true,
            Some(Code::Unavailable) if stalled => true,
            Some(Code::Unavailable) => return Cause::Connection,
            _ => false,
        };
        if explained { Cause::Call } else { Cause::None }
    }
}
