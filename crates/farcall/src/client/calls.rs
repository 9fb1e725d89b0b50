//! The calls on one connection: what its events mean to them, and what their handles' commands mean to it.
//!
//! No sockets and no states of connectivity here; calls that must go back, and changes of the connection, are told to
//! the [`Lobby`].

use std::sync::Arc;
use std::task::Context;
use std::time::Instant;

use farcall_wire::grpc::{
    CallId, Connection, Event, Message, Outcome, Payload, Processed, ReplyHead, RequestHead, Status,
};
use farcall_wire::{Fault, Reason};

use super::lobby::{Lobby, runtime_gone};
use super::opening::Opening;
use super::shared::fail;
use crate::call::{CallState, Held, SMALL_AND_WAITING};
use crate::observe;
use crate::transport::Peer;
use crate::transport::mailbox::Command;
use crate::transport::pump::Application;

/// The calls on one connection.
pub(super) struct Calls {
    /// By slot.
    table: Vec<Option<Running>>,
    /// Calls that are over, but whose end has not been heard yet, and whose slot another call has already.
    displaced: Vec<Running>,
    /// What all requests share; path, metadata and the like are changed for each.
    head: RequestHead,
    peer: Peer,
    pub(super) phase: Phase,
    pub(super) fault: Option<Fault>,
    /// How many more calls are opened before a new connection takes over.
    left: u32,
}

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The server's SETTINGS have not come yet.
    Handshaking,
    /// Calls may be opened.
    Serving,
    /// Calls may finish.
    Retired,
}

/// A call on the connection.
struct Running {
    id: CallId,
    /// With the request, as long as it might have to be sent again.
    opening: Opening,
    /// Something came back.
    answered: bool,
    /// What came of a call that has one reply: nobody looks at it before the outcome is there.
    held: Held,
    replied: bool,
    finished: bool,
}

impl Calls {
    pub(super) fn new(lobby: &Lobby, peer: Peer) -> Self {
        let head = RequestHead {
            authority: lobby.shared.authority.clone(),
            user_agent: lobby.shared.user_agent.clone(),
            accept: lobby.shared.settings.wire.accept,
            ..RequestHead::default()
        };
        Self {
            table: Vec::new(),
            displaced: Vec::new(),
            head,
            peer,
            phase: Phase::Handshaking,
            fault: None,
            left: CALLS,
        }
    }

    pub(super) fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Whether a call was ever opened on this connection.
    pub(super) fn is_used(&self) -> bool {
        self.left < CALLS
    }

    /// Whether `id` names this call on this connection.
    pub(super) fn owns(&self, id: CallId, state: &Arc<CallState>) -> bool {
        let running = self.table.get(id.slot()).and_then(Option::as_ref);
        running.is_some_and(|running| Arc::ptr_eq(&running.opening.state, state))
    }

    /// Does what a handle of the call asks for.
    pub(super) fn command(&mut self, conn: &mut Connection, id: CallId, command: &Command) {
        match command {
            Command::Flush(state) => flush(conn, id, state),
            Command::Finish(state) => {
                flush(conn, id, state);
                if let Some(running) = self.running(id)
                    && !std::mem::replace(&mut running.finished, true)
                {
                    conn.finish(id);
                }
            }
            Command::Cancel(_) => conn.reset(id, Reason::Cancelled),
            Command::Release(state) => conn.release(id, state.take_credit()),
            Command::Client(_) | Command::Server(_) => {}
        }
    }

    /// Ends what is left when the connection went without a word.
    pub(super) fn abandon(&mut self) {
        for running in self.table.drain(..).flatten().chain(self.displaced.drain(..)) {
            fail(&running.opening.state, runtime_gone());
        }
    }

    fn running(&mut self, id: CallId) -> Option<&mut Running> {
        self.table.get_mut(id.slot())?.as_mut().filter(|running| running.id == id)
    }

    fn insert(&mut self, running: Running) {
        let slot = running.id.slot();
        if self.table.len() <= slot {
            self.table.resize_with(slot + 1, || None);
        }
        if let Some(place) = self.table.get_mut(slot) {
            self.displaced.extend(place.replace(running));
        }
    }

    fn remove(&mut self, id: CallId) -> Option<Running> {
        if self.running(id).is_some() {
            return self.table.get_mut(id.slot())?.take();
        }
        let at = self.displaced.iter().position(|running| running.id == id)?;
        Some(self.displaced.swap_remove(at))
    }

    fn headers(&mut self, conn: &mut Connection, id: CallId, head: Arc<ReplyHead>) {
        let Some(place) = self.table.get_mut(id.slot()) else { return };
        let Some(running) = place.as_mut().filter(|running| running.id == id) else { return };
        if running.opening.shape.streams_replies() {
            running.answer();
            return running.opening.state.deliver_headers(head);
        }
        // A small reply has come whole, as a rule.
        match conn.take_reply(id) {
            Some(message) => {
                let held = Held { headers: Some(head), message: Some((message, 0)) };
                running.opening.state.deliver_outcome(Outcome::OK, held);
                *place = None;
            }
            None => {
                running.answer();
                running.held.headers = Some(head);
            }
        }
    }

    fn message(&mut self, conn: &mut Connection, id: CallId, mut message: Message, credit: u32) {
        let Some(running) = self.running(id) else { return };
        running.answer();
        let second = std::mem::replace(&mut running.replied, true);
        if !running.opening.shape.streams_replies() {
            if !second {
                // Whoever sent it chooses when the end follows.
                message.payload.compact(SMALL_AND_WAITING);
                running.held.message = Some((message, credit));
                return;
            }
            //= gRPC statuscodes.md (W38): a second reply breaks the method's cardinality
            running.opening.state.cut(Status::unimplemented(format!(
                "{} has one reply, but the server sent a second message",
                running.opening.path
            )));
            conn.reset(id, Reason::Cancelled);
            return;
        }
        let unwanted = running.opening.state.deliver(message, credit);
        if unwanted > 0 {
            conn.release(id, unwanted);
        }
    }

    /// The call is over; gives it back when it should be sent once more.
    fn done(&mut self, id: CallId, outcome: Outcome) -> Option<Opening> {
        let running = self.remove(id)?;
        if running.may_be_sent_again(&outcome) {
            let mut opening = running.opening;
            opening.state.leave_connection();
            opening.retried = true;
            return Some(opening);
        }
        running.opening.state.deliver_outcome(outcome, running.held);
        None
    }
}

impl Running {
    fn answer(&mut self) {
        if !std::mem::replace(&mut self.answered, true) {
            self.opening.request = Payload::default();
        }
    }

    //= gRFC A6: a call that no application saw is sent once more, if nothing but this side's own bytes is lost
    fn may_be_sent_again(&self, outcome: &Outcome) -> bool {
        let Err(status) = &outcome.status else { return false };
        outcome.processed == Processed::No
            && status.code() == farcall_wire::grpc::Code::Unavailable
            && !self.answered
            && !self.opening.retried
            && !self.opening.shape.streams_requests()
            && self.opening.state.cut_off().is_none()
    }
}

/// One connection's calls together with the lobby, while the pump runs.
pub(super) struct OnLink<'a> {
    pub(super) calls: &'a mut Calls,
    pub(super) lobby: &'a mut Lobby,
}

impl OnLink<'_> {
    /// Opens a call if the connection has room and no other waits; gives it back otherwise.
    pub(super) fn try_open(&mut self, conn: &mut Connection, opening: Opening, now: Instant) -> Option<Opening> {
        let free = self.calls.phase == Phase::Serving && self.lobby.waiting.is_empty() && conn.available_calls() > 0;
        if !free {
            return Some(opening);
        }
        self.open(conn, opening, now);
        None
    }

    fn open(&mut self, conn: &mut Connection, mut opening: Opening, now: Instant) {
        let timeout = opening.deadline.map(|deadline| deadline.saturating_duration_since(now));
        let late = timeout.is_some_and(|timeout| timeout.is_zero());
        let mut shared = opening.state.lock();
        let over = shared.cut.is_some() || shared.over;
        if late || over {
            drop(shared);
            return if over { opening.state.close() } else { fail(&opening.state, self.lobby.expired()) };
        }
        let head = &mut self.calls.head;
        head.encoding = shared.send.encoding;
        head.timeout = timeout;
        head.path.clear();
        head.path.push_str(opening.path);
        std::mem::swap(&mut head.metadata, &mut opening.metadata);
        let opened = conn.open(head, opening.deadline);
        std::mem::swap(&mut head.metadata, &mut opening.metadata);
        let Ok(id) = opened else {
            drop(shared);
            return self.lobby.waiting.push_first(opening);
        };
        shared.id = Some(id);
        let finished = shared.send.finished;
        drop(shared);
        if opening.shape.streams_requests() {
            flush(conn, id, &opening.state);
            if finished {
                conn.finish(id);
            }
        } else {
            conn.send_last(id, &opening.request);
        }
        if opening.retried {
            opening.request = Payload::default();
        }
        self.calls.insert(Running { id, opening, answered: false, held: Held::default(), replied: false, finished });
        self.calls.left -= 1;
        if self.calls.left == 0 {
            //= RFC 9113 §5.1.1: a client that runs out of stream numbers opens a new connection
            self.calls.phase = Phase::Retired;
            self.lobby.going_away(true, now);
            conn.shut_down(now);
        }
    }
}

impl Application for OnLink<'_> {
    fn handle_event(&mut self, conn: &mut Connection, event: Event, now: Instant) {
        match event {
            Event::Headers { call, head } => self.calls.headers(conn, call, head),
            Event::Message { call, message, credit } => self.calls.message(conn, call, message, credit),
            Event::Room { call, bytes } => {
                if let Some(running) = self.calls.running(call) {
                    running.opening.state.room(bytes);
                }
            }
            Event::Done { call, outcome } => {
                if let Some(opening) = self.calls.done(call, outcome) {
                    self.lobby.waiting.push_first(opening);
                }
            }
            Event::Ready if self.calls.phase == Phase::Handshaking => {
                self.calls.phase = Phase::Serving;
                self.lobby.connected(now);
            }
            Event::GoingAway { .. } if self.calls.phase == Phase::Serving => {
                self.calls.phase = Phase::Retired;
                self.lobby.going_away(self.calls.is_used(), now);
            }
            Event::Over { fault } => {
                self.calls.fault = fault;
                if self.calls.phase == Phase::Serving {
                    self.calls.phase = Phase::Retired;
                    self.lobby.disconnected(self.calls.is_used(), now);
                }
            }
            Event::Incident(incident) => observe::incident(&self.calls.peer, &incident),
            // Room for more calls is looked for after every batch of events; the rest is for servers.
            _ => {}
        }
    }

    /// The driver reads the channel's mailbox; the pump's own is never written to.
    fn handle_command(&mut self, _: &mut Connection, _: Command, _: Instant) {}

    fn poll_local(&mut self, conn: &mut Connection, _: &mut Context<'_>, now: Instant) {
        while self.calls.phase == Phase::Serving && !self.lobby.waiting.is_empty() && conn.available_calls() > 0 {
            if let Some(opening) = self.lobby.waiting.pop() {
                self.open(conn, opening, now);
            }
        }
    }
}

fn flush(conn: &mut Connection, id: CallId, state: &CallState) {
    let queued = state.take_outgoing();
    if !queued.is_empty() {
        conn.send(id, queued);
    }
}

/// Calls of one connection: three quarters of the stream numbers that a client has (W66).
const CALLS: u32 = 3 << 28;

#[cfg(test)]
impl Calls {
    /// Calls that something is still known of.
    pub(super) fn count(&self) -> usize {
        self.table.iter().flatten().count() + self.displaced.len()
    }

    pub(super) fn leave(&mut self, left: u32) {
        self.left = left;
    }
}
