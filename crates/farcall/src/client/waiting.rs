//! The calls of a channel that wait for a connection, or for room on one: first in, first out, bounded, within their deadlines.
//!
//! No clock and no policy here: who may go, and when, is the driver's business. Calls that leave early (cancelled,
//! expired) are taken out at once, so that a queue never holds what nobody waits for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

/// Something that waits; the address tells which of them is meant when one is cancelled.
pub(super) trait Waiter {
    /// A number that no other live waiter has.
    fn address(&self) -> usize;
    /// When it gives up.
    fn deadline(&self) -> Option<Instant>;
    /// Whether it outlasts a failure to connect.
    fn waits_for_ready(&self) -> bool;
}

/// The queue.
#[derive(Debug)]
pub(super) struct Waiting<W> {
    calls: BTreeMap<i64, W>,
    places: HashMap<usize, i64>,
    deadlines: BTreeSet<(Instant, i64)>,
    /// The places at both ends that were given out last.
    first: i64,
    last: i64,
}

impl<W: Waiter> Waiting<W> {
    pub(super) fn new() -> Self {
        Self { calls: BTreeMap::new(), places: HashMap::new(), deadlines: BTreeSet::new(), first: 0, last: -1 }
    }

    /// Joins at the end.
    pub(super) fn push(&mut self, call: W) {
        self.last += 1;
        self.insert(self.last, call);
    }

    /// Joins at the head: a call that was sent before and came back unprocessed.
    pub(super) fn push_first(&mut self, call: W) {
        self.first -= 1;
        self.insert(self.first, call);
    }

    /// The call whose turn it is.
    pub(super) fn pop(&mut self) -> Option<W> {
        let place = *self.calls.first_key_value()?.0;
        self.take(place)
    }

    /// Takes the call at `address` out, if it waits here.
    pub(super) fn remove(&mut self, address: usize) -> Option<W> {
        let place = *self.places.get(&address)?;
        self.take(place)
    }

    /// A call whose deadline has come; call it again until there is none.
    pub(super) fn pop_expired(&mut self, now: Instant) -> Option<W> {
        let (deadline, place) = *self.deadlines.first()?;
        if deadline > now {
            return None;
        }
        self.take(place)
    }

    /// Takes out the calls that do not outlast a failure, in order.
    pub(super) fn take_impatient(&mut self) -> Vec<W> {
        let impatient = |(place, call): (&i64, &W)| (!call.waits_for_ready()).then_some(*place);
        let places: Vec<i64> = self.calls.iter().filter_map(impatient).collect();
        places.into_iter().filter_map(|place| self.take(place)).collect()
    }

    /// The first deadline of any.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    fn insert(&mut self, place: i64, call: W) {
        self.places.insert(call.address(), place);
        if let Some(deadline) = call.deadline() {
            self.deadlines.insert((deadline, place));
        }
        self.calls.insert(place, call);
    }

    fn take(&mut self, place: i64) -> Option<W> {
        let call = self.calls.remove(&place)?;
        self.places.remove(&call.address());
        if let Some(deadline) = call.deadline() {
            self.deadlines.remove(&(deadline, place));
        }
        if self.calls.is_empty() {
            self.give_memory_back();
        }
        Some(call)
    }

    /// After a crowd, the table of places would otherwise stay as large as the crowd was.
    fn give_memory_back(&mut self) {
        if self.places.capacity() > 1024 {
            self.places = HashMap::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[derive(Debug, PartialEq, Clone, Copy)]
    struct Guest {
        name: usize,
        deadline: Option<Instant>,
        patient: bool,
    }

    impl Waiter for Guest {
        fn address(&self) -> usize {
            self.name
        }

        fn deadline(&self) -> Option<Instant> {
            self.deadline
        }

        fn waits_for_ready(&self) -> bool {
            self.patient
        }
    }

    fn guest(name: usize) -> Guest {
        Guest { name, deadline: None, patient: false }
    }

    fn names(queue: &mut Waiting<Guest>) -> Vec<usize> {
        std::iter::from_fn(|| queue.pop()).map(|guest| guest.name).collect()
    }

    #[test]
    fn calls_leave_in_the_order_in_which_they_came() {
        let mut queue = Waiting::new();
        (0..5).for_each(|name| queue.push(guest(name)));
        assert_eq!(queue.len(), 5);
        assert_eq!(names(&mut queue), [0, 1, 2, 3, 4]);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_call_that_came_back_goes_first() {
        let mut queue = Waiting::new();
        queue.push(guest(1));
        queue.push_first(guest(2));
        queue.push_first(guest(3));
        queue.push(guest(4));
        assert_eq!(names(&mut queue), [3, 2, 1, 4]);
    }

    #[test]
    fn a_cancelled_call_leaves_from_the_middle() {
        let mut queue = Waiting::new();
        (0..3).for_each(|name| queue.push(guest(name)));
        assert_eq!(queue.remove(1), Some(guest(1)));
        assert_eq!(queue.remove(1), None);
        assert_eq!(names(&mut queue), [0, 2]);
    }

    #[test]
    fn only_calls_whose_deadline_has_come_expire() {
        let start = Instant::now();
        let at = |name: usize, seconds| Guest { deadline: Some(start + Duration::from_secs(seconds)), ..guest(name) };
        let mut queue = Waiting::new();
        queue.push(at(0, 9));
        queue.push(at(1, 3));
        queue.push(guest(2));
        assert_eq!(queue.next_deadline(), Some(start + Duration::from_secs(3)));
        assert_eq!(queue.pop_expired(start + Duration::from_secs(2)), None);
        assert_eq!(queue.pop_expired(start + Duration::from_secs(3)), Some(at(1, 3)));
        assert_eq!(queue.pop_expired(start + Duration::from_secs(3)), None);
        assert_eq!(names(&mut queue), [0, 2]);
        assert_eq!(queue.next_deadline(), None);
    }

    #[test]
    fn a_failure_takes_the_impatient_and_leaves_the_patient() {
        let mut queue = Waiting::new();
        (0..4).for_each(|name| queue.push(Guest { patient: name % 2 == 0, ..guest(name) }));
        let gone: Vec<usize> = queue.take_impatient().iter().map(|guest| guest.name).collect();
        assert_eq!(gone, [1, 3]);
        assert_eq!(names(&mut queue), [0, 2]);
    }

    #[test]
    fn an_empty_queue_holds_no_tables() {
        let mut queue = Waiting::new();
        (0..5_000).for_each(|name| queue.push(Guest { deadline: Some(Instant::now()), ..guest(name) }));
        (0..5_000).rev().for_each(|name| assert!(queue.remove(name).is_some()));
        assert_eq!((queue.places.capacity(), queue.deadlines.len()), (0, 0));
    }
}
