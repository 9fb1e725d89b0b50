//! Stream numbers run out at 2^31-1: nothing is opened behind the last, what is under way ends well, and the connection
//! ends by itself, so that its owner opens another.

use std::time::Duration;

use farcall_wire::grpc::{Code, Config, RequestHead};
use farcall_wire::h2::frame::{goaway, kind};
use sim::world::{Verb, World};
use sim::{Side, Wire};

const MILLISECOND: Duration = Duration::from_millis(1);
const LAST: u32 = (1 << 31) - 1;

/// A client that has so many numbers left.
fn with_left(calls: u32, wire: Wire) -> World {
    let mut client = Config::default();
    client.h2.first_stream = LAST - 2 * (calls - 1);
    let mut world = World::new(client, Config::default(), wire);
    world.recording.start();
    world.apply(&Verb::Wait(20 * MILLISECOND));
    world
}

fn is_refused(world: &mut World) -> bool {
    world.client.connection.open(&RequestHead::default(), None).is_err()
}

#[test]
fn the_last_numbers_are_used_one_by_one_and_nothing_follows() {
    for wire in [Wire::LAN, Wire::LAN.cut(1), Wire::LAN.pieces(1)] {
        for calls in 1..6 {
            let mut world = with_left(calls, wire);
            for call in 0..calls as usize {
                assert_eq!(world.client.connection.available_calls(), calls as usize - call, "numbers are left");
                world.apply_all(&[
                    Verb::Open { timeout: None, eager: true },
                    Verb::Send { side: Side::Client, call, length: 10_000 },
                    Verb::Finish(call),
                    Verb::Wait(MILLISECOND),
                ]);
            }
            assert!(world.client.connection.available_calls() == 0 && is_refused(&mut world));
            assert!(world.client.over.is_none(), "calls are under way");
            world.come_to_rest();
            assert_eq!(world.book.entries.len(), calls as usize);
            assert!(world.book.entries.iter().all(|entry| entry.done.is_some_and(|done| done.code.is_none())));
            assert_eq!((world.client.over, world.server.over), (Some(None), Some(None)), "both ends are orderly");
            assert!(is_refused(&mut world));
            let streams: Vec<u32> =
                world.recording.of_kind(Side::Client, kind::HEADERS).map(|frame| frame.head.stream).collect();
            let expected: Vec<u32> = (0..calls).rev().map(|left| LAST - 2 * left).collect();
            assert_eq!(streams, expected);
        }
    }
}

#[test]
fn calls_under_way_take_the_time_they_need() {
    let mut world = with_left(2, Wire::LAN);
    for call in 0..2 {
        world.apply_all(&[Verb::Open { timeout: None, eager: false }, Verb::Wait(5 * MILLISECOND)]);
        for side in [Side::Client, Side::Server] {
            world.apply(&Verb::Send { side, call, length: 50_000 });
        }
    }
    world.apply(&Verb::Wait(Duration::from_secs(3_600)));
    assert!(world.client.over.is_none() && world.server.over.is_none());
    for call in 0..2 {
        world.apply_all(&[Verb::Read(Side::Server, call), Verb::Send { side: Side::Client, call, length: 50_000 }]);
        world.apply(&Verb::Answer { call, lengths: vec![9], code: (call == 1).then_some(Code::NotFound) });
    }
    world.come_to_rest();
    let codes: Vec<_> = world.book.entries.iter().map(|entry| entry.done.expect("it is over").code).collect();
    assert_eq!(codes, [None, Some(Code::NotFound)]);
}

#[test]
fn the_last_call_may_be_cancelled_reset_or_late() {
    for (end, code) in [
        (Verb::Cancel(0), Code::Cancelled),
        (Verb::Reset(0), Code::Cancelled),
        (Verb::Reject(0), Code::Unimplemented),
        (Verb::Wait(Duration::from_secs(2)), Code::DeadlineExceeded),
    ] {
        let mut world = with_left(1, Wire::LAN);
        world.apply_all(&[
            Verb::Open { timeout: Some(Duration::from_secs(1)), eager: true },
            Verb::Wait(5 * MILLISECOND),
        ]);
        world.apply(&end);
        world.come_to_rest();
        assert_eq!(world.book.entries[0].done.expect("it is over").code, Some(code), "{end:?}");
        assert!(world.client.over.is_some() && world.server.over.is_some());
    }
}

#[test]
fn a_server_that_leaves_at_the_last_number_loses_nothing() {
    for turn in 0..6 {
        let mut world = with_left(4, Wire::LAN.cut(turn));
        for call in 0..4 {
            if call as u64 == turn {
                world.apply(&Verb::ShutDown(Side::Server));
            }
            world.apply_all(&[
                Verb::Open { timeout: None, eager: true },
                Verb::Finish(call),
                Verb::Wait(MILLISECOND / 2),
            ]);
        }
        if turn >= 4 {
            world.apply(&Verb::ShutDown(Side::Server));
        }
        world.come_to_rest();
        assert!(world.book.entries.iter().all(|entry| entry.done.is_some_and(|done| done.code.is_none())));
        let frames = world.recording.of_kind(Side::Server, kind::GOAWAY);
        let told: Vec<u32> =
            frames.map(|frame| goaway::parse(frame.head, &frame.payload).expect("a GOAWAY").last_stream).collect();
        let last = world.book.entries.len() as u32;
        assert_eq!(told, [LAST, LAST - 2 * (4 - last)], "the number that means all is also the last");
    }
}

#[test]
fn a_server_takes_a_client_that_begins_near_the_end_and_remembers_little() {
    let mut world = with_left(3, Wire::LAN);
    world.apply_all(&[Verb::Open { timeout: None, eager: true }, Verb::Finish(0), Verb::Wait(5 * MILLISECOND)]);
    assert_eq!(world.server.connection.holdings().remembered, 1, "a billion numbers that were passed over are one");
    world.come_to_rest();
    assert!(world.client.over.is_none(), "two numbers are left");
}
