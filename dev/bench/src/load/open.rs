//! The open loop: calls are made by a schedule, whether or not the ones before have ended.
//!
//! A latency counts from the time at which the call was due. A server that stalls is so charged with all calls that it
//! held up, not only with the one it was busy with (coordinated omission).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::Job;
use super::grpc::Grpc;
use super::pool::Pool;
use crate::Failure;

/// Makes `rate` calls a second for a time; the latencies in nanoseconds.
///
/// # Errors
/// When a call fails, or the server is so far behind that a second's calls wait.
pub fn latencies(job: &Job, rate: f64, warm: Duration, time: Duration) -> Result<Histogram<u64>, Failure> {
    let mut pool = Pool::<Grpc>::open(job)?;
    let mut schedule = Schedule::new(rate, warm, warm + time, job.connections)?;
    while !schedule.is_over() || pool.in_flight() > 0 {
        schedule.submit(&mut pool, job.calls)?;
        pool.wait(Some(Duration::ZERO), |connection, call| {
            schedule.ended(connection, call);
            false
        })?;
        if schedule.behind() as f64 > rate {
            return Err(format!("at {rate:.0} calls a second the server is a whole second behind").into());
        }
    }
    pool.drain(job)?;
    Ok(schedule.latencies)
}

struct Schedule {
    start: Instant,
    interval: Duration,
    warm: Duration,
    end: Duration,
    /// Calls that were made or are due.
    due: u32,
    /// When those that are due and not made should have been made, since the start.
    waiting: VecDeque<Duration>,
    /// For each connection: when each of its calls was due, and how many are in flight.
    made: Vec<(Vec<Duration>, usize)>,
    turn: usize,
    latencies: Histogram<u64>,
}

impl Schedule {
    fn new(rate: f64, warm: Duration, end: Duration, connections: usize) -> Result<Self, Failure> {
        Ok(Self {
            start: Instant::now(),
            interval: Duration::from_secs_f64(1.0 / rate.max(1.0)),
            warm,
            end,
            due: 0,
            waiting: VecDeque::new(),
            made: vec![(Vec::new(), 0); connections],
            turn: 0,
            latencies: Histogram::new_with_bounds(1, LONGEST, DIGITS)?,
        })
    }

    /// Makes the calls that are due, on the connections in turn, as far as these have room.
    fn submit(&mut self, pool: &mut Pool<Grpc>, most: usize) -> Result<(), Failure> {
        let now = self.start.elapsed().min(self.end);
        while self.interval * self.due <= now {
            self.waiting.push_back(self.interval * self.due);
            self.due += 1;
        }
        let mut full = 0;
        while full < self.made.len() && !self.waiting.is_empty() {
            let index = self.turn % self.made.len();
            self.turn += 1;
            let (times, in_flight) = &mut self.made[index];
            if *in_flight < most && pool.call(index).is_some() {
                times.extend(self.waiting.pop_front());
                *in_flight += 1;
                full = 0;
            } else {
                full += 1;
            }
        }
        pool.flush()
    }

    fn ended(&mut self, connection: usize, call: u32) {
        let (times, in_flight) = &mut self.made[connection];
        *in_flight -= 1;
        let due = times[call as usize];
        if due >= self.warm {
            let latency = self.start.elapsed().saturating_sub(due);
            self.latencies.saturating_record(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
        }
    }

    fn is_over(&self) -> bool {
        self.start.elapsed() >= self.end && self.waiting.is_empty()
    }

    fn behind(&self) -> usize {
        self.waiting.len()
    }
}

/// The longest latency that is told apart, in nanoseconds.
const LONGEST: u64 = 60_000_000_000;
/// Significant digits of a latency.
const DIGITS: u8 = 3;
