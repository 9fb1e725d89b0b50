//! One engine under a hostile peer, an application and a virtual clock, held to its promises after every step.
//!
//! The peer is whatever the target makes of its input. `application` knows what an application may be told, `watch` reads
//! every byte that goes in and comes out and holds the engine to RFC 9113 as a strict peer would.
//!
//! ```text
//!   input ──▶ feed ──▶ engine ──▶ events ──▶ Application
//!              │         │
//!              └─▶ Watch ◀┘ outbox
//! ```

mod application;
mod incoming;
mod watch;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use farcall_wire::grpc::{Config, Connection, Event, Incident};
use farcall_wire::h2::Role;

pub use application::{Application, Manners, framed};
pub use watch::Watch;

use crate::Reach;

/// One engine and everything around it.
#[derive(Debug)]
pub struct Session {
    /// The engine.
    pub engine: Connection,
    /// What its application knows.
    pub application: Application,
    /// What a strict peer knows.
    pub watch: Watch,
    /// What was seen so far.
    pub reach: Reach,
    /// Every byte that the peer has sent.
    pub sent: Vec<u8>,
    now: Instant,
    unread: BytesMut,
    /// Events that the engine may tell before something else happens.
    allowed: usize,
    /// Bytes that the engine may have waiting.
    room: usize,
    max_streams: usize,
    unfinished_limit: u64,
}

impl Session {
    /// An engine that has heard nothing.
    pub fn new(role: Role, config: Config, manners: Manners) -> Self {
        let now = beginning();
        let watch = Watch::new(role, &config);
        let (max_streams, unfinished_limit) = (config.h2.max_concurrent_streams as usize, config.unfinished_limit);
        let engine = match role {
            Role::Client => Connection::client(config, now),
            Role::Server => Connection::server(config, now),
        };
        Self {
            engine,
            application: Application::new(role, manners),
            watch,
            reach: Reach::default(),
            sent: Vec::new(),
            now,
            unread: BytesMut::new(),
            allowed: 20,
            room: OUTBOX,
            max_streams,
            unfinished_limit,
        }
    }

    /// The time.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The peer sends bytes; the engine does not get them while it wants none, as its pump would not.
    pub fn feed(&mut self, bytes: &[u8]) {
        if !self.engine.wants_bytes() {
            self.reach.note("paused", 0);
            return;
        }
        self.sent.extend_from_slice(bytes);
        self.watch.fed(bytes, &mut self.reach);
        self.unread.extend_from_slice(bytes);
        // A frame has 9 bytes and causes a request, an end and incidents at most; a message has 5.
        let count = self.unread.len();
        self.allow(count / 3 + count / 5 + 4);
        self.room += 16 * count;
        self.engine.handle_bytes(&mut self.unread, self.now);
        self.hear();
        // What a connection leaves behind that has just ended is its shell's to drop.
        let left = self.unread.len();
        assert!(left < LONGEST_FRAME || self.application.is_over(), "{left} bytes that make a frame are left");
    }

    /// Something other than bytes happens to the engine.
    pub fn act(&mut self, act: impl FnOnce(&mut Connection, &mut Application, Instant)) {
        act(&mut self.engine, &mut self.application, self.now);
        self.allow(8);
        self.room += ANSWER;
        self.hear();
    }

    /// Time passes.
    pub fn pass(&mut self, time: Duration) {
        self.now += time;
        let mut now = self.now;
        self.act(|engine, _, _| engine.handle_timeout(now));
        // Nothing that was due is still due, so that a shell does not spin.
        for _ in 0..1_000 {
            match self.engine.poll_timeout() {
                Some(due) if due <= now => now = due.max(self.now),
                _ => return,
            }
            self.engine.handle_timeout(now);
        }
        panic!("the engine asks to be woken at once, again and again");
    }

    /// The socket takes at most so many bytes.
    pub fn write(&mut self, most: usize) {
        let mut left = most;
        while left > 0 {
            let outbox = self.engine.outbox();
            let step = left.min(outbox.chunk().len());
            if step == 0 {
                assert!(outbox.is_empty(), "an outbox of {} bytes shows none", outbox.len());
                break;
            }
            self.watch.came(&outbox.chunk()[..step], &mut self.reach);
            outbox.advance(step);
            left -= step;
        }
        self.room = OUTBOX + self.engine.outbox().len();
        // What has left is told in steps of 16 KiB, and streams end.
        self.allow(most.min(1 << 24) / 9 + 8);
        self.hear();
        if self.engine.outbox().is_empty() && self.engine.queued() == 0 {
            let (open, known) = (self.engine.open_calls(), self.application.open());
            assert_eq!(open, known, "slots are held for calls that have ended and that nothing waits for");
        }
    }

    /// Hears all that the engine has to tell, and answers where the application's manners say so.
    pub fn hear(&mut self) {
        self.allow(3 * self.application.open());
        let mut heard = 0;
        while let Some(event) = self.engine.poll_event(self.now) {
            heard += 1;
            assert!(heard <= self.allowed, "{heard} events, and {} were to be expected", self.allowed);
            self.note(&event);
            let whole = self.application.take_whole(&mut self.engine, &event);
            self.application.note(event);
            for event in whole {
                self.note(&event);
                self.application.note(event);
            }
            if self.application.answer(&mut self.engine) {
                self.allow(8);
                self.room += ANSWER;
            }
        }
        self.allowed = 20;
        self.application.heard_all();
        self.check();
    }

    fn allow(&mut self, events: usize) {
        self.allowed = self.allowed.saturating_add(events);
    }

    fn check(&mut self) {
        let (open, known) = (self.engine.open_calls(), self.application.open());
        assert!(open >= known, "{known} calls are known, but {open} hold a slot");
        assert!(
            known <= self.max_streams || self.engine_is_client(),
            "{known} calls, {} are allowed",
            self.max_streams
        );
        let unfinished = self.engine.unfinished();
        // The frame that passes the limit is held for a moment at most; a slow reader's windows are not counted here.
        assert!(unfinished <= self.unfinished_limit, "{unfinished} bytes of unfinished messages");
        let waiting = self.engine.outbox().len();
        assert!(waiting <= self.room, "{waiting} bytes wait to be written, {} were to be expected", self.room);
    }

    fn engine_is_client(&self) -> bool {
        self.application.role() == Role::Client
    }

    fn note(&mut self, event: &Event) {
        let reach = &mut self.reach;
        match event {
            Event::Ready => reach.note("ready", 0),
            Event::Request { head, .. } => {
                reach.note("request", u32::from(head.timeout.is_some()));
                reach.note("request metadata", head.metadata.len().min(3) as u32);
                reach.note("request encoding", head.encoding as u32);
            }
            Event::Headers { head, .. } => reach.note("reply head", head.encoding as u32),
            Event::Message { message, credit, .. } => {
                reach.note("message", u32::from(message.compressed));
                reach.note("message in pieces", message.payload.segments().count().min(3) as u32);
                reach.note("credit", u32::from(*credit == message.wire_len));
            }
            Event::End { .. } => reach.note("end", 0),
            Event::Done { outcome, .. } => {
                reach.note("done", outcome.status.as_ref().map_or_else(|status| status.code() as u32, |()| 0));
                reach.note("processed", outcome.processed as u32);
            }
            Event::Cancelled { status, .. } => reach.note("cancelled", status.code() as u32),
            Event::Room { .. } => reach.note("room", 0),
            Event::Available => reach.note("available", 0),
            Event::GoingAway { code, .. } => reach.note("going away", code.number()),
            Event::Over { fault } => {
                reach.note("over", u32::from(fault.is_some()));
                fault.iter().for_each(|fault| reach.reason(fault.reason));
            }
            Event::Incident(incident) => self.note_incident(incident),
        }
    }

    fn note_incident(&mut self, incident: &Incident) {
        let reach = &mut self.reach;
        match incident {
            Incident::ResetSent { code, reason, .. } => {
                reach.note("reset sent", code.number());
                reason.iter().for_each(|reason| reach.reason(*reason));
            }
            Incident::ResetReceived { code, .. } => reach.note("reset received", code.number()),
            Incident::GoAwaySent { code, .. } => reach.note("goaway sent", code.number()),
            Incident::GoAwayReceived { code, .. } => reach.note("goaway received", code.number()),
            Incident::LargeHeaders { refused, .. } => reach.note("large headers", u32::from(*refused)),
        }
    }

    /// The peer closes, and nothing may be left: every call has ended once, nothing is held, no timer runs.
    pub fn finish(mut self) -> Reach {
        self.act(|engine, _, _| engine.handle_eof());
        self.application.assert_over();
        for call in self.application.cancelled() {
            self.act(|engine, application, _| application.close(engine, call));
        }
        let (engine, known) = (&mut self.engine, self.application.open());
        assert_eq!((known, engine.open_calls(), engine.unfinished(), engine.queued()), (0, 0, 0, 0), "left behind");
        assert_eq!(engine.poll_timeout(), None, "a timer is left behind");
        assert!(engine.is_drained() && !engine.wants_bytes() && engine.available_calls() == 0);
        self.reach
    }
}

/// The one clock reading: everything else is counted from it.
pub(crate) fn beginning() -> Instant {
    static BEGINNING: OnceLock<Instant> = OnceLock::new();
    *BEGINNING.get_or_init(Instant::now)
}

/// No frame that is whole is left unread: a head and the largest payload that any configuration here takes.
const LONGEST_FRAME: usize = 9 + 16_384 + 1;
/// Bytes that may wait although nobody has read: two turns, the handshake, and the end.
const OUTBOX: usize = 40_000;
/// Bytes that one verb of the application writes past its queues at most: header lists, and a small body.
const ANSWER: usize = 70_000;
