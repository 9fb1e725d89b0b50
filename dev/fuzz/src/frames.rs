//! Structured frames and the application's verbs, mixed: what an input means as a conversation with one engine.
//!
//! An input is two bytes of settings and then records of eight bytes, one `Op` each, so that pieces of one input make
//! sense in another. What the peer says is legal more often than noise is, which is how the deep states are reached;
//! nothing keeps it from being illegal.

mod bodies;
mod lists;
mod op;
mod peer;
mod verbs;

use std::time::Duration;

use farcall_wire::grpc::{Config, EncodingSet};
use farcall_wire::h2::Role;

pub(crate) use bodies::Body;
pub(crate) use lists::List;
pub(crate) use op::{Op, RECORD, Verb};
pub(crate) use peer::Peer;

use crate::session::{Manners, Session};
use crate::{Input, Reach};

/// What the first two bytes choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options(pub(crate) u8, pub(crate) u8);

impl Options {
    /// The engine's defaults, after a handshake, with an application that does only what it is told.
    pub(crate) const PLAIN: Self = Self(0, 0);
    /// The peer has said nothing yet.
    pub(crate) const UNGREETED: Self = Self(1, 0);
    /// Small limits.
    pub(crate) const SMALL: Self = Self(2, 0);

    /// Whether preface and SETTINGS are exchanged first.
    fn is_greeted(self) -> bool {
        self.0 & 1 == 0
    }

    /// The engine's settings.
    pub(crate) fn config(self) -> Config {
        let mut config =
            Config { accept: EncodingSet::from_iter(farcall_wire::grpc::Encoding::ALL), ..Config::default() };
        if self.0 & 2 != 0 {
            config.receive_limit = 1_000;
            config.unfinished_limit = 1_500;
            config.h2.max_concurrent_streams = 3;
            config.h2.glitch_budget = 50;
            config.h2.reset_budget = 10;
            config.h2.control_limit = 30;
            config.h2.header_list_limit = 600;
            config.h2.header_list_soft = 300;
            config.h2.header_count_limit = 12;
            config.h2.stream_window = 2_000;
        }
        config.h2.strict_fields = self.0 & 4 != 0;
        if self.0 & 8 != 0 {
            config.h2.stream_window = 200_000;
            config.h2.max_window = 400_000;
        }
        if self.0 & 16 != 0 {
            config.accept = EncodingSet::default();
        }
        config
    }

    /// What the application does by itself.
    pub(crate) fn manners(self) -> Manners {
        match self.1 >> 6 {
            1 => Manners::Brisk,
            2 => Manners::Hasty,
            _ => Manners::Passive,
        }
    }
}

/// Runs an input against a server.
pub fn server(bytes: &[u8]) -> Reach {
    play(Role::Server, bytes).finish()
}

/// Runs an input against a client.
pub fn client(bytes: &[u8]) -> Reach {
    play(Role::Client, bytes).finish()
}

/// What a peer says in the course of an input, after two bytes that say the same of the engine.
pub(crate) fn said(role: Role, bytes: &[u8]) -> Vec<u8> {
    play(role, bytes).sent
}

fn play(role: Role, bytes: &[u8]) -> Session {
    let mut input = Input::new(bytes);
    let options = Options(input.byte(), input.byte());
    let mut session = Session::new(role, options.config(), options.manners());
    let mut peer = Peer::new(role, options.1 & 63);
    if options.is_greeted() {
        peer.greet(&mut session);
    }
    let mut budget = MOST_OPS;
    let mut times = 1;
    while !input.is_empty() && budget > 0 {
        let mut record = [0; RECORD];
        for (place, byte) in record.iter_mut().zip(input.take(RECORD)) {
            *place = *byte;
        }
        let op = Op::decode(record);
        if let Op::Repeat(count) = op {
            times = usize::from(count);
            continue;
        }
        for turn in 0..std::mem::replace(&mut times, 1).min(budget) {
            budget = budget.saturating_sub(op.cost());
            if budget > 0 && session.sent.len() + session.engine.queued() < MOST_BYTES {
                run(op, turn as u32, &mut peer, &mut session);
            }
        }
    }
    session.write(usize::MAX);
    session
}

/// Does one thing; `turn` counts repetitions, which move on to further streams.
fn run(op: Op, turn: u32, peer: &mut Peer, session: &mut Session) {
    match op {
        Op::Pass(step) => session.pass(TIMES[usize::from(step) % TIMES.len()]),
        Op::Write(step) => session.write(STEPS[usize::from(step) % STEPS.len()]),
        Op::Verb { verb, call, size, detail } => verbs::run(session, verb, call, size, detail),
        Op::Repeat(_) => {}
        frame => {
            let bytes = peer.say(frame, turn);
            peer.send(&bytes, session);
        }
    }
}

/// Ops of one run, repetitions counted: enough for every budget, little enough for thousands of runs a second.
const MOST_OPS: usize = 600;
/// Bytes that the peer has sent and the application has queued in one run, for the same reasons.
const MOST_BYTES: usize = 300_000;
/// How far the clock may go at once: less and more than every timer.
const TIMES: [Duration; 8] = [
    Duration::from_millis(1),
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(21),
    Duration::from_secs(400),
    Duration::from_secs(8_000),
];
/// How much a socket may take at once.
const STEPS: [usize; 8] = [usize::MAX, 1, 9, 13, 100, 5_000, 16_393, 300_000];
