//! Windows that stay shut while bytes wait for them: whoever opens none holds what this side has to send.
//!
//! Looked at now and then, and only while something waits; a stream that moves is never late.

use std::time::{Duration, Instant};

use super::connection::{Connection, Phase};
use super::timer::Timer;
use crate::error::Reason;

impl Connection {
    /// Something waits to be sent: looks at the windows after a while.
    pub(super) fn watch_stalls(&mut self) {
        let limit = self.config.send_stall_timeout;
        if self.phase != Phase::Over && limit != Duration::MAX && !self.timers.is_set(Timer::Stall) {
            self.timers.set(Timer::Stall, self.seen, limit / STEPS);
        }
    }

    /// Resets the streams whose windows have been shut for too long.
    pub(super) fn check_stalls(&mut self, now: Instant) {
        let limit = self.config.send_stall_timeout;
        let all_shut = self.send_window.available() == 0;
        for key in self.streams.keys() {
            let Some(stream) = self.streams.get_mut(key) else { continue };
            let send = &mut stream.send;
            if send.queued == 0 || !(all_shut || send.window.available() == 0) {
                send.shut_since = None;
                continue;
            }
            let since = *send.shut_since.get_or_insert(now);
            if now.saturating_duration_since(since) >= limit {
                self.break_stream(key, Reason::SendStall { seconds: limit.as_secs() });
            }
        }
        if self.queued > 0 {
            self.watch_stalls();
        }
    }
}

/// Looks in the time that a window may stay shut: it is found out at most one step too late.
const STEPS: u32 = 4;
