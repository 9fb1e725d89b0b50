//! The credit that the engine grants: what it takes, gives back, refuses and widens. RFC 9113 §5.2 and §6.9.

use crate::error::Reason;
use crate::h2::frame::{flag, kind};
use crate::h2::{Config, Connection, ErrorCode, Event, StreamKey};
use crate::raw_peer::{Frame, GET, RawPeer, credit};

/// A server whose windows never grow.
fn fixed(stream_window: u32) -> RawPeer<Connection> {
    RawPeer::of_server(Config { stream_window, max_window: stream_window, ..Config::default() })
}

fn probes(heard: &[Frame]) -> usize {
    heard.iter().filter(|frame| frame.kind == kind::PING && frame.payload == b"fc-probe").count()
}

/// Fills and empties a window until `bytes` have passed, answering every probe at the end of each round.
fn pour(peer: &mut RawPeer<Connection>, stream: StreamKey, window: u32, rounds: u32) -> u32 {
    let mut open = window;
    for _ in 0..rounds {
        let mut sent = 0;
        while sent + 16_000 <= open {
            peer.data(stream.id(), &[0; 16_000], false);
            sent += 16_000;
        }
        peer.told();
        peer.engine.release(stream, sent);
        open -= sent;
        let heard = peer.heard();
        open += credit(&heard, stream.id());
        if probes(&heard) > 0 {
            peer.frame(kind::PING, flag::ACK, 0, b"fc-probe");
            open += credit(&peer.heard(), stream.id());
        }
    }
    open
}

#[test]
fn a_stream_may_send_its_window_and_not_a_byte_more() {
    let mut peer = fixed(70_000);
    peer.headers(1, &GET, false);
    for _ in 0..7 {
        peer.data(1, &[0; 10_000], false);
    }
    peer.data(1, &[], false);
    peer.assert_unmoved();
    peer.data(1, &[0], false);
    peer.assert_reset(1, Reason::WindowExceeded { stream: 1 });
}

//= RFC 9113 §6.1: the whole payload counts, padding included
#[test]
fn padding_counts_against_the_window_of_its_stream() {
    for (padding, fits) in [(99, true), (100, false)] {
        let mut peer = fixed(300);
        peer.headers(1, &GET, false);
        let mut payload = vec![0; 1 + 200 + padding];
        payload[0] = padding as u8;
        peer.frame(kind::DATA, flag::PADDED, 1, &payload);
        match fits {
            true => peer.assert_unmoved(),
            false => peer.assert_reset(1, Reason::WindowExceeded { stream: 1 }),
        }
    }
}

//= RFC 9113 §6.9: windows hold up DATA and nothing else
#[test]
fn a_window_that_is_used_up_holds_up_nothing_but_data() {
    let mut peer = fixed(10_000);
    let stream = peer.request(1, false);
    peer.data(1, &[0; 10_000], false);
    peer.engine.credit = crate::h2::flow::Credit::new(0, 0);
    peer.frame(kind::PRIORITY, 0, 1, &[0; 5]);
    peer.window(1, 5);
    peer.settings(&[]);
    peer.request(3, true);
    peer.headers(1, &[("x", "trailers")], true);
    assert!(matches!(peer.told().last(), Some(Event::Headers { trailers: true, stream: on, .. }) if *on == stream));
    peer.assert_unmoved();
    peer.reset(1, ErrorCode::Cancel);
    assert!(matches!(peer.told().last(), Some(Event::Reset { .. })));
}

#[test]
fn the_connection_has_a_window_of_its_own() {
    let config = Config { stream_window: 1 << 20, connection_window: 65_535, ..Config::default() };
    let mut peer = RawPeer::of_server(config);
    peer.headers(1, &GET, false);
    // One write, so that no credit can come back on the way in between: it does, on arrival.
    for _ in 0..20 {
        peer.data(1, &[0; 16_384], false);
    }
    assert!(peer.fault().is_none(), "what arrives is given back on arrival");
    let credit = peer.engine.credit.target();
    assert!(credit >= 65_535);
    // A window that is really exceeded.
    peer.engine.credit = crate::h2::flow::Credit::new(100, 100);
    peer.data(1, &[0; 101], false);
    peer.assert_over(Reason::WindowExceeded { stream: 0 });
}

#[test]
fn credit_of_a_stream_comes_back_when_it_is_released_and_in_steps() {
    let mut peer = fixed(65_536);
    let stream = peer.request(1, false);
    for _ in 0..4 {
        peer.data(1, &[0; 16_384], false);
    }
    assert_eq!(credit(&peer.heard(), 1), 0, "nobody has read it");
    peer.engine.release(stream, 16_383);
    assert_eq!(credit(&peer.heard(), 1), 0, "not worth a frame");
    peer.engine.release(stream, 1);
    assert_eq!(credit(&peer.heard(), 1), 16_384);
    peer.data(1, &[0; 16_384], false);
    peer.assert_unmoved();
}

#[test]
fn a_stream_that_has_ended_gets_no_credit() {
    let mut peer = fixed(65_536);
    let stream = peer.request(1, false);
    for last in [false, false, false, true] {
        peer.data(1, &[0; 16_384], last);
    }
    peer.heard();
    peer.engine.release(stream, 65_536);
    assert!(peer.heard().is_empty());
}

#[test]
fn a_stream_that_nobody_reads_does_not_hold_up_its_neighbour() {
    let config = Config { stream_window: 1 << 20, max_window: 1 << 20, ..Config::default() };
    let mut peer = RawPeer::of_server(config);
    peer.headers(1, &GET, false);
    peer.headers(3, &GET, false);
    let mut granted = 1_u32 << 20;
    for stream in [1, 3] {
        for _ in 0..64 {
            assert!(granted >= 16_384, "the connection's window is open");
            peer.data(stream, &[0; 16_384], false);
            granted = granted - 16_384 + credit(&peer.heard(), 0);
        }
    }
    peer.assert_unmoved();
}

#[test]
fn windows_grow_while_the_link_is_longer_than_they_are_and_stop_at_their_limit() {
    let mut peer = RawPeer::of_server(Config { max_window: 1 << 19, ..Config::default() });
    let stream = peer.request(1, false);
    let open = pour(&mut peer, stream, 65_536, 30);
    assert!(open > 1 << 18, "{open} bytes");
    assert_eq!(peer.engine.streams.get(stream).unwrap().credit.target(), 1 << 19);
    assert_eq!(peer.engine.credit.target(), 1 << 20, "that of the connection was wide enough");
    assert_eq!(peer.engine.granted, 1 << 19);
    peer.engine.reset(stream, ErrorCode::Cancel, None);
    peer.engine.forget(stream);
    assert_eq!(peer.engine.granted, 0, "what a stream was granted ends with it");
}

#[test]
fn a_link_that_the_window_covers_does_not_grow_it() {
    let mut peer = RawPeer::of_server(Config::default());
    let stream = peer.request(1, false);
    for _ in 0..200 {
        peer.data(1, &[0; 16_384], false);
        peer.engine.release(stream, 16_384);
        if probes(&peer.heard()) > 0 {
            peer.frame(kind::PING, flag::ACK, 0, b"fc-probe");
        }
    }
    assert_eq!(peer.engine.streams.get(stream).unwrap().credit.target(), 65_536);
}

#[test]
fn all_streams_together_grow_no_further_than_the_memory_that_they_may_take() {
    let config = Config { stream_window: 1 << 20, max_window: 1 << 30, ..Config::default() };
    let mut peer = RawPeer::of_server(config);
    let streams: Vec<StreamKey> = (0..20).map(|nth| peer.request(2 * nth + 1, false)).collect();
    for stream in streams {
        pour(&mut peer, stream, 1 << 20, 12);
    }
    assert!(peer.engine.granted <= 32 << 20, "{} bytes are granted", peer.engine.granted);
    assert!(peer.engine.granted > 20 << 20);
}

#[test]
fn probes_follow_data_only_one_at_a_time_and_need_no_answer() {
    let mut peer = RawPeer::of_server(Config::default());
    let stream = peer.request(1, false);
    let mut seen = 0;
    for _ in 0..50 {
        peer.data(1, &[0; 16_384], false);
        peer.engine.release(stream, 16_384);
        seen += probes(&peer.heard());
    }
    assert_eq!(seen, 1);
    let mut idle = RawPeer::of_server(Config::default());
    for stream in (1..200).step_by(2) {
        idle.headers(stream, &GET, true);
    }
    assert_eq!(probes(&idle.heard()), 0, "requests without bodies ask for nothing");
}
