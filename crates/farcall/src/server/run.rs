//! A handler in progress: on the connection's own task, or on a task of its own.
//!
//! Both see that their call was cut off at their next poll, which the cut causes, and drop the handler then. A panic
//! ends the call with UNKNOWN and nothing else.

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

/// A handler that has not ended.
pub(super) struct Running {
    pub(super) id: CallId,
    pub(super) state: Arc<CallState>,
    context: Context,
    /// `None` once it has ended.
    handling: Option<Handling>,
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

impl Running {
    /// A handler that has not begun.
    pub(super) fn new(id: CallId, state: Arc<CallState>, context: Context) -> Self {
        Self { id, state, context, handling: None }
    }

    /// Lets the service begin; nothing of the handler runs yet, but a fallback's closure does.
    pub(super) fn start(&mut self, start: impl FnOnce() -> Handling) {
        self.in_context(|running| running.begin(start));
    }

    /// Lets the service begin, and polls the handler once, in place: without a waker, since whoever is pending is polled
    /// again elsewhere at once.
    ///
    /// tokio's cooperative budget is set aside: all first polls of a turn would share one, and what is free at the time
    /// would look busy to most of them.
    pub(super) fn start_in_place(&mut self, start: impl FnOnce() -> Handling, out: &mut EncodeBuf) -> Poll<Finished> {
        self.in_context(|running| {
            running.begin(start);
            let poll = std::future::poll_fn(|cx| running.poll_handling(cx, out));
            let cx = &mut TaskContext::from_waker(Waker::noop());
            std::pin::pin!(coop::unconstrained(poll)).poll(cx)
        })
    }

    fn in_context<R>(&mut self, work: impl FnOnce(&mut Self) -> R) -> R {
        let mut context = std::mem::take(&mut self.context);
        let result = context.enter(|| work(self));
        self.context = context;
        result
    }

    fn begin(&mut self, start: impl FnOnce() -> Handling) {
        let started = catch_unwind(AssertUnwindSafe(start));
        self.handling = Some(started.unwrap_or_else(|panic| {
            observe::handler_panicked(&self.state.head().path, &*panic);
            Handling::streaming(std::future::ready(Err(panicked())))
        }));
    }

    /// Within the context.
    fn poll_handling(&mut self, cx: &mut TaskContext<'_>, out: &mut EncodeBuf) -> Poll<Finished> {
        let Some(running) = &mut self.handling else { return Poll::Ready(Finished::Failed(panicked())) };
        let poll = catch_unwind(AssertUnwindSafe(|| running.0.as_mut().poll(cx, out)));
        let finished = match poll {
            Ok(poll) => ready!(poll),
            Err(panic) => {
                observe::handler_panicked(&self.state.head().path, &*panic);
                Finished::Failed(panicked())
            }
        };
        self.drop_handling();
        Poll::Ready(finished)
    }

    /// Within the context: drops the handler, whose own destructors may panic.
    fn drop_handling(&mut self) {
        let handling = self.handling.take();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(handling))) {
            observe::handler_panicked(&self.state.head().path, &*panic);
        }
    }

    /// What is left of a handler that has ended: the context is gone, so that nobody else holds the state.
    pub(super) fn into_state(self) -> Arc<CallState> {
        self.state
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
            self.in_context(Self::drop_handling);
            return Poll::Ready(self.end(None, EncodeBuf::new(usize::MAX)));
        }
        let mut body = EncodeBuf::new(usize::MAX);
        let finished = ready!(self.in_context(|running| running.poll_handling(cx, &mut body)));
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
            running.in_context(Running::drop_handling);
            let ended = running.end(None, EncodeBuf::new(usize::MAX));
            running.state.mailbox().push(Command::Server(ServerCommand::Ended(ended)));
        }
    }
}

/// The text of a panic may hold anything, so that the peer gets none of it.
fn panicked() -> Status {
    Status::unknown("the handler panicked: the server's log says why")
}
