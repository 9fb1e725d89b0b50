//! All connections of a job, and the poll that watches them.

use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use super::connection::Connection;
use super::{Job, Protocol};
use crate::Failure;

/// The connections of a job.
pub struct Pool<P> {
    poll: Poll,
    events: Events,
    connections: Vec<Connection<P>>,
    ended: Vec<u32>,
    /// Calls that were made and did not end yet.
    in_flight: usize,
    /// Calls that ended.
    calls: u64,
    last_end: Instant,
}

impl<P: Protocol> Pool<P> {
    /// Opens the job's connections; no call is made.
    ///
    /// # Errors
    /// When the server does not accept them.
    pub fn open(job: &Job) -> Result<Self, Failure> {
        let poll = Poll::new()?;
        let mut connections = Vec::with_capacity(job.connections);
        let buffer = (BUFFERS / job.connections).clamp(4 * 1024, 256 * 1024);
        for index in 0..job.connections {
            let mut connection = Connection::open(job.address, P::new(job), buffer)?;
            poll.registry().register(&mut connection.stream, Token(index), Interest::READABLE | Interest::WRITABLE)?;
            connections.push(connection);
        }
        let events = Events::with_capacity(1024);
        Ok(Self { poll, events, connections, ended: Vec::new(), in_flight: 0, calls: 0, last_end: Instant::now() })
    }

    /// Makes so many calls on each connection.
    ///
    /// # Errors
    /// When a connection is lost.
    pub fn prime(&mut self, calls: usize) -> Result<(), Failure> {
        for connection in &mut self.connections {
            for _ in 0..calls {
                connection.submit();
            }
            connection.flush()?;
        }
        self.in_flight += calls * self.connections.len();
        Ok(())
    }

    /// Waits for something to happen, and deals with it. Each call that ends is followed by another if `again` says so.
    ///
    /// # Errors
    /// When a connection is lost, a server does what it should not, or nothing happens for ten seconds.
    pub fn turn(&mut self, again: impl Fn() -> bool) -> Result<(), Failure> {
        self.wait(Some(TURN), |_, _| again())?;
        if self.in_flight > 0 && self.last_end.elapsed() > PATIENCE {
            return Err(format!("no call ended for 10 s, and {} are in flight", self.in_flight).into());
        }
        Ok(())
    }

    /// Waits no longer than `timeout`; tells `end` each call that ended as connection and number. It says whether another
    /// one follows at once.
    ///
    /// # Errors
    /// When a connection is lost, or a server does what it should not.
    pub fn wait(&mut self, timeout: Option<Duration>, mut end: impl FnMut(usize, u32) -> bool) -> Result<(), Failure> {
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        for event in &self.events {
            let index = event.token().0;
            let Some(connection) = self.connections.get_mut(index) else { continue };
            let payload = connection.payload();
            connection.receive(&mut self.ended)?;
            if connection.payload() != payload {
                self.last_end = Instant::now();
            }
            for call in self.ended.drain(..) {
                self.calls += 1;
                if end(index, call) {
                    connection.submit();
                } else {
                    self.in_flight -= 1;
                }
            }
            connection.flush()?;
        }
        Ok(())
    }

    /// Prepares one call on one connection, if the server's window allows it; the call's number.
    pub fn call(&mut self, index: usize) -> Option<u32> {
        let call = self.connections.get_mut(index)?.call()?;
        self.in_flight += 1;
        Some(call)
    }

    /// Writes the calls that were prepared.
    ///
    /// # Errors
    /// When a connection is lost.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.connections.iter_mut().try_for_each(Connection::flush)
    }

    /// Waits until all calls have ended, and holds what came against what should have come.
    ///
    /// # Errors
    /// When a call does not end, or bytes are missing or too many.
    pub fn drain(&mut self, job: &Job) -> Result<(), Failure> {
        while self.in_flight > 0 {
            self.turn(|| false)?;
        }
        let expected = self.calls * job.method.messages() * job.method.message_length() as u64;
        let came = self.payload();
        if came == expected {
            return Ok(());
        }
        Err(format!("{} calls should have brought {expected} bytes of messages, and brought {came}", self.calls).into())
    }

    /// Calls that are in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Bytes of messages that came so far.
    pub fn payload(&self) -> u64 {
        self.connections.iter().map(Connection::payload).sum()
    }
}

/// Bytes of input buffers of all connections together.
const BUFFERS: usize = 1024 * 1024;
/// How often a generator looks at the clock when nothing happens.
const TURN: Duration = Duration::from_millis(20);
/// How long no call may end before the server counts as stuck.
const PATIENCE: Duration = Duration::from_secs(10);
