//! The server's side of a call: requests in, replies out.

use std::sync::Arc;
use std::time::Instant;

use super::call::{Call, Phase};
use super::head_reading::{self, Refusal};
use super::head_writing;
use super::{CallId, Connection, EncodeBuf, Event, ReplyEnd, ReplyHead, RequestHead, Splitter, Status};
use crate::error::{Fault, Reason};
use crate::h2::{ErrorCode, Fields, Part, StreamKey};

impl Connection {
    pub(super) fn handle_request(&mut self, stream: StreamKey, fields: &Arc<Fields>, end: bool, now: Instant) {
        let head = match self.read_head(fields) {
            Ok(head) => head,
            Err(refusal) => return self.refuse_request(stream, refusal),
        };
        let id = CallId(stream);
        let phase = Phase::Asked { subtype: head.subtype.clone() };
        let mut call = Call::new(id, phase, self.config.receive_limit);
        call.encoding = Some(head.encoding);
        call.deadline = head.timeout.and_then(|timeout| now.checked_add(timeout));
        self.begin(call);
        if let Some(from) = head.timeout.and_then(|timeout| now.checked_add(timeout / 4 * 3)) {
            // A deadline that passes at the client is a reset here, a little before or after our own clock says so. When
            // many pass at once, because this server is slow, that must not cost the connection.
            self.h2.excuse_reset_from(stream, from);
        }
        if head.timeout.is_some_and(|timeout| timeout.is_zero()) {
            // W9: a call that comes too late never reaches its handler.
            return self.answer(id, &ReplyEnd::from(Status::from(Fault::call(Reason::DeadlineExceeded))));
        }
        self.events.push_back(Event::Request { call: id, head });
        if end {
            self.events.push_back(Event::End { call: id });
        }
    }

    /// Reads a head, or remembers it.
    fn read_head(&mut self, fields: &Arc<Fields>) -> Result<Arc<RequestHead>, Refusal> {
        if let Some(head) = self.seen.request(fields) {
            return Ok(head);
        }
        let head = Arc::new(head_reading::request(fields, self.config.accept)?);
        self.seen.note_request(fields, &head);
        Ok(head)
    }

    fn refuse_request(&mut self, stream: StreamKey, refusal: Refusal) {
        self.scratch.clear();
        head_writing::refusal(&refusal, &self.accept, &mut self.scratch);
        self.h2.send_headers(stream, &self.scratch, true);
        self.h2.forget(stream);
    }

    /// A header list above its limits: 431 for HTTP, RESOURCE_EXHAUSTED for gRPC, on that stream alone (W15).
    pub(super) fn refuse_oversize(&mut self, stream: StreamKey) {
        let limit = self.config.h2.header_list_limit;
        let status = Fault::call(Reason::HeaderListTooLarge { limit }).into();
        self.refuse_request(stream, Refusal { http: 431, status: Some(status) });
    }

    /// Sends response headers before the first message.
    pub fn reply_head(&mut self, call: CallId, head: &ReplyHead) {
        if let Err(reason) = self.send_head(call, head) {
            self.refuse(call, Fault::call(reason).into());
        }
    }

    /// Sends response headers, if they have not left. `Err`: the peer does not take so many (S29).
    fn send_head(&mut self, call: CallId, head: &ReplyHead) -> Result<(), Reason> {
        let Some(known) = self.calls.get_mut(call) else { return Ok(()) };
        if let Phase::Asked { subtype } = &known.phase {
            let common = self.lists.reply(head.encoding, subtype, &self.accept);
            self.scratch.clear();
            head_writing::metadata(&head.metadata, &mut self.scratch);
            let list = &mut [Part::Prepared(common), Part::Fresh(&self.scratch)];
            self.h2.check_list(list)?;
            known.phase = Phase::Replying;
            self.h2.send_list(call.0, list, false);
        }
        Ok(())
    }

    /// Sends the rest of a reply: response headers if they have not left, the framed messages in `body`, trailers.
    /// `body` is left empty. No event follows for this call; a call that is over already ignores it all.
    pub fn reply(&mut self, call: CallId, head: &ReplyHead, body: &mut EncodeBuf, end: &ReplyEnd) {
        // A codec that panicked has left half of a message.
        body.roll_back();
        let asked = match self.calls.get(call).map(|known| &known.phase) {
            Some(Phase::Asked { subtype }) => {
                let plain = end.status.is_ok() && end.trailers.is_empty() && head.metadata.is_empty();
                if let (true, Some(bytes)) = (plain, body.contiguous()) {
                    let (head, ok) = self.lists.whole_reply(head.encoding, subtype, &self.accept);
                    if self.h2.send_reply(call.0, head, bytes, ok) {
                        body.clear();
                        return self.let_go(call.0);
                    }
                }
                true
            }
            Some(Phase::Replying) => false,
            _ => return body.clear(),
        };
        if asked && body.is_empty() && end.status.is_err() {
            // W31: a call that fails before anything was said is answered by trailers alone.
            body.clear();
            return self.trailers_only(call, head, end);
        }
        if let Err(reason) = self.send_head(call, head) {
            body.clear();
            return self.answer(call, &Status::from(Fault::call(reason)).into());
        }
        let sent = match body.contiguous() {
            Some(bytes) => self.h2.send_data_now(call.0, bytes, false),
            None => false,
        };
        if sent {
            body.clear();
        } else {
            self.send(call, body.take());
        }
        self.send_trailers(call, end);
        self.let_go(call.0);
    }

    /// Answers with a status alone.
    fn answer(&mut self, call: CallId, end: &ReplyEnd) {
        self.trailers_only(call, &ReplyHead::default(), end);
    }

    fn trailers_only(&mut self, call: CallId, head: &ReplyHead, end: &ReplyEnd) {
        self.write_trailers_only(call, head, end);
        self.let_go(call.0);
    }

    fn write_trailers_only(&mut self, call: CallId, head: &ReplyHead, end: &ReplyEnd) {
        let Some(Phase::Asked { subtype }) = self.calls.get(call).map(|known| &known.phase) else { return };
        let common = self.lists.reply(head.encoding, subtype, &self.accept);
        self.scratch.clear();
        head_writing::metadata(&head.metadata, &mut self.scratch);
        head_writing::trailers(end, &mut self.scratch);
        if let Err(reason) = self.h2.check_list(&[Part::Prepared(common), Part::Fresh(&self.scratch)]) {
            only_status(reason, &mut self.scratch);
        }
        let list = &mut [Part::Prepared(common), Part::Fresh(&self.scratch)];
        match self.h2.check_list(list) {
            Ok(()) => self.h2.send_list(call.0, list, true),
            Err(reason) => self.h2.reset(call.0, reason.http2(), Some(reason)),
        }
    }

    fn send_trailers(&mut self, call: CallId, end: &ReplyEnd) {
        if end.status.is_ok() && end.trailers.is_empty() {
            let list = &mut [Part::Prepared(self.lists.ok())];
            if self.h2.check_list(list).is_ok() {
                return self.h2.end_with_list(call.0, list);
            }
        }
        self.scratch.clear();
        head_writing::trailers(end, &mut self.scratch);
        if let Err(reason) = self.h2.check_list(&[Part::Fresh(&self.scratch)]) {
            only_status(reason, &mut self.scratch);
        }
        let list = &mut [Part::Fresh(&self.scratch)];
        match self.h2.check_list(list) {
            Ok(()) => self.h2.end_with_list(call.0, list),
            Err(reason) => self.h2.reset(call.0, reason.http2(), Some(reason)),
        }
    }

    /// The peer broke a rule within a call: it gets a status, the handler is cancelled.
    pub(super) fn refuse(&mut self, call: CallId, status: Status) {
        let end = ReplyEnd::from(status.clone());
        match self.calls.get(call).map(|known| &known.phase) {
            Some(Phase::Asked { .. }) => self.write_trailers_only(call, &ReplyHead::default(), &end),
            Some(Phase::Replying) => self.send_trailers(call, &end),
            _ => return,
        }
        self.cancel(call, status);
    }

    /// Refuses a call that has not been answered, because of what the peer sent. Until [`Self::close`] the call keeps
    /// its slot, unless nothing was started for it and it is closed at once.
    pub fn reject(&mut self, call: CallId, reason: Reason) {
        self.refuse(call, Fault::call(reason).into());
    }

    /// Tells the application that a call is over.
    pub(super) fn cancel(&mut self, id: CallId, status: Status) {
        let Some(call) = self.calls.get_mut(id) else { return };
        if matches!(call.phase, Phase::Cancelled) {
            return;
        }
        call.phase = Phase::Cancelled;
        if let Some(at) = call.deadline.take() {
            self.deadlines.remove(at, id);
        }
        self.unfinished = self.unfinished.saturating_sub(std::mem::take(&mut call.unfinished) as u64);
        // What is no longer counted is no longer held, however long the handler takes to end.
        call.splitter = Splitter::new(0);
        call.partial = 0;
        let early = std::mem::take(&mut call.early);
        self.events.push_back(Event::Cancelled { call: id, status });
        self.hungry.done(id, early);
        self.feed_next();
    }

    /// The handler of a cancelled call has ended: its slot is free.
    pub fn close(&mut self, call: CallId) {
        if matches!(self.calls.get(call), Some(Call { phase: Phase::Cancelled, .. })) {
            self.let_go(call.0);
        }
    }

    /// Ends a call by RST_STREAM. Client: [`Event::Done`] follows. Server: the call is over and its slot free.
    pub fn reset(&mut self, call: CallId, reason: Reason) {
        if self.calls.get(call).is_none() {
            return;
        }
        self.h2.reset(call.0, ErrorCode::Cancel, Some(reason));
        match self.h2.role() {
            crate::h2::Role::Server => self.let_go(call.0),
            crate::h2::Role::Client => self.done(call, Err(Fault::call(reason).into())),
        }
    }
}

/// S29: a status without what makes its list too large for the peer. One that does not take even that gets a reset.
fn only_status(reason: Reason, list: &mut Fields) {
    list.clear();
    head_writing::trailers(&Status::from(Fault::call(reason)).into(), list);
}
