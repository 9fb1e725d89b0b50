//! Two peers under any verbs, with laws that are held against every step: what random runs and races are made of.
//!
//! Unlike a `Pair`, whose applications play scripts, a `World` does what it is told, verb by verb, and knows from above
//! what should come of it. A broken law is a panic that says which.
//!
//! ```text
//!   Verb ──▶ World { Party ── Link ── Party } ──▶ events ──▶ Book   (who may be told what)
//!                       └─ bytes ─▶ Meter ─────────────────▶ laws   (windows, credit, what is held)
//! ```

mod book;
mod contents;
mod end;
mod events;
mod laws;
mod meter;
mod party;
mod plant;
mod random;
mod trace;
mod verb;

use std::time::Duration;

use farcall_wire::grpc::{Config, EncodeBuf, ReplyEnd, ReplyHead, RequestHead, Status};
use farcall_wire::h2::frame::{ping, settings};

pub use book::{Book, Ending, Entry, Serving};
pub use party::Party;
pub use plant::Plant;
pub use random::{Failure, Run, Setup, Tally};
pub use verb::Verb;

use crate::{Clock, Link, Recording, Side, Wire};
use farcall_wire::Reason;
use trace::Trace;

/// Both peers, what lies between them, and what has happened.
#[derive(Debug)]
pub struct World {
    /// Virtual time.
    pub clock: Clock,
    /// The client.
    pub client: Party,
    /// The server.
    pub server: Party,
    up: Link,
    down: Link,
    /// What became of each call.
    pub book: Book,
    /// What crossed the links, if it is recorded.
    pub recording: Recording,
    trace: Option<Trace>,
    /// Whether the connection was broken by a verb.
    broken: bool,
    /// Whether the network or a reader was so slow that waiting for a peer may have failed.
    slow: bool,
    steps: u64,
}

impl World {
    /// Two peers that have just begun; the same wire lies in both directions.
    pub fn new(client: Config, server: Config, wire: Wire) -> Self {
        let clock = Clock::new();
        let back = Wire { cut: wire.cut.map(|seed| !seed), ..wire };
        let limits = [&client, &server].map(|config| config.receive_limit as usize);
        Self {
            client: Party::new(Side::Client, client, clock.now()),
            server: Party::new(Side::Server, server, clock.now()),
            up: Link::new(wire),
            down: Link::new(back),
            book: Book::new(limits),
            recording: Recording::default(),
            trace: None,
            broken: false,
            slow: false,
            steps: 0,
            clock,
        }
    }

    /// Writes down what happens from now on, for [`Self::traced`].
    pub fn trace(&mut self) {
        self.recording.start();
        self.trace = Some(Trace::default());
    }

    /// What happened: verbs, events and frames, each on a line with its time.
    pub fn traced(&self) -> String {
        self.trace.as_ref().map_or_else(String::new, |trace| trace.show(&self.recording))
    }

    /// One of the two.
    pub fn party(&mut self, side: Side) -> &mut Party {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// What one side writes to.
    pub fn link(&mut self, writer: Side) -> &mut Link {
        match writer {
            Side::Client => &mut self.up,
            Side::Server => &mut self.down,
        }
    }

    /// Does what the verb says, lets the applications hear of it, and holds every law against it.
    ///
    /// # Panics
    ///
    /// When a law is broken.
    pub fn apply(&mut self, verb: &Verb) {
        self.note(|| format!("{verb:?}"));
        match verb {
            Verb::Open { timeout, eager } => self.open(*timeout, *eager),
            Verb::Send { side, call, length } => self.send(*side, *call, *length),
            Verb::Finish(call) => self.finish(*call),
            Verb::Cancel(call) => self.cancel(*call),
            Verb::Head(call) | Verb::Reject(call) | Verb::Reset(call) | Verb::Close(call) => self.handler(verb, *call),
            Verb::Answer { call, lengths, code } => self.answer(*call, lengths, *code),
            Verb::Read(side, call) => self.release(*side, *call),
            Verb::Wait(time) => self.pass(*time),
            _ => self.disturb(verb),
        }
        self.hear();
        self.check();
    }

    /// What belongs to no single call.
    fn disturb(&mut self, verb: &Verb) {
        match verb {
            Verb::ShutDown(side) => self.shut_down(*side),
            Verb::Abort(side) => {
                let party = self.party(*side);
                (party.aborted, party.leaves) = (true, true);
                party.connection.abort(Reason::Broken);
            }
            Verb::Say(side, entries) => {
                let mut frame = Vec::new();
                settings::encode(entries, &mut frame);
                self.party(*side).said.push_back(frame);
            }
            Verb::Ping(side) => {
                let mut frame = Vec::new();
                ping::encode(*b"sim-ping", false, &mut frame);
                self.party(*side).said.push_back(frame);
            }
            Verb::Listen(side, on) => {
                self.slow |= !on;
                self.party(*side).listens = *on;
            }
            Verb::Stall(side, time) => {
                self.slow = true;
                let until = self.clock.elapsed() + *time;
                self.link(*side).stall_until(until);
            }
            Verb::Break(side, after) => {
                self.broken = true;
                self.link(*side).break_after(*after);
            }
            _ => {}
        }
    }

    /// All of them in their order.
    pub fn apply_all(&mut self, verbs: &[Verb]) {
        verbs.iter().for_each(|verb| self.apply(verb));
    }

    fn open(&mut self, timeout: Option<Duration>, eager: bool) {
        let head = RequestHead {
            path: "/sim.World/Call".into(),
            authority: "server.example".into(),
            timeout,
            user_agent: "sim".into(),
            ..RequestHead::default()
        };
        let now = self.clock.now();
        let client = &mut self.client.connection;
        let room = client.available_calls();
        let opened = client.open(&head, timeout.map(|timeout| now + timeout));
        assert_eq!(opened.is_ok(), room > 0, "a call was opened, or not, although there is room for {room}");
        assert!(opened.is_err() || !self.client.leaves, "a call was opened on a connection that is being left");
        if let Ok(call) = opened {
            self.book.open(call, timeout, eager, self.clock.elapsed());
            self.client.leaves |= call.serial() == LAST_ID;
        }
    }

    fn send(&mut self, side: Side, call: usize, length: usize) {
        let Some(entry) = self.book.entries.get(call) else { return };
        let is_open = match side {
            Side::Client => !entry.halves[Side::Client as usize].finished,
            Side::Server => entry.runs().is_some(),
        };
        let Some(id) = entry.id(side).filter(|_| is_open) else { return };
        let connection = match side {
            Side::Client => &mut self.client.connection,
            Side::Server => &mut self.server.connection,
        };
        if connection.queued_on(id) >= WRITE_AHEAD {
            return;
        }
        let mut buffer = EncodeBuf::new(usize::MAX);
        frame(&mut buffer, self.book.send(side, call, length));
        connection.send(id, buffer.take());
    }

    fn finish(&mut self, call: usize) {
        let Some(entry) = self.book.entries.get_mut(call) else { return };
        if let Some(id) = entry.id(Side::Client) {
            entry.halves[Side::Client as usize].finished = true;
            self.client.connection.finish(id);
        }
    }

    fn cancel(&mut self, call: usize) {
        let Some(entry) = self.book.entries.get_mut(call) else { return };
        if let Some(id) = entry.id(Side::Client) {
            entry.cancelled = true;
            self.client.connection.reset(id, Reason::Cancelled);
        }
    }

    /// What a handler does but for answering.
    fn handler(&mut self, verb: &Verb, call: usize) {
        let Some(entry) = self.book.entries.get_mut(call) else { return };
        let server = &mut self.server.connection;
        match (verb, entry.serving) {
            (Verb::Head(_), Serving::Runs(id)) => server.reply_head(id, &ReplyHead::default()),
            (Verb::Reject(_), Serving::Runs(id)) => {
                self.book.reject(call);
                server.reject(id, Reason::Cardinality { expected: "one message" });
            }
            (Verb::Reset(_), Serving::Runs(id)) => {
                entry.serving = Serving::Over;
                server.reset(id, Reason::Cancelled);
            }
            (Verb::Close(_), Serving::Stops(id)) => {
                entry.serving = Serving::Over;
                server.close(id);
            }
            _ => {}
        }
    }

    fn answer(&mut self, call: usize, lengths: &[usize], code: Option<farcall_wire::grpc::Code>) {
        let Some(id) = self.book.entries.get(call).and_then(Entry::runs) else { return };
        let mut buffer = EncodeBuf::new(usize::MAX);
        for length in lengths {
            frame(&mut buffer, self.book.send(Side::Server, call, *length));
        }
        let entry = &mut self.book.entries[call];
        (entry.answered, entry.serving) = (Some(code), Serving::Over);
        let end = code.map_or(ReplyEnd::OK, |code| Status::new(code, "as the verb says").into());
        self.server.connection.reply(id, &ReplyHead::default(), &mut buffer, &end);
        assert!(buffer.is_empty(), "a reply leaves nothing in its buffer");
    }

    /// One side consumes what it has of a call.
    pub(crate) fn release(&mut self, side: Side, call: usize) {
        let Some(entry) = self.book.entries.get_mut(call) else { return };
        let Some(id) = entry.id(side) else { return };
        let credit = std::mem::take(&mut entry.halves[side.other() as usize].held);
        let party = self.party(side);
        if credit > 0 && !party.planted.keeps_credit() {
            party.connection.release(id, credit);
        }
    }

    fn shut_down(&mut self, side: Side) {
        let now = self.clock.now();
        let party = self.party(side);
        party.leaves = true;
        party.connection.shut_down(now);
    }
}

/// Adds one message to a buffer.
fn frame(buffer: &mut EncodeBuf, message: bytes::Bytes) {
    buffer.begin_message();
    buffer.put_shared(message);
    buffer.end_message(false).expect("a message without limit");
}

/// The last number of a stream (RFC 9113 §5.1.1): behind it a client needs another connection.
const LAST_ID: u32 = (1 << 31) - 1;
/// Bytes that an application queues on one call before it waits for room.
const WRITE_AHEAD: usize = 64 << 10;
