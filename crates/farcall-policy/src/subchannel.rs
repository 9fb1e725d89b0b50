//! The connectivity of one address: whether to connect, when to try again, and what calls do meanwhile.
//!
//! Sockets, queued calls and the cause of the last failure belong to the shell. The law is gRPC's
//! `connectivity-semantics-and-api.md`, and gRFC A62 for failures that stick.
//!
//! ```text
//!            connect              connected
//!    Idle ───────────► Connecting ──────────► Ready ──── disconnected, going away ───► Idle
//!     ▲                    │ failed             ▲
//!     │ backoff over,      ▼                    │ connected
//!     └─ none wants ── Backoff ◄── failed ── Retrying
//!                          └─── backoff over, ──►┘          Backoff and Retrying both show TRANSIENT_FAILURE
//!                               a call wants
//! ```
//!
//! A connection that was ready and of no use to anybody counts as failed, and goes to Backoff too.

use core::time::Duration;
use std::collections::VecDeque;
use std::time::Instant;

use crate::backoff::{Backoff, BackoffConfig};

/// What applications see of a channel's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// No connection, and nobody wants one.
    Idle,
    /// The first attempt is under way.
    Connecting,
    /// The server's SETTINGS have arrived, and the connection still stands.
    Ready,
    /// The last attempt failed. It stays until one succeeds, also while another is under way.
    TransientFailure,
    /// The channel was closed, for good.
    Shutdown,
}

/// What a call does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It goes out on the connection.
    Go,
    /// It waits for the next change of state, within its deadline.
    Wait,
    /// It fails with UNAVAILABLE and the cause of the last failure.
    Fail,
}

/// What the shell has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Begin an attempt, and answer with `handle_connected` or `handle_failed` before the timeout has passed.
    Connect {
        /// What the attempt may take, TCP, TLS and the server's SETTINGS together.
        timeout: Duration,
    },
    /// The state changed: tell those who watch it, and ask for every waiting call again whether it is admitted.
    State(State),
}

/// The connection to one address, as a state machine.
///
/// The shell's part: after any verb or `handle_*`, take all of `poll_output`; call `handle_timeout` at `poll_timeout`;
/// and call [`connect`](Self::connect) for each call that does not find the connection ready, and again after
/// `handle_failed` while calls wait.
#[derive(Debug)]
pub struct Subchannel {
    phase: Phase,
    backoff: Backoff,
    /// The start of the last attempt and its wait: no other begins before.
    retry_at: Option<Instant>,
    /// A call asked for the connection since the last attempt began.
    wanted: bool,
    outputs: VecDeque<Output>,
}

impl Subchannel {
    /// A subchannel that is idle. `seed` spreads the waits of many clients, see [`Backoff::new`].
    pub fn new(backoff: BackoffConfig, seed: u64) -> Self {
        Self {
            phase: Phase::Idle,
            backoff: Backoff::new(backoff, seed),
            retry_at: None,
            wanted: false,
            outputs: VecDeque::new(),
        }
    }

    /// The server's SETTINGS arrived: the connection can carry calls.
    pub fn handle_connected(&mut self, now: Instant) {
        self.apply(Event::Connected, now);
    }

    /// The attempt failed, or took longer than its timeout; or the connection was lost before it was of any use, which
    /// a server could repeat without a wait.
    pub fn handle_failed(&mut self, now: Instant) {
        self.apply(Event::Failed, now);
    }

    /// The connection was lost; the next call brings it back.
    pub fn handle_disconnected(&mut self, now: Instant) {
        self.apply(Event::Disconnected, now);
    }

    /// The server sent GOAWAY: calls under way go on, new ones need another connection.
    pub fn handle_going_away(&mut self, now: Instant) {
        self.apply(Event::GoingAway, now);
    }

    /// `now` has reached [`poll_timeout`](Self::poll_timeout); earlier, nothing happens.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_some_and(|at| now >= at) {
            self.apply(if self.wanted { Event::RetryWanted } else { Event::RetryUnwanted }, now);
        }
    }

    /// A call wants the connection: leaves idle, or has the attempts go on after the backoff.
    pub fn connect(&mut self, now: Instant) {
        self.wanted = true;
        self.apply(Event::Connect, now);
    }

    /// Closes for good.
    pub fn shut_down(&mut self, now: Instant) {
        self.apply(Event::ShutDown, now);
    }

    /// What the shell has to do next; `None` when there is nothing left to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout): at the end of the backoff. It may have passed already.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.phase == Phase::Backoff { self.retry_at } else { None }
    }

    /// The state as applications see it.
    pub fn state(&self) -> State {
        self.phase.state()
    }

    /// What a call does in the present state.
    pub fn admit(&self, wait_for_ready: bool) -> Admission {
        match self.state() {
            State::Ready => Admission::Go,
            State::Idle | State::Connecting => Admission::Wait,
            //= gRPC wait-for-ready.md: only calls that asked for it outlast a failure
            State::TransientFailure if wait_for_ready => Admission::Wait,
            State::TransientFailure | State::Shutdown => Admission::Fail,
        }
    }

    /// Takes one arrow, and does what belongs to the phase at its tip.
    fn apply(&mut self, event: Event, now: Instant) {
        let before = self.phase;
        self.phase = before.after(event);
        if self.phase == before {
            return;
        }
        if self.state() != before.state() {
            self.outputs.push_back(Output::State(self.state()));
        }
        match self.phase {
            Phase::Connecting | Phase::Retrying => self.begin_attempt(now),
            //= gRPC connection-backoff.md: the wait starts over once the server's SETTINGS have arrived
            Phase::Ready => {
                self.backoff.reset();
                self.wanted = false;
            }
            Phase::Shutdown => self.outputs.retain(|output| matches!(output, Output::State(_))),
            Phase::Idle | Phase::Backoff => {}
        }
    }

    fn begin_attempt(&mut self, now: Instant) {
        self.wanted = false;
        self.retry_at = now.checked_add(self.backoff.next_delay().min(LONGEST_WAIT));
        self.outputs.push_back(Output::Connect { timeout: self.backoff.connect_timeout() });
    }
}

/// A year: keeps a wait that was configured without bound within what an `Instant` can hold.
const LONGEST_WAIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Where the machine stands; two phases share the state TRANSIENT_FAILURE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    Connecting,
    Ready,
    Backoff,
    Retrying,
    Shutdown,
}

/// What moves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Connect,
    Connected,
    Failed,
    Disconnected,
    GoingAway,
    RetryWanted,
    RetryUnwanted,
    ShutDown,
}

impl Phase {
    fn state(self) -> State {
        match self {
            Self::Idle => State::Idle,
            Self::Connecting => State::Connecting,
            Self::Ready => State::Ready,
            //= gRFC A62: a failure is shown until an attempt succeeds
            Self::Backoff | Self::Retrying => State::TransientFailure,
            Self::Shutdown => State::Shutdown,
        }
    }

    /// The arrows; what is not listed changes nothing. The tests hold a picture of the whole table.
    fn after(self, event: Event) -> Self {
        use Event as E;
        match (self, event) {
            (Self::Idle, E::Connect) => Self::Connecting,
            (Self::Connecting | Self::Retrying, E::Connected) => Self::Ready,
            // A connection that dies before its SETTINGS arrive was an attempt that failed.
            (Self::Connecting | Self::Retrying, E::Failed | E::Disconnected | E::GoingAway) => Self::Backoff,
            //= gRPC connectivity-semantics-and-api.md: a connection that is lost is not a failure to connect
            (Self::Ready, E::Disconnected | E::GoingAway) => Self::Idle,
            // The shell's word for a connection that was of no use: no other begins before the wait is over.
            (Self::Ready, E::Failed) => Self::Backoff,
            (Self::Backoff, E::RetryWanted) => Self::Retrying,
            (Self::Backoff, E::RetryUnwanted) => Self::Idle,
            (_, E::ShutDown) => Self::Shutdown,
            (phase, _) => phase,
        }
    }
}

#[cfg(test)]
mod tests;
