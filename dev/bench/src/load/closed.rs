//! The closed loop: a call that ends is followed by the next one, so that always as many are in flight.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::echo::Echo;
use super::grpc::Grpc;
use super::pool::Pool;
use super::{Job, Protocol};
use crate::peer::Peer;
use crate::{Failure, clock};

/// How long a measurement takes.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Time before it, for tables, windows and buffers to settle.
    pub warm: Duration,
    /// The measured time.
    pub measured: Duration,
}

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Messages that came: one for each unary call.
    pub messages: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// CPU time of the server's process.
    pub server: Duration,
    /// CPU time of the generator.
    pub load: Duration,
}

impl Measured {
    /// CPU time of the server for each message, in microseconds.
    pub fn microseconds(&self) -> f64 {
        self.server.as_secs_f64() * 1e6 / self.messages.max(1) as f64
    }

    /// Messages a second.
    pub fn rate(&self) -> f64 {
        self.messages as f64 / self.elapsed.as_secs_f64()
    }

    /// Whether the generator had no time left while the server had.
    pub fn load_was_the_bottleneck(&self) -> bool {
        let share = |cpu: Duration| cpu.as_secs_f64() / self.elapsed.as_secs_f64();
        share(self.load) > BUSY && share(self.server) < BUSY
    }
}

/// Loads the server, and measures its process.
///
/// # Errors
/// When a call fails, or brings other bytes than it should.
pub fn timed(job: &Job, process: u32, window: Window) -> Result<Measured, Failure> {
    match job.peer {
        Peer::Floor => timed_with::<Echo>(job, process, window),
        _ => timed_with::<Grpc>(job, process, window),
    }
}

/// Makes a number of calls.
///
/// # Errors
/// As [`timed`].
pub fn counted(job: &Job, calls: usize) -> Result<(), Failure> {
    let mut pool = Pool::<Grpc>::open(job)?;
    let in_flight = job.connections * job.calls;
    let left = Cell::new(calls.saturating_sub(in_flight));
    pool.prime(job.calls)?;
    while left.get() > 0 {
        pool.turn(|| left.replace(left.get().saturating_sub(1)) > 0)?;
    }
    pool.drain(job)
}

/// Makes one call on each connection, then does `then` while they are open and idle.
///
/// # Errors
/// As [`timed`].
pub fn idle<T>(job: &Job, then: impl FnOnce() -> T) -> Result<T, Failure> {
    let mut pool = Pool::<Grpc>::open(job)?;
    pool.prime(1)?;
    pool.drain(job)?;
    Ok(then())
}

fn timed_with<P: Protocol>(job: &Job, process: u32, window: Window) -> Result<Measured, Failure> {
    let mut pool = Pool::<P>::open(job)?;
    pool.prime(job.calls)?;
    let start = run(&mut pool, process, window.warm)?;
    let end = run(&mut pool, process, window.measured)?;
    pool.drain(job)?;
    Ok(Measured {
        messages: (end.payload - start.payload) / job.method.message_length() as u64,
        elapsed: end.at - start.at,
        server: end.server.saturating_sub(start.server),
        load: end.load.saturating_sub(start.load),
    })
}

fn run<P: Protocol>(pool: &mut Pool<P>, process: u32, time: Duration) -> Result<Mark, Failure> {
    let (end, before) = (Instant::now() + time, pool.payload());
    // A thousand connections may take longer than a short time; nothing measured is no measurement.
    while Instant::now() < end || pool.payload() == before {
        pool.turn(|| true)?;
    }
    Ok(Mark { at: Instant::now(), server: clock::of(process)?, load: clock::own()?, payload: pool.payload() })
}

struct Mark {
    at: Instant,
    server: Duration,
    load: Duration,
    payload: u64,
}

/// The share of a core from which on a process has no time left.
const BUSY: f64 = 0.95;
