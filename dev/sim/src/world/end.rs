//! How a run comes to rest, and what must be left then: nothing.

use std::time::Duration;

use farcall_wire::h2::frame::settings::id;

use super::{LAST_ID, Serving, Verb, World};
use crate::Side;

impl World {
    /// Both applications consume and come to their ends: everything that was asked for is answered.
    ///
    /// # Panics
    ///
    /// When a call is stuck, something is left behind, or any law is broken.
    pub fn come_to_rest(&mut self) {
        self.note(|| "rest: everybody reads, asks to the end, and answers".to_owned());
        for side in [Side::Client, Side::Server] {
            let window = self.party(side).config.h2.stream_window;
            let mut entries = vec![(id::INITIAL_WINDOW_SIZE, window)];
            if side == Side::Server {
                entries.push((id::MAX_CONCURRENT_STREAMS, self.server.config.h2.max_concurrent_streams));
            }
            let verb = Verb::Say(side, entries);
            self.apply_all(&[Verb::Listen(side, true), verb]);
        }
        for call in 0..self.book.entries.len() {
            self.book.entries[call].eager = true;
            let reads = [Side::Client, Side::Server].map(|side| Verb::Read(side, call));
            self.apply_all(&reads);
        }
        let began = self.clock.elapsed();
        while self.goes_on(QUIET) {}
        self.assert_delivered();
        (0..self.book.entries.len()).for_each(|call| self.apply(&Verb::Finish(call)));
        while self.serve() || self.goes_on(Duration::MAX) {}
        let took = self.clock.elapsed() - began;
        assert!(took < LONGEST_REST, "coming to rest took {took:?}: something waited for a deadline");
        self.assert_ended();
        self.assert_empty();
    }

    /// The client gives everything up.
    ///
    /// # Panics
    ///
    /// As [`Self::come_to_rest`].
    pub fn abandon(&mut self) {
        (0..self.book.entries.len()).for_each(|call| self.apply(&Verb::Cancel(call)));
        self.come_to_rest();
    }

    /// Answers what is asked for, and ends handlers that were told to stop. `true` if there was any.
    fn serve(&mut self) -> bool {
        let mut served = false;
        for call in 0..self.book.entries.len() {
            let entry = &self.book.entries[call];
            let verb = match entry.serving {
                Serving::Stops(_) => Verb::Close(call),
                Serving::Runs(_) if entry.is_asked() => Verb::Answer { call, lengths: vec![3], code: None },
                _ => continue,
            };
            self.apply(&verb);
            served = true;
        }
        served
    }

    /// Lets everything happen up to the next time at which something is due. `false`: nothing is, or everything has arrived and
    /// nothing is due within `patience`.
    fn goes_on(&mut self, patience: Duration) -> bool {
        let moved = self.settle();
        let Some(next) = self.next_time() else { return moved };
        let idle = self.book.entries.iter().all(|entry| entry.done.is_some() && entry.id(Side::Server).is_none());
        let soon = next.saturating_sub(self.clock.elapsed()) < SOON;
        assert!(soon || !idle, "something is due at {next:?}, though every call is over");
        let arrived = self.up.is_empty() && self.down.is_empty();
        if arrived && next.saturating_sub(self.clock.elapsed()) > patience {
            return moved;
        }
        let horizon = next.saturating_sub(self.clock.elapsed()).max(Duration::from_millis(1));
        self.pass(horizon);
        true
    }

    /// Where both sides read and no call has ended, everything that was sent has arrived.
    fn assert_delivered(&self) {
        if !(self.client.is_alive() && self.server.is_alive()) {
            return;
        }
        for (call, entry) in self.book.entries.iter().enumerate() {
            if entry.done.is_some() || entry.runs().is_none() {
                continue;
            }
            for from in [Side::Client, Side::Server] {
                let half = &entry.halves[from as usize];
                let (received, sent) = (half.received, half.sent.len());
                assert!(
                    received == sent,
                    "{received} of {sent} messages of {from:?} have arrived, call {call} is stuck"
                );
            }
        }
    }

    fn assert_ended(&self) {
        for (call, entry) in self.book.entries.iter().enumerate() {
            assert!(
                entry.done.is_some(),
                "call {call} is stuck: its client was never told that it is over: {entry:#?}"
            );
            let over = matches!(entry.serving, Serving::Unheard | Serving::Over);
            assert!(over, "call {call} is stuck: its server was never told of its end: {entry:#?}");
        }
    }

    /// Nothing is held, and every window is as wide as it is kept.
    fn assert_empty(&mut self) {
        for side in [Side::Client, Side::Server] {
            let party = self.party(side);
            let connection = &party.connection;
            let holdings = connection.holdings();
            let held = (holdings.streams, holdings.in_line, holdings.queued, holdings.granted);
            assert_eq!(held, (0, 0, 0, 0), "{side:?} holds streams, turns, queued bytes or windows of nobody");
            assert_eq!((connection.unfinished(), connection.early_credit()), (0, 0), "{side:?} holds unfinished bytes");
            assert_eq!(connection.poll_timeout(), None, "{side:?} wants to be woken for nothing");
            assert!(party.said.is_empty() || party.over.is_some(), "{side:?} never came to say its SETTINGS");
            assert!(party.over.is_some() || connection.waiting().is_empty(), "{side:?} has bytes to write");
        }
        if self.client.is_alive() && self.server.is_alive() {
            assert!(self.up.is_empty() && self.down.is_empty(), "bytes are under way");
            let available = self.client.connection.available_calls();
            let first = self.client.config.h2.first_stream;
            let numbers = ((LAST_ID - first) as usize / 2 + 1).saturating_sub(self.book.entries.len());
            let most = (self.server.config.h2.max_concurrent_streams as usize).min(numbers);
            let expected = if self.client.leaves { 0 } else { most };
            assert_eq!(available, expected, "the client has its room back");
        }
        let left = [self.client.leaves, self.server.leaves];
        if left != [false; 2] && !self.broken {
            let over = self.client.over.is_some() && self.server.over.is_some();
            assert!(over, "a connection that was left has not ended: {:?}, {:?}", self.client.over, self.server.over);
        }
    }
}

/// When nothing is due within this time, everything that was under way has arrived: links are faster, and timers of the
/// engines slower.
const QUIET: Duration = Duration::from_millis(500);
/// What may be due when no call is left: the timers of the connection.
const SOON: Duration = Duration::from_secs(40);
/// Time in which everything comes to rest: less than the longest deadlines that random worlds set.
const LONGEST_REST: Duration = Duration::from_secs(3_000);
