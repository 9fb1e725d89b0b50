//! The client's side of a call: requests out, replies in.

use std::sync::Arc;
use std::time::Instant;

use super::call::{Call, Phase};
use super::connection::Refused;
use super::event::{Outcome, Processed};
use super::head_reading::{self, Ending, ReplyKind};
use super::head_writing;
use super::{CallId, Code, Connection, Event, Metadata, Payload, RequestHead, Status};
use crate::error::{Fault, Reason};
use crate::h2::event::Cause;
use crate::h2::{ErrorCode, Fields, Part};

impl Connection {
    /// Opens a call. `deadline` bounds all of it; `head.timeout` is what the peer is told, as a rule what remains.
    ///
    /// # Errors
    ///
    /// [`Refused`] where [`Self::available_calls`] is 0. A call whose headers the server does not take (S29) is opened
    /// and over at once: [`Event::Done`] says RESOURCE_EXHAUSTED, and nothing of it is sent.
    pub fn open(&mut self, head: &RequestHead, deadline: Option<Instant>) -> Result<CallId, Refused> {
        self.time.clear();
        if let Some(timeout) = head.timeout {
            head_writing::time(timeout, &mut self.time);
        }
        self.scratch.clear();
        head_writing::metadata(&head.metadata, &mut self.scratch);
        let (target, definition) = self.lists.request(head, &self.accept);
        let (target, definition) = (Part::Prepared(target), Part::Prepared(definition));
        let list = &mut [target, Part::Fresh(&self.time), definition, Part::Fresh(&self.scratch)];
        let fits = self.h2.check_list(list);
        let stream = if fits.is_ok() { self.h2.open_list(list, false) } else { self.h2.open_unsent() };
        let id = CallId(stream.ok_or(Refused)?);
        let mut call = Call::new(id, Phase::Waiting, self.config.receive_limit);
        call.deadline = deadline;
        self.begin(call);
        if let Err(reason) = fits {
            self.done(id, Err(Fault::call(reason).into()));
        }
        Ok(id)
    }

    /// Sends the last messages of a call, framed as for [`Self::send`], and ends the client's half with them.
    pub fn send_last(&mut self, call: CallId, framed: &Payload) {
        let known = self.calls.get(call).is_some();
        let small = framed.as_contiguous().filter(|_| known);
        if !small.is_some_and(|bytes| self.h2.send_data_now(call.0, bytes, true)) {
            self.send(call, framed.clone());
            self.finish(call);
        }
    }

    /// Ends the client's half after what is queued.
    pub fn finish(&mut self, call: CallId) {
        if self.calls.get(call).is_some() {
            self.h2.end(call.0);
        }
    }

    /// A response, or trailers.
    pub(super) fn handle_reply(&mut self, id: CallId, fields: &Arc<Fields>, end: bool, now: Instant) {
        let Some(call) = self.calls.get(id) else { return };
        match &call.phase {
            Phase::Waiting if end => {
                // W30: Trailers-Only, or an answer without a body that is not gRPC.
                let ending = head_reading::ending(fields);
                let head = head_reading::reply(fields);
                self.done_by(id, ending, &head.kind, now);
            }
            Phase::Waiting => self.begin_reply(id, fields),
            Phase::Receiving => {
                if let Err(fault) = call.splitter.end() {
                    let ending = head_reading::ending(fields);
                    // A status says more than the message that it cut off, unless it says OK.
                    match ending {
                        Some(Ending { status: Err(_), .. }) => self.done_by(id, ending, &ReplyKind::Grpc, now),
                        _ => self.done(id, Err(fault.into())),
                    }
                    return;
                }
                let ending = self.read_ending(fields);
                self.done_by(id, ending, &ReplyKind::Grpc, now);
            }
            Phase::Foreign { .. } => {
                let ending = head_reading::ending(fields);
                self.done_foreign(id, ending, now);
            }
            Phase::Asked { .. } | Phase::Replying | Phase::Cancelled => {}
        }
    }

    /// The response headers of a call.
    fn begin_reply(&mut self, id: CallId, fields: &Arc<Fields>) {
        let Some(call) = self.calls.get_mut(id) else { return };
        if let Some(head) = self.seen.reply(fields) {
            (call.encoding, call.phase) = (Some(head.encoding), Phase::Receiving);
            return self.events.push_back(Event::Headers { call: id, head });
        }
        let reply = head_reading::reply(fields);
        call.encoding = reply.encoding;
        if let ReplyKind::Foreign { status, content_type } = reply.kind {
            call.phase = Phase::Foreign { status, content_type, text: Vec::new() };
            return;
        }
        call.phase = Phase::Receiving;
        if let Some(status) = reply.invalid {
            self.h2.reset(id.0, ErrorCode::Cancel, None);
            return self.done(id, Err(status));
        }
        let head = Arc::new(reply.head);
        if reply.encoding.is_some() {
            self.seen.note_reply(fields, &head);
        }
        self.events.push_back(Event::Headers { call: id, head });
    }

    /// Reads trailers, or remembers them.
    fn read_ending(&mut self, fields: &Arc<Fields>) -> Option<Ending> {
        if self.seen.is_ok(fields) {
            return Some(Ending { status: Ok(()), trailers: Metadata::new() });
        }
        let ending = head_reading::ending(fields)?;
        if ending.status.is_ok() && ending.trailers.is_empty() {
            self.seen.note_ok(fields);
        }
        Some(ending)
    }

    /// A call ends with a header list.
    fn done_by(&mut self, id: CallId, ending: Option<Ending>, kind: &ReplyKind, now: Instant) {
        match (ending, kind) {
            // §1.4: grpc-status wins over everything that HTTP says.
            (Some(Ending { status, trailers }), _) => self.done_with(id, status, trailers, now),
            (None, ReplyKind::Grpc) => self.done(id, Err(Status::unknown("the reply ended without a grpc-status"))),
            (None, ReplyKind::Foreign { status, content_type }) => {
                let status = foreign(*status, content_type, &[]);
                self.done(id, Err(status));
            }
        }
    }

    /// A non-gRPC answer has come to its end, or has said enough.
    pub(super) fn done_foreign(&mut self, id: CallId, ending: Option<Ending>, now: Instant) {
        let Some(Call { phase: Phase::Foreign { status, content_type, text }, .. }) = self.calls.get(id) else {
            return;
        };
        let status = foreign(*status, content_type, text);
        match ending {
            Some(Ending { status, trailers }) => self.done_with(id, status, trailers, now),
            None => self.done(id, Err(status)),
        }
    }

    /// DATA with END_STREAM: gRPC always ends with trailers.
    pub(super) fn done_without_trailers(&mut self, id: CallId) {
        let what = match self.calls.get(id).map(|call| &call.phase) {
            Some(Phase::Waiting) => Status::internal("the server ended the stream without response headers"),
            _ => Status::unknown("the server ended the stream without trailers, so that no status is known"),
        };
        self.done(id, Err(what));
    }

    pub(super) fn handle_client_reset(&mut self, id: CallId, cause: Cause, now: Instant) {
        // A server that has answered has seen the call, whatever it says afterwards.
        let waiting = self.calls.get(id).is_some_and(|call| matches!(call.phase, Phase::Waiting));
        let processed = match cause {
            Cause::Peer(ErrorCode::RefusedStream) | Cause::Unprocessed if waiting => Processed::No,
            Cause::Peer(_) | Cause::Unprocessed | Cause::Fault(_) => Processed::Perhaps,
        };
        let status = match cause {
            Cause::Peer(code) => reset_by_peer(code),
            Cause::Unprocessed => {
                Status::unavailable("the server is going away and has not looked at this call: try again")
            }
            Cause::Fault(reason) => Fault::call(reason).into(),
        };
        let status = self.check_deadline(id, status, now);
        self.end_call(id, Outcome { status: Err(status), trailers: Metadata::new(), processed });
    }

    fn done_with(&mut self, id: CallId, status: Result<(), Status>, trailers: Metadata, now: Instant) {
        match status {
            // W50: nothing of the trailers is used when it was the deadline.
            Err(status) if status.code() == Code::Cancelled && self.is_late(id, now) => {
                self.done(id, Err(Fault::call(Reason::DeadlineExceeded).into()));
            }
            status => self.end_call(id, Outcome { status, trailers, processed: Processed::Perhaps }),
        }
    }

    pub(super) fn done(&mut self, id: CallId, status: Result<(), Status>) {
        self.end_call(id, Outcome { status, trailers: Metadata::new(), processed: Processed::Perhaps });
    }

    /// W50: what a cancelled call is told after its own deadline is DEADLINE_EXCEEDED.
    fn check_deadline(&self, id: CallId, status: Status, now: Instant) -> Status {
        match status.code() == Code::Cancelled && self.is_late(id, now) {
            true => Fault::call(Reason::DeadlineExceeded).into(),
            false => status,
        }
    }

    /// Whether the deadline of a call has passed.
    fn is_late(&self, id: CallId, now: Instant) -> bool {
        self.calls.get(id).and_then(|call| call.deadline).is_some_and(|at| at <= now)
    }

    /// Ends a call, and tells the application.
    fn end_call(&mut self, id: CallId, outcome: Outcome) {
        if self.finish_call(id) {
            self.events.push_back(Event::Done { call: id, outcome });
        }
    }

    /// Ends what of a call's stream is still open, and forgets the call; `false` when it is not known.
    pub(super) fn finish_call(&mut self, id: CallId) -> bool {
        //= RFC 9113 §8.1: a reset that follows a whole response takes nothing of it away
        let known = self.remove(id);
        if known {
            // A complete response lets the client stop its request.
            self.h2.reset(id.0, ErrorCode::NoError, None);
            self.h2.forget(id.0);
        }
        known
    }
}

/// What an RST_STREAM of the server means (§1.5 of the requirements).
fn reset_by_peer(code: ErrorCode) -> Status {
    let grpc = match code {
        ErrorCode::RefusedStream => Code::Unavailable,
        ErrorCode::Cancel => Code::Cancelled,
        ErrorCode::EnhanceYourCalm => Code::ResourceExhausted,
        ErrorCode::InadequateSecurity => Code::PermissionDenied,
        _ => Code::Internal,
    };
    let why = match code {
        ErrorCode::EnhanceYourCalm => ": the server finds that too much bandwidth or too many calls were used",
        ErrorCode::NoError => " before it had sent a status",
        _ => "",
    };
    Status::new(grpc, format!("the server reset the call with {code}{why}"))
}

/// What an answer that is not gRPC means (§1.4).
fn foreign(status: u16, content_type: &str, text: &[u8]) -> Status {
    let mut message =
        format!("the server does not speak gRPC here: HTTP status {status}, content-type \"{content_type}\"");
    if !text.is_empty() {
        message.push_str(", and says: ");
        message.push_str(String::from_utf8_lossy(text).trim());
    }
    Status::new(Code::from_http(status), message)
}
