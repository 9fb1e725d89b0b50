//! Links that stall, burst, hand over byte by byte, and break at any byte: nothing is lost while they hold, and when they
//! do not, each call ends once on each side with the right status, and nothing is left.

use std::time::Duration;

use farcall_wire::grpc::{Code, Config, Processed};
use sim::world::{Verb, World};
use sim::{Dice, Side, Wire};

const MILLISECOND: Duration = Duration::from_millis(1);
const SIDES: [Side; 2] = [Side::Client, Side::Server];

fn new(wire: Wire) -> World {
    World::new(Config::default(), Config::default(), wire)
}

/// Four calls of each kind with little to say, ended in every way; some hundred bytes each way.
fn story() -> Vec<Verb> {
    let open = |timeout| Verb::Open { timeout, eager: true };
    let send = |side, call, length| Verb::Send { side, call, length };
    let answer = |call, code| Verb::Answer { call, lengths: vec![40], code };
    let pause = || Verb::Wait(3 * MILLISECOND);
    vec![
        open(None),
        send(Side::Client, 0, 20),
        Verb::Finish(0),
        open(Some(Duration::from_secs(60))),
        send(Side::Client, 1, 100),
        pause(),
        answer(0, None),
        send(Side::Server, 1, 70),
        open(None),
        Verb::Finish(2),
        pause(),
        Verb::Head(2),
        send(Side::Client, 1, 1),
        Verb::Finish(1),
        answer(2, Some(Code::NotFound)),
        open(None),
        send(Side::Client, 3, 300),
        pause(),
        answer(1, None),
        Verb::Cancel(3),
        open(None),
        pause(),
        answer(4, None),
        pause(),
    ]
}

/// What a call may be told when the connection breaks: what it would have been told, or that it broke.
fn assert_truly_told(world: &World, whole: &[Option<Code>], how: &str) {
    for (call, entry) in world.book.entries.iter().enumerate() {
        let done = entry.done.expect("it is over");
        let broke = done.code == Some(Code::Unavailable);
        assert!(done.code == whole[call] || broke, "call {call} was told {done:?}, not {:?}; {how}", whole[call]);
        assert!(done.processed == Processed::Perhaps, "nobody knows what the other side saw; {how}");
    }
}

#[test]
fn a_connection_that_breaks_at_any_byte_ends_every_call_once_and_rightly() {
    let mut calm = new(Wire::LAN);
    calm.apply_all(&story());
    let written = SIDES.map(|side| calm.recording.written(side));
    calm.come_to_rest();
    let whole: Vec<_> = calm.book.entries.iter().map(|entry| entry.done.expect("it is over").code).collect();
    assert_eq!(whole, [None, None, Some(Code::NotFound), Some(Code::Cancelled), None]);
    assert!(written.iter().all(|bytes| (400..3_000).contains(bytes)), "{written:?} bytes");
    for side in SIDES {
        for bytes in 0..=written[side as usize] {
            // Byte by byte is dear; it is done for every tenth place.
            let wire = if bytes % 10 == 3 { Wire::LAN.pieces(1) } else { Wire::LAN };
            let mut world = new(wire);
            world.apply(&Verb::Break(side, bytes));
            world.apply_all(&story());
            world.come_to_rest();
            assert_truly_told(&world, &whole, &format!("the {side:?} was cut off after {bytes} bytes"));
        }
    }
}

#[test]
fn a_large_transfer_that_breaks_anywhere_leaves_nothing() {
    for seed in 0..150 {
        let mut dice = Dice::new(seed);
        let mut world = new(Wire::LAN.cut(seed));
        let side = SIDES[dice.below(2) as usize];
        let bytes = dice.below(600_000);
        world.apply(&Verb::Break(side, bytes));
        for turn in 0..10 {
            let call = world.book.entries.len();
            world.apply(&Verb::Open { timeout: None, eager: turn % 3 > 0 });
            for side in SIDES {
                for old in 0..=call {
                    world.apply(&Verb::Send { side, call: old, length: 20_000 });
                }
            }
            world.apply(&Verb::Wait(MILLISECOND));
        }
        world.come_to_rest();
        for entry in &world.book.entries {
            let done = entry.done.expect("it is over");
            assert!(matches!(done.code, None | Some(Code::Unavailable)), "seed {seed}: {entry:#?}");
        }
    }
}

/// Calls while the link misbehaves by `weather`; every one has to be answered.
fn calls_in(wire: Wire, mut weather: impl FnMut(&mut World, usize)) {
    let mut world = new(wire);
    world.apply(&Verb::Wait(10 * MILLISECOND));
    for call in 0..20 {
        weather(&mut world, call);
        world.apply_all(&[
            Verb::Open { timeout: None, eager: true },
            Verb::Send { side: Side::Client, call, length: 7 + 900 * call },
            Verb::Finish(call),
            Verb::Wait(2 * MILLISECOND),
            Verb::Send { side: Side::Server, call: call.saturating_sub(2), length: 5_000 },
        ]);
    }
    world.come_to_rest();
    assert!(world.book.entries.iter().all(|entry| entry.done.is_some_and(|done| done.code.is_none())));
    assert_eq!((world.book.entries.len(), world.client.over, world.server.over), (20, None, None));
}

#[test]
fn stalls_and_bursts_lose_nothing() {
    for seed in 0..20 {
        let mut dice = Dice::new(seed);
        let wire = if seed % 2 == 0 { Wire::LAN } else { Wire::LAN.cut(seed) };
        calls_in(wire, |world, _| {
            let side = SIDES[dice.below(2) as usize];
            world.apply(&Verb::Stall(side, Duration::from_millis(dice.below(400))));
        });
    }
    // Nine seconds are long, and no reason to give a connection up.
    calls_in(Wire::LAN, |world, call| {
        world.apply(&Verb::Stall(SIDES[call % 2], Duration::from_secs(9)));
        world.apply(&Verb::Wait(Duration::from_secs(if call % 5 == 0 { 10 } else { 0 })));
    });
}

#[test]
fn bytes_that_come_one_by_one_are_the_same_bytes() {
    calls_in(Wire::LAN.pieces(1), |_, _| {});
    calls_in(Wire::LAN.pieces(3).cut(5), |_, _| {});
}

#[test]
fn readers_that_pause_lose_nothing() {
    for seed in 0..10 {
        let mut dice = Dice::new(seed);
        calls_in(Wire::LAN.cut(seed), |world, _| {
            world.apply(&Verb::Listen(SIDES[dice.below(2) as usize], dice.below(2) == 0));
        });
    }
}
