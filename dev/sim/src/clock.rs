//! Virtual time: it stands still until it is told to move.
//!
//! The one place in this package that reads a real clock, once, because an `Instant` cannot be made otherwise.

use std::time::{Duration, Instant};

/// The time of one simulation.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    base: Instant,
    elapsed: Duration,
}

impl Clock {
    /// A clock that shows zero.
    pub fn new() -> Self {
        Self { base: Instant::now(), elapsed: Duration::ZERO }
    }

    /// What the engine is told.
    pub fn now(&self) -> Instant {
        self.base + self.elapsed
    }

    /// Time since the simulation began.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Moves on to `time` after the beginning; time never runs backwards.
    pub fn advance_to(&mut self, time: Duration) {
        self.elapsed = self.elapsed.max(time);
    }

    /// A time of the engine as time since the beginning; zero for what lies before it.
    pub fn since_start(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.base)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_moves_only_when_told_and_only_forward() {
        let mut clock = Clock::new();
        let start = clock.now();
        assert_eq!((clock.now(), clock.elapsed()), (start, Duration::ZERO));
        clock.advance_to(Duration::from_secs(3600));
        clock.advance_to(Duration::from_secs(1));
        assert_eq!(clock.now() - start, Duration::from_secs(3600));
        assert_eq!(clock.since_start(clock.now()), clock.elapsed());
    }
}
