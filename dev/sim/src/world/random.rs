//! Runs of random verbs: each is a seed, and a seed is a run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use farcall_wire::grpc::{Code, Config};
use farcall_wire::h2::frame::settings::id;

use super::plant::{Plant, Planted};
use super::{Entry, Verb, World};
use crate::{Dice, Side, Wire};

/// What a run begins with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Settings of the client.
    pub client: Config,
    /// Settings of the server.
    pub server: Config,
    /// Both directions.
    pub wire: Wire,
}

/// A run that is to be.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// Determines everything.
    pub seed: u64,
    /// A fault that is planted in one side, to see it noticed.
    pub plant: Option<(Side, Plant)>,
}

/// What a run that broke no law has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls that were opened.
    pub calls: usize,
    /// Of these, calls that ended well.
    pub ok: usize,
    /// Of these, calls that were certainly not processed.
    pub unprocessed: usize,
    /// Messages that arrived.
    pub messages: usize,
    /// Whether the connection was over in the end.
    pub over: bool,
    /// Whether a planted fault has struck.
    pub struck: bool,
}

/// A run that broke a law.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The seed that repeats it.
    pub seed: u64,
    /// Which law, and how.
    pub what: String,
    /// Whether a planted fault had struck.
    pub struck: bool,
}

impl Run {
    /// The run of a seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, plant: None }
    }

    /// Runs it.
    ///
    /// # Errors
    ///
    /// The law that was broken.
    pub fn run(&self) -> Result<Tally, Failure> {
        self.play(false).0
    }

    /// Runs it, and tells what happened: verbs, events and frames, each on a line with its time.
    pub fn watch(&self) -> (Result<Tally, Failure>, String) {
        self.play(true)
    }

    fn play(&self, watched: bool) -> (Result<Tally, Failure>, String) {
        let mut dice = Dice::new(self.seed);
        let setup = Setup::of(&mut dice);
        let mut world = World::new(setup.client, setup.server, setup.wire);
        if watched {
            world.trace();
        }
        if let Some((side, plant)) = self.plant {
            world.party(side).planted = Planted::new(plant, dice.below(4));
        }
        // A panic of the engine is a finding like any other.
        let outcome = catch_unwind(AssertUnwindSafe(|| play(&mut world, &mut dice)));
        let struck = world.client.planted.struck || world.server.planted.struck;
        let result = match outcome {
            Ok(()) => Ok(Tally { struck, ..tally(&world) }),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                let what = text.unwrap_or_else(|| "a panic without a text".to_owned());
                Err(Failure { seed: self.seed, what, struck })
            }
        };
        (result, world.traced())
    }
}

fn tally(world: &World) -> Tally {
    let entries = &world.book.entries;
    let count = |is: fn(&Entry) -> bool| entries.iter().filter(|entry| is(entry)).count();
    Tally {
        calls: entries.len(),
        ok: count(|entry| entry.done.is_some_and(|done| done.code.is_none())),
        unprocessed: count(|entry| !entry.was_heard()),
        messages: entries.iter().flat_map(|entry| &entry.halves).map(|half| half.received).sum(),
        over: world.client.over.is_some(),
        struck: false,
    }
}

fn play(world: &mut World, dice: &mut Dice) {
    let verbs = 20 + dice.below(120);
    for _ in 0..verbs {
        for verb in choose(world, dice) {
            world.apply(&verb);
        }
    }
    match dice.below(8) {
        0 => world.abandon(),
        1 => {
            let side = side(dice);
            let after = dice.below(5_000);
            world.apply(&Verb::Break(side, if dice.below(2) == 0 { 0 } else { after }));
            world.come_to_rest();
        }
        _ => world.come_to_rest(),
    }
}

impl Setup {
    /// Settings and a wire by chance.
    pub fn of(dice: &mut Dice) -> Self {
        let mut config = || {
            let mut config = Config::default();
            config.h2.stream_window = pick(dice, &[100, 1_000, 30_000, 65_535, 65_536, 200_000]);
            config.h2.connection_window = pick(dice, &[65_535, 100_000, 1 << 20]);
            config.h2.max_window = pick(dice, &[1_000, 1 << 17, 16 << 20]);
            config.h2.max_concurrent_streams = pick(dice, &[1, 3, 100]);
            config.h2.max_frame_size = pick(dice, &[16_384, 20_000]);
            if dice.below(3) == 0 {
                (config.receive_limit, config.unfinished_limit) = (100_000, 400_000);
            }
            config
        };
        let (mut client, server) = (config(), config());
        if dice.below(8) == 0 {
            // The numbers of streams run out.
            client.h2.first_stream = (1 << 31) - 1 - 2 * dice.below(10) as u32;
        }
        let mut wire = Wire::LAN.latency(Duration::from_micros(pick(dice, &[0, 10, 1_000, 40_000])));
        wire.bandwidth = pick(dice, &[1_000_000, 20_000_000, 1_000_000_000]);
        wire.buffer = pick(dice, &[2_000, 64 << 10, 512 << 10]);
        wire.cut = (dice.below(3) > 0).then(|| dice.roll());
        wire.piece = pick(dice, &[100, 2_000, 64 << 10, 64 << 10]);
        Self { client, server, wire }
    }
}

fn pick<T: Copy>(dice: &mut Dice, all: &[T]) -> T {
    all[dice.below(all.len() as u64) as usize]
}

fn side(dice: &mut Dice) -> Side {
    pick(dice, &[Side::Client, Side::Server])
}

/// A length of a message: mostly small.
fn length(dice: &mut Dice) -> usize {
    let end = pick(dice, &[1, 10, 300, 300, 5_000, 5_000, 5_000, 70_000, 70_000, 200_000]);
    dice.below(end) as usize
}

fn milliseconds(dice: &mut Dice, end: u64) -> Duration {
    Duration::from_micros(dice.below(end * 1_000))
}

/// What happens next.
fn choose(world: &World, dice: &mut Dice) -> Vec<Verb> {
    match dice.below(100) {
        0..16 => open(world, dice),
        16..30 => on_client(world, dice),
        30..52 => on_server(world, dice),
        52..60 => one(world, dice, |entry| entry.done.is_none(), |call, dice| Verb::Read(side(dice), call)),
        60..90 => vec![Verb::Wait(milliseconds(dice, 4))],
        90..92 => vec![Verb::Wait(milliseconds(dice, 200))],
        92..94 => vec![Verb::Listen(side(dice), dice.below(2) == 0)],
        94 => vec![Verb::Stall(side(dice), milliseconds(dice, 100))],
        95..97 => vec![say(world, dice)],
        _ => match dice.below(48) {
            0 => vec![Verb::ShutDown(Side::Client)],
            1 | 2 => vec![Verb::ShutDown(Side::Server)],
            3 => vec![Verb::Abort(side(dice))],
            4 => vec![Verb::Break(side(dice), dice.below(20_000))],
            5 | 6 => vec![Verb::Wait(Duration::from_secs(11))],
            7 => vec![Verb::Wait(Duration::from_secs(31))],
            8..12 => vec![Verb::Ping(Side::Server)],
            _ => vec![Verb::Wait(Duration::ZERO)],
        },
    }
}

/// A call of one of four kinds: how much the client says at once.
fn open(world: &World, dice: &mut Dice) -> Vec<Verb> {
    let timeout = match dice.below(12) {
        0 => Some(milliseconds(dice, 20)),
        1 => Some(Duration::from_secs(1 + dice.below(5))),
        2 => Some(Duration::from_secs(3_600)),
        _ => None,
    };
    let running = world.book.entries.iter().filter(|entry| entry.done.is_none()).count();
    let call = world.book.entries.len();
    if running >= MOST_CALLS {
        return vec![Verb::Wait(milliseconds(dice, 3))];
    }
    let mut verbs = vec![Verb::Open { timeout, eager: dice.below(4) > 0 }];
    // Where no call may be opened, these name one that does not exist, or the next.
    if world.client.connection.available_calls() > 0 {
        let messages = dice.below(3);
        verbs.extend((0..messages).map(|_| Verb::Send { side: Side::Client, call, length: length(dice) }));
        if dice.below(2) == 0 {
            verbs.push(Verb::Finish(call));
        }
    }
    verbs
}

fn on_client(world: &World, dice: &mut Dice) -> Vec<Verb> {
    one(
        world,
        dice,
        |entry| entry.done.is_none(),
        |call, dice| match dice.below(8) {
            0 => Verb::Cancel(call),
            1 | 2 => Verb::Finish(call),
            _ => Verb::Send { side: Side::Client, call, length: length(dice) },
        },
    )
}

fn on_server(world: &World, dice: &mut Dice) -> Vec<Verb> {
    one(
        world,
        dice,
        |entry| entry.id(Side::Server).is_some(),
        |call, dice| match dice.below(24) {
            0 => Verb::Reset(call),
            1 => Verb::Reject(call),
            2 | 3 => Verb::Head(call),
            4..10 => Verb::Close(call),
            10..16 => Verb::Send { side: Side::Server, call, length: length(dice) },
            _ => {
                let count = dice.below(3);
                let lengths = (0..count).map(|_| length(dice)).collect();
                let code = pick(dice, &[None, None, None, Some(Code::NotFound), Some(Code::Aborted)]);
                Verb::Answer { call, lengths, code }
            }
        },
    )
}

/// One of the calls that are so.
fn one(
    world: &World,
    dice: &mut Dice,
    is: impl Fn(&Entry) -> bool,
    verb: impl FnOnce(usize, &mut Dice) -> Verb,
) -> Vec<Verb> {
    let entries = world.book.entries.iter().enumerate();
    let calls: Vec<usize> = entries.filter(|(_, entry)| is(entry)).map(|(call, _)| call).collect();
    if calls.is_empty() { Vec::new() } else { vec![verb(pick(dice, &calls), dice)] }
}

/// SETTINGS that the sender's own engine can stand: it counts with its first ones.
fn say(world: &World, dice: &mut Dice) -> Verb {
    let side = side(dice);
    let config = if side == Side::Client { &world.client.config } else { &world.server.config };
    let window = config.h2.stream_window;
    let entry = match dice.below(4) {
        0 | 1 => (id::INITIAL_WINDOW_SIZE, pick(dice, &[0, 1, 500, window]).min(window)),
        2 => (id::HEADER_TABLE_SIZE, pick(dice, &[0, 60, 4_096])),
        _ if side == Side::Server => (id::MAX_CONCURRENT_STREAMS, pick(dice, &[0, 2, 100])),
        _ => (id::MAX_FRAME_SIZE, pick(dice, &[16_384, config.h2.max_frame_size])),
    };
    Verb::Say(side, vec![entry])
}

/// Calls that run at once at most.
const MOST_CALLS: usize = 24;
