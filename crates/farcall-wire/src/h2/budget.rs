//! What a peer may do legally, but not without end: buckets of tokens, refilled by time and by honest work.
//!
//! No clock here: whoever spends says what time it is. What is counted, and why a number is what it is, stands at
//! [`Config`]; here it is only counted.

use std::time::Instant;

use super::config::{Config, Role};
use super::connection::Connection;
use crate::error::{Fault, Reason};

/// Tokens that are spent one by one, and come back with time or when they are earned; never more than at the start.
#[derive(Debug)]
pub(super) struct Bucket {
    capacity: u64,
    /// Tokens that a second brings.
    refill: u64,
    /// What is left, in billionths of a token.
    left: u64,
    at: Instant,
}

/// There was no token left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spent;

impl Bucket {
    /// A full bucket of `capacity` tokens, to which a second adds `refill`.
    pub(super) fn new(capacity: u32, refill: u32, now: Instant) -> Self {
        let capacity = u64::from(capacity) * TOKEN;
        Self { capacity, refill: u64::from(refill), left: capacity, at: now }
    }

    /// Takes a token.
    pub(super) fn spend(&mut self, now: Instant) -> Result<(), Spent> {
        self.fill(now);
        self.left = self.left.checked_sub(TOKEN).ok_or(Spent)?;
        Ok(())
    }

    /// Puts `tokens` back.
    pub(super) fn earn(&mut self, tokens: u32) {
        self.left = self.left.saturating_add(u64::from(tokens) * TOKEN).min(self.capacity);
    }

    /// Adds what the time since the last filling has brought.
    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_nanos();
        let brought = u64::try_from(passed).unwrap_or(u64::MAX).saturating_mul(self.refill);
        self.left = self.left.saturating_add(brought).min(self.capacity);
        self.at = self.at.max(now);
    }
}

/// What the peer of one connection has left of each budget.
#[derive(Debug)]
pub(super) struct Budgets {
    resets: Bucket,
    glitches: Bucket,
    /// Frames in a row that say nothing.
    empty: u32,
    /// When the last PING came, if nothing was sent since.
    last_ping: Option<Instant>,
    /// Pings that came too soon.
    strikes: u32,
    /// Bytes that peers may have under way on streams that this side has reset: what they sent before they knew.
    under_way: u64,
}

impl Budgets {
    pub(super) fn new(config: &Config, now: Instant) -> Self {
        Self {
            resets: Bucket::new(config.reset_budget, config.reset_refill, now),
            glitches: Bucket::new(config.glitch_budget, config.glitch_refill, now),
            empty: 0,
            last_ping: None,
            strikes: 0,
            under_way: 0,
        }
    }

    /// A frame said something.
    pub(super) fn end_of_empty(&mut self) {
        self.empty = 0;
    }

    /// A stream was reset on which the peer may still send `window` bytes.
    pub(super) fn add_under_way(&mut self, window: u32) {
        self.under_way = self.under_way.saturating_add(u64::from(window));
    }
}

impl Connection {
    /// A stream was reset before it was answered, by the peer or because of it.
    pub(super) fn spend_reset(&mut self) -> Result<(), Fault> {
        let limit = self.config.reset_budget;
        self.budgets.resets.spend(self.seen).map_err(|Spent| Fault::connection(Reason::ResetFlood { limit }))
    }

    /// The peer sent a frame that is legal and of no use.
    pub(super) fn spend_glitch(&mut self) -> Result<(), Fault> {
        let limit = self.config.glitch_budget;
        self.budgets.glitches.spend(self.seen).map_err(|Spent| Fault::connection(Reason::Glitches { limit }))
    }

    /// The peer sent a frame that says nothing.
    pub(super) fn spend_empty(&mut self) -> Result<(), Fault> {
        let limit = self.config.empty_frame_limit;
        self.budgets.empty = self.budgets.empty.saturating_add(1);
        if self.budgets.empty > limit { Err(Fault::connection(Reason::EmptyFrames { limit })) } else { Ok(()) }
    }

    /// DATA came on a stream that this side has reset. What may have been under way is nobody's fault.
    pub(super) fn spend_late_data(&mut self, length: u32) -> Result<(), Fault> {
        match self.budgets.under_way.checked_sub(u64::from(length)).filter(|_| length > 0) {
            Some(left) => self.budgets.under_way = left,
            None => return self.spend_glitch(),
        }
        Ok(())
    }

    /// A PING came: a server holds it to the keepalive rule, a client counts it as what it is.
    pub(super) fn spend_ping(&mut self) -> Result<(), Fault> {
        if self.role == Role::Client {
            return self.spend_glitch();
        }
        let (now, limit) = (self.seen, self.config.ping_strikes);
        let interval = if self.streams.is_empty() { self.config.ping_interval_idle } else { self.config.ping_interval };
        let last = self.budgets.last_ping.replace(now);
        if last.is_some_and(|last| now.saturating_duration_since(last) < interval) {
            self.budgets.strikes = self.budgets.strikes.saturating_add(1);
        }
        if self.budgets.strikes > limit { Err(Fault::connection(Reason::TooManyPings { limit })) } else { Ok(()) }
    }

    /// This side sends HEADERS or DATA: the peer may ping again, and may answer.
    pub(super) fn earn_by_frames(&mut self, count: u32) {
        self.budgets.glitches.earn(count.saturating_mul(self.config.glitch_earned));
        (self.budgets.last_ping, self.budgets.strikes) = (None, 0);
    }

    /// A stream was answered to its end.
    pub(super) fn earn_by_answer(&mut self) {
        self.budgets.resets.earn(self.config.reset_earned);
    }
}

/// A token in the unit of [`Bucket::left`]; a nanosecond brings as many of these as a second brings tokens.
const TOKEN: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn spend(bucket: &mut Bucket, now: Instant, most: u32) -> u32 {
        (0..most).take_while(|_| bucket.spend(now).is_ok()).count() as u32
    }

    #[test]
    fn a_bucket_holds_what_it_holds() {
        let now = Instant::now();
        let mut bucket = Bucket::new(200, 33, now);
        assert_eq!(spend(&mut bucket, now, 1_000), 200);
        assert_eq!(bucket.spend(now), Err(Spent));
        assert_eq!(Bucket::new(0, 33, now).spend(now + Duration::from_secs(1)), Err(Spent), "there is no room for any");
    }

    #[test]
    fn time_brings_tokens_back_up_to_the_capacity() {
        let mut now = Instant::now();
        let mut bucket = Bucket::new(200, 33, now);
        assert_eq!(spend(&mut bucket, now, 1_000), 200);
        now += Duration::from_secs(2);
        assert_eq!(spend(&mut bucket, now, 1_000), 66);
        for _ in 0..3 {
            now += Duration::from_millis(10);
            assert_eq!(spend(&mut bucket, now, 1_000), 0, "a third of a token is none");
        }
        now += Duration::from_millis(1);
        assert_eq!(spend(&mut bucket, now, 1_000), 1, "but it is kept");
        now += Duration::from_secs(1_000_000);
        assert_eq!(spend(&mut bucket, now, 1_000), 200);
        assert_eq!(bucket.spend(now), Err(Spent), "time that found the bucket full is lost");
    }

    #[test]
    fn earned_tokens_are_banked_up_to_the_capacity_only() {
        let now = Instant::now();
        let mut bucket = Bucket::new(10, 0, now);
        bucket.earn(1_000);
        assert_eq!(spend(&mut bucket, now, 1_000), 10);
        bucket.earn(3);
        assert_eq!(spend(&mut bucket, now, 1_000), 3);
        bucket.earn(u32::MAX);
        assert_eq!(spend(&mut bucket, now, 1_000), 10);
    }

    #[test]
    fn a_clock_that_goes_back_brings_nothing_and_breaks_nothing() {
        let now = Instant::now() + Duration::from_secs(100);
        let mut bucket = Bucket::new(1, 1, now);
        assert_eq!(spend(&mut bucket, now, 5), 1);
        assert_eq!(spend(&mut bucket, now - Duration::from_secs(50), 5), 0);
        assert_eq!(spend(&mut bucket, now + Duration::from_secs(1), 5), 1);
    }
}
