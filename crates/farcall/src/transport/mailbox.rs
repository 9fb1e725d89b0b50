//! How other tasks speak to the one task that owns a connection: a queue of commands and one wake for a whole batch.
//!
//! No protocol here, and no bound: each command belongs to a call, each call has at most one of each kind under way
//! (see [`crate::call::state`]), and calls are bounded elsewhere.
//!
//! ```text
//! handle: push ──▶ queue ──▶ notified? ── no ──▶ swap ── was false ──▶ wake   (once per batch)
//! owner:  begin_turn (notified = true) ──▶ take … take ──▶ sleep: register, notified = false, look once more
//! ```
//!
//! No wake-up is lost. `push` sets `filled`, or finds the queue filled by another `push`, then looks at `notified`; `sleep`
//! clears `notified`, then looks at `filled`. All are sequentially consistent, so that one of them sees the other: `sleep`
//! finds the command, or `push` reads `false` (or another `push` has read it since) and wakes the owner, whose waker stands
//! there already.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;

use futures_util::task::AtomicWaker;

use super::backlog::Backlog;
use crate::call::state::CallState;
use crate::client::ClientCommand;
use crate::server::ServerCommand;

/// What a handle wants from the task that owns its connection.
#[derive(Debug)]
pub(crate) enum Command {
    /// Framed messages wait in the call.
    Flush(Arc<CallState>),
    /// Client: nothing follows what the call has queued.
    Finish(Arc<CallState>),
    /// Client: nobody waits for the outcome any more, or the call's context was cut off.
    Cancel(Arc<CallState>),
    /// Messages were consumed: the call's credit goes back.
    Release(Arc<CallState>),
    /// What only a client's handles say.
    Client(ClientCommand),
    /// What only a server's tasks say.
    Server(ServerCommand),
}

/// The queue of one owner. The owner may live longer than a connection (a channel's does).
#[derive(Debug)]
pub(crate) struct Mailbox {
    queue: Mutex<Queue>,
    /// Whether there is something in the queue; changed only while it is locked, and read without that.
    filled: AtomicBool,
    /// Whether the owner is awake, or has been woken already.
    notified: AtomicBool,
    waker: AtomicWaker,
    /// What waits to be sent.
    pub(crate) backlog: Arc<Backlog>,
}

#[derive(Debug, Default)]
struct Queue {
    commands: Vec<Command>,
    /// The owner has ended, and no other follows.
    closed: bool,
}

impl Mailbox {
    /// An empty mailbox whose owner counts as awake until it sleeps.
    pub(crate) fn new() -> Arc<Self> {
        Self::with(Arc::new(Backlog::new()))
    }

    /// An empty mailbox beside this one: what is sent by its owner is counted here.
    pub(crate) fn beside(&self) -> Arc<Self> {
        Self::with(Arc::clone(&self.backlog))
    }

    fn with(backlog: Arc<Backlog>) -> Arc<Self> {
        Arc::new(Self {
            queue: Mutex::default(),
            filled: AtomicBool::new(false),
            notified: AtomicBool::new(true),
            waker: AtomicWaker::new(),
            backlog,
        })
    }

    /// Queues a command and wakes the owner unless it is awake. Without an owner it is dropped.
    pub(crate) fn push(&self, command: Command) {
        {
            let mut queue = self.queue();
            if queue.closed {
                drop(queue);
                // Not under the lock: a call may end with its last command, and say so.
                return drop(command);
            }
            queue.commands.push(command);
            if queue.commands.len() == 1 {
                self.filled.store(true, Ordering::SeqCst);
            }
        }
        // Most commands of a batch find that there is nothing to do.
        if !self.notified.load(Ordering::SeqCst) && !self.notified.swap(true, Ordering::SeqCst) {
            self.waker.wake();
        }
    }

    /// Owner: a turn begins. Says whether a command was what woke it.
    pub(crate) fn begin_turn(&self) -> bool {
        self.notified.swap(true, Ordering::SeqCst)
    }

    /// Owner: swaps the queue with `commands`, which must be empty; its capacity serves the next batch.
    pub(crate) fn take(&self, commands: &mut Vec<Command>) {
        debug_assert!(commands.is_empty());
        if self.has_commands() {
            let mut queue = self.queue();
            self.filled.store(false, Ordering::SeqCst);
            std::mem::swap(&mut queue.commands, commands);
        }
    }

    /// Owner: it ends, and nobody reads what was queued or is pushed from now on. Commands hold their call, and calls
    /// hold this mailbox: what stayed here would stay for ever.
    pub(crate) fn close(&self) {
        let mut queue = self.queue();
        queue.closed = true;
        self.filled.store(false, Ordering::SeqCst);
        let commands = std::mem::take(&mut queue.commands);
        drop(queue);
        drop(commands);
    }

    /// Owner: asks to be woken by the next command. `false` when one came meanwhile: then there is no sleep.
    pub(crate) fn sleep(&self, cx: &Context<'_>) -> bool {
        self.waker.register(cx.waker());
        self.notified.store(false, Ordering::SeqCst);
        let idle = !self.has_commands();
        if !idle {
            self.notified.store(true, Ordering::SeqCst);
        }
        idle
    }

    /// Whether something is queued.
    pub(crate) fn has_commands(&self) -> bool {
        self.filled.load(Ordering::SeqCst)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;
    use crate::call::Role;
    use crate::transport::Peer;

    fn command() -> Command {
        Command::Server(ServerCommand::ShutDown)
    }

    #[test]
    fn one_wake_serves_a_whole_batch_and_an_owner_at_work_is_not_woken() {
        let (mailbox, wakes) = (Mailbox::new(), Arc::new(Wakes::default()));
        let waker = std::task::Waker::from(Arc::clone(&wakes));
        let cx = Context::from_waker(&waker);
        mailbox.push(command());
        assert_eq!(wakes.0.load(Ordering::SeqCst), 0, "the owner counts as awake at first");
        assert!(!mailbox.sleep(&cx), "there is something to do");
        let mut commands = Vec::new();
        mailbox.take(&mut commands);
        assert_eq!(commands.len(), 1);
        assert!(mailbox.sleep(&cx));
        (0..10).for_each(|_| mailbox.push(command()));
        assert_eq!(wakes.0.load(Ordering::SeqCst), 1);
        assert!(mailbox.begin_turn(), "a command was what woke the owner");
        mailbox.push(command());
        assert_eq!(wakes.0.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_mailbox_without_an_owner_holds_nothing() {
        let mailbox = Mailbox::new();
        let state = CallState::new(Role::Server, Arc::clone(&mailbox), Peer::Memory, 0);
        mailbox.push(Command::Flush(Arc::clone(&state)));
        assert_eq!(Arc::strong_count(&state), 2);
        mailbox.close();
        mailbox.push(Command::Release(Arc::clone(&state)));
        assert_eq!(Arc::strong_count(&state), 1);
        assert!(!mailbox.has_commands());
    }

    #[test]
    fn a_turn_without_a_command_knows_that() {
        let mailbox = Mailbox::new();
        mailbox.begin_turn();
        assert!(mailbox.sleep(&Context::from_waker(std::task::Waker::noop())));
        assert!(!mailbox.begin_turn());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_command_of_many_threads_is_slept_through() {
        const EACH: usize = 20_000;
        let mailbox = Mailbox::new();
        let senders: Vec<_> = (0..4)
            .map(|_| {
                let mailbox = Arc::clone(&mailbox);
                std::thread::spawn(move || (0..EACH).for_each(|_| mailbox.push(command())))
            })
            .collect();
        let (mut taken, mut commands) = (0, Vec::new());
        poll_fn(|cx| {
            mailbox.begin_turn();
            loop {
                mailbox.take(&mut commands);
                taken += commands.drain(..).count();
                if taken == 4 * EACH {
                    return Poll::Ready(());
                }
                if mailbox.sleep(cx) {
                    return Poll::Pending;
                }
            }
        })
        .await;
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    }

    #[derive(Default)]
    struct Wakes(std::sync::atomic::AtomicUsize);

    impl std::task::Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}
