//! A handler in progress: on the connection's own task, or on a task of its own.
//!
//! Both see that their call was cut off at their next poll, which the cut causes, and drop the handler then. A panic
//! ends the call with UNKNOWN and nothing else.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker, ready};
use std::time::{Duration, Instant};

use farcall_wire::grpc::{CallId, EncodeBuf, Status};
use tokio::task::coop;

use super::ServerCommand;
use super::router::Route;
use super::service::{Finished, Handling};
use crate::call::CallState;
use crate::context::Context;
use crate::observe;
use crate::transport::mailbox::Command;

/// A handler and the context that it runs in, which is the only one to hold its call's state for it.
pub(super) struct Handler {
    context: Context,
    /// `None` before it has begun, and once it has ended.
    handling: Option<Handling>,
}

/// A handler that has not ended at its first poll, or goes on elsewhere before that.
pub(super) struct Running {
    pub(super) id: CallId,
    pub(super) state: Arc<CallState>,
    handler: Handler,
}

/// A handler that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(super) id: CallId,
    pub(super) state: Arc<CallState>,
    /// `None`: it was dropped, because the call was cut off.
    pub(super) outcome: Option<Finished>,
    /// The reply of a unary shape.
    pub(super) body: EncodeBuf,
}

impl Handler {
    /// A handler that has not begun.
    pub(super) fn new(state: Arc<CallState>, deadline: Option<Instant>) -> Self {
        Self { context: Context::of_call(state, deadline), handling: None }
    }

    /// Lets the service begin; nothing of the handler runs yet, but a fallback's closure does.
    pub(super) fn start(&mut self, start: impl FnOnce() -> Handling) {
        self.in_context(|handling| begin(handling, start));
    }

    /// Lets the service begin, and polls the handler once, in place: without a waker, since whoever is pending is polled
    /// again elsewhere at once.
    ///
    /// tokio's cooperative budget is set aside: all first polls of a turn would share one, and what is free at the time
    /// would look busy to most of them.
    pub(super) fn start_in_place(&mut self, start: impl FnOnce() -> Handling, out: &mut EncodeBuf) -> Poll<Finished> {
        self.in_context(|handling| {
            begin(handling, start);
            let poll = std::future::poll_fn(|cx| poll(handling, cx, out));
            let cx = &mut TaskContext::from_waker(Waker::noop());
            std::pin::pin!(coop::unconstrained(poll)).poll(cx)
        })
    }

    fn in_context<R>(&mut self, work: impl FnOnce(&mut Option<Handling>) -> R) -> R {
        let Self { context, handling } = self;
        context.enter(|| work(handling))
    }

    /// What is left of a handler that has ended: the context is gone, so that nobody else holds the state.
    pub(super) fn into_state(mut self) -> Option<Arc<CallState>> {
        std::mem::take(&mut self.context).into_call()
    }
}

/// A handler whose connection is lost ends in its own context too, and what panics then harms nobody.
impl Drop for Handler {
    fn drop(&mut self) {
        if self.handling.is_some() {
            self.in_context(end);
        }
    }
}

/// Within the context.
fn begin(handling: &mut Option<Handling>, start: impl FnOnce() -> Handling) {
    let started = catch_unwind(AssertUnwindSafe(start));
    *handling = Some(started.unwrap_or_else(|panic| Handling::streaming(std::future::ready(Err(panicked(&*panic))))));
}

/// Within the context.
fn poll(handling: &mut Option<Handling>, cx: &mut TaskContext<'_>, out: &mut EncodeBuf) -> Poll<Finished> {
    let Some(running) = handling else { return Poll::Ready(Finished::Failed(unknown())) };
    let finished = match catch_unwind(AssertUnwindSafe(|| running.0.as_mut().poll(cx, out))) {
        Ok(poll) => ready!(poll),
        Err(panic) => Finished::Failed(panicked(&*panic)),
    };
    end(handling);
    Poll::Ready(finished)
}

/// Within the context: drops the handler, whose own destructors may panic.
fn end(handling: &mut Option<Handling>) {
    let handling = handling.take();
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(handling))) {
        panicked(&*panic);
    }
}

/// Within the context: what the caller is told, while the log is told everything.
fn panicked(panic: &(dyn Any + Send)) -> Status {
    if let Some(state) = Context::current().call() {
        observe::handler_panicked(&state.head().path, panic);
    }
    unknown()
}

/// The text of a panic may hold anything, so that the peer gets none of it.
fn unknown() -> Status {
    Status::unknown("the handler panicked: the server's log says why")
}

/// What a call is told whose handler has no state of it: none of ours.
pub(super) fn lost() -> Status {
    Status::internal("the server has lost sight of this call: please report how that came about")
}

impl Running {
    /// `None` for a handler without a call, which is none of ours.
    pub(super) fn new(id: CallId, handler: Handler) -> Option<Self> {
        let state = handler.context.call()?;
        Some(Self { id, state: Arc::clone(state), handler })
    }

    fn end(&self, outcome: Option<Finished>, body: EncodeBuf) -> Ended {
        Ended { id: self.id, state: Arc::clone(&self.state), outcome, body }
    }
}

/// On the connection's own task.
impl Future for Running {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Ended> {
        if self.state.watch_as_runner(cx.waker()) {
            self.handler.in_context(end);
            return Poll::Ready(self.end(None, EncodeBuf::new(usize::MAX)));
        }
        let mut body = EncodeBuf::new(usize::MAX);
        let finished = ready!(self.handler.in_context(|handling| poll(handling, cx, &mut body)));
        Poll::Ready(self.end(Some(finished), body))
    }
}

/// On a task of its own; says to the connection how it ended, also when the runtime drops it.
pub(super) struct Spawned {
    running: Option<Running>,
    /// Its method, until its first poll has been timed.
    untimed: Option<Arc<Route>>,
    /// How long that may take.
    budget: Duration,
}

impl Spawned {
    /// A handler that was polled already, or whose first poll tells the route something.
    pub(super) fn new(running: Running, untimed: Option<Arc<Route>>, budget: Duration) -> Self {
        Self { running: Some(running), untimed, budget }
    }
}

impl Future for Spawned {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<()> {
        let this = &mut *self;
        let Some(running) = &mut this.running else { return Poll::Ready(()) };
        let poll = match this.untimed.take() {
            Some(route) => {
                let before = Instant::now();
                let poll = Pin::new(running).poll(cx);
                route.note(before.elapsed() > this.budget);
                poll
            }
            None => Pin::new(running).poll(cx),
        };
        let ended = ready!(poll);
        if let Some(running) = this.running.take() {
            let mailbox = Arc::clone(running.state.mailbox());
            drop(running);
            mailbox.push(Command::Server(ServerCommand::Ended(ended)));
        }
        Poll::Ready(())
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.handler.in_context(end);
            let ended = running.end(None, EncodeBuf::new(usize::MAX));
            running.state.mailbox().push(Command::Server(ServerCommand::Ended(ended)));
        }
    }
}
