//! Moves bytes and time, and takes what the engines tell their applications into the book.

use std::time::Duration;

use farcall_wire::grpc::{Event, Outcome};
use farcall_wire::{Blame, Fault, Reason};

use super::World;
use super::plant::Fate;
use crate::Side;

impl World {
    /// Lets everything happen that can happen now, and what is due within `time`.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.clock.elapsed() + time;
        loop {
            self.settle();
            match self.next_time().filter(|next| *next <= end) {
                Some(next) => self.clock.advance_to(next),
                None => return self.clock.advance_to(end),
            }
        }
    }

    /// Lets everything happen that can happen at this time. `true` if there was something.
    pub(crate) fn settle(&mut self) -> bool {
        let mut turns = 0;
        while self.exchange() {
            turns += 1;
            assert!(turns < MOST_TURNS, "the peers keep each other busy while no time passes");
        }
        turns > 0
    }

    /// When something is due next.
    pub(crate) fn next_time(&self) -> Option<Duration> {
        let now = self.clock.elapsed();
        let timers = [&self.client, &self.server].map(|party| party.connection.poll_timeout());
        let timers = timers.into_iter().flatten().map(|at| self.clock.since_start(at));
        let arrivals = [&self.up, &self.down].into_iter().flat_map(|link| [link.next_arrival(), link.room_again(now)]);
        timers.chain(arrivals.flatten()).filter(|time| *time > now).min()
    }

    /// `true`: something has happened.
    fn exchange(&mut self) -> bool {
        self.steps += 1;
        assert!(self.steps < MOST_STEPS, "the simulation does not come to rest");
        let moved = self.turn(Side::Client);
        let moved = self.turn(Side::Server) | moved;
        self.end_if_broken();
        if moved {
            self.check();
        }
        moved
    }

    /// Lets one side do everything that it can do now.
    fn turn(&mut self, side: Side) -> bool {
        let (at, now) = (self.clock.elapsed(), self.clock.now());
        let Self { client, server, up, down, .. } = self;
        let (party, incoming) = if side == Side::Client { (client, down) } else { (server, up) };
        let mut moved = party.read(incoming, at, now);
        if party.connection.poll_timeout().is_some_and(|due| due <= now) {
            party.connection.handle_timeout(now);
            moved = true;
        }
        moved |= self.listen(side);
        let Self { client, server, up, down, recording, .. } = self;
        let (party, outgoing) = if side == Side::Client { (client, up) } else { (server, down) };
        moved |= party.write(outgoing, recording, at);
        moved | self.listen(side)
    }

    /// A connection that breaks one way is closed the other way.
    fn end_if_broken(&mut self) {
        if self.up.is_broken() || self.down.is_broken() {
            self.up.close();
            self.down.close();
        }
    }

    /// Both applications take all events.
    pub(crate) fn hear(&mut self) {
        self.listen(Side::Client);
        self.listen(Side::Server);
    }

    fn listen(&mut self, side: Side) -> bool {
        let now = self.clock.now();
        let mut heard = false;
        while let Some(event) = self.party(side).connection.poll_event(now) {
            heard = true;
            self.note(|| format!("  {side:?} is told: {event:?}"));
            let times = match self.party(side).planted.fate(&event) {
                Fate::Told => 1,
                Fate::Lost => 0,
                Fate::Twice => 2,
            };
            (0..times).for_each(|_| self.handle(side, &event));
            if times == 1 {
                self.take_whole(side, &event);
            }
        }
        heard
    }

    /// Every other call that begins is asked for what has come whole, and is told of that as events would have told of it.
    fn take_whole(&mut self, side: Side, event: &Event) {
        let (Event::Request { call, .. } | Event::Headers { call, .. }) = *event else { return };
        let conn = &mut self.party(side).connection;
        let (taken, end) = match side {
            _ if !call.slot().is_multiple_of(2) => return,
            Side::Server => (conn.take_request(call), Event::End { call }),
            Side::Client => (conn.take_reply(call), Event::Done { call, outcome: Outcome::OK }),
        };
        if let Some(message) = taken {
            self.note(|| format!("  {side:?} takes what has come whole: {call:?}"));
            self.handle(side, &Event::Message { call, message, credit: 0 });
            self.handle(side, &end);
        }
    }

    fn handle(&mut self, side: Side, event: &Event) {
        let at = self.clock.elapsed();
        assert!(self.party(side).over.is_none(), "{side:?} was told after the end: {event:?}");
        match event {
            Event::Request { call, .. } => self.book.request(*call, at),
            Event::Headers { call, .. } | Event::Room { call, .. } if side == Side::Client => {
                self.book.running(side, *call);
            }
            Event::Message { call, message, credit } => {
                let position = self.book.message(side, *call, message, *credit);
                if self.book.entries[position].eager {
                    self.release(side, position);
                }
            }
            Event::End { call } => _ = self.book.end(*call),
            Event::Done { call, outcome } => _ = self.book.done(*call, outcome, at),
            Event::Cancelled { call, .. } => _ = self.book.stop(*call, at),
            Event::GoingAway { .. } => {
                self.party(side).leaves = true;
                let available = self.party(side).connection.available_calls();
                assert_eq!(available, 0, "{side:?} may open calls after the peer's GOAWAY");
            }
            Event::Incident(incident) => self.book.incident(side, incident),
            Event::Over { fault } => self.end(side, *fault),
            _ => {}
        }
    }

    /// The connection of one side is over.
    fn end(&mut self, side: Side, fault: Option<Fault>) {
        let reason = fault.map(|fault| fault.reason);
        let peer = self.party(side.other());
        // A peer that ended in order has taken every call of ours with it to its end.
        let failed = peer.aborted || matches!(peer.over, Some(Some(_)));
        let orderly = peer.over == Some(None) && !self.book.must_be_over[side as usize];
        let gone = self.broken || failed || orderly;
        let explained = match reason {
            None => gone || self.client.leaves || self.server.leaves,
            Some(Reason::Broken) => self.party(side).aborted,
            Some(Reason::Disconnected) => gone,
            Some(Reason::SettingsTimeout | Reason::HandshakeTimeout) => self.slow,
            Some(reason) => reason.blame() != Blame::Peer,
        };
        assert!(explained, "the connection of {side:?} ended for no reason but {reason:?}");
        let untold = self.book.entries.iter().position(|entry| match side {
            Side::Client => entry.done.is_none(),
            Side::Server => entry.runs().is_some(),
        });
        assert_eq!(untold, None, "{side:?} was told that the connection is over, and not that this call is");
        (self.party(side).over, self.party(side).leaves) = (Some(reason), true);
    }

    /// Writes a line of the trace.
    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.note(self.clock.elapsed(), self.recording.frames.len(), line());
        }
    }
}

/// Turns of both sides while no time passes: a burst of a whole buffer may come in pieces of a few bytes.
const MOST_TURNS: u64 = 200_000;
/// Turns of both sides in one run.
const MOST_STEPS: u64 = 1_000_000;
