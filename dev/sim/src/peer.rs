//! One end of the connection: the engine, its read buffer, and what its application has seen.
//!
//! How the applications play their scripts is in `applications`.

use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use farcall_wire::Fault;
use farcall_wire::grpc::{CallId, Config, Connection};
use farcall_wire::h2::{ErrorCode, Role};

use crate::{Link, Log, Recording, Side};

/// A client or a server.
#[derive(Debug)]
pub struct Peer {
    /// The engine.
    pub connection: Connection,
    /// Its calls, in the order in which they began.
    pub calls: Vec<Log>,
    /// The position in `calls` of the call in each slot.
    pub(crate) by_slot: Vec<usize>,
    pub(crate) side: Side,
    /// The peer's GOAWAY frames that were told.
    pub goaways: Vec<ErrorCode>,
    /// Set once the connection is over: why, if it did not end in order.
    pub over: Option<Option<Fault>>,
    inbox: BytesMut,
    /// The engine stopped before the end of `inbox`, because too much waits to be written.
    stalled: bool,
    heard_end: bool,
}

impl Peer {
    pub(crate) fn new(side: Side, config: Config, now: Instant) -> Self {
        let connection = match side {
            Side::Client => Connection::client(config, now),
            Side::Server => Connection::server(config, now),
        };
        Self {
            connection,
            calls: Vec::new(),
            by_slot: Vec::new(),
            side,
            goaways: Vec::new(),
            over: None,
            inbox: BytesMut::new(),
            stalled: false,
            heard_end: false,
        }
    }

    /// Reads what has arrived, while the engine wants it. `true` if there was something.
    pub(crate) fn read(&mut self, link: &mut Link, at: Duration, now: Instant) -> bool {
        let mut moved = self.stalled && self.connection.wants_bytes();
        while !moved && (self.connection.wants_bytes() || self.over.is_some()) {
            let Some(bytes) = link.read(at) else { break };
            self.inbox.extend_from_slice(&bytes);
            moved = link.cuts() || self.inbox.len() > READ || link.next_arrival().is_none_or(|next| next > at);
        }
        if moved {
            self.connection.handle_bytes(&mut self.inbox, now);
            self.stalled = !self.inbox.is_empty() && !self.connection.wants_bytes() && self.over.is_none();
        } else if link.is_at_end() && !self.heard_end {
            (self.heard_end, moved) = (true, true);
            self.connection.handle_eof();
        }
        moved
    }

    /// Writes what there is and what the socket takes. `true` if anything moved.
    pub(crate) fn write(&mut self, link: &mut Link, recording: &mut Recording, at: Duration) -> bool {
        let mut moved = false;
        while link.room(at) > 0 {
            let outbox = self.connection.outbox();
            let written = link.write(outbox.chunk(), at);
            if written == 0 {
                break;
            }
            recording.note(self.side, &outbox.chunk()[..written], at);
            outbox.advance(written);
            moved = true;
        }
        if self.connection.is_drained() {
            link.close();
        }
        moved
    }

    /// The log of a call that is not over on this side.
    pub(crate) fn position(&self, call: CallId) -> usize {
        let position = self.by_slot.get(call.slot()).copied().filter(|at| self.calls[*at].call == call);
        position.unwrap_or_else(|| panic!("{:?} was told of {call:?}, which it does not know", self.side))
    }

    pub(crate) fn insert(&mut self, log: Log) -> usize {
        let (slot, position) = (log.call.slot(), self.calls.len());
        if self.by_slot.len() <= slot {
            self.by_slot.resize(slot + 1, usize::MAX);
        }
        self.by_slot[slot] = position;
        self.calls.push(log);
        position
    }

    /// Which role it plays.
    pub fn role(&self) -> Role {
        match self.side {
            Side::Client => Role::Client,
            Side::Server => Role::Server,
        }
    }

    /// Bytes of messages that its application holds unread, all calls together.
    pub fn held(&self) -> u64 {
        self.calls.iter().map(|log| log.held).sum()
    }
}

/// Bytes that one read takes.
const READ: usize = 64 << 10;
