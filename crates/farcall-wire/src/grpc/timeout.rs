//! `grpc-timeout` on the wire: one to eight digits and a unit.
//!
//! What is left of a deadline, never the deadline itself; nobody here knows what time it is.
//! //= gRPC PROTOCOL-HTTP2 "Timeout": TimeoutValue of at most 8 digits, then one of H M S m u n

use core::fmt;
use core::ops::Deref;
use core::time::Duration;

use super::status::Status;

/// A timeout as it travels; at most 9 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoded {
    bytes: [u8; 9],
    length: u8,
}

/// The value as it travels, in the smallest unit that it fits.
///
/// Rounded up, so that the peer never gives up before we do, and never 0; more than 99,999,999 hours is sent as that.
pub fn encode(timeout: Duration) -> Encoded {
    const NANOS: [(u64, u8); 4] = [(1, b'n'), (1_000, b'u'), (1_000_000, b'm'), (1_000_000_000, b'S')];
    let seconds = timeout.as_secs();
    if seconds <= MAX_VALUE {
        // At most 10^17: no overflow.
        let nanos = (seconds * 1_000_000_000 + u64::from(timeout.subsec_nanos())).max(1);
        for (size, unit) in NANOS {
            let value = nanos.div_ceil(size);
            if value <= MAX_VALUE {
                return Encoded::new(value, unit);
            }
        }
    }
    let seconds = seconds.saturating_add(u64::from(timeout.subsec_nanos() > 0));
    let minutes = seconds.div_ceil(60);
    if minutes <= MAX_VALUE {
        return Encoded::new(minutes, b'M');
    }
    Encoded::new(seconds.div_ceil(3_600).min(MAX_VALUE), b'H')
}

/// The timeout that was received; 0 is a timeout that is over.
///
/// # Errors
/// Anything but one to eight digits and one unit (W9): the call is malformed.
pub fn decode(bytes: &[u8]) -> Result<Duration, InvalidTimeout> {
    let invalid = || InvalidTimeout { value: bytes.get(..32).unwrap_or(bytes).escape_ascii().to_string().into() };
    let (unit, digits) = bytes.split_last().ok_or_else(invalid)?;
    if !(1..=MAX_DIGITS).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return Err(invalid());
    }
    let value = digits.iter().fold(0_u64, |value, digit| value * 10 + u64::from(digit - b'0'));
    Ok(match unit {
        b'H' => Duration::from_secs(value.saturating_mul(3_600)),
        b'M' => Duration::from_secs(value.saturating_mul(60)),
        b'S' => Duration::from_secs(value),
        b'm' => Duration::from_millis(value),
        b'u' => Duration::from_micros(value),
        b'n' => Duration::from_nanos(value),
        _ => return Err(invalid()),
    })
}

const MAX_DIGITS: usize = 8;

/// The largest number of eight digits.
const MAX_VALUE: u64 = 99_999_999;

impl Encoded {
    /// `value` is at most [`MAX_VALUE`].
    fn new(mut value: u64, unit: u8) -> Self {
        let mut bytes = [0; 9];
        let length = 1 + value.checked_ilog10().unwrap_or(0) as usize;
        if let Some(last) = bytes.get_mut(length) {
            *last = unit;
        }
        for digit in bytes.iter_mut().take(length).rev() {
            *digit = b'0' + (value % 10) as u8;
            value /= 10;
        }
        Self { bytes, length: length as u8 + 1 }
    }
}

impl Deref for Encoded {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or(&self.bytes)
    }
}

impl AsRef<[u8]> for Encoded {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// A `grpc-timeout` that is not one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidTimeout {
    /// The beginning of what was received, escaped.
    value: Box<str>,
}

impl fmt::Display for InvalidTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed grpc-timeout `{}`: send 1 to 8 digits and one of H, M, S, m, u, n", self.value)
    }
}

impl core::error::Error for InvalidTimeout {}

impl From<InvalidTimeout> for Status {
    fn from(error: InvalidTimeout) -> Self {
        Self::internal(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::super::percent::tests::Seeded;
    use super::*;

    fn text(timeout: Duration) -> String {
        String::from_utf8(encode(timeout).to_vec()).unwrap()
    }

    #[test]
    fn the_smallest_unit_that_fits_eight_digits_is_taken() {
        assert_eq!(text(Duration::from_nanos(1)), "1n");
        assert_eq!(text(Duration::from_nanos(99_999_999)), "99999999n");
        assert_eq!(text(Duration::from_nanos(100_000_000)), "100000u");
        assert_eq!(text(Duration::from_secs(1)), "1000000u");
        assert_eq!(text(Duration::from_secs(100)), "100000m");
        assert_eq!(text(Duration::from_secs(99_999)), "99999000m");
        assert_eq!(text(Duration::from_secs(100_000)), "100000S");
        assert_eq!(text(Duration::from_secs(99_999_999)), "99999999S");
        assert_eq!(text(Duration::from_secs(100_000_020)), "1666667M");
        assert_eq!(text(Duration::from_secs(6_000_000_000)), "1666667H");
    }

    #[test]
    fn what_does_not_fit_is_rounded_up() {
        assert_eq!(text(Duration::from_nanos(100_000_001)), "100001u");
        assert_eq!(text(Duration::from_nanos(99_999_999_001)), "100000m");
        assert_eq!(text(Duration::new(99_999_999, 1)), "1666667M");
        assert_eq!(text(Duration::from_secs(6_000_000_001)), "1666667H");
    }

    #[test]
    fn zero_is_sent_as_the_shortest_timeout_and_the_longest_is_capped() {
        assert_eq!(text(Duration::ZERO), "1n");
        assert_eq!(text(Duration::MAX), "99999999H");
    }

    #[test]
    fn every_unit_is_understood() {
        let table = [
            (&b"3H"[..], Duration::from_secs(10_800)),
            (b"2M", Duration::from_secs(120)),
            (b"00000007S", Duration::from_secs(7)),
            (b"150m", Duration::from_millis(150)),
            (b"9u", Duration::from_micros(9)),
            (b"0n", Duration::ZERO),
            (b"99999999H", Duration::from_secs(359_999_996_400)),
        ];
        for (wire, timeout) in table {
            assert_eq!(decode(wire), Ok(timeout));
        }
    }

    #[test]
    fn a_malformed_timeout_is_refused_and_shown() {
        let malformed =
            ["", "S", "1", "100000000n", "1 S", " 1S", "1S ", "-1S", "+1S", "1s", "1h", "1.5S", "1SS", "٣S"];
        for wire in malformed {
            decode(wire.as_bytes()).unwrap_err();
        }
        let error = decode(b"5\xffs").unwrap_err();
        assert_eq!(
            error.to_string(),
            r"malformed grpc-timeout `5\xffs`: send 1 to 8 digits and one of H, M, S, m, u, n"
        );
        assert!(decode(&[b'9'; 1000]).unwrap_err().to_string().len() < 120);
        assert_eq!(Status::from(error).code(), super::super::code::Code::Internal);
    }

    #[test]
    fn random_timeouts_come_back_no_shorter_and_hardly_longer() {
        let mut random = Seeded(11);
        for _ in 0..20_000 {
            let seconds = (random.next() >> 28) >> random.below(36);
            let timeout = Duration::new(seconds, random.below(1_000_000_000) as u32);
            let wire = encode(timeout);
            assert!((2..=9).contains(&wire.len()));
            let back = decode(&wire).unwrap();
            assert!(back >= timeout, "{timeout:?} {back:?}");
            assert!(back.as_secs_f64() <= timeout.as_secs_f64() * 1.000_1 + 1e-9, "{timeout:?} {back:?}");
        }
    }

    #[test]
    fn random_bytes_never_fail_otherwise() {
        let mut random = Seeded(12);
        for _ in 0..5_000 {
            let _ = decode(&random.bytes(12));
        }
    }
}
