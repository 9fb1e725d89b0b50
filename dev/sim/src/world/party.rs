//! One end of a simulated connection: its engine, the bytes before and behind it, and whether it listens.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use farcall_wire::Reason;
use farcall_wire::grpc::{Config, Connection};

use super::meter::Meter;
use super::plant::Planted;
use crate::{Link, Recording, Side};

/// A client or a server.
#[derive(Debug)]
pub struct Party {
    pub(crate) side: Side,
    /// The engine.
    pub connection: Connection,
    pub(crate) config: Config,
    /// What its engine has begun to send, what it has taken, and what has left for the wire.
    pub(crate) sends: Meter,
    pub(crate) takes: Meter,
    wire: Meter,
    /// Bytes of the engine that were written, and that `sends` has seen.
    written: u64,
    seen: u64,
    /// Frames that are to be put between two of its own.
    pub(crate) said: VecDeque<Vec<u8>>,
    pub(crate) planted: Planted,
    inbox: BytesMut,
    /// Whether it reads its socket.
    pub(crate) listens: bool,
    /// Set once the connection is over: why, if it did not end in order.
    pub over: Option<Option<Reason>>,
    /// Whether the peer has sent GOAWAY, or this side has ended.
    pub(crate) leaves: bool,
    pub(crate) aborted: bool,
    heard_end: bool,
}

impl Party {
    pub(crate) fn new(side: Side, config: Config, now: Instant) -> Self {
        let connection = match side {
            Side::Client => Connection::client(config.clone(), now),
            Side::Server => Connection::server(config.clone(), now),
        };
        Self {
            side,
            connection,
            config,
            sends: Meter::new(side == Side::Client),
            takes: Meter::new(side == Side::Server),
            wire: Meter::new(side == Side::Client),
            written: 0,
            seen: 0,
            said: VecDeque::new(),
            planted: Planted::default(),
            inbox: BytesMut::new(),
            listens: true,
            over: None,
            leaves: false,
            aborted: false,
            heard_end: false,
        }
    }

    /// Reads what has arrived, while it listens and the engine wants it. `true` if anything moved.
    pub(crate) fn read(&mut self, link: &mut Link, at: Duration, now: Instant) -> bool {
        if self.heard_end {
            return false;
        }
        if self.listens
            && (self.connection.wants_bytes() || self.over.is_some())
            && let Some(bytes) = link.read(at)
        {
            self.inbox.extend_from_slice(&bytes);
            self.take(now);
            return true;
        }
        if link.is_at_end() {
            self.heard_end = true;
            self.connection.handle_eof();
            return true;
        }
        false
    }

    /// Gives the engine what has come.
    fn take(&mut self, now: Instant) {
        if self.over.is_some() {
            // It swallows everything, and forgets where frames begin.
            return self.connection.handle_bytes(&mut self.inbox, now);
        }
        let whole = self.takes.whole(&self.inbox);
        self.takes.feed(&self.inbox[..whole]);
        let rest = self.inbox.len() - whole;
        self.planted.spoil(&mut self.inbox, whole);
        self.connection.handle_bytes(&mut self.inbox, now);
        let left = self.inbox.len();
        assert!(left == rest || left == 0, "{:?} left {left} bytes where {rest} begin a frame", self.side);
    }

    /// Lets `sends` see what the engine has put into its outbox.
    pub(crate) fn scan(&mut self) {
        if self.over.is_some() {
            return;
        }
        let waiting = self.connection.waiting();
        let mut known = (self.seen - self.written) as usize;
        if known == waiting.len() {
            return;
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let count = waiting.chunks_vectored(&mut slices);
        assert!(count < SLICES, "{:?} has {count} pieces in its outbox", self.side);
        for slice in &slices[..count] {
            let skip = known.min(slice.len());
            known -= skip;
            self.sends.feed(&slice[skip..]);
        }
        self.seen = self.written + waiting.len() as u64;
    }

    /// Writes what there is and what the socket takes. `true` if anything moved.
    pub(crate) fn write(&mut self, link: &mut Link, recording: &mut Recording, at: Duration) -> bool {
        let mut moved = false;
        loop {
            let mut room = link.room(at);
            if let Some(frame) = self.said.front() {
                if self.wire.is_between() && room >= frame.len() {
                    link.write(frame, at);
                    recording.note(self.side, frame, at);
                    self.said.pop_front();
                    moved = true;
                    continue;
                }
                room = if self.wire.is_between() { 0 } else { room.min(self.wire.until_boundary()) };
            }
            if room == 0 {
                break;
            }
            self.connection.outbox();
            self.scan();
            let outbox = self.connection.outbox();
            let chunk = outbox.chunk();
            let written = link.write(&chunk[..room.min(chunk.len())], at);
            if written == 0 {
                break;
            }
            self.wire.feed(&chunk[..written]);
            recording.note(self.side, &chunk[..written], at);
            outbox.advance(written);
            self.written += written as u64;
            moved = true;
        }
        if self.connection.is_drained() {
            link.close();
        }
        moved
    }

    /// Whether it still speaks with its peer.
    pub(crate) fn is_alive(&self) -> bool {
        self.over.is_none() && !self.heard_end
    }
}

/// Pieces of an outbox at most.
const SLICES: usize = 1_024;
