//! Whether the server is away, or was a moment ago: calls may be lost with their connection then, and only then.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How the server goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// In order: it finishes what it has begun, and says what it has not.
    Restart,
    /// At once, with everything that it holds.
    Crash,
}

/// How the server went the last time, and since when it has been back.
#[derive(Debug)]
pub(crate) struct Weather(Mutex<(How, Option<Instant>)>);

impl Weather {
    /// The server is up.
    pub(crate) fn calm() -> Self {
        Self(Mutex::new((How::Crash, Some(Instant::now()))))
    }

    /// The server goes.
    pub(crate) fn turn(&self, how: How) {
        *self.lock() = (how, None);
    }

    /// The server is back.
    pub(crate) fn clear(&self) {
        self.lock().1 = Some(Instant::now());
    }

    /// Whether a call that began then may be lost. A patient one, which waits for a connection and can be sent again,
    /// outlives a restart in order.
    pub(crate) fn may_lose(&self, began: Instant, patient: bool) -> bool {
        let (how, since) = *self.lock();
        since.is_none_or(|since| began < since + AFTERMATH) && (how == How::Crash || !patient)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (How, Option<Instant>)> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// How long channels may need to find a server that is back: more than their longest backoff.
const AFTERMATH: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_lost_while_the_server_is_away_and_just_after() {
        let (weather, now) = (Weather::calm(), Instant::now());
        let later = now + 2 * AFTERMATH;
        assert!(!weather.may_lose(later, false));
        weather.turn(How::Crash);
        assert!(weather.may_lose(later, false) && weather.may_lose(later, true));
        weather.clear();
        assert!(weather.may_lose(now, true) && !weather.may_lose(later, false));
        weather.turn(How::Restart);
        assert!(weather.may_lose(later, false) && !weather.may_lose(later, true));
    }
}
