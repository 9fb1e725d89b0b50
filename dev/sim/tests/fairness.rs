//! Who sends next: small replies beside large ones, streams that cannot send beside streams that can, many beside many.

use std::time::Duration;

use farcall_wire::h2::frame::{FRAME_HEAD, kind};
use sim::{Body, Dice, Pair, Reply, Script, Side, Wire};

/// One turn with its frame head, in bytes.
const TURN: u64 = (16 << 10) + FRAME_HEAD as u64;

fn large() -> Script {
    Script::download("/sim.Fair/Large", Body::of_length(64, 1 << 20))
}

/// 1 KiB, when the test says so.
fn small() -> Script {
    Script { reply: Reply::WhenTold, ..Script::download("/sim.Fair/Small", Body::of_length(1, 1 << 10)) }
}

#[test]
fn a_small_reply_beside_a_large_one_leaves_within_two_turns() {
    for wire in [Wire::LAN, Wire::LAN.cut(1), Wire::LAN.bandwidth(1_000_000).cut(2)] {
        let mut dice = Dice::new(3);
        let mut pair = Pair::new(wire);
        pair.recording.start();
        pair.open(&large());
        let mut most = 0;
        for turn in 1..=30 {
            let position = pair.open(&small());
            pair.run_until(|pair| pair.server.calls.len() > turn);
            pair.run_for(Duration::from_micros(dice.below(3_000)));
            let before = pair.recording.written(Side::Server);
            pair.answer(turn);
            pair.run_until(|pair| pair.client.calls[position].is_ok());
            let stream = pair.client.calls[position].call.serial();
            let mut frames = pair.recording.frames.iter().filter(|frame| frame.head.stream == stream);
            let data = frames.find(|frame| frame.from == Side::Server && frame.head.kind == kind::DATA);
            let waited = data.expect("a reply").position - before;
            most = most.max(waited);
        }
        assert!(pair.client.calls[0].status.is_none(), "the large one was under way all the time");
        println!("{wire:?}: {most} bytes left before the small reply, at most");
        assert!(most <= 2 * TURN + 100, "{most} bytes left before the small reply");
    }
}

#[test]
fn a_small_message_of_an_open_stream_leaves_within_a_turn_of_each_other_stream() {
    // Ten large streams fill a slow link; the small one has its own turn, and waits for two turns in the outbox and for
    // one of each neighbour at most.
    for wire in [Wire::LAN.bandwidth(2_000_000), Wire::LAN.bandwidth(2_000_000).cut(6)] {
        let mut pair = Pair::new(wire);
        pair.recording.start();
        let script = Script::download("/sim.Fair/Neighbour", Body::of_length(1_000, 30_000));
        for _ in 0..10 {
            pair.open(&script);
        }
        let position = pair.open(&Script {
            reply: Reply::WhenTold,
            ..Script::download("/sim.Fair/Chat", Body::of_length(2, 1 << 10))
        });
        pair.run_for(Duration::from_millis(200));
        let before = pair.recording.written(Side::Server);
        pair.answer(position);
        pair.run_until(|pair| pair.client.calls[position].messages == 2);
        let stream = pair.client.calls[position].call.serial();
        let frames = pair.recording.of_kind(Side::Server, kind::DATA);
        let first = frames.filter(|frame| frame.head.stream == stream).map(|frame| frame.position).next();
        let waited = first.expect("a reply") - before;
        assert!(waited <= 12 * TURN + 200, "{waited} bytes left before a message of a quiet stream");
    }
}

#[test]
fn streams_whose_windows_are_closed_hold_up_nobody() {
    for seed in [None, Some(8)] {
        let wire = Wire { cut: seed, ..Wire::LAN };
        let alone = time_of_large(Pair::new(wire));
        let mut pair = Pair::new(wire);
        let stuck = Script { client_reads: false, ..Script::download("/sim.Fair/Stuck", Body::of_length(90, 50_000)) };
        let stuck_upload =
            Script { server_reads: false, ..Script::upload("/sim.Fair/Up", Body::of_length(90, 50_000)) };
        for _ in 0..20 {
            pair.open(&stuck);
            pair.open(&stuck_upload);
        }
        pair.run();
        let beside = time_of_large(pair);
        assert!(beside <= alone * 11 / 10, "{beside:?} beside streams that wait, {alone:?} alone");
    }
}

/// How long the large download takes.
fn time_of_large(mut pair: Pair) -> Duration {
    let began = pair.clock.elapsed();
    let position = pair.open(&Script { replies: Body::of_length(16, 1 << 20), ..large() });
    assert!(pair.run_until(|pair| pair.client.calls[position].is_ok()), "it came to its end");
    pair.clock.elapsed() - began
}

#[test]
fn many_streams_share_the_link_evenly() {
    let scripts = [
        (Script::download("/sim.Fair/Down", Body::of_length(10_000, 8 << 10)), Side::Client),
        (Script::upload("/sim.Fair/Up", Body::of_length(10_000, 8 << 10)), Side::Server),
    ];
    for (script, reader) in scripts {
        for wire in [Wire::LAN.bandwidth(10_000_000), Wire::LAN.bandwidth(10_000_000).cut(4)] {
            let mut pair = Pair::new(wire);
            for _ in 0..20 {
                pair.open(&script);
            }
            pair.run_for(Duration::from_secs(1));
            let received: Vec<u64> = pair.peer(reader).calls.iter().map(|log| log.bytes).collect();
            let (least, most) = (received.iter().min().expect("some"), received.iter().max().expect("some"));
            assert!(received.iter().sum::<u64>() > 9_000_000, "the link is in use: {received:?}");
            assert!(most - least <= 3 * TURN, "between {least} and {most} bytes in a second: {received:?}");
        }
    }
}

#[test]
fn streams_that_come_later_get_their_share_at_once() {
    let mut pair = Pair::new(Wire::LAN.bandwidth(10_000_000));
    pair.open(&large());
    pair.run_for(Duration::from_secs(1));
    let late = pair.open(&Script::download("/sim.Fair/Late", Body::of_length(10_000, 8 << 10)));
    let before = pair.client.connection.unfinished() + pair.client.calls[0].bytes;
    pair.run_for(Duration::from_secs(1));
    let first = pair.client.connection.unfinished() + pair.client.calls[0].bytes - before;
    let second = pair.client.calls[late].bytes;
    println!("in one second {first} bytes of the first, {second} of the second");
    assert!(second * 100 >= first * 90, "in one second {first} bytes of the first, {second} of the second");
}
