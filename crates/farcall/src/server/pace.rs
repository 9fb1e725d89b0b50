//! How long first polls take: which of them are timed, and what comes of one that kept the connection's task too long.
//!
//! Reading the clock twice costs some percent of a small call. So polls of one method that follow each other are timed in
//! groups; every poll is in one. Where a group took longer than a single poll may, somebody in it was slow: then the method
//! is timed poll by poll until one was quick. A new method is timed like that too.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::router::Route;

/// The clock of one connection's first polls.
pub(super) struct Pace {
    /// How long a first poll may take.
    budget: Duration,
    group: Option<Group>,
}

/// First polls of one method, with nothing else between them.
struct Group {
    route: Arc<Route>,
    since: Instant,
    polls: u32,
}

impl Pace {
    pub(super) fn new(budget: Duration) -> Self {
        Self { budget, group: None }
    }

    /// How long a first poll may take.
    pub(super) fn budget(&self) -> Duration {
        self.budget
    }

    /// A first poll begins.
    pub(super) fn begin(&mut self, route: &Arc<Route>, clock: impl Fn() -> Instant) {
        let joins = |group: &Group| Arc::ptr_eq(&group.route, route) && (group.polls == 0 || !route.is_suspect());
        if self.group.as_ref().is_some_and(joins) {
            return;
        }
        let since = clock();
        self.close(since);
        self.group = Some(Group { route: Arc::clone(route), since, polls: 0 });
    }

    /// A first poll is over. Whether it is known to have been slow: its method is spawned from now on.
    pub(super) fn end(&mut self, clock: impl Fn() -> Instant) -> bool {
        let Some(group) = &mut self.group else { return false };
        group.polls += 1;
        if group.polls < GROUP && !group.route.is_suspect() {
            return false;
        }
        let now = clock();
        let slow = group.judge(now, self.budget);
        (group.since, group.polls) = (now, 0);
        slow
    }

    /// Something else than first polls is done, or time passes.
    pub(super) fn interrupt(&mut self, clock: impl Fn() -> Instant) {
        if self.group.as_ref().is_some_and(|group| group.polls > 0) {
            self.close(clock());
        }
        self.group = None;
    }

    fn close(&mut self, now: Instant) {
        if let Some(group) = self.group.take().filter(|group| group.polls > 0) {
            group.judge(now, self.budget);
        }
    }
}

impl Group {
    /// Whether its one poll was slow. Of several it is not known which; their method's next one is timed by itself.
    fn judge(&self, now: Instant, budget: Duration) -> bool {
        let slow = now.duration_since(self.since) > budget;
        let alone = self.polls == 1;
        if slow && alone {
            self.route.note(true);
        }
        if slow != alone {
            self.route.suspect(slow);
        }
        slow && alone
    }
}

/// First polls that are timed together.
const GROUP: u32 = 8;

#[cfg(test)]
mod tests {
    use std::cell::Cell;

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

    /// A pace, and a clock that counts how often it is read, and that only first polls move.
    struct Bench {
        pace: Pace,
        now: Instant,
        reads: Cell<u32>,
    }

    impl Bench {
        fn new() -> Self {
            Self { pace: Pace::new(Duration::from_micros(50)), now: Instant::now(), reads: Cell::new(0) }
        }

        /// A first poll; whether it was known to be slow.
        fn poll(&mut self, route: &Arc<Route>, micros: u64) -> bool {
            let Self { pace, now, reads } = self;
            let read = |now| {
                reads.set(reads.get() + 1);
                now
            };
            pace.begin(route, || read(*now));
            *now += Duration::from_micros(micros);
            pace.end(|| read(*now))
        }

        fn interrupt(&mut self) {
            let Self { pace, now, reads } = self;
            pace.interrupt(|| {
                reads.set(reads.get() + 1);
                *now
            });
        }
    }

    fn route() -> Arc<Route> {
        Route::new(Arc::new(Nothing), 0, Shape::Unary)
    }

    #[test]
    fn a_method_that_is_slow_at_once_is_heavy_at_once() {
        let (mut bench, route) = (Bench::new(), route());
        assert!(bench.poll(&route, 51) && route.is_heavy());
        assert!(!bench.poll(&route, 1));
    }

    #[test]
    fn a_method_that_becomes_slow_is_found_with_the_poll_after_its_group() {
        let (mut bench, route) = (Bench::new(), route());
        (0..12).for_each(|_| assert!(!bench.poll(&route, 1)));
        assert!(!bench.poll(&route, 60), "one of a group");
        bench.interrupt();
        assert!(route.is_suspect() && !route.is_heavy());
        assert!(bench.poll(&route, 60) && route.is_heavy());
    }

    #[test]
    fn a_method_that_becomes_slow_is_found_at_once_where_it_is_called_alone() {
        let (mut bench, route) = (Bench::new(), route());
        for _ in 0..3 {
            bench.poll(&route, 1);
            bench.interrupt();
        }
        bench.poll(&route, 60);
        bench.interrupt();
        assert!(route.is_heavy());
    }

    #[test]
    fn a_slow_poll_among_quick_ones_of_its_method_is_not_forgotten() {
        let (mut bench, route) = (Bench::new(), route());
        bench.poll(&route, 1);
        // Slow once in a hundred polls: it is suspected each time, and found when it is polled by itself.
        for round in 0..100 {
            (0..3).for_each(|_| assert!(!bench.poll(&route, 1)));
            bench.interrupt();
            if bench.poll(&route, if round % 3 == 0 { 60 } else { 1 }) {
                break;
            }
            bench.interrupt();
        }
        assert!(route.is_heavy());
    }

    #[test]
    fn a_slow_method_beside_quick_ones_is_found_in_whatever_company() {
        for others in 1..20 {
            let (mut bench, quick, slow) = (Bench::new(), route(), route());
            for _ in 0..20 {
                bench.poll(&quick, 1);
                bench.poll(&slow, 1);
            }
            bench.interrupt();
            bench.poll(&quick, 1);
            bench.poll(&slow, 20_000);
            (0..others).for_each(|_| _ = bench.poll(&quick, 1));
            bench.interrupt();
            assert!(slow.is_heavy() && !quick.is_heavy(), "{others} others in the round");
        }
    }

    #[test]
    fn quick_polls_of_one_method_read_the_clock_once_for_a_group() {
        let (mut bench, route) = (Bench::new(), route());
        bench.poll(&route, 1);
        bench.interrupt();
        for (polls, reads) in [(1, 2), (7, 2), (8, 2), (10, 3), (100, 14)] {
            bench.reads.set(0);
            (0..polls).for_each(|_| assert!(!bench.poll(&route, 1)));
            bench.interrupt();
            assert_eq!(bench.reads.get(), reads, "{polls} polls");
        }
    }
}
