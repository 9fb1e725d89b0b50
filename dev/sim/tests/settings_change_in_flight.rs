//! SETTINGS that change while calls run: windows move under the sender, below zero and back, and everything arrives.

use std::time::Duration;

use farcall_wire::grpc::Config;
use farcall_wire::h2::frame::settings::{self, id};
use farcall_wire::h2::frame::{flag, kind};
use sim::{Body, Dice, Pair, Script, Side, Wire};

const MILLISECOND: Duration = Duration::from_millis(1);

/// Puts SETTINGS between two frames of one side.
fn say(pair: &mut Pair, from: Side, entries: &[(u16, u32)]) {
    let mut bytes = Vec::new();
    settings::encode(entries, &mut bytes);
    assert!(pair.run_until(|pair| pair.peer(from).connection.outbox().is_empty()));
    let at = pair.clock.elapsed();
    let link = if from == Side::Client { &mut pair.up } else { &mut pair.down };
    assert_eq!(link.write(&bytes, at), bytes.len(), "there is room");
}

/// Calls in both directions while `says` says what the reader's SETTINGS are next; the last word are the first values.
fn calls_under(reader: Side, seed: u64, mut next: impl FnMut(&mut Dice) -> Vec<(u16, u32)>) {
    let mut dice = Dice::new(seed);
    let mut pair = Pair::new(Wire::LAN.cut(seed));
    pair.recording.start();
    for _ in 0..4 {
        let body = Body::of_length(20, 30_000);
        pair.open(&match reader {
            Side::Client => Script::download("/sim.Settings/Down", body),
            Side::Server => Script::upload("/sim.Settings/Up", body),
        });
    }
    for _ in 0..50 {
        pair.run_for(Duration::from_micros(dice.below(1_000)));
        let entries = next(&mut dice);
        say(&mut pair, reader, &entries);
    }
    say(&mut pair, reader, &[(id::INITIAL_WINDOW_SIZE, 65_536), (id::MAX_FRAME_SIZE, 16_384)]);
    pair.run();
    assert!(pair.client.calls.iter().all(|log| log.is_ok()), "{:?}", pair.client.calls);
    let bytes: u64 = pair.peer(reader).calls.iter().map(|log| log.bytes).sum();
    assert_eq!(bytes, 4 * 20 * 30_000);
    let other = if reader == Side::Client { Side::Server } else { Side::Client };
    let acks = pair.recording.of_kind(other, kind::SETTINGS).filter(|frame| frame.head.has(flag::ACK)).count();
    assert_eq!(acks, 52, "each is acknowledged");
    pair.assert_at_rest();
}

#[test]
fn windows_that_shrink_below_zero_and_grow_back_lose_nothing() {
    for seed in 0..10 {
        for reader in [Side::Client, Side::Server] {
            // Never more than the reader's own engine counts with.
            let sizes = [0, 1, 1_000, 65_536];
            calls_under(reader, seed, |dice| vec![(id::INITIAL_WINDOW_SIZE, sizes[dice.below(4) as usize])]);
        }
    }
}

#[test]
fn frames_and_header_tables_change_their_size_between_calls() {
    for seed in 0..10 {
        let mut dice = Dice::new(seed);
        let mut pair = Pair::new(Wire::LAN.cut(seed));
        pair.run();
        for turn in 0..100 {
            let table = [0, 100, 4_096][dice.below(3) as usize];
            say(&mut pair, Side::Client, &[(id::HEADER_TABLE_SIZE, table), (0x7a7a, turn)]);
            pair.open(&Script::unary("/sim.Settings/Unary"));
            pair.run_for(MILLISECOND);
        }
        pair.run();
        assert!(pair.client.calls.iter().all(|log| log.is_ok()));
        pair.assert_at_rest();
    }
}

#[test]
fn a_window_that_stays_at_zero_is_a_stall_and_nothing_else() {
    let mut pair = Pair::new(Wire::LAN);
    pair.open(&Script::download("/sim.Settings/Shut", Body::of_length(100, 30_000)));
    pair.run_for(5 * MILLISECOND);
    say(&mut pair, Side::Client, &[(id::INITIAL_WINDOW_SIZE, 0)]);
    pair.run_for(Duration::from_secs(60));
    assert_eq!((&pair.client.over, &pair.server.over), (&None, &None));
    say(&mut pair, Side::Client, &[(id::INITIAL_WINDOW_SIZE, 65_536)]);
    let after = pair.open(&Script::unary("/sim.Settings/After"));
    pair.run();
    assert!(pair.client.calls[after].is_ok());
    pair.assert_at_rest();
}

#[test]
fn calls_sent_before_the_servers_settings_are_known_are_served_under_small_windows() {
    for seed in 0..10 {
        let mut server = Config::default();
        (server.h2.stream_window, server.h2.max_window) = (500, 500);
        let mut pair = Pair::with(Config::default(), server, Wire::LAN.cut(seed));
        for _ in 0..5 {
            pair.open(&Script::upload("/sim.Settings/Early", Body::of_length(2, 60_000)));
        }
        pair.run();
        assert!(pair.client.calls.iter().all(|log| log.is_ok()), "{:?}", pair.client.calls);
        pair.assert_at_rest();
    }
}
