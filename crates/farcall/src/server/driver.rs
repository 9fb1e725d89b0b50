//! A server connection's application: turns events into handlers, and what handlers leave behind into replies.
//!
//! No bytes and no frames here, and no user's code but through [`super::run`].
//!
//! ```text
//!   Request ─▶ (one request? take it, or wait for it) ─▶ first poll in place ─┬─ ready ─▶ reply from the scratch buffer
//!                                                                             └─ pending ─▶ local set, or spawned
//! ```

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Instant;

use farcall_wire::grpc::{
    CallId, Connection, EncodeBuf, Encoding, EncodingSet, Event, Message, ReplyEnd, ReplyHead, RequestHead, Status,
};
use futures_core::Stream;
use futures_util::stream::FuturesUnordered;

use super::pace::Pace;
use super::router::{Route, Router};
use super::run::{Ended, Handler, Running, Spawned, lost};
use super::service::{Finished, Io, unimplemented};
use super::{Call, ServerCommand, Settings};
use crate::call::{CallState, Received, Role, SMALL_AND_WAITING};
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
    accept: EncodingSet,
    /// Calls that wait for their request, or whose handler has not ended; by slot.
    calls: Vec<Option<Entry>>,
    local: FuturesUnordered<Running>,
    /// Where replies are written that are ready at the first poll.
    scratch: EncodeBuf,
    /// States of finished calls, to be used again.
    spare: Vec<Arc<CallState>>,
    /// Where the last call went.
    last: Option<Target>,
    pace: Pace,
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

/// A head, which the engine shares between equal ones, and its route.
struct Target {
    head: Arc<RequestHead>,
    route: Arc<Route>,
}

/// What a handler needs to begin.
struct Start {
    head: Arc<RequestHead>,
    deadline: Option<Instant>,
    /// Its credit is of no use to anybody: the request is started when it has come to its end.
    message: Option<Message>,
}

impl ServerDriver {
    pub(super) fn new(router: Arc<Router>, mailbox: Arc<Mailbox>, peer: Peer, settings: &Settings) -> Self {
        Self {
            router,
            mailbox,
            peer,
            receive_limit: settings.wire.receive_limit,
            accept: accepted(),
            calls: Vec::new(),
            local: FuturesUnordered::new(),
            scratch: EncodeBuf::new(usize::MAX),
            spare: Vec::new(),
            last: None,
            pace: Pace::new(settings.first_poll),
        }
    }

    /// How many calls wait or run.
    #[cfg(test)]
    pub(super) fn busy(&self) -> usize {
        self.calls.iter().flatten().count() + self.local.len()
    }

    fn handle_request(&mut self, conn: &mut Connection, call: CallId, head: Arc<RequestHead>, now: Instant) {
        let Some(target) = self.target(&head) else {
            return self.refuse(conn, call, unimplemented(&head.path));
        };
        let streams = target.route.shape.streams_requests();
        self.last = Some(target);
        let deadline = head.timeout.and_then(|timeout| now.checked_add(timeout));
        let start = Start { head, deadline, message: None };
        if streams {
            return self.start(conn, call, start);
        }
        // A small request has come whole, as a rule.
        match conn.take_request(call) {
            Some(message) => self.start(conn, call, Start { message: Some(message), ..start }),
            None => self.insert(call, Stage::Waiting(start)),
        }
    }

    fn handle_message(&mut self, conn: &mut Connection, call: CallId, mut message: Message, credit: u32) {
        match self.stage(call) {
            Some(Stage::Waiting(start)) if start.message.is_none() => {
                message.payload.compact(SMALL_AND_WAITING);
                start.message = Some(message);
            }
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
        match self.target(&start.head) {
            Some(target) => {
                self.start_on(&target.route, conn, id, start);
                self.last = Some(target);
            }
            None => self.refuse(conn, id, unimplemented(&start.head.path)),
        }
    }

    fn start_on(&mut self, route: &Arc<Route>, conn: &mut Connection, id: CallId, start: Start) {
        let Start { head, deadline, message } = start;
        let encoding = head.encoding;
        let state = self.state(id, head, message.as_ref().is_some_and(|message| message.compressed));
        let message = message.map(|message| Received { message, encoding, limit: self.receive_limit });
        let call = Call::new(Arc::clone(&state), deadline);
        let mut handler = Handler::new(state, deadline);
        let start = || route.service.start(route.method, call, Io { message });
        if route.is_heavy() {
            handler.start(start);
            return self.spawn(conn, id, handler, Some(Arc::clone(route)));
        }
        self.scratch.clear();
        self.pace.begin(route, Instant::now);
        let poll = handler.start_in_place(start, &mut self.scratch);
        let slow = self.pace.end(Instant::now);
        match poll {
            Poll::Ready(finished) => {
                let Some(state) = handler.into_state() else { return self.refuse(conn, id, lost()) };
                let spare = reply(conn, id, state, self.accept, Some(finished), &mut self.scratch);
                self.recycle(spare);
            }
            Poll::Pending if slow => self.spawn(conn, id, handler, None),
            Poll::Pending => {
                let running = self.keep(conn, id, handler);
                running.into_iter().for_each(|running| self.local.push(running));
            }
        }
    }

    fn spawn(&mut self, conn: &mut Connection, id: CallId, handler: Handler, untimed: Option<Arc<Route>>) {
        if let Some(running) = self.keep(conn, id, handler) {
            tokio::spawn(Spawned::new(running, untimed, self.pace.budget()));
        }
    }

    /// A handler that goes on elsewhere.
    fn keep(&mut self, conn: &mut Connection, id: CallId, handler: Handler) -> Option<Running> {
        let running = Running::new(id, handler);
        match &running {
            Some(running) => self.insert(id, Stage::Running(Arc::clone(&running.state))),
            None => self.refuse(conn, id, lost()),
        }
        running
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

    /// Where a call goes. Whoever asks gives it back as the last one: nothing is counted up and down where calls of one
    /// method follow each other.
    fn target(&mut self, head: &Arc<RequestHead>) -> Option<Target> {
        if let Some(last) = self.last.take_if(|last| Arc::ptr_eq(&last.head, head)) {
            return Some(last);
        }
        let route = Arc::clone(self.router.find(&head.path)?);
        Some(Target { head: Arc::clone(head), route })
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
        self.pace.interrupt(Instant::now);
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
        self.pace.interrupt(Instant::now);
        while !self.local.is_empty() {
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
    let (left, spare) = state.leave();
    let cut = left.as_ref().is_some_and(|left| left.cut);
    let Some(outcome) = outcome.filter(|_| !cut) else {
        body.clear();
        conn.close(id);
        return spare;
    };
    let Some(mut left) = left else {
        let head = ReplyHead { accept, ..ReplyHead::default() };
        let status = if let Finished::Failed(status) = outcome { Err(status) } else { Ok(()) };
        conn.reply(id, &head, body, &ReplyEnd { status, ..ReplyEnd::OK });
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
