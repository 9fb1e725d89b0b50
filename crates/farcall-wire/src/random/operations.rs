//! Two peers, a link that cuts bytes anywhere, and applications that do what they like.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};

use super::Random;
use crate::Reason;
use crate::grpc::{CallId, Config, Connection, EncodeBuf, Event, Outcome, ReplyEnd, ReplyHead, RequestHead, Status};

/// What an application knows of one of its calls.
#[derive(Debug, Default)]
struct Known {
    headers: bool,
    ended: bool,
    cancelled: bool,
    credit: u32,
}

/// One application with its connection.
struct Side {
    conn: Connection,
    /// On their way to this side, and those that have arrived.
    coming: BytesMut,
    here: BytesMut,
    calls: BTreeMap<CallId, Known>,
    over: bool,
    last_serial: u32,
}

struct World {
    random: Random,
    now: Instant,
    client: Side,
    server: Side,
}

impl Side {
    fn new(conn: Connection) -> Self {
        let calls = BTreeMap::new();
        Self { conn, coming: BytesMut::new(), here: BytesMut::new(), calls, over: false, last_serial: 0 }
    }

    fn pick(&self, random: &mut Random) -> Option<CallId> {
        random.pick(&self.calls.keys().copied().collect::<Vec<_>>())
    }

    /// Takes up to `most` bytes from the wire and hears what they mean.
    fn read(&mut self, most: usize, now: Instant) {
        let step = most.min(self.coming.len());
        self.here.unsplit(self.coming.split_to(step));
        self.conn.handle_bytes(&mut self.here, now);
        self.hear(now);
    }

    fn hear(&mut self, now: Instant) {
        while let Some(event) = self.conn.poll_event(now) {
            let begun = match &event {
                Event::Request { call, .. } | Event::Headers { call, .. } => Some(*call),
                _ => None,
            };
            self.note(event);
            // Every other call is asked for what has come whole, and is told of that as events would have told of it.
            begun.filter(|call| call.slot().is_multiple_of(2)).into_iter().for_each(|call| self.take_whole(call));
        }
    }

    fn take_whole(&mut self, call: CallId) {
        let message = |message| Event::Message { call, message, credit: 0 };
        if let Some(request) = self.conn.take_request(call) {
            self.note(message(request));
            self.note(Event::End { call });
        } else if let Some(reply) = self.conn.take_reply(call) {
            self.note(message(reply));
            self.note(Event::Done { call, outcome: Outcome::OK });
        }
    }

    fn known(&mut self, call: CallId) -> &mut Known {
        assert!(!self.over, "{call:?} is told of after the end of the connection");
        self.calls.get_mut(&call).expect("an event of a call that is open")
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Request { call, .. } => {
                assert!(!self.over && call.serial() > self.last_serial, "calls are numbered upwards");
                self.last_serial = call.serial();
                assert!(self.calls.insert(call, Known::default()).is_none());
            }
            Event::Headers { call, .. } => {
                assert!(!std::mem::replace(&mut self.known(call).headers, true), "headers come once");
            }
            Event::Message { call, credit, .. } => {
                let known = self.known(call);
                assert!(!known.ended && !known.cancelled);
                known.credit += credit;
            }
            Event::End { call } => {
                let known = self.known(call);
                assert!(!known.cancelled && !std::mem::replace(&mut known.ended, true), "the end comes once");
            }
            Event::Cancelled { call, .. } => {
                assert!(!std::mem::replace(&mut self.known(call).cancelled, true), "cancelled once");
            }
            Event::Done { call, .. } => {
                self.known(call);
                self.calls.remove(&call);
            }
            Event::Room { call, .. } => {
                self.known(call);
            }
            Event::Over { .. } => assert!(!std::mem::replace(&mut self.over, true), "over once"),
            Event::Ready | Event::Available | Event::GoingAway { .. } | Event::Incident(_) => {}
        }
    }

    fn release(&mut self, call: CallId, most: u32) {
        let Some(known) = self.calls.get_mut(&call) else { return };
        let credit = known.credit.min(most);
        known.credit -= credit;
        self.conn.release(call, credit);
    }
}

/// Moves up to `most` bytes from one side's outbox to the other's wire; says how many.
fn write(from: &mut Side, to: &mut Side, most: usize) -> usize {
    let outbox = from.conn.outbox();
    let step = most.min(outbox.chunk().len());
    to.coming.extend_from_slice(&outbox.chunk()[..step]);
    outbox.advance(step);
    step
}

fn framed(random: &mut Random) -> EncodeBuf {
    let mut buffer = EncodeBuf::new(usize::MAX);
    for _ in 0..random.below(3) {
        buffer.begin_message();
        buffer.put_slice(&vec![7; random.length()]);
        buffer.end_message(false).unwrap();
    }
    buffer
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let now = Instant::now();
        let mut config = || {
            let mut config = Config { receive_limit: 50_000, unfinished_limit: 100_000, ..Config::default() };
            config.h2.stream_window = random.pick(&[1_000, 30_000, 65_535, 65_536, 200_000]).unwrap();
            config.h2.max_concurrent_streams = random.pick(&[1, 3, 100]).unwrap();
            config
        };
        let client = Side::new(Connection::client(config(), now));
        let server = Side::new(Connection::server(config(), now));
        Self { random, now, client, server }
    }

    fn step(&mut self) {
        let (random, now) = (&mut self.random, self.now);
        match random.below(12) {
            0 | 1 => self.open(),
            2 => {
                let body = framed(random).take();
                if let Some(call) = self.client.pick(random) {
                    self.client.conn.send(call, body);
                }
            }
            3 => {
                if let Some(call) = self.client.pick(random) {
                    match random.below(4) {
                        0 => self.client.conn.reset(call, Reason::Cancelled),
                        _ => self.client.conn.finish(call),
                    }
                }
            }
            4 | 5 => self.serve(),
            6 => {
                let most = random.pick(&[1, 1_000, u32::MAX]).unwrap();
                for side in [&mut self.client, &mut self.server] {
                    if let Some(call) = side.pick(random) {
                        side.release(call, most);
                    }
                }
            }
            7 => {
                self.now += Duration::from_millis(random.next() % 7);
                self.client.conn.handle_timeout(self.now);
                self.server.conn.handle_timeout(self.now);
            }
            8 if random.one_in(100) => self.client.conn.shut_down(now),
            8 if random.one_in(100) => self.server.conn.shut_down(now),
            8 if random.one_in(200) => self.server.conn.abort(Reason::Broken),
            _ => self.exchange(),
        }
        self.client.hear(self.now);
        self.server.hear(self.now);
        self.check();
    }

    fn open(&mut self) {
        let timeout = self.random.one_in(3).then(|| Duration::from_millis(self.random.next() % 20));
        let head = RequestHead { path: "/a.B/C".into(), timeout, ..RequestHead::default() };
        let room = self.client.conn.available_calls();
        match self.client.conn.open(&head, timeout.map(|timeout| self.now + timeout)) {
            Ok(call) => assert!(room > 0 && self.client.calls.insert(call, Known::default()).is_none()),
            Err(_) => assert_eq!(room, 0),
        }
    }

    /// What a handler may do.
    fn serve(&mut self) {
        let (random, side) = (&mut self.random, &mut self.server);
        let Some(call) = side.pick(random) else { return };
        if side.calls[&call].cancelled {
            side.conn.close(call);
            side.calls.remove(&call);
            return;
        }
        match random.below(6) {
            0 => side.conn.reply_head(call, &ReplyHead::default()),
            1 => side.conn.send(call, framed(random).take()),
            2 => side.conn.reject(call, Reason::Cardinality { expected: "one message" }),
            3 if random.one_in(3) => {
                side.conn.reset(call, Reason::Cancelled);
                side.calls.remove(&call);
            }
            _ => {
                let end = if random.one_in(3) { Status::not_found("x").into() } else { ReplyEnd::OK };
                let mut body = framed(random);
                side.conn.reply(call, &ReplyHead::default(), &mut body, &end);
                assert!(body.is_empty());
                side.calls.remove(&call);
            }
        }
    }

    fn exchange(&mut self) {
        let lengths = [1, 9, 100, 20_000, usize::MAX];
        let mut length = || self.random.pick(&lengths).unwrap();
        write(&mut self.client, &mut self.server, length());
        write(&mut self.server, &mut self.client, length());
        self.server.read(length(), self.now);
        self.client.read(length(), self.now);
    }

    fn check(&mut self) {
        for side in [&mut self.client, &mut self.server] {
            assert!(side.conn.unfinished() <= 100_000 + 70_000);
            assert!(side.conn.open_calls() >= side.calls.len());
            assert!(!side.over || side.calls.values().all(|known| known.cancelled), "every call has ended");
            assert!(side.conn.outbox().len() <= 40_000 + 100 * 16_393, "the outbox is bounded");
        }
    }

    /// Ends every call by force, and lets every byte arrive.
    fn settle(&mut self) {
        for call in self.client.calls.keys().copied().collect::<Vec<_>>() {
            self.client.conn.reset(call, Reason::Cancelled);
        }
        while self.exchange_all() {
            self.end_handlers(false);
        }
    }

    /// Both applications go on reading and come to their ends by themselves: no call may get stuck.
    fn finish(&mut self) {
        for call in self.client.calls.keys() {
            self.client.conn.finish(*call);
        }
        while self.exchange_all() {
            self.end_handlers(true);
        }
        // Whoever is over closes the socket, and the other sees it.
        if self.client.over || self.server.over {
            for side in [&mut self.client, &mut self.server] {
                side.conn.handle_eof();
                side.hear(self.now);
            }
        }
        assert!(self.client.calls.is_empty(), "stuck: {:?}", self.client.calls);
        self.end_handlers(false);
        while self.exchange_all() {}
    }

    /// Answers calls whose requests are complete, or all of them, and closes what was cancelled.
    fn end_handlers(&mut self, wait_for_requests: bool) {
        for call in self.server.calls.keys().copied().collect::<Vec<_>>() {
            let known = &self.server.calls[&call];
            match known.cancelled {
                true => self.server.conn.close(call),
                false if wait_for_requests && !known.ended => continue,
                false => {
                    let mut nothing = EncodeBuf::new(0);
                    self.server.conn.reply(call, &ReplyHead::default(), &mut nothing, &ReplyEnd::OK);
                }
            }
            self.server.calls.remove(&call);
        }
    }

    /// Moves everything that can move and consumes what arrives; `false` when nothing was left to move.
    fn exchange_all(&mut self) -> bool {
        let mut moved = self.client.coming.len() + self.server.coming.len();
        moved += write(&mut self.client, &mut self.server, usize::MAX);
        moved += write(&mut self.server, &mut self.client, usize::MAX);
        for side in [&mut self.server, &mut self.client] {
            side.read(usize::MAX, self.now);
            for call in side.calls.keys().copied().collect::<Vec<_>>() {
                side.release(call, u32::MAX);
            }
        }
        let handlers = self.server.calls.values().filter(|known| known.cancelled || known.ended).count();
        moved + handlers > 0 || !self.client.conn.outbox().is_empty() || !self.server.conn.outbox().is_empty()
    }

    /// Nothing is left behind, and both sides count the same windows.
    fn assert_empty(&mut self) {
        for side in [&self.client, &self.server] {
            assert_eq!((side.calls.len(), side.conn.open_calls(), side.conn.unfinished()), (0, 0, 0));
            assert_eq!(side.conn.h2.queued(), 0);
        }
        if !self.client.over && !self.server.over {
            let (client, server) = (self.client.conn.h2.windows(), self.server.conn.h2.windows());
            assert_eq!((client.0, client.1), (server.1, server.0), "what one may send the other expects");
            assert_eq!(self.client.conn.poll_timeout(), None, "no deadline is left behind");
        }
    }
}

#[test]
fn whatever_two_applications_do_every_call_ends_once_and_nothing_is_left() {
    for seed in 0..2_000 {
        let outcome = std::panic::catch_unwind(|| {
            let mut world = World::new(seed);
            for _ in 0..120 {
                world.step();
            }
            world.settle();
            world.assert_empty();
        });
        assert!(outcome.is_ok(), "seed {seed}");
    }
}

#[test]
fn applications_that_go_on_reading_finish_every_call() {
    for seed in 2_000..3_000 {
        let outcome = std::panic::catch_unwind(|| {
            let mut world = World::new(seed);
            for _ in 0..80 {
                world.step();
            }
            world.finish();
            world.assert_empty();
        });
        assert!(outcome.is_ok(), "seed {seed}");
    }
}

#[test]
fn a_connection_that_breaks_at_any_time_ends_every_call_on_both_sides() {
    for seed in 0..500 {
        let outcome = std::panic::catch_unwind(|| {
            let mut world = World::new(seed);
            for _ in 0..40 {
                world.step();
            }
            for side in [&mut world.client, &mut world.server] {
                side.conn.handle_eof();
                side.hear(world.now);
                assert!(side.over && side.conn.is_drained());
            }
            assert!(world.client.calls.is_empty());
            world.settle();
            world.assert_empty();
        });
        assert!(outcome.is_ok(), "seed {seed}");
    }
}
