//! Both peers, the links between them, and the clock: the whole simulation.
//!
//! One step lets both sides do everything that can be done at this time; when nothing can, time moves to the next thing
//! that is due.

use std::time::{Duration, Instant};

use farcall_wire::Reason;
use farcall_wire::grpc::{Config, RequestHead};

use crate::{Clock, Link, Log, Peer, Recording, Script, Wire};

/// One side of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// It opens calls.
    Client,
    /// It answers them.
    Server,
}

impl Side {
    /// The one at the other end.
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// A client and a server.
#[derive(Debug)]
pub struct Pair {
    /// Virtual time.
    pub clock: Clock,
    /// The client.
    pub client: Peer,
    /// The server.
    pub server: Peer,
    /// From the client to the server.
    pub up: Link,
    /// From the server to the client.
    pub down: Link,
    /// What crossed the links.
    pub recording: Recording,
    scripts: Vec<Script>,
}

impl Pair {
    /// Two peers with default settings.
    pub fn new(wire: Wire) -> Self {
        Self::with(Config::default(), Config::default(), wire)
    }

    /// Two peers; the same wire lies in both directions.
    pub fn with(client: Config, server: Config, wire: Wire) -> Self {
        let clock = Clock::new();
        let back = Wire { cut: wire.cut.map(|seed| !seed), ..wire };
        Self {
            client: Peer::new(Side::Client, client, clock.now()),
            server: Peer::new(Side::Server, server, clock.now()),
            up: Link::new(wire),
            down: Link::new(back),
            recording: Recording::default(),
            scripts: Vec::new(),
            clock,
        }
    }

    /// Opens a call that plays `script`; its position among the calls of the client.
    ///
    /// # Panics
    ///
    /// When the client may open none now.
    pub fn open(&mut self, script: &Script) -> usize {
        let position = self.scripts.iter().position(|known| known.path == script.path);
        let index = position.unwrap_or_else(|| {
            self.scripts.push(script.clone());
            self.scripts.len() - 1
        });
        let timeout = script.timeout;
        let head = RequestHead {
            path: script.path.into(),
            authority: "server.example".into(),
            timeout,
            user_agent: "sim".into(),
            ..RequestHead::default()
        };
        let deadline = timeout.map(|timeout| self.clock.now() + timeout);
        let call = self.client.connection.open(&head, deadline).expect("room for one more call");
        let position = self.client.insert(Log::new(call, index, self.clock.elapsed()));
        self.client.begin_request(position, &self.scripts, self.clock.elapsed());
        position
    }

    /// The client gives a call up.
    pub fn cancel(&mut self, position: usize) {
        self.client.connection.reset(self.client.calls[position].call, Reason::Cancelled);
        // The slot is free at once: what became of its old call has to be heard before it has a new one.
        self.client.listen(&self.scripts, self.clock.elapsed(), self.clock.now());
    }

    /// The server answers a call that waits for it; `position` is the one among its own calls.
    pub fn answer(&mut self, position: usize) {
        self.server.begin_reply(position, &self.scripts, self.clock.elapsed());
    }

    /// The application of one side reads everything that it holds of a call.
    pub fn read(&mut self, side: Side, position: usize) {
        self.peer(side).release(position);
    }

    /// One side ends gracefully.
    pub fn shut_down(&mut self, side: Side) {
        let now = self.clock.now();
        self.peer(side).connection.shut_down(now);
    }

    /// One of the two.
    pub fn peer(&mut self, side: Side) -> &mut Peer {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Does all that can be done now; if there is nothing, moves time. `false`: nothing will ever happen again.
    pub fn step(&mut self) -> bool {
        if self.exchange() {
            return true;
        }
        match self.next_time() {
            Some(time) => self.clock.advance_to(time),
            None => return false,
        }
        true
    }

    /// Runs until nothing happens any more; deadlines pass and timers fire.
    pub fn run(&mut self) {
        self.run_until(|_| false);
    }

    /// Runs until `is_reached`; `false` when nothing happens any more before.
    ///
    /// # Panics
    ///
    /// After ten million steps: the peers keep each other busy.
    pub fn run_until(&mut self, mut is_reached: impl FnMut(&mut Self) -> bool) -> bool {
        for _ in 0..MOST_STEPS {
            if is_reached(self) {
                return true;
            }
            if !self.step() {
                return false;
            }
        }
        panic!("the simulation does not come to rest: {:?} after its beginning it still goes on", self.clock.elapsed());
    }

    /// Runs until `time` has passed.
    pub fn run_for(&mut self, time: Duration) {
        let end = self.clock.elapsed() + time;
        loop {
            while self.exchange() {}
            match self.next_time().filter(|next| *next <= end) {
                Some(next) => self.clock.advance_to(next),
                None => return self.clock.advance_to(end),
            }
        }
    }

    /// What must hold when a run is over: nothing is left, on no side.
    ///
    /// # Panics
    ///
    /// When something is left.
    pub fn assert_at_rest(&mut self) {
        for (peer, link) in [(&mut self.client, &self.up), (&mut self.server, &self.down)] {
            let side = peer.side;
            let connection = &mut peer.connection;
            assert_eq!(connection.open_calls(), 0, "{side:?} has open calls");
            let holdings = connection.holdings();
            assert_eq!((holdings.granted, holdings.in_line), (0, 0), "{side:?} holds windows or turns of nobody");
            assert!(holdings.remembered <= 272, "{side:?} remembers {} closed streams", holdings.remembered);
            let unfinished = (connection.unfinished(), connection.early_credit());
            assert_eq!(unfinished, (0, 0), "{side:?} holds bytes of unfinished messages");
            assert_eq!(connection.poll_timeout(), None, "{side:?} wants to be woken");
            assert_eq!(connection.outbox().len(), 0, "{side:?} has bytes to write");
            assert!(link.is_empty(), "bytes of {side:?} are under way");
            let open = peer.calls.iter().find(|log| log.status.is_none());
            assert!(open.is_none(), "{side:?} was not told the end of {open:?}");
            let queued = peer.calls.iter().find(|log| peer.connection.queued_on(log.call) > 0);
            assert!(queued.is_none(), "{side:?} has queued bytes of {queued:?}");
        }
    }

    /// `true`: something has happened.
    fn exchange(&mut self) -> bool {
        let (at, now) = (self.clock.elapsed(), self.clock.now());
        let Self { client, server, up, down, recording, scripts, .. } = self;
        let moved = turn(client, down, up, recording, scripts, (at, now));
        moved | turn(server, up, down, recording, scripts, (at, now))
    }

    /// When something is due next.
    fn next_time(&self) -> Option<Duration> {
        let now = self.clock.elapsed();
        let timers = [&self.client, &self.server].map(|peer| peer.connection.poll_timeout());
        let timers = timers.into_iter().flatten().map(|at| self.clock.since_start(at));
        // What has arrived and is not read waits for its reader; a socket without room for its own reader.
        let arrivals = [&self.up, &self.down].into_iter().flat_map(|link| [link.next_arrival(), link.room_again(now)]);
        timers.chain(arrivals.flatten()).filter(|time| *time > now).min()
    }
}

/// Lets one side do everything that it can do now.
fn turn(
    peer: &mut Peer,
    incoming: &mut Link,
    outgoing: &mut Link,
    recording: &mut Recording,
    scripts: &[Script],
    (at, now): (Duration, Instant),
) -> bool {
    let mut moved = peer.read(incoming, at, now);
    if peer.connection.poll_timeout().is_some_and(|due| due <= now) {
        peer.connection.handle_timeout(now);
        moved = true;
    }
    moved |= peer.listen(scripts, at, now);
    moved |= peer.write(outgoing, recording, at);
    moved | peer.listen(scripts, at, now)
}

/// Steps after which a run is called endless.
const MOST_STEPS: u64 = 10_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Body;

    fn run(seed: u64) -> String {
        let mut pair = Pair::new(Wire::LAN.cut(seed));
        pair.recording.start();
        let script = Script::download("/sim.Pair/Download", Body::of_length(20, 30_000));
        for _ in 0..5 {
            pair.open(&script);
            pair.run_for(Duration::from_micros(300));
        }
        pair.cancel(2);
        pair.run();
        pair.assert_at_rest();
        pair.recording.picture()
    }

    #[test]
    fn a_seed_is_a_run() {
        assert_eq!(run(5), run(5));
        assert_ne!(run(5), run(6));
    }

    #[test]
    fn a_run_stops_at_its_time_and_at_its_condition() {
        let mut pair = Pair::new(Wire::LAN);
        pair.run_for(Duration::from_secs(5));
        assert_eq!(pair.clock.elapsed(), Duration::from_secs(5));
        pair.open(&Script::unary("/sim.Pair/Unary"));
        assert!(pair.run_until(|pair| pair.server.calls.len() == 1));
        assert!(pair.client.calls[0].status.is_none(), "the answer is under way");
        assert!(!pair.run_until(|pair| pair.server.calls.len() == 2), "which never happens");
        assert!(pair.client.calls[0].is_ok());
    }

    #[test]
    #[should_panic(expected = "has open calls")]
    fn an_open_call_is_noticed_at_the_end() {
        let mut pair = Pair::new(Wire::LAN);
        pair.open(&Script::unanswered("/sim.Pair/Open"));
        pair.run();
        pair.assert_at_rest();
    }
}
