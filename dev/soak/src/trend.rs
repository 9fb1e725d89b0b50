//! Whether memory grows: the line of least squares through the last three quarters of a run.

use std::time::Duration;

/// A line through a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Trend {
    /// Where the line begins and ends, in seconds and bytes.
    pub(crate) from: (f64, f64),
    pub(crate) to: (f64, f64),
    mean: f64,
}

impl Trend {
    /// The line through the last three quarters of a curve of seconds and bytes; `None` for less than two points.
    pub(crate) fn of(curve: &[(f64, f64)]) -> Option<Self> {
        let tail = curve.get(curve.len() / 4..)?;
        let (first, last) = (tail.first()?.0, tail.last()?.0);
        let count = tail.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| tail.iter().map(of).sum::<f64>() / count;
        let (x, y) = (mean(|point| point.0), mean(|point| point.1));
        let spread: f64 = tail.iter().map(|point| (point.0 - x).powi(2)).sum();
        let slope = tail.iter().map(|point| (point.0 - x) * (point.1 - y)).sum::<f64>() / spread;
        let at = |seconds: f64| (seconds, y + slope * (seconds - x));
        (spread > 0.0).then(|| Self { from: at(first), to: at(last), mean: y })
    }

    /// Bytes by which the line climbs; less than none where it falls.
    pub(crate) fn growth(&self) -> f64 {
        self.to.1 - self.from.1
    }

    /// Bytes by which it may climb in a run of this length.
    pub(crate) fn bound(&self, run: Duration) -> f64 {
        if run < LONG_ENOUGH { SHORT } else { (self.mean * SHARE).max(LEAST) }
    }
}

/// Of the mean.
const SHARE: f64 = 0.05;
/// What the allocator may take, however little there is: one message of the largest size.
const LEAST: f64 = (4 << 20) as f64;
/// A run that is shorter only fills caches: a flood is seen in it, and no leak.
const LONG_ENOUGH: Duration = Duration::from_secs(600);
const SHORT: f64 = (96 << 20) as f64;

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(of: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        (0..100).map(|second| (f64::from(second), of(f64::from(second)))).collect()
    }

    #[test]
    fn a_line_is_found_and_the_first_quarter_does_not_count() {
        let trend = Trend::of(&curve(|second| if second < 25.0 { 1e12 } else { 100.0 + 2.0 * second })).unwrap();
        assert!((trend.growth() - 2.0 * 74.0).abs() < 1e-6, "{trend:?}");
        assert!((trend.from.1 - 150.0).abs() < 1e-6, "{trend:?}");
    }

    #[test]
    fn noise_is_flat_and_a_leak_is_not() {
        let run = Duration::from_secs(3600);
        let noise = |second: f64| 1e8 + 2e7 * (second * 7.0).sin();
        let flat = Trend::of(&curve(noise)).unwrap();
        assert!(flat.growth() < flat.bound(run), "{flat:?}");
        let leak = Trend::of(&curve(|second| noise(second) + 2e5 * second)).unwrap();
        assert!(leak.growth() > leak.bound(run), "{leak:?}");
        assert!(leak.growth() < leak.bound(Duration::from_secs(20)));
    }

    #[test]
    fn no_curve_has_no_trend() {
        assert_eq!(Trend::of(&[]), None);
        assert_eq!(Trend::of(&[(1.0, 1.0)]), None);
    }
}
