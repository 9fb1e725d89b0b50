//! Every reason to wake, and when.

use std::time::{Duration, Instant};

/// Why a connection wants to be woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timer {
    /// The preface and the first SETTINGS are due.
    Handshake,
    /// The acknowledgement of a graceful shutdown is due.
    Drain,
    /// The acknowledgement of our SETTINGS is due.
    Settings,
    /// The peer should have read some of the control frames that wait for it.
    Control,
    /// Time to look for windows that stay shut.
    Stall,
}

/// One time for each [`Timer`].
#[derive(Debug, Default)]
pub(super) struct Timers {
    at: [Option<Instant>; Timer::ALL.len()],
}

impl Timer {
    const ALL: [Self; 5] = [Self::Handshake, Self::Drain, Self::Settings, Self::Control, Self::Stall];
}

impl Timers {
    /// Sets a timer; a time that no clock will show is never.
    pub(super) fn set(&mut self, timer: Timer, now: Instant, after: Duration) {
        if let Some(place) = self.at.get_mut(timer as usize) {
            *place = now.checked_add(after);
        }
    }

    pub(super) fn is_set(&self, timer: Timer) -> bool {
        self.at.get(timer as usize).is_some_and(Option::is_some)
    }

    pub(super) fn clear(&mut self, timer: Timer) {
        if let Some(place) = self.at.get_mut(timer as usize) {
            *place = None;
        }
    }

    pub(super) fn clear_all(&mut self) {
        self.at = Default::default();
    }

    /// When the first of them is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.at.iter().flatten().min().copied()
    }

    /// Takes one timer that is due.
    pub(super) fn expire(&mut self, now: Instant) -> Option<Timer> {
        Timer::ALL.into_iter().zip(&mut self.at).find_map(|(timer, at)| at.take_if(|at| *at <= now).map(|_| timer))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn timers_fire_once_each_when_they_are_due() {
        let start = Instant::now();
        let mut timers = Timers::default();
        assert_eq!((timers.next(), timers.expire(start)), (None, None));
        timers.set(Timer::Drain, start, Duration::from_secs(2));
        timers.set(Timer::Handshake, start, Duration::from_secs(1));
        assert!(timers.is_set(Timer::Drain) && !timers.is_set(Timer::Stall));
        assert_eq!(timers.next(), Some(start + Duration::from_secs(1)));
        assert_eq!(timers.expire(start), None);
        let late = start + Duration::from_secs(3);
        assert_eq!(timers.expire(late), Some(Timer::Handshake));
        assert_eq!(timers.expire(late), Some(Timer::Drain));
        assert_eq!(timers.expire(late), None);
    }

    #[test]
    fn a_cleared_timer_never_fires() {
        let now = Instant::now();
        let mut timers = Timers::default();
        timers.set(Timer::Handshake, now, Duration::ZERO);
        timers.clear(Timer::Handshake);
        assert_eq!(timers.expire(now), None);
        timers.set(Timer::Drain, now, Duration::ZERO);
        timers.clear_all();
        assert_eq!(timers.next(), None);
        timers.set(Timer::Stall, now, Duration::MAX);
        assert_eq!(timers.next(), None, "for ever");
    }
}
