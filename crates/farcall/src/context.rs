//! What a call inside of a handler inherits: the deadline, and the cut when the handler's own call is cut off.
//!
//! The context is ambient: it is swapped in around each poll of a handler, and a client call takes it when it is
//! *built*. So `join!` of calls and `spawn(users.read(request))` inherit; `spawn(async { users.read(request).await })`
//! does not, because the call is built on another task: write `spawn(Context::current().scope(async { … }))`.
//!
//! A hazard: what a handler fills lazily for everybody, as a cache, would inherit the first caller's deadline. Build
//! such calls with `.detached()`.

use std::cell::RefCell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};
use std::time::{Duration, Instant};

use farcall_wire::grpc::Status;
use pin_project_lite::pin_project;

use crate::call::CallState;

/// A deadline and a cancellation to inherit from; cheap to clone, and may outlive its call.
#[derive(Clone, Default)]
pub struct Context {
    deadline: Option<Instant>,
    call: Option<Arc<CallState>>,
}

thread_local! {
    static CURRENT: RefCell<Context> = const { RefCell::new(Context::DETACHED) };
}

impl Context {
    const DETACHED: Self = Self { deadline: None, call: None };

    /// The context of the handler, or of the [`Context::scope`], that is being polled; detached outside of one.
    pub fn current() -> Self {
        CURRENT.with_borrow(Clone::clone)
    }

    /// A context without a deadline that nothing cancels.
    pub fn detached() -> Self {
        Self::DETACHED
    }

    pub(crate) fn of_call(call: Arc<CallState>, deadline: Option<Instant>) -> Self {
        Self { deadline, call: Some(call) }
    }

    /// The call behind this context.
    pub(crate) fn call(&self) -> Option<&Arc<CallState>> {
        self.call.as_ref()
    }

    pub(crate) fn into_call(self) -> Option<Arc<CallState>> {
        self.call
    }

    /// The same context, with this deadline if it is the earlier one.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(self.deadline.map_or(deadline, |own| own.min(deadline)));
        self
    }

    /// The same context, with a deadline that is at most this far away.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        match now().checked_add(timeout) {
            Some(deadline) => self.with_deadline(deadline),
            None => self,
        }
    }

    /// When everything under this context should be over.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Time until the deadline, zero once it has passed.
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(now()))
    }

    /// Why the call behind this context was cut off, if it was. A call that returned was not.
    pub fn cut_off(&self) -> Option<Status> {
        self.call.as_ref()?.cut_off()
    }

    /// Ready when the call behind this context is cut off: by the peer, by its deadline, by the loss of its
    /// connection. Never ready when it returned, or when there is none.
    pub async fn cancelled(&self) {
        match &self.call {
            Some(call) => poll_fn(|cx| call.poll_cut(cx.waker())).await,
            None => std::future::pending().await,
        }
    }

    /// Runs `future` with this context as the current one.
    pub fn scope<F: Future>(self, future: F) -> Scope<F> {
        Scope { context: self, future }
    }

    /// Runs `work` with this context as the current one. The context is swapped, not cloned.
    pub(crate) fn enter<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let _left_at_the_end = Entered::new(self);
        work()
    }

    /// Lets `child` be cut off when the call behind this context is.
    ///
    /// # Errors
    /// Why that call was cut off already.
    pub(crate) fn link(&self, child: &Arc<CallState>) -> Result<(), Status> {
        self.call.as_ref().map_or(Ok(()), |call| call.link(child))
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("deadline", &self.deadline)
            .field("of_a_call", &self.call.is_some())
            .finish_non_exhaustive()
    }
}

/// Swaps back when it is dropped, so that a panicking handler leaves nothing behind.
struct Entered<'a> {
    outer: &'a mut Context,
}

impl<'a> Entered<'a> {
    fn new(context: &'a mut Context) -> Self {
        CURRENT.with_borrow_mut(|current| std::mem::swap(current, context));
        Self { outer: context }
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        CURRENT.with_borrow_mut(|current| std::mem::swap(current, self.outer));
    }
}

pin_project! {
    /// The future of [`Context::scope`].
    #[derive(Debug)]
    pub struct Scope<F> {
        context: Context,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.context.enter(|| this.future.poll(cx))
    }
}

/// The clock of calls: tokio's, so that a paused clock holds for deadlines too.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_context_is_that_of_the_innermost_scope_and_comes_back() {
        let deadline = now() + Duration::from_secs(9);
        let mut context = Context::detached().with_deadline(deadline);
        context.enter(|| {
            assert_eq!(Context::current().deadline(), Some(deadline));
            Context::detached().enter(|| assert_eq!(Context::current().deadline(), None));
            assert_eq!(Context::current().deadline(), Some(deadline));
        });
        assert_eq!(Context::current().deadline(), None);
    }

    #[test]
    fn a_panic_leaves_no_context_behind() {
        let mut context = Context::detached().with_timeout(Duration::from_secs(1));
        let work = std::panic::AssertUnwindSafe(|| context.enter(|| std::panic::resume_unwind(Box::new(()))));
        assert!(std::panic::catch_unwind(work).is_err());
        assert_eq!(Context::current().deadline(), None);
        assert!(context.deadline().is_some());
    }

    #[test]
    fn the_earlier_deadline_holds() {
        let (early, late) = (now() + Duration::from_secs(1), now() + Duration::from_secs(2));
        assert_eq!(Context::detached().with_deadline(late).with_deadline(early).deadline(), Some(early));
        assert_eq!(Context::detached().with_deadline(early).with_deadline(late).deadline(), Some(early));
    }

    #[tokio::test]
    async fn a_scope_is_the_context_of_its_future_alone() {
        let deadline = now() + Duration::from_secs(5);
        let scope = Context::detached().with_deadline(deadline).scope(async {
            tokio::task::yield_now().await;
            Context::current().deadline()
        });
        let spawned = tokio::spawn(scope);
        assert_eq!(spawned.await.unwrap(), Some(deadline));
        assert_eq!(Context::current().deadline(), None);
    }
}
