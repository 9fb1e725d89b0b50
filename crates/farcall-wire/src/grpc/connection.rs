//! A gRPC connection, either role: calls, messages and their ends over HTTP/2 streams.
//!
//! The application's one door to the engine. `server` and `client` have what belongs to one role, `receive` has what
//! both do with bytes that arrive. Nothing that a peer does is an error to the caller: it is an event.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::BytesMut;

use super::call::{Call, Calls, Phase};
use super::credit::Hungry;
use super::deadlines::Deadlines;
use super::lists::Lists;
use super::seen::Seen;
use super::{CallId, Config, Event, Payload, ReplyHead, Status};
use crate::error::{Fault, Reason};
use crate::h2::event::{Cause, Event as H2Event};
use crate::h2::{self, ErrorCode, Fields, Role, StreamKey};
use crate::outbox::Outbox;

/// One gRPC connection.
#[derive(Debug)]
pub struct Connection {
    pub(crate) h2: h2::Connection,
    pub(super) config: Config,
    pub(super) calls: Calls,
    pub(super) deadlines: Deadlines,
    pub(super) events: VecDeque<Event>,
    /// Header lists that calls have in common.
    pub(super) lists: Lists,
    /// What is different in each list is written here before it is sent.
    pub(super) scratch: Fields,
    /// The same for a request's timeout, which stands between what requests have in common.
    pub(super) time: Fields,
    /// `grpc-accept-encoding` of this side; empty when only identity is understood.
    pub(super) accept: Vec<u8>,
    pub(super) seen: Seen,
    /// Bytes of unfinished messages of all calls.
    pub(super) unfinished: u64,
    pub(super) hungry: Hungry,
}

/// A call could not be opened: see [`Connection::available_calls`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

impl Connection {
    /// A client's connection; preface and SETTINGS are in the outbox.
    pub fn client(config: Config, now: Instant) -> Self {
        let h2 = h2::Connection::client(config.h2.clone(), now);
        Self::new(h2, config)
    }

    /// A server's connection; SETTINGS are in the outbox.
    pub fn server(config: Config, now: Instant) -> Self {
        let h2 = h2::Connection::server(config.h2.clone(), now);
        Self::new(h2, config)
    }

    fn new(h2: h2::Connection, config: Config) -> Self {
        let mut accept = Vec::new();
        if config.accept.iter().any(|encoding| encoding != super::Encoding::Identity) {
            config.accept.write_list(&mut accept);
        }
        Self {
            h2,
            config,
            calls: Calls::default(),
            deadlines: Deadlines::default(),
            events: VecDeque::new(),
            lists: Lists::default(),
            scratch: Fields::new(),
            time: Fields::new(),
            accept,
            seen: Seen::default(),
            unfinished: 0,
            hungry: Hungry::default(),
        }
    }

    /// Takes all whole frames out of `bytes` and leaves the rest. Poll for events until there are none afterwards.
    pub fn handle_bytes(&mut self, bytes: &mut BytesMut, now: Instant) {
        self.h2.handle_bytes(bytes, now);
    }

    /// The peer has closed its side, or the socket has failed.
    pub fn handle_eof(&mut self) {
        self.h2.handle_eof();
    }

    /// Says what time it is. What is sent from now on is timed from here, not from what happened last.
    pub fn note_time(&mut self, now: Instant) {
        self.h2.note_time(now);
    }

    /// Does what is due at `now`: deadlines of calls, timers of the connection.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.h2.handle_timeout(now);
        while let Some(id) = self.deadlines.expire(now) {
            self.expire(id);
        }
    }

    /// Sends whole messages, each with its prefix, as [`super::EncodeBuf::take`] gives them. Nothing happens to a call
    /// that is over. A server whose response headers have not left sends plain ones first (W30).
    pub fn send(&mut self, call: CallId, framed: Payload) {
        if let Some(known) = self.calls.get(call) {
            if matches!(known.phase, Phase::Asked { .. }) {
                self.reply_head(call, &ReplyHead::default());
            }
            for segment in framed.segments() {
                self.h2.send_data(call.0, segment.clone());
            }
        }
    }

    /// Bytes that wait to be sent for all calls together.
    pub fn queued(&self) -> usize {
        self.h2.queued()
    }

    /// Bytes that wait to be sent for a call.
    pub fn queued_on(&self, call: CallId) -> usize {
        self.h2.queued_on(call.0)
    }

    /// Returns the credit of messages that were consumed; the sum of several [`Event::Message`] may come at once.
    pub fn release(&mut self, call: CallId, credit: u32) {
        let Some(known) = self.calls.get_mut(call) else { return };
        // No more than there is: a window must not grow by what its owner counts wrongly.
        let credit = u32::try_from(known.delivered).unwrap_or(u32::MAX).min(credit);
        known.delivered -= u64::from(credit);
        self.h2.release(call.0, credit);
        self.feed(call);
    }

    /// Ends gracefully: no new calls, open ones finish. A server tells the peer twice, a round trip apart, so that no
    /// call is lost that the peer has sent.
    pub fn shut_down(&mut self, now: Instant) {
        self.h2.shut_down(now);
    }

    /// Ends at once, with GOAWAY; every call ends.
    pub fn abort(&mut self, reason: Reason) {
        self.h2.abort(reason);
    }

    /// What the application should know next.
    pub fn poll_event(&mut self, now: Instant) -> Option<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            let event = self.h2.poll_event()?;
            self.translate(event, now);
        }
    }

    /// Whether [`Self::poll_event`] may have something.
    pub fn has_events(&self) -> bool {
        !self.events.is_empty() || self.h2.has_events()
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.h2.poll_timeout(), self.deadlines.next()].into_iter().flatten().min()
    }

    /// The bytes to be written next. Write, advance, and ask again until it is empty or the socket is full.
    pub fn outbox(&mut self) -> &mut Outbox {
        self.h2.outbox()
    }

    /// Whether bytes of the peer are welcome. Not while too much waits to be written: writing makes it true again.
    pub fn wants_bytes(&self) -> bool {
        self.h2.wants_bytes()
    }

    /// Client: how many more calls may be opened now.
    pub fn available_calls(&self) -> usize {
        self.h2.available_streams()
    }

    /// Calls that have their slot.
    pub fn open_calls(&self) -> usize {
        self.h2.open_streams()
    }

    /// Whether the connection is over and everything has been written: shut the socket down.
    pub fn is_drained(&self) -> bool {
        self.h2.is_drained()
    }

    /// Bytes that unfinished messages hold, all calls together.
    pub fn unfinished(&self) -> u64 {
        self.unfinished
    }

    fn translate(&mut self, event: H2Event, now: Instant) {
        let server = self.h2.role() == Role::Server;
        match event {
            H2Event::Headers { stream, fields, trailers: false, end } if server => {
                self.handle_request(stream, &fields, end, now);
            }
            H2Event::Headers { stream, trailers: true, .. } if server => self.handle_end(CallId(stream)),
            H2Event::Headers { stream, fields, end, .. } => self.handle_reply(CallId(stream), &fields, end, now),
            H2Event::Oversize { stream, .. } => self.refuse_oversize(stream),
            H2Event::Data { stream, bytes, end } => self.handle_data(CallId(stream), bytes, end, now),
            H2Event::Reset { stream, cause } => self.handle_reset(CallId(stream), cause, now),
            H2Event::Room { stream, .. } if self.calls.get(CallId(stream)).is_none() => {}
            H2Event::Room { stream, bytes } => self.events.push_back(Event::Room { call: CallId(stream), bytes }),
            H2Event::Ready => self.events.push_back(Event::Ready),
            H2Event::Available if server => {}
            H2Event::Available => self.events.push_back(Event::Available),
            H2Event::GoingAway { code, debug } => self.events.push_back(Event::GoingAway { code, debug }),
            H2Event::Incident(incident) => self.events.push_back(Event::Incident(incident)),
            H2Event::Over { fault } => self.events.push_back(Event::Over { fault }),
        }
    }

    fn handle_reset(&mut self, id: CallId, cause: Cause, now: Instant) {
        if self.calls.get(id).is_none() {
            // Refused before the application heard of it.
            return self.h2.forget(id.0);
        }
        match self.h2.role() {
            Role::Server => {
                // Whatever happened, the handler's call is cancelled (W65).
                let text = match cause {
                    Cause::Peer(code) => format!("the client reset the call with {code}"),
                    Cause::Unprocessed => "the client is going away".to_owned(),
                    Cause::Fault(reason) => reason.to_string(),
                };
                self.cancel(id, Status::cancelled(text));
            }
            Role::Client => self.handle_client_reset(id, cause, now),
        }
    }

    /// The deadline of a call has passed.
    fn expire(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(id) else { return };
        call.deadline = None;
        let reason = Reason::DeadlineExceeded;
        let status = Fault::call(reason).into();
        let server = self.h2.role() == Role::Server;
        if server && self.h2.queued_on(id.0) == 0 {
            // A status says more than CANCEL does: a client whose own clock is a little behind this one takes a reset
            // for CANCELLED, as grpcio does. Behind queued messages a status might never leave.
            return self.refuse(id, status);
        }
        // W50: the peer learns of it by CANCEL, the application by DEADLINE_EXCEEDED.
        self.h2.reset(id.0, ErrorCode::Cancel, Some(reason));
        if server { self.cancel(id, status) } else { self.done(id, Err(status)) }
    }

    /// Adds a call.
    pub(super) fn begin(&mut self, call: Call) {
        if let Some(at) = call.deadline {
            self.deadlines.insert(at, call.id);
        }
        self.calls.insert(call);
    }

    /// Takes a call out of every table; `false` when it is in none. Its stream is not touched.
    pub(super) fn remove(&mut self, id: CallId) -> bool {
        let Some(call) = self.calls.get(id) else { return false };
        let (unfinished, deadline, early) = (call.unfinished as u64, call.deadline, call.early);
        self.calls.remove(id);
        self.unfinished = self.unfinished.saturating_sub(unfinished);
        if let Some(at) = deadline {
            self.deadlines.remove(at, id);
        }
        self.hungry.done(id, early);
        self.feed_next();
        true
    }

    /// Removes a call and lets go of its stream.
    pub(super) fn let_go(&mut self, stream: StreamKey) {
        self.remove(CallId(stream));
        self.h2.forget(stream);
    }
}

#[cfg(test)]
mod tests;
