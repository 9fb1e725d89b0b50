//! The deadlines of all calls of a connection, soonest first.
//!
//! A sorted queue: deadlines arrive almost in order and leave near the front, so that both ends are cheap and nothing
//! is left behind by calls that end in time.

use std::collections::VecDeque;
use std::time::Instant;

use super::CallId;

/// When which call is due.
#[derive(Debug, Default)]
pub(super) struct Deadlines(VecDeque<(Instant, CallId)>);

impl Deadlines {
    pub(super) fn insert(&mut self, at: Instant, call: CallId) {
        let place = self.0.partition_point(|entry| *entry < (at, call));
        self.0.insert(place, (at, call));
    }

    pub(super) fn remove(&mut self, at: Instant, call: CallId) {
        if let Ok(place) = self.0.binary_search(&(at, call)) {
            self.0.remove(place);
        }
    }

    /// When the first is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.front().map(|entry| entry.0)
    }

    /// Takes a call that is due.
    pub(super) fn expire(&mut self, now: Instant) -> Option<CallId> {
        if self.next()? > now {
            return None;
        }
        self.0.pop_front().map(|entry| entry.1)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::h2::StreamKey;

    fn call(id: u32) -> CallId {
        CallId(StreamKey { slot: id, id })
    }

    #[test]
    fn calls_expire_in_the_order_of_their_deadlines() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut deadlines = Deadlines::default();
        for (seconds, id) in [(3, 1), (1, 2), (2, 3), (2, 4)] {
            deadlines.insert(at(seconds), call(id));
        }
        assert_eq!(deadlines.next(), Some(at(1)));
        assert_eq!(deadlines.expire(start), None);
        let order: Vec<u32> = std::iter::from_fn(|| deadlines.expire(at(9))).map(CallId::serial).collect();
        assert_eq!(order, [2, 3, 4, 1]);
    }

    #[test]
    fn a_removed_call_never_expires_and_leaves_nothing() {
        let start = Instant::now();
        let mut deadlines = Deadlines::default();
        for id in 0..100 {
            deadlines.insert(start, call(id));
        }
        for id in 0..100 {
            deadlines.remove(start, call(id));
            deadlines.remove(start, call(id));
        }
        assert_eq!((deadlines.len(), deadlines.next(), deadlines.expire(start)), (0, None, None));
    }
}
