//! How long first polls take: which of them are timed, and what comes of one that kept the connection's task too long.
//!
//! Reading the clock twice costs some percent of a small call. So the first polls of a connection are timed one by
//! one, and later ones in groups: the first one of a round alone, those behind it eight at a time. A group that took
//! longer than one poll may says that somebody in it was slow, not who; then they are timed one by one again.

use std::time::{Duration, Instant};

use super::router::Route;

/// The clock of one connection's first polls.
pub(super) struct Pace {
    /// How long a first poll may take.
    budget: Duration,
    /// First polls that are timed one by one.
    careful: u8,
    /// When the group began; `None` when something else than first polls has been done since.
    since: Option<Instant>,
    /// First polls of the group.
    group: u32,
}

impl Pace {
    pub(super) fn new(budget: Duration) -> Self {
        Self { budget, careful: CAREFUL, since: None, group: 0 }
    }

    /// Something else than a first poll is done, or time passes.
    pub(super) fn interrupt(&mut self) {
        self.since = None;
    }

    /// A first poll begins; `clock` is read if it matters.
    pub(super) fn begin(&mut self, clock: impl FnOnce() -> Instant) {
        if self.careful > 0 || self.since.is_none() {
            (self.since, self.group) = (Some(clock()), 0);
        }
    }

    /// A first poll is over. Whether it is known to have been slow: its method is spawned from now on.
    pub(super) fn end(&mut self, clock: impl FnOnce() -> Instant, route: &Route) -> bool {
        self.group = self.group.wrapping_add(1);
        let alone = self.group == 1;
        let Some(since) = self.since.filter(|_| alone || self.group.is_multiple_of(GROUP)) else { return false };
        let now = clock();
        let slow = now.duration_since(since) > self.budget;
        self.since = Some(now);
        self.careful = if slow { CAREFUL } else { self.careful.saturating_sub(1) };
        if slow && alone {
            route.note(true);
        }
        slow && alone
    }
}

/// First polls that are timed one by one, of a new connection and after a slow one.
const CAREFUL: u8 = 64;
/// First polls that are timed together.
const GROUP: u32 = 8;

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Arc;

    use super::*;
    use crate::codec::Shape;
    use crate::server::{Call, Handling, Io, Service};

    struct Nothing;

    impl Service for Nothing {
        fn descriptor(&self) -> &'static crate::codec::ServiceDescriptor {
            &crate::codec::ServiceDescriptor { name: "", methods: &[] }
        }

        fn start(&self, _: usize, call: Call, _: Io) -> Handling {
            Handling::unimplemented(call)
        }
    }

    /// A pace, its method, and a clock that only slow first polls move.
    struct Bench {
        pace: Pace,
        route: Arc<Route>,
        now: Instant,
    }

    impl Bench {
        fn new() -> Self {
            let route = Route::new(Arc::new(Nothing), 0, Shape::Unary);
            Self { pace: Pace::new(Duration::from_micros(50)), route, now: Instant::now() }
        }

        /// A first poll for each of `slow`; which of them were known to be slow.
        fn polls(&mut self, slow: &[bool]) -> Vec<bool> {
            let poll = |slow: &bool| {
                self.pace.begin(|| self.now);
                self.now += Duration::from_micros(if *slow { 51 } else { 1 });
                self.pace.end(|| self.now, &self.route)
            };
            slow.iter().map(poll).collect()
        }
    }

    const QUICK: [bool; 2 * CAREFUL as usize] = [false; 2 * CAREFUL as usize];

    #[test]
    fn the_first_slow_poll_of_a_connection_makes_its_method_heavy() {
        let mut bench = Bench::new();
        assert_eq!(bench.polls(&[false, false, true, false]), [false, false, true, false]);
        assert!(bench.route.is_heavy());
    }

    #[test]
    fn a_method_that_becomes_slow_is_found_after_one_group_at_most() {
        let mut bench = Bench::new();
        bench.polls(&QUICK);
        assert_eq!(bench.pace.careful, 0);
        let mut late = [false; GROUP as usize];
        late[2] = true;
        bench.polls(&late);
        assert!(!bench.route.is_heavy() && bench.pace.careful > 0, "somebody was slow, and is not known");
        assert_eq!(bench.polls(&[false, true]), [false, true]);
        assert!(bench.route.is_heavy());
    }

    #[test]
    fn the_first_poll_of_a_round_is_timed_alone() {
        let mut bench = Bench::new();
        bench.polls(&QUICK);
        bench.pace.interrupt();
        assert_eq!(bench.polls(&[true]), [true]);
        assert!(bench.route.is_heavy());
    }

    #[test]
    fn quick_polls_read_the_clock_once_for_a_group() {
        let mut bench = Bench::new();
        bench.polls(&QUICK);
        bench.pace.interrupt();
        let reads = Cell::new(0);
        let clock = || {
            reads.set(reads.get() + 1);
            bench.now
        };
        for _ in 0..16 {
            bench.pace.begin(clock);
            bench.pace.end(clock, &bench.route);
        }
        assert_eq!(reads.get(), 4, "the round's first poll alone, then two groups");
    }
}
