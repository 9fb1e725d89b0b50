//! Windows: nobody sends more than was granted, and whatever the windows are, every message arrives whole.

use std::collections::HashMap;
use std::time::Duration;

use farcall_wire::grpc::Config;
use farcall_wire::h2::frame::{flag, kind, settings, window_update};
use sim::{Body, Dice, Pair, Recording, Reply, Script, Side, Wire};

/// Holds every DATA frame of a recording against what the other side had granted until then.
fn assert_granted(recording: &Recording, from: Side) {
    let mut connection = 65_535_i64;
    let mut initial = 65_535_i64;
    let mut streams: HashMap<u32, i64> = HashMap::new();
    for frame in &recording.frames {
        let (head, own) = (frame.head, frame.from == from);
        match head.kind {
            kind::DATA if own => {
                connection -= i64::from(head.length);
                let stream = streams.entry(head.stream).or_default();
                *stream -= i64::from(head.length);
                assert!(connection >= 0, "the connection's window is passed by {} bytes: {frame:?}", -connection);
                assert!(*stream + initial >= 0, "the window of a stream is passed: {frame:?}");
            }
            kind::WINDOW_UPDATE if !own => {
                let increment = i64::from(window_update::parse(head, &frame.payload).expect("a window update"));
                match head.stream {
                    0 => connection += increment,
                    id => *streams.entry(id).or_default() += increment,
                }
            }
            kind::SETTINGS if !own && !head.has(flag::ACK) => {
                let Ok(settings::SettingsFrame::Entries(entries)) = settings::parse(head, &frame.payload) else {
                    panic!("SETTINGS that cannot be read: {frame:?}")
                };
                for (_, value) in entries.filter(|(id, _)| *id == settings::id::INITIAL_WINDOW_SIZE) {
                    initial = i64::from(value);
                }
            }
            _ => {}
        }
    }
}

fn windows(stream: u32, connection: u32) -> Config {
    let mut config = Config::default();
    (config.h2.stream_window, config.h2.connection_window) = (stream, connection);
    config
}

/// Several calls both ways at once; everything has to arrive, within what was granted.
fn exchange(mut pair: Pair, length: usize) {
    pair.recording.start();
    let upload = Script::upload("/sim.Flow/Upload", Body::of_length(3, length));
    let download = Script::download("/sim.Flow/Download", Body::of_length(3, length));
    // A server that answers at once could be ready before the request is there, which is then declined.
    let download = Script { reply: Reply::AtEnd, ..download };
    for _ in 0..3 {
        pair.open(&upload);
        pair.open(&download);
    }
    pair.run();
    pair.assert_at_rest();
    assert!(pair.client.calls.iter().all(|log| log.is_ok()), "{:?}", pair.client.calls);
    let received = |logs: &[sim::Log]| logs.iter().map(|log| log.bytes).sum::<u64>();
    assert_eq!(received(&pair.server.calls), 3 * (3 * length as u64 + 5));
    assert_eq!(received(&pair.client.calls), 3 * (3 * length as u64 + 5));
    assert_granted(&pair.recording, Side::Client);
    assert_granted(&pair.recording, Side::Server);
}

#[test]
fn messages_larger_than_every_window_arrive_whole() {
    exchange(Pair::new(Wire::LAN), 1 << 20);
}

#[test]
fn messages_arrive_whole_over_links_that_cut_bytes_anywhere() {
    for seed in 0..8 {
        exchange(Pair::new(Wire::LAN.cut(seed)), 200_000);
    }
}

#[test]
fn windows_of_any_size_work() {
    let mut dice = Dice::new(9);
    for seed in 0..20 {
        // What a client may send before it knows the server's settings is 65,535 bytes, so that the server's window is
        // not smaller here; the client's may be as small as 1.
        let client = windows(1 + dice.below(1 << 17) as u32, dice.below(1 << 20) as u32);
        let server = windows(65_535 + dice.below(1 << 17) as u32, dice.below(1 << 20) as u32);
        exchange(Pair::with(client, server, Wire::LAN.cut(seed)), 1 + dice.below(100_000) as usize);
    }
}

#[test]
fn a_window_of_one_byte_is_slow_and_works() {
    let mut pair = Pair::with(windows(1, 65_535), Config::default(), Wire::LAN.latency(Duration::from_micros(50)));
    pair.open(&Script::download("/sim.Flow/Tiny", Body::of_length(1, 300)));
    pair.run();
    pair.assert_at_rest();
    assert_eq!(pair.client.calls[0].bytes, 300);
}

#[test]
fn a_server_takes_what_a_client_sent_before_it_knew_of_smaller_windows() {
    for window in [0, 1, 100, 30_000] {
        let mut pair = Pair::with(Config::default(), windows(window, 65_535), Wire::LAN);
        pair.open(&Script::upload("/sim.Flow/Early", Body::of_length(1, 60_000)));
        pair.run();
        assert!(pair.client.calls[0].is_ok(), "window {window}: {:?}", pair.client.calls[0].status);
        pair.assert_at_rest();
    }
}
