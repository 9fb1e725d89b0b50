//! A server connection's application: turns events into handlers, and what handlers leave behind into replies.
//!
//! No bytes and no frames here, and no user's code but through [`super::run`].
//!
//! ```text
//!   Request ─▶ (one request? wait for Message and End) ─▶ first poll in place ─┬─ ready ─▶ reply from the scratch buffer
//!                                                                              └─ pending ─▶ local set, or spawned
//! ```

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::{Duration, Instant};

use farcall_wire::grpc::{
    CallId, Connection, EncodeBuf, Encoding, EncodingSet, Event, Message, ReplyEnd, ReplyHead, RequestHead, Status,
};
use futures_core::Stream;
use futures_util::stream::FuturesUnordered;

use super::router::{Route, Router};
use super::run::{Ended, Running, Spawned};
use super::service::{Finished, Io, unimplemented};
use super::{Call, ServerCommand, Settings};
use crate::call::{CallState, Received, Role};
use crate::context::Context;
use crate::transport::Peer;
use crate::transport::mailbox::{Command, Mailbox};
use crate::transport::pump::Application;
use crate::{compress, observe};

/// The application of one server connection.
pub(crate) struct ServerDriver {
    router: Arc<Router>,
    mailbox: Arc<Mailbox>,
    peer: Peer,
    receive_limit: u32,
    first_poll: Duration,
    accept: EncodingSet,
    /// Calls that wait for their request, or whose handler has not ended; by slot.
    calls: Vec<Option<Entry>>,
    local: FuturesUnordered<Running>,
    /// Where replies are written that are ready at the first poll.
    scratch: EncodeBuf,
    /// States of finished calls, to be used again.
    spare: Vec<Arc<CallState>>,
    /// The head that came last, which the engine shares between equal ones, and its route.
    last: Option<(Arc<RequestHead>, Arc<Route>)>,
    /// When the last first poll was over, if nothing but short work has been done since: the next one began about then.
    clock: Option<Instant>,
}

struct Entry {
    id: CallId,
    stage: Stage,
}

enum Stage {
    /// The request is not complete.
    Waiting(Start),
    /// The handler has not ended.
    Running(Arc<CallState>),
}

/// What a handler needs to begin.
struct Start {
    head: Arc<RequestHead>,
    route: Arc<Route>,
    deadline: Option<Instant>,
    message: Option<(Message, u32)>,
}

impl ServerDriver {
    pub(super) fn new(router: Arc<Router>, mailbox: Arc<Mailbox>, peer: Peer, settings: &Settings) -> Self {
        Self {
            router,
            mailbox,
            peer,
            receive_limit: settings.wire.receive_limit,
            first_poll: settings.first_poll,
            accept: accepted(),
            calls: Vec::new(),
            local: FuturesUnordered::new(),
            scratch: EncodeBuf::new(usize::MAX),
            spare: Vec::new(),
            last: None,
            clock: None,
        }
    }

    /// How many calls wait or run.
    #[cfg(test)]
    pub(super) fn busy(&self) -> usize {
        self.calls.iter().flatten().count() + self.local.len()
    }

    fn handle_request(&mut self, conn: &mut Connection, call: CallId, head: Arc<RequestHead>, now: Instant) {
        let Some(route) = self.route(&head) else {
            return self.refuse(conn, call, unimplemented(&head.path));
        };
        let deadline = head.timeout.and_then(|timeout| now.checked_add(timeout));
        let start = Start { head, route, deadline, message: None };
        if start.route.shape.streams_requests() {
            self.start(conn, call, start);
        } else {
            self.insert(call, Stage::Waiting(start));
        }
    }

    fn handle_message(&mut self, conn: &mut Connection, call: CallId, message: Message, credit: u32) {
        match self.stage(call) {
            Some(Stage::Waiting(start)) if start.message.is_none() => start.message = Some((message, credit)),
            Some(Stage::Waiting(start)) => {
                //= gRPC statuscodes.md (W38): a second request breaks the method's cardinality
                let text = format!("{} takes one request, but a second one came: send one", start.head.path);
                self.refuse(conn, call, Status::unimplemented(text));
            }
            Some(Stage::Running(state)) => {
                let refused = state.deliver(message, credit);
                if refused > 0 {
                    conn.release(call, refused);
                }
            }
            None => conn.release(call, credit),
        }
    }

    fn handle_end(&mut self, conn: &mut Connection, call: CallId) {
        match self.stage(call) {
            Some(Stage::Running(state)) => state.deliver_end(),
            Some(Stage::Waiting(Start { head, message: None, .. })) => {
                //= gRPC statuscodes.md (W38): a missing request breaks the method's cardinality
                let text = format!("{} takes one request, but none came: send one", head.path);
                self.refuse(conn, call, Status::unimplemented(text));
            }
            Some(Stage::Waiting(_)) => {
                if let Some(Stage::Waiting(start)) = self.remove(call) {
                    self.start(conn, call, start);
                }
            }
            None => {}
        }
    }

    fn handle_cancelled(&mut self, conn: &mut Connection, call: CallId, status: Status) {
        match self.stage(call) {
            // The handler's runner sees it at its next poll, and the call is closed when the handler is gone.
            Some(Stage::Running(state)) => {
                state.cut(status);
            }
            Some(Stage::Waiting(_)) | None => {
                self.remove(call);
                conn.close(call);
            }
        }
    }

    fn start(&mut self, conn: &mut Connection, id: CallId, start: Start) {
        let Start { head, route, deadline, message } = start;
        let encoding = head.encoding;
        let state = self.state(id, head, message.as_ref().is_some_and(|(message, _)| message.compressed));
        // Its credit is of no use to anybody: a request that waits here has come to its end.
        let message = message.map(|(message, _)| Received { message, encoding, limit: self.receive_limit });
        let call = Call::new(Arc::clone(&state), deadline);
        let io = Io { state: Arc::clone(&state), message };
        let context = Context::of_call(Arc::clone(&state), deadline);
        let mut running = Running::new(id, state, context);
        let start = || route.service.start(route.method, call, io);
        if route.is_heavy() {
            running.start(start);
            return self.spawn(running, Some(route));
        }
        self.scratch.clear();
        let began = self.first_poll_begins(&route);
        let poll = running.start_in_place(start, &mut self.scratch);
        let slow = self.first_poll_is_over(began, &route);
        match poll {
            Poll::Ready(finished) => {
                let state = running.into_state();
                let spare = reply(conn, id, state, self.accept, Some(finished), &mut self.scratch);
                self.recycle(spare);
            }
            Poll::Pending if slow => self.spawn(running, None),
            Poll::Pending => {
                self.insert(id, Stage::Running(Arc::clone(&running.state)));
                self.local.push(running);
            }
        }
    }

    fn spawn(&mut self, running: Running, untimed: Option<Arc<Route>>) {
        self.insert(running.id, Stage::Running(Arc::clone(&running.state)));
        tokio::spawn(Spawned::new(running, untimed, self.first_poll));
    }

    fn handle_ended(&mut self, conn: &mut Connection, ended: Ended) {
        let Ended { id, state, outcome, mut body } = ended;
        self.remove(id);
        let spare = reply(conn, id, state, self.accept, outcome, &mut body);
        self.recycle(spare);
    }

    /// Answers a call that no handler has seen.
    fn refuse(&mut self, conn: &mut Connection, call: CallId, status: Status) {
        self.remove(call);
        let head = ReplyHead { accept: self.accept, ..ReplyHead::default() };
        self.scratch.clear();
        conn.reply(call, &head, &mut self.scratch, &ReplyEnd::from(status));
    }

    fn flush(&mut self, conn: &mut Connection, state: &CallState) {
        let mut shared = state.lock();
        let Some(id) = shared.id.filter(|_| shared.cut.is_none()) else { return };
        let head = shared.send.take_head();
        state.uncount(&mut shared);
        let payload = shared.take_outgoing();
        drop(shared);
        if let Some(head) = head {
            conn.reply_head(id, &ReplyHead { accept: self.accept, ..head });
        }
        if !payload.is_empty() {
            conn.send(id, payload);
        }
    }

    fn route(&mut self, head: &Arc<RequestHead>) -> Option<Arc<Route>> {
        if let Some((last, route)) = &self.last
            && Arc::ptr_eq(last, head)
        {
            return Some(Arc::clone(route));
        }
        let route = Arc::clone(self.router.find(&head.path)?);
        self.last = Some((Arc::clone(head), Arc::clone(&route)));
        Some(route)
    }

    fn state(&mut self, id: CallId, head: Arc<RequestHead>, request_compressed: bool) -> Arc<CallState> {
        let mut state = self
            .spare
            .pop()
            .unwrap_or_else(|| CallState::new(Role::Server, Arc::clone(&self.mailbox), self.peer, self.receive_limit));
        state.begin(id, head, request_compressed);
        state
    }

    fn recycle(&mut self, spare: Option<Arc<CallState>>) {
        if self.spare.len() < SPARE {
            self.spare.extend(spare);
        }
    }

    /// When a first poll begins, and whether that is only about so.
    ///
    /// The clock is read once for each first poll, not twice: what lies between two of them is short. Where that makes
    /// one look slow, the method's next one is timed by itself.
    fn first_poll_begins(&mut self, route: &Route) -> (Instant, bool) {
        match self.clock.filter(|_| !route.is_suspect()) {
            Some(last) => (last, true),
            None => (Instant::now(), false),
        }
    }

    /// Whether a first poll kept the task too long. If so, its method is spawned from now on.
    fn first_poll_is_over(&mut self, (began, about): (Instant, bool), route: &Route) -> bool {
        let now = Instant::now();
        self.clock = Some(now);
        let slow = now.duration_since(began) > self.first_poll;
        match (slow, about) {
            (true, true) => route.suspect(true),
            (true, false) => route.note(true),
            (false, false) => route.suspect(false),
            (false, true) => {}
        }
        slow && !about
    }

    fn insert(&mut self, id: CallId, stage: Stage) {
        let slot = id.slot();
        if self.calls.len() <= slot {
            self.calls.resize_with(slot + 1, || None);
        }
        self.calls[slot] = Some(Entry { id, stage });
    }

    fn stage(&mut self, id: CallId) -> Option<&mut Stage> {
        self.calls.get_mut(id.slot())?.as_mut().filter(|entry| entry.id == id).map(|entry| &mut entry.stage)
    }

    fn remove(&mut self, id: CallId) -> Option<Stage> {
        self.calls.get_mut(id.slot())?.take_if(|entry| entry.id == id).map(|entry| entry.stage)
    }
}

impl Application for ServerDriver {
    fn begin_round(&mut self) {
        self.clock = None;
    }

    fn handle_event(&mut self, conn: &mut Connection, event: Event, now: Instant) {
        match event {
            Event::Request { call, head } => self.handle_request(conn, call, head, now),
            Event::Message { call, message, credit } => self.handle_message(conn, call, message, credit),
            Event::End { call } => self.handle_end(conn, call),
            Event::Cancelled { call, status } => self.handle_cancelled(conn, call, status),
            Event::Room { call, bytes } => {
                if let Some(Stage::Running(state)) = self.stage(call) {
                    state.room(bytes);
                }
            }
            Event::Incident(incident) => observe::incident(&self.peer, &incident),
            Event::Over { fault } => observe::connection_failed(&self.peer, fault.as_ref(), None),
            Event::Ready | Event::Available | Event::GoingAway { .. } | Event::Headers { .. } | Event::Done { .. } => {}
        }
    }

    fn handle_command(&mut self, conn: &mut Connection, command: Command, now: Instant) {
        self.clock = None;
        match command {
            Command::Flush(state) => self.flush(conn, &state),
            Command::Release(state) => {
                let credit = state.take_credit();
                if let Some(id) = state.id() {
                    conn.release(id, credit);
                }
            }
            Command::Server(ServerCommand::Ended(ended)) => self.handle_ended(conn, ended),
            Command::Server(ServerCommand::ShutDown) => conn.shut_down(now),
            Command::Finish(_) | Command::Cancel(_) | Command::Client(_) => {
                debug_assert!(false, "only clients say this");
            }
        }
    }

    fn poll_local(&mut self, conn: &mut Connection, cx: &mut TaskContext<'_>, _: Instant) {
        while !self.local.is_empty() {
            self.clock = None;
            match Pin::new(&mut self.local).poll_next(cx) {
                Poll::Ready(Some(ended)) => self.handle_ended(conn, ended),
                Poll::Ready(None) | Poll::Pending => return,
            }
        }
    }
}

/// Writes the rest of the reply, or lets go of a call that was cut off. The call's state comes back if it can be used
/// again.
fn reply(
    conn: &mut Connection,
    id: CallId,
    state: Arc<CallState>,
    accept: EncodingSet,
    outcome: Option<Finished>,
    body: &mut EncodeBuf,
) -> Option<Arc<CallState>> {
    let (mut left, spare) = state.leave();
    let Some(outcome) = outcome.filter(|_| !left.cut) else {
        conn.close(id);
        return spare;
    };
    let head = ReplyHead { accept, ..left.head };
    let body = if left.outgoing.is_empty() { body } else { &mut left.outgoing };
    let status = match outcome {
        Finished::Message => {
            if left.encoding != Encoding::Identity {
                compress::compress_written(left.encoding, body);
            }
            Ok(())
        }
        Finished::Empty => Ok(()),
        Finished::Failed(status) => Err(status),
    };
    conn.reply(id, &head, body, &ReplyEnd { status, trailers: left.trailers });
    spare
}

/// Handlers that were spawned end with their connection.
impl Drop for ServerDriver {
    fn drop(&mut self) {
        for entry in self.calls.drain(..).flatten() {
            if let Stage::Running(state) = entry.stage {
                //= gRPC statuscodes.md (W65): what a lost connection is to a server's calls
                state.cut(Status::cancelled("the connection was lost"));
            }
        }
        // Handlers end later than this, and have commands for it then.
        self.mailbox.close();
    }
}

/// What this build can read.
pub(super) fn accepted() -> EncodingSet {
    compress::supported().chain([Encoding::Identity]).collect()
}

/// States that a connection keeps for its next calls.
const SPARE: usize = 32;
