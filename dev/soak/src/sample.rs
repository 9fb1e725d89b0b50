//! What is read from both processes every few seconds, and the curves in it.

use std::time::Instant;

use crate::tally::Tally;
use crate::{Failure, process};

/// One look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// Since the beginning.
    pub(crate) seconds: f64,
    /// Resident bytes.
    pub(crate) server: u64,
    pub(crate) client: u64,
    /// Calls that had ended.
    pub(crate) ended: u64,
}

impl Sample {
    /// Looks at the server's process and at this one.
    ///
    /// # Errors
    /// When the server's process has ended.
    pub(crate) fn take(began: Instant, server: u32, tally: &Tally) -> Result<Self, Failure> {
        Ok(Self {
            seconds: began.elapsed().as_secs_f64(),
            server: process::memory(server)?,
            client: process::memory(std::process::id())?,
            ended: tally.ended(),
        })
    }
}

/// Seconds and values.
#[derive(Debug)]
pub(crate) struct Curve {
    pub(crate) points: Vec<(f64, f64)>,
}

impl Curve {
    /// Resident bytes of the server.
    pub(crate) fn server(samples: &[Sample]) -> Self {
        Self { points: samples.iter().map(|sample| (sample.seconds, sample.server as f64)).collect() }
    }

    /// Resident bytes of the client.
    pub(crate) fn client(samples: &[Sample]) -> Self {
        Self { points: samples.iter().map(|sample| (sample.seconds, sample.client as f64)).collect() }
    }

    /// Calls that ended, a second.
    pub(crate) fn calls(samples: &[Sample]) -> Self {
        let rate = |pair: &[Sample]| {
            let [before, after] = pair else { return (0.0, 0.0) };
            let calls = (after.ended - before.ended) as f64;
            (after.seconds, calls / (after.seconds - before.seconds).max(f64::EPSILON))
        };
        Self { points: samples.windows(2).map(rate).collect() }
    }

    /// The highest value.
    pub(crate) fn most(&self) -> f64 {
        self.points.iter().map(|point| point.1).fold(0.0, f64::max)
    }

    /// The mean value.
    pub(crate) fn mean(&self) -> f64 {
        self.points.iter().map(|point| point.1).sum::<f64>() / self.points.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_a_second_are_what_ended_between_two_looks() {
        let sample = |seconds, ended| Sample { seconds, server: 1, client: 3, ended };
        let samples = [sample(0.0, 0), sample(2.0, 100), sample(4.0, 400)];
        let calls = Curve::calls(&samples);
        assert_eq!(calls.points, [(2.0, 50.0), (4.0, 150.0)]);
        assert_eq!((calls.most(), calls.mean()), (150.0, 100.0));
        assert_eq!((Curve::server(&samples).mean(), Curve::client(&samples).most()), (1.0, 3.0));
    }
}
