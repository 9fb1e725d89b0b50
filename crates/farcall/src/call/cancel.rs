//! The end of a call by force: who cuts it off, who hears of it, and what a context inherits from it.
//!
//! A call that *returned* cuts nobody off; its links are forgotten.

use std::sync::{Arc, Weak};
use std::task::{Poll, Waker};

use farcall_wire::grpc::{Code, Status};

use super::state::{CallState, Role};
use crate::transport::mailbox::Command;

/// Who hears of a cut: the task that runs the handler, tasks that wait for it, calls that were made inside.
#[derive(Debug, Default)]
pub(crate) struct Links {
    runner: Option<Waker>,
    waiting: Vec<Waker>,
    children: Vec<Weak<CallState>>,
    /// At how many children the dead ones are looked for.
    prune_at: usize,
}

impl Links {
    fn wake(self, status: &Status) {
        self.runner.into_iter().chain(self.waiting).for_each(Waker::wake);
        for child in self.children.iter().filter_map(Weak::upgrade) {
            child.cut_by_parent(status);
        }
    }

    /// Forgets everybody.
    pub(super) fn clear(&mut self) {
        let Self { runner, waiting, children, prune_at } = self;
        (*runner, *prune_at) = (None, 0);
        if !(waiting.is_empty() && children.is_empty()) {
            (*waiting, *children) = (Vec::new(), Vec::new());
        }
    }

    /// How many calls made inside are remembered.
    #[cfg(test)]
    pub(super) fn children(&self) -> usize {
        self.children.len()
    }

    fn add_child(&mut self, child: Weak<CallState>) {
        if self.children.len() >= self.prune_at {
            self.children.retain(|child| child.strong_count() > 0);
            self.prune_at = (self.children.len() * 2).max(16);
        }
        self.children.push(child);
    }
}

impl CallState {
    /// Cuts the call off: handles get `status` from now on, the handler's task drops its handler, calls that inherited
    /// from this one are cut off too. Nothing when the call is over or cut off already.
    pub(crate) fn cut(&self, status: Status) -> bool {
        let mut shared = self.lock();
        if shared.over || shared.cut.is_some() {
            return false;
        }
        let links = std::mem::take(&mut shared.links);
        let wakers = [shared.receive.waker.take(), shared.send.waker.take()];
        shared.cut = Some(status.clone());
        drop(shared);
        wakers.into_iter().flatten().for_each(Waker::wake);
        links.wake(&status);
        true
    }

    /// Client: as [`CallState::cut`], and the owner of the connection is told.
    pub(crate) fn cancel(self: &Arc<Self>, status: Status) {
        if self.cut(status) {
            self.mailbox.push(Command::Cancel(Arc::clone(self)));
        }
    }

    fn cut_by_parent(self: &Arc<Self>, status: &Status) {
        let text = match status.code() {
            Code::DeadlineExceeded => "the deadline of the call that made this one passed",
            _ => "the call that made this one was cancelled",
        };
        let code = if status.code() == Code::DeadlineExceeded { Code::DeadlineExceeded } else { Code::Cancelled };
        self.cancel(Status::new(code, text));
    }

    /// Owner: the call is over, by whatever way; nobody is told, links and queues are dropped.
    pub(crate) fn close(&self) {
        let mut shared = self.lock();
        shared.over = true;
        shared.id = None;
        let links = std::mem::take(&mut shared.links);
        let unsent = shared.take_unsent();
        let wakers = [shared.receive.waker.take(), shared.send.waker.take()];
        let inbox = match self.role {
            Role::Server => std::mem::take(&mut shared.receive.inbox),
            Role::Client => Default::default(),
        };
        drop(shared);
        drop(inbox);
        self.mailbox.backlog.forget(unsent);
        wakers.into_iter().flatten().chain(links.waiting).for_each(Waker::wake);
    }

    /// Links a call that was made inside of this one.
    ///
    /// # Errors
    /// When this call was cut off already; the status is why.
    pub(crate) fn link(&self, child: &Arc<CallState>) -> Result<(), Status> {
        let mut shared = self.lock();
        if let Some(status) = &shared.cut {
            return Err(status.clone());
        }
        if !shared.over {
            shared.links.add_child(Arc::downgrade(child));
        }
        Ok(())
    }

    /// Why the call was cut off, if it was.
    pub(crate) fn cut_off(&self) -> Option<Status> {
        self.lock().cut.clone()
    }

    /// Whether the call was cut off; if not, `waker` is woken when it is. The one slot is the handler's runner's.
    pub(crate) fn watch_as_runner(&self, waker: &Waker) -> bool {
        let mut shared = self.lock();
        if shared.cut.is_some() {
            return true;
        }
        match &mut shared.links.runner {
            Some(old) => old.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        false
    }

    /// Ready when the call was cut off; pending for ever when it ended in any other way.
    pub(crate) fn poll_cut(&self, waker: &Waker) -> Poll<()> {
        let mut shared = self.lock();
        if shared.cut.is_some() {
            return Poll::Ready(());
        }
        if !shared.over && !shared.links.waiting.iter().any(|old| old.will_wake(waker)) {
            shared.links.waiting.push(waker.clone());
        }
        Poll::Pending
    }
}
