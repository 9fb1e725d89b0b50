//! GOAWAY of either side at any moment of steady traffic: no call that was sent is lost, and whoever was not looked at
//! is told so. What the GOAWAY frames say in calm weather is in `goaway.rs`.

use std::time::Duration;

use farcall_wire::grpc::{Code, Config, Processed};
use farcall_wire::h2::frame::{goaway, kind};
use sim::world::{Verb, World};
use sim::{Side, Wire};

const MICROSECOND: Duration = Duration::from_micros(1);
const MILLISECOND: Duration = Duration::from_millis(1);
const ALL: u32 = (1 << 31) - 1;

fn wires() -> [Wire; 4] {
    [Wire::LAN, Wire::LAN.latency(3 * MILLISECOND).cut(1), Wire::LAN.cut(2), Wire::LAN.pieces(40)]
}

/// A call each 200 µs, of three kinds; asked calls are answered half a millisecond later. At `moments` the verbs happen.
fn traffic(world: &mut World, turns: u32, moments: &[(u32, Verb)]) {
    for turn in 0..turns {
        for (_, verb) in moments.iter().filter(|(moment, _)| *moment == turn) {
            world.apply(verb);
        }
        let call = world.book.entries.len();
        if world.client.connection.available_calls() > 0 {
            world.apply(&Verb::Open { timeout: None, eager: true });
            let lengths: &[usize] = if turn % 3 == 0 { &[2_000, 9, 12_000] } else { &[5] };
            for length in lengths {
                world.apply(&Verb::Send { side: Side::Client, call, length: *length });
            }
            if turn % 3 != 1 {
                world.apply(&Verb::Finish(call));
            }
        }
        if let Some(old) = call.checked_sub(4) {
            // Some requests come to their end late; some answers come before it.
            world.apply(&Verb::Finish(old));
            let lengths = vec![turn as usize, 10_000];
            world.apply(&Verb::Answer { call: old, lengths, code: None });
        }
        world.apply(&Verb::Wait(200 * MICROSECOND));
    }
}

/// The last streams that the GOAWAY frames of one side told.
fn last_streams(world: &World, side: Side) -> Vec<u32> {
    let frames = world.recording.of_kind(side, kind::GOAWAY);
    frames.map(|frame| goaway::parse(frame.head, &frame.payload).expect("a GOAWAY").last_stream).collect()
}

fn assert_all_answered(world: &World) {
    for (call, entry) in world.book.entries.iter().enumerate() {
        let code = entry.done.expect("it is over").code;
        assert_eq!(code, None, "call {call} is lost: {entry:#?}");
    }
}

fn new(wire: Wire) -> World {
    let mut world = World::new(Config::default(), Config::default(), wire);
    world.recording.start();
    world
}

#[test]
fn a_server_that_leaves_at_any_moment_loses_no_call() {
    for wire in wires() {
        for moment in 0..24 {
            let mut world = new(wire);
            traffic(&mut world, 32, &[(moment, Verb::ShutDown(Side::Server))]);
            world.come_to_rest();
            assert_all_answered(&world);
            let told = last_streams(&world, Side::Server);
            let last = world.book.entries.len() as u32 * 2 - 1;
            assert_eq!(told, [ALL, last], "all calls first, then the last that came; left at turn {moment}");
            assert_eq!((world.client.over, world.server.over), (Some(None), Some(None)));
        }
    }
}

#[test]
fn a_client_that_leaves_at_any_moment_finishes_its_calls() {
    for wire in wires() {
        for moment in 0..24 {
            let mut world = new(wire);
            traffic(&mut world, 32, &[(moment, Verb::ShutDown(Side::Client))]);
            world.come_to_rest();
            assert_all_answered(&world);
            assert_eq!(world.book.entries.len(), moment as usize, "nothing is opened behind its GOAWAY");
            assert_eq!(last_streams(&world, Side::Client).len(), 1);
            assert_eq!((world.client.over, world.server.over), (Some(None), Some(None)));
        }
    }
}

#[test]
fn both_sides_leaving_at_once_lose_nothing() {
    for wire in wires() {
        for client in (4..16).step_by(2) {
            for server in 4..16 {
                let mut world = new(wire);
                let moments = [(client, Verb::ShutDown(Side::Client)), (server, Verb::ShutDown(Side::Server))];
                traffic(&mut world, 18, &moments);
                world.come_to_rest();
                assert_all_answered(&world);
                assert_eq!((world.client.over, world.server.over), (Some(None), Some(None)));
            }
        }
    }
}

#[test]
fn leaving_twice_is_leaving_once() {
    for side in [Side::Client, Side::Server] {
        let mut world = new(Wire::LAN);
        let moments: Vec<_> = (5..15).map(|moment| (moment, Verb::ShutDown(side))).collect();
        traffic(&mut world, 20, &moments);
        world.come_to_rest();
        assert_all_answered(&world);
        assert_eq!(last_streams(&world, side).len(), if side == Side::Client { 1 } else { 2 });
    }
}

#[test]
fn calls_that_cross_the_last_goaway_are_told_that_nobody_looked_at_them() {
    // The server does not wait for the round trip, so that calls come too late for it.
    let mut server = Config::default();
    server.h2.drain_timeout = MILLISECOND;
    for cut in 0..20 {
        let wire = Wire::LAN.latency(4 * MILLISECOND).cut(cut);
        let mut world = World::new(Config::default(), server.clone(), wire);
        world.recording.start();
        traffic(&mut world, 60, &[(30, Verb::ShutDown(Side::Server))]);
        world.come_to_rest();
        let [ALL, last] = last_streams(&world, Side::Server)[..] else { panic!("two GOAWAY frames") };
        let served = last.div_ceil(2) as usize;
        let (seen, unseen) = world.book.entries.split_at(served);
        assert!(unseen.len() > 5, "calls crossed the last GOAWAY");
        assert!(seen.iter().all(|entry| entry.was_heard() && entry.done.is_some_and(|done| done.code.is_none())));
        for entry in unseen {
            let done = entry.done.expect("it is over");
            assert_eq!((done.code, done.processed), (Some(Code::Unavailable), Processed::No), "safe to try again");
            assert!(!entry.was_heard());
        }
    }
}

#[test]
fn what_a_goaway_told_never_grows_whatever_comes_behind_it() {
    let mut server = Config::default();
    server.h2.drain_timeout = MILLISECOND;
    for abort in 30..50 {
        let mut world = World::new(Config::default(), server.clone(), Wire::LAN.latency(4 * MILLISECOND));
        world.recording.start();
        traffic(&mut world, 60, &[(20, Verb::ShutDown(Side::Server)), (abort, Verb::Abort(Side::Server))]);
        world.come_to_rest();
        let told = last_streams(&world, Side::Server);
        assert!(told.len() == 3 && told.is_sorted_by(|first, second| first >= second), "{told:?}");
    }
}

#[test]
fn a_client_that_hears_of_it_late_loses_no_call_that_came_in_time() {
    // What the server writes does not arrive for 15 s; it waits 10 s for the answer to its PING.
    let mut world = new(Wire::LAN);
    world.apply(&Verb::Wait(10 * MILLISECOND));
    world.apply_all(&[Verb::Stall(Side::Server, Duration::from_secs(15)), Verb::ShutDown(Side::Server)]);
    for call in 0..28 {
        let lengths = vec![1];
        world.apply_all(&[Verb::Open { timeout: None, eager: true }, Verb::Finish(call)]);
        world.apply(&Verb::Wait(500 * MILLISECOND));
        world.apply(&Verb::Answer { call, lengths, code: None });
    }
    world.come_to_rest();
    let (seen, unseen) = world.book.entries.split_at(20);
    assert!(seen.iter().all(|entry| entry.done.is_some_and(|done| done.code.is_none())), "{seen:#?}");
    assert!(unseen.iter().all(|entry| entry.done.is_some_and(|done| done.processed == Processed::No)));
}

#[test]
fn an_abort_amid_everything_tells_each_call_once_and_truly() {
    for wire in wires() {
        for side in [Side::Client, Side::Server] {
            for moment in 8..24 {
                let mut world = new(wire);
                let moments = [(8, Verb::ShutDown(side.other())), (moment, Verb::Abort(side))];
                traffic(&mut world, 30, &moments);
                world.come_to_rest();
                for entry in &world.book.entries {
                    let done = entry.done.expect("it is over");
                    assert!(matches!(done.code, None | Some(Code::Unavailable)), "{entry:#?}");
                    assert!(done.processed == Processed::Perhaps || !entry.was_heard());
                }
            }
        }
    }
}
