//! Bytes that wait to be sent on one connection, all calls together, and the senders that wait until there are fewer.
//!
//! Beside each call's own quota: a hundred calls that stay within theirs could still hold more than one connection
//! should. Bytes are counted where they are: in a call until the owner takes them, in the engine as the owner last saw it.
//!
//! No sender waits for ever. Bytes in a call have a Flush under way, and bytes in the engine leave or die with their call;
//! both are turns of the owner, and every turn ends with [`Backlog::publish`]. What dies with a call's last handle, on
//! whatever task, goes by [`Backlog::forget`].

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// What waits to be sent on one connection.
#[derive(Debug)]
pub(crate) struct Backlog {
    in_calls: AtomicUsize,
    in_engine: AtomicUsize,
    waiting: Mutex<Vec<Waker>>,
}

impl Backlog {
    pub(super) const fn new() -> Self {
        Self { in_calls: AtomicUsize::new(0), in_engine: AtomicUsize::new(0), waiting: Mutex::new(Vec::new()) }
    }

    /// Whether senders have to wait; if so, `waker` is woken when they need no longer.
    pub(crate) fn is_full(&self, waker: &Waker) -> bool {
        if self.bytes() < LIMIT {
            return false;
        }
        let mut waiting = self.waiting();
        // A task that is polled for other reasons asks again and again, as often as its peer likes.
        if !waiting.iter().any(|other| other.will_wake(waker)) {
            waiting.push(waker.clone());
        }
        drop(waiting);
        // What changed before the waker stood there did not wake it.
        self.bytes() >= LIMIT
    }

    /// A call has queued so many bytes more.
    pub(crate) fn add(&self, bytes: usize) {
        self.in_calls.fetch_add(bytes, Ordering::SeqCst);
    }

    /// A call's queued bytes have gone to the engine, or nowhere.
    pub(crate) fn remove(&self, bytes: usize) {
        self.in_calls.fetch_sub(bytes, Ordering::SeqCst);
    }

    /// A call's queued bytes are gone, and perhaps no turn of the owner follows.
    pub(crate) fn forget(&self, bytes: usize) {
        if bytes > 0 {
            self.remove(bytes);
            self.wake();
        }
    }

    /// Owner: its engine holds `queued` bytes now, and held `before` the last time.
    pub(super) fn publish(&self, before: usize, queued: usize) {
        if before != queued {
            // A channel may have several connections under way; each adds its own difference.
            self.in_engine.fetch_add(queued.wrapping_sub(before), Ordering::SeqCst);
        }
        self.wake();
    }

    /// Wakes those who wait, if there is room.
    fn wake(&self) {
        if self.bytes() >= LIMIT {
            return;
        }
        let waiting = std::mem::take(&mut *self.waiting());
        waiting.into_iter().for_each(Waker::wake);
    }

    /// All of them.
    pub(crate) fn bytes(&self) -> usize {
        self.in_calls.load(Ordering::SeqCst).saturating_add(self.in_engine.load(Ordering::SeqCst))
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes that may wait on one connection before every sender waits (requirements §8.1: send queue, 1 MiB a connection).
const LIMIT: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn senders_wait_at_the_limit_and_are_woken_below_it() {
        let (backlog, count) = (Backlog::new(), Arc::new(Count::default()));
        let waker = Waker::from(Arc::clone(&count));
        backlog.add(LIMIT - 1);
        assert!(!backlog.is_full(&waker));
        backlog.add(1);
        assert!(backlog.is_full(&waker));
        // The owner takes the bytes into its engine: they wait there now.
        backlog.remove(LIMIT);
        backlog.publish(0, LIMIT);
        assert!(backlog.is_full(&waker));
        assert_eq!(count.0.load(Ordering::Relaxed), 0);
        backlog.publish(LIMIT, LIMIT - 1);
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
        assert!(!backlog.is_full(&waker));
        backlog.publish(LIMIT - 1, 0);
        assert_eq!((backlog.bytes(), count.0.load(Ordering::Relaxed)), (0, 1), "nobody is woken twice");
    }

    #[test]
    fn a_sender_that_asks_again_waits_once() {
        let (backlog, count) = (Backlog::new(), Arc::new(Count::default()));
        backlog.add(LIMIT);
        let waker = Waker::from(Arc::clone(&count));
        (0..1_000).for_each(|_| assert!(backlog.is_full(&waker)));
        assert_eq!(backlog.waiting().len(), 1);
        backlog.forget(LIMIT);
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn bytes_that_are_forgotten_wake_as_well() {
        let (backlog, count) = (Backlog::new(), Arc::new(Count::default()));
        backlog.add(2 * LIMIT);
        assert!(backlog.is_full(&Waker::from(Arc::clone(&count))));
        backlog.forget(LIMIT);
        assert_eq!(count.0.load(Ordering::Relaxed), 0);
        backlog.forget(1);
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }
}
