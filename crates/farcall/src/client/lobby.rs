//! Where a channel's calls are before they are on a connection, and what decides how long they stay there.
//!
//! Decisions are the [`Subchannel`]'s; sockets are the driver's. Here its answers are carried out on the calls that wait.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use farcall_policy::{Admission, Output, State, Subchannel};
use farcall_wire::grpc::Status;

use super::opening::Opening;
use super::shared::{Shared, fail};
use super::waiting::Waiting;
use crate::call::CallState;
use crate::transport::mailbox::Command;

/// The waiting calls, and the state of the connection that they wait for.
pub(super) struct Lobby {
    pub(super) shared: Arc<Shared>,
    pub(super) waiting: Waiting<Opening>,
    subchannel: Subchannel,
    failure: Option<Status>,
    /// Connections in a row that took none of the calls that waited for them.
    fruitless: u32,
    /// When the present attempt to connect has taken too long, and how long that is.
    attempt: Option<(Instant, Duration)>,
}

impl Lobby {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        // Clients that start at the same moment must not come back at the same moment: a seed of its own for each.
        let seed = RandomState::new().build_hasher().finish();
        let subchannel = Subchannel::new(shared.settings.backoff, seed);
        Self { shared, waiting: Waiting::new(), subchannel, failure: None, fruitless: 0, attempt: None }
    }

    /// A call that cannot be sent at once waits, or fails; one that is over already is let go.
    pub(super) fn receive(&mut self, opening: Opening, now: Instant) {
        if opening.state.cut_off().is_some() {
            return opening.state.close();
        }
        if opening.deadline.is_some_and(|deadline| deadline <= now) {
            return fail(&opening.state, self.expired());
        }
        let admission = self.subchannel.admit(opening.wait_for_ready);
        if admission != Admission::Go {
            self.subchannel.connect(now);
        }
        let limit = self.shared.settings.waiting_limit;
        match admission {
            Admission::Fail => fail(&opening.state, self.unavailable()),
            Admission::Go | Admission::Wait if self.waiting.len() >= limit => fail(&opening.state, full(limit)),
            Admission::Go | Admission::Wait => self.waiting.push(opening),
        }
    }

    /// A call was given up; nobody waits for it any more.
    pub(super) fn forget(&mut self, state: &Arc<CallState>) {
        if let Some(opening) = self.waiting.remove(Arc::as_ptr(state).addr()) {
            opening.state.close();
        }
    }

    /// Somebody would have liked a connection.
    pub(super) fn want(&mut self, now: Instant) {
        self.subchannel.connect(now);
    }

    /// The server's first SETTINGS have come.
    pub(super) fn connected(&mut self, now: Instant) {
        self.attempt = None;
        self.failure = None;
        self.subchannel.handle_connected(now);
    }

    /// The attempt to connect failed.
    pub(super) fn failed(&mut self, cause: impl fmt::Display, now: Instant) {
        self.attempt = None;
        let failure = Status::unavailable(format!("cannot connect to {}: {cause}", self.shared.target));
        self.failure = Some(failure.clone());
        self.shared.standing.send_modify(|standing| standing.failure = Some(failure));
        self.subchannel.handle_failed(now);
    }

    /// The connection is lost; `used`: it has taken a call at least.
    pub(super) fn disconnected(&mut self, used: bool, now: Instant) {
        if !self.gives_up(used, now) {
            self.subchannel.handle_disconnected(now);
        }
    }

    /// The connection takes no more calls.
    pub(super) fn going_away(&mut self, used: bool, now: Instant) {
        if !self.gives_up(used, now) {
            self.subchannel.handle_going_away(now);
        }
    }

    /// A server that lets connections in and no call through would otherwise be called again without a wait.
    fn gives_up(&mut self, used: bool, now: Instant) -> bool {
        self.fruitless = if used || self.waiting.is_empty() { 0 } else { self.fruitless.saturating_add(1) };
        let too_many = self.fruitless > FRUITLESS;
        if too_many {
            self.failed("connections are made, but end before they take a call", now);
        }
        too_many
    }

    /// Ends what has waited too long. An attempt that took too long is the driver's to break off: how long it took.
    pub(super) fn handle_time(&mut self, now: Instant) -> Option<Duration> {
        self.subchannel.handle_timeout(now);
        while let Some(opening) = self.waiting.pop_expired(now) {
            fail(&opening.state, self.expired());
        }
        self.attempt.filter(|(until, _)| *until <= now).map(|(_, timeout)| timeout)
    }

    /// Carries out what the connection's state asks for; `true` when an attempt to connect begins.
    pub(super) fn follow(&mut self, now: Instant) -> bool {
        if !self.waiting.is_empty() && self.subchannel.state() != State::Ready {
            self.subchannel.connect(now);
        }
        let mut connect = false;
        while let Some(output) = self.subchannel.poll_output() {
            match output {
                Output::Connect { timeout } => {
                    // A timeout beyond what an `Instant` can hold never passes.
                    self.attempt = now.checked_add(timeout).map(|until| (until, timeout));
                    connect = true;
                }
                Output::State(state) => self.publish(state),
            }
        }
        connect
    }

    /// When to call [`Lobby::handle_time`].
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let attempt = self.attempt.map(|(until, _)| until);
        [self.subchannel.poll_timeout(), self.waiting.next_deadline(), attempt].into_iter().flatten().min()
    }

    /// What a call is told whose deadline passed before it was sent.
    pub(super) fn expired(&self) -> Status {
        match &self.failure {
            Some(failure) => Status::deadline_exceeded(format!(
                "the deadline passed before the call was sent: {}",
                failure.message()
            )),
            None => Status::deadline_exceeded("the deadline passed before the call was sent"),
        }
    }

    /// The runtime is going, and nobody will send what waits.
    pub(super) fn abandon(&mut self, commands: Vec<Command>) {
        let queued = commands.into_iter().filter_map(|command| match command {
            Command::Client(super::ClientCommand::Open(opening)) => Some(opening),
            _ => None,
        });
        for opening in std::iter::from_fn(|| self.waiting.pop()).chain(queued) {
            fail(&opening.state, runtime_gone());
        }
        let _ = self.shared.standing.send_replace(super::shared::Standing { state: State::Idle, failure: None });
    }

    fn publish(&mut self, state: State) {
        let failure = self.failure.clone();
        self.shared.standing.send_modify(|standing| (standing.state, standing.failure) = (state, failure));
        if state == State::TransientFailure {
            for opening in self.waiting.take_impatient() {
                fail(&opening.state, self.unavailable());
            }
        }
    }

    fn unavailable(&self) -> Status {
        self.failure.clone().unwrap_or_else(|| Status::unavailable("the channel is closed: make a new one"))
    }
}

/// What calls are told when the task that ran their channel was dropped.
pub(super) fn runtime_gone() -> Status {
    Status::unavailable("the runtime that ran this channel was shut down: calls on another runtime connect anew")
}

/// Connections that may end before they took a call until that counts as a failure to connect: a server that restarts
/// may be met in the wrong moment, and there may be several behind one address.
const FRUITLESS: u32 = 3;

fn full(limit: usize) -> Status {
    Status::resource_exhausted(format!(
        "{limit} calls wait for this channel already: make fewer at a time, or raise ChannelBuilder::waiting_limit"
    ))
}
