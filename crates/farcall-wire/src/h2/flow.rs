//! Receive side of flow control: credit that this side grants, gets back from its application, and widens.
//!
//! A stream starts with the window of the configuration. While one PING travels, the bytes that arrive are counted;
//! a window of which two thirds arrived in that time was too narrow for bandwidth × delay and is doubled.

use super::window::Window;

/// Credit that the peer has for one stream, or for the connection.
#[derive(Debug)]
pub(super) struct Credit {
    window: Window,
    /// The size that the window is kept at, in bytes.
    target: u32,
    /// Bytes that the application has given back, or that widen the window, and that the peer was not told of.
    owed: u32,
    /// Bytes that arrived since the probe began.
    sampled: u32,
    /// The probe in which `sampled` was counted.
    probe: u32,
}

impl Credit {
    /// Credit of `window` bytes that is to be kept at `target`.
    pub(super) fn new(window: u32, target: u32) -> Self {
        let owed = target.saturating_sub(window);
        Self { window: Window::new(window), target, owed, sampled: 0, probe: 0 }
    }

    /// Takes `bytes` that arrived during `probe`; `false` when the peer had no credit for them.
    pub(super) fn take(&mut self, bytes: u32, probe: u32) -> bool {
        if self.probe != probe {
            (self.probe, self.sampled) = (probe, 0);
        }
        self.sampled = self.sampled.saturating_add(bytes);
        self.window.take(bytes)
    }

    /// Takes `bytes` back from the application.
    pub(super) fn give_back(&mut self, bytes: u32) {
        self.owed = self.owed.saturating_add(bytes);
    }

    /// The increment that the peer should be told of now, if it is worth a frame.
    pub(super) fn update(&mut self) -> Option<u32> {
        let worth = (self.target / 8).max(LEAST_UPDATE).min(self.target / 2).max(1);
        if self.owed < worth {
            return None;
        }
        let increment = std::mem::take(&mut self.owed);
        // The sum of a window and what is owed to it never passes the target, which is below 2^31.
        self.window.grow(increment).is_ok().then_some(increment)
    }

    /// Whether the window was too narrow during `probe`: two thirds of it arrived. Not while the application holds half
    /// of it unread: a slow reader needs no wider window.
    pub(super) fn is_narrow(&self, probe: u32) -> bool {
        let held = self.target.saturating_sub(self.window.available()).saturating_sub(self.owed);
        self.probe == probe && u64::from(self.sampled) * 3 >= u64::from(self.target) * 2 && held <= self.target / 2
    }

    /// Widens the window to `target` bytes.
    pub(super) fn widen(&mut self, target: u32) {
        self.owed = self.owed.saturating_add(target.saturating_sub(self.target));
        self.target = self.target.max(target);
    }

    /// Takes `bytes` from the window that the peer no longer counts with.
    pub(super) fn shrink(&mut self, bytes: u32) {
        // Never an overflow: it becomes smaller.
        let _ = self.window.shift(-i64::from(bytes));
    }

    /// Bytes that the peer may send now.
    pub(super) fn available(&self) -> u32 {
        self.window.available()
    }

    /// The window as the peer counts it.
    pub(super) fn window(&self) -> Window {
        self.window
    }

    /// Bytes that were given back and that the peer was not told of.
    pub(super) fn owed(&self) -> u32 {
        self.owed
    }

    /// The size that the window is kept at, in bytes.
    pub(super) fn target(&self) -> u32 {
        self.target
    }
}

/// Decides when a probe PING is worth its bytes, and counts probes.
#[derive(Debug, Default)]
pub(super) struct Probing {
    /// The number of the probe that runs, or of the last one.
    number: u32,
    running: bool,
    /// Bytes that arrived since the last probe ended.
    idle_bytes: u32,
    /// Probes in a row that found every window wide enough.
    misses: u32,
}

impl Probing {
    /// Counts `bytes` of DATA. `true`: send the probe PING now.
    pub(super) fn count(&mut self, bytes: u32, stream_target: u32) -> bool {
        if self.running {
            return false;
        }
        self.idle_bytes = self.idle_bytes.saturating_add(bytes);
        // A quarter of a window is a sign of a stream worth a probe; after misses, more is asked for.
        let due = u64::from(stream_target / 4) << self.misses.min(MOST_MISSES);
        if u64::from(self.idle_bytes) < due {
            return false;
        }
        self.running = true;
        self.idle_bytes = 0;
        self.number = self.number.wrapping_add(1);
        true
    }

    /// The probe came back; `widened` says whether any window was too narrow.
    pub(super) fn finish(&mut self, widened: bool) {
        self.running = false;
        self.misses = if widened { 0 } else { self.misses.saturating_add(1) };
    }

    /// Whether a probe is on its way.
    pub(super) fn is_running(&self) -> bool {
        self.running
    }

    /// The number under which arriving bytes are counted now.
    pub(super) fn number(&self) -> u32 {
        self.number
    }
}

/// A WINDOW_UPDATE below this many bytes waits for more, unless the window is small itself.
const LEAST_UPDATE: u32 = 16 << 10;
/// After this many probes without effect the threshold stops doubling.
const MOST_MISSES: u32 = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_are_sent_for_an_eighth_of_the_window_at_least_16_kib() {
        let mut small = Credit::new(65_536, 65_536);
        assert!(small.take(65_536, 0) && !small.take(1, 0));
        small.give_back(LEAST_UPDATE - 1);
        assert_eq!(small.update(), None);
        small.give_back(1);
        assert_eq!(small.update(), Some(LEAST_UPDATE));
        assert_eq!(small.update(), None);
        let mut large = Credit::new(1 << 24, 1 << 24);
        assert!(large.take(1 << 22, 0));
        large.give_back((1 << 21) - 1);
        assert_eq!(large.update(), None);
        large.give_back(1);
        assert_eq!(large.update(), Some(1 << 21));
    }

    #[test]
    fn a_tiny_window_is_updated_by_halves() {
        let mut tiny = Credit::new(1, 1);
        assert!(tiny.take(1, 0));
        tiny.give_back(1);
        assert_eq!(tiny.update(), Some(1));
    }

    #[test]
    fn a_target_above_the_first_window_is_owed_at_once() {
        let mut credit = Credit::new(65_535, 1 << 20);
        assert_eq!(credit.update(), Some((1 << 20) - 65_535));
        assert!(credit.take(1 << 20, 0));
    }

    #[test]
    fn a_window_is_narrow_when_two_thirds_arrive_within_one_probe() {
        let mut credit = Credit::new(300, 300);
        assert!(credit.take(150, 1) && !credit.is_narrow(1));
        assert!(credit.take(50, 1) && !credit.is_narrow(1), "the application holds more than half of it");
        credit.give_back(50);
        assert!(credit.is_narrow(1));
        assert!(!credit.is_narrow(2), "another probe counts anew");
        assert!(credit.take(50, 2) && !credit.is_narrow(2));
        credit.widen(600);
        assert_eq!((credit.target(), credit.update()), (600, Some(350)));
    }

    #[test]
    fn probes_start_at_a_quarter_window_and_become_rarer_while_they_find_nothing() {
        let mut probing = Probing::default();
        assert!(!probing.count(24_999, 100_000));
        assert!(probing.count(1, 100_000) && probing.is_running());
        assert!(!probing.count(1 << 20, 100_000), "one at a time");
        probing.finish(false);
        assert!(!probing.count(49_999, 100_000));
        assert!(probing.count(1, 100_000));
        probing.finish(true);
        assert!(probing.count(25_000, 100_000));
        assert_eq!(probing.number(), 3);
    }
}
