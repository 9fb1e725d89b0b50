//! How long to wait between two attempts to connect.
//!
//! Retries of calls have a backoff of their own and do not belong here. The law is gRPC's `connection-backoff.md`: waits
//! grow exponentially, are counted from the *start* of an attempt, and differ at random between clients, so that a
//! thousand clients of one server that restarts do not come back in the same millisecond.

use core::fmt;
use core::time::Duration;

/// The numbers of the connection backoff; [`Default`] has those of the specification.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BackoffConfig {
    /// From the start of the first attempt to the start of the second. Default 1 s.
    pub initial: Duration,
    /// By how much each wait is longer than the one before. Default 1.6.
    pub multiplier: f64,
    /// Where waits stop growing, before jitter. Default 120 s.
    pub max: Duration,
    /// The part of a wait, 0 to 1, by which it is made longer or shorter at random. Default 0.2.
    pub jitter: f64,
    /// What an attempt is given to complete, even where the wait is shorter. Default 20 s.
    pub min_connect_timeout: Duration,
}

impl Default for BackoffConfig {
    fn default() -> Self {
        Self {
            initial: Duration::from_secs(1),
            multiplier: 1.6,
            max: Duration::from_secs(120),
            jitter: 0.2,
            min_connect_timeout: Duration::from_secs(20),
        }
    }
}

impl BackoffConfig {
    /// Checks that waits are positive, do not shrink and stay finite.
    ///
    /// # Errors
    ///
    /// Names the first field that is out of its range, and the range.
    pub fn validate(&self) -> Result<(), InvalidBackoff> {
        if self.initial.is_zero() {
            return Err(InvalidBackoff::Initial);
        }
        if !(self.multiplier.is_finite() && self.multiplier >= 1.0) {
            return Err(InvalidBackoff::Multiplier(self.multiplier));
        }
        if self.max < self.initial {
            return Err(InvalidBackoff::Max { max: self.max, initial: self.initial });
        }
        if !(0.0..1.0).contains(&self.jitter) {
            return Err(InvalidBackoff::Jitter(self.jitter));
        }
        if self.min_connect_timeout.is_zero() {
            return Err(InvalidBackoff::MinConnectTimeout);
        }
        Ok(())
    }
}

/// A field of [`BackoffConfig`] that is out of its range.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum InvalidBackoff {
    /// `initial` is zero.
    Initial,
    /// `multiplier` is below 1 or not a number.
    Multiplier(f64),
    /// `max` is below `initial`.
    Max {
        /// The longest wait asked for.
        max: Duration,
        /// The first wait asked for.
        initial: Duration,
    },
    /// `jitter` is not in `0.0..1.0`.
    Jitter(f64),
    /// `min_connect_timeout` is zero.
    MinConnectTimeout,
}

impl fmt::Display for InvalidBackoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection backoff: ")?;
        match self {
            Self::Initial => f.write_str("`initial` is 0 s; choose a wait above zero, such as 1 s"),
            Self::Multiplier(value) => write!(f, "`multiplier` is {value}; choose 1 or more, such as 1.6"),
            Self::Max { max, initial } => {
                write!(f, "`max` is {max:?}, below `initial`; choose {initial:?} or more")
            }
            Self::Jitter(value) => write!(f, "`jitter` is {value}; choose 0 or more and less than 1, such as 0.2"),
            Self::MinConnectTimeout => {
                f.write_str("`min_connect_timeout` is 0 s, in which nothing connects; choose more, such as 20 s")
            }
        }
    }
}

impl core::error::Error for InvalidBackoff {}

/// The waits of one address, from its first attempt to the one that succeeds.
#[derive(Debug, Clone)]
pub struct Backoff {
    config: BackoffConfig,
    /// The wait of the attempt that was begun last, before jitter; none since the start or a reset.
    current: Option<Duration>,
    /// The same wait with its jitter.
    delay: Duration,
    random: SplitMix64,
}

impl Backoff {
    /// A backoff that has seen no attempt. Clients that share a `seed` wait equally long: give each its own.
    ///
    /// A `config` that [`BackoffConfig::validate`] refuses cannot make it panic; its waits are then no use.
    pub fn new(config: BackoffConfig, seed: u64) -> Self {
        Self { config, current: None, delay: config.initial, random: SplitMix64(seed) }
    }

    /// Begins an attempt: how long after its *start* the next one may start, should this one fail.
    pub fn next_delay(&mut self) -> Duration {
        let current = match self.current {
            None => self.config.initial,
            Some(current) => scale(current, self.config.multiplier).min(self.config.max),
        };
        self.current = Some(current);
        // The specification leaves the first wait without jitter, but also demands that clients which start together
        // disperse: so all waits have it.
        self.delay = scale(current, 1.0 + self.config.jitter * self.random.symmetric());
        self.delay
    }

    /// How long the attempt that was begun last may take: its wait, but never less than `min_connect_timeout`.
    pub fn connect_timeout(&self) -> Duration {
        self.delay.max(self.config.min_connect_timeout)
    }

    /// Starts again from the first wait; call it when the server's SETTINGS have arrived, no earlier.
    pub fn reset(&mut self) {
        self.current = None;
        self.delay = self.config.initial;
    }
}

/// `Duration::mul_f64` without its panics; what does not fit is as long as can be.
fn scale(duration: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

/// The SplitMix64 generator (Steele, Lea, Flood 2014): one word of state, good enough to spread waits.
#[derive(Debug, Clone)]
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Uniform in `-1.0..1.0`, from the upper 53 bits: as many as an `f64` holds exactly.
    fn symmetric(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

#[cfg(test)]
mod tests;
