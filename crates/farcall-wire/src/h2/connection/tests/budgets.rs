//! What a peer may do legally, but not without end: each budget at its bound, and what ordinary traffic spends of it.

use std::time::Duration;

use crate::error::Reason;
use crate::h2::frame::{flag, kind};
use crate::h2::{Config, Connection, ErrorCode, Event};
use crate::random::Random;
use crate::raw_peer::{Frame, GET, RawPeer, list, resets};

fn server() -> RawPeer<Connection> {
    RawPeer::of_server(Config::default())
}

fn client() -> RawPeer<Connection> {
    RawPeer::of_client(Config::default())
}

const OK: [(&str, &str); 1] = [(":status", "200")];
const SECOND: Duration = Duration::from_secs(1);

/// What one side of a connection does with each of its streams.
impl RawPeer<Connection> {
    /// The client makes a request and gives it up before it is answered; the server's handler ends at once.
    fn give_up(&mut self, stream: u32) {
        self.headers(stream, &GET, true);
        self.reset(stream, ErrorCode::Cancel);
        self.let_go();
    }

    /// The client's request is answered.
    fn be_answered(&mut self, stream: u32) {
        let key = self.request(stream, true);
        self.engine.send_headers(key, &list(&OK), true);
        self.engine.forget(key);
    }

    /// The application lets go of every stream that was reset.
    fn let_go(&mut self) {
        for event in self.told() {
            if let Event::Reset { stream, .. } = event {
                self.engine.forget(stream);
            }
        }
    }

    /// How often `act` can be done until the connection is over, and how it ended; at most `most` times.
    fn count(&mut self, most: u32, mut act: impl FnMut(&mut Self, u32)) -> (u32, Option<Frame>) {
        for done in 0..most {
            act(self, done);
            if let Some(goaway) = self.heard().into_iter().find(|frame| frame.kind == kind::GOAWAY) {
                return (done, Some(goaway));
            }
        }
        (most, None)
    }

    /// Exactly `limit` times `act` is borne, and the next time ends the connection for `reason`.
    fn assert_bound(&mut self, limit: u32, reason: Reason, act: impl FnMut(&mut Self, u32)) {
        let (done, goaway) = self.count(limit + 10, act);
        assert_eq!(done, limit, "{reason}");
        assert_eq!(goaway.map(|frame| frame.number(4)), Some(reason.http2().number()));
        assert_eq!(reason.http2(), ErrorCode::EnhanceYourCalm);
    }
}

#[test]
fn two_hundred_resets_before_the_response_are_borne_and_no_more() {
    let reason = Reason::ResetFlood { limit: 200 };
    server().assert_bound(200, reason, |peer, turn| peer.give_up(2 * turn + 1));
}

#[test]
fn resets_that_are_caused_count_with_those_that_are_received() {
    let reason = Reason::ResetFlood { limit: 200 };
    let causes: [fn(&mut RawPeer<Connection>, u32); 6] = [
        |peer, stream| peer.window(stream, 0),
        |peer, stream| {
            peer.window(stream, 0x7fff_ffff);
        },
        |peer, stream| peer.frame(kind::PRIORITY, 0, stream, &[0; 4]),
        |peer, stream| peer.frame(kind::PRIORITY, 0, stream, &[&stream.to_be_bytes()[..], &[0]].concat()),
        |peer, stream| {
            peer.data(stream, b"", true);
            peer.data(stream, b"after the end", true);
        },
        |peer, stream| {
            peer.headers(stream, &GET, false);
        },
    ];
    for (index, cause) in causes.iter().enumerate() {
        server().assert_bound(200, reason, |peer, turn| {
            let stream = 2 * turn + 1;
            if turn % 2 == 0 {
                return peer.give_up(stream);
            }
            peer.headers(stream, &GET, false);
            cause(peer, stream);
            peer.let_go();
            assert_eq!(peer.engine.open_streams(), 0, "cause {index} resets");
        });
    }
}

#[test]
fn refused_and_malformed_requests_count_as_caused_resets() {
    let mut peer = RawPeer::of_server(Config { max_concurrent_streams: 1, ..Config::default() });
    peer.headers(1, &GET, false);
    peer.assert_bound(200, Reason::ResetFlood { limit: 200 }, |peer, turn| peer.headers(2 * turn + 3, &GET, true));
    let reason = Reason::ResetFlood { limit: 200 };
    server().assert_bound(200, reason, |peer, turn| peer.headers(2 * turn + 1, &GET[1..], true));
}

#[test]
fn a_stream_that_is_refused_only_because_handlers_of_reset_ones_linger_costs_no_second_reset() {
    let mut peer = RawPeer::of_server(Config { max_concurrent_streams: 100, ..Config::default() });
    for stream in 0..100 {
        peer.headers(2 * stream + 1, &GET, true);
    }
    for stream in 0..100 {
        peer.reset(2 * stream + 1, ErrorCode::Cancel);
    }
    // A hundred resets are left, and all slots are held.
    let (_, goaway) = peer.count(1_000, |peer, turn| peer.headers(2 * turn + 201, &GET, true));
    assert_eq!(goaway, None);
    peer.let_go();
    for stream in 0..100 {
        peer.headers(2 * stream + 3_001, &GET, true);
    }
    peer.assert_bound(100, Reason::ResetFlood { limit: 200 }, |peer, turn| peer.headers(2 * turn + 4_001, &GET, true));
}

#[test]
fn a_client_counts_what_its_server_makes_it_reset_and_not_what_the_server_resets() {
    let broken = |peer: &mut RawPeer<Connection>, _| {
        let stream = peer.open(true);
        peer.headers(stream.id(), &[(":status", "what")], true);
        peer.engine.forget(stream);
    };
    client().assert_bound(200, Reason::ResetFlood { limit: 200 }, broken);
    let (_, goaway) = client().count(1_000, |peer, _| {
        let stream = peer.open(true);
        peer.reset(stream.id(), ErrorCode::RefusedStream);
        peer.engine.forget(stream);
    });
    assert_eq!(goaway, None);
}

#[test]
fn resets_after_the_response_has_begun_cost_no_reset() {
    let (_, goaway) = server().count(1_000, |peer, turn| {
        let stream = peer.request(2 * turn + 1, true);
        peer.answer(stream);
        peer.reset(stream.id(), ErrorCode::Cancel);
        peer.let_go();
    });
    assert_eq!(goaway, None);
}

#[test]
fn time_gives_resets_back() {
    let mut peer = server();
    let (done, goaway) = peer.count(200 + 33 * 100, |peer, turn| {
        if turn >= 200 && (turn - 200) % 33 == 0 {
            peer.now += SECOND;
        }
        peer.give_up(2 * turn + 1);
    });
    assert_eq!((done, goaway), (200 + 33 * 100, None));
    let (done, _) = peer.count(2, |peer, turn| peer.give_up(100_001 + 2 * turn));
    assert_eq!(done, 0);
}

#[test]
fn a_peer_that_cancels_every_other_call_is_never_thrown_out() {
    let mut peer = server();
    for turn in 0..100_000 {
        peer.now += Duration::from_micros(100);
        if turn % 2 == 0 {
            peer.give_up(2 * turn + 1)
        } else {
            peer.be_answered(2 * turn + 1)
        }
        assert!(turn % 1_000 != 0 || peer.heard().iter().all(|frame| frame.kind != kind::GOAWAY), "call {turn}");
    }
    peer.heard();
    peer.assert_unmoved();
}

#[test]
fn a_peer_that_cancels_half_of_its_calls_at_random_is_never_thrown_out() {
    for seed in 0..4 {
        let (mut peer, mut random) = (server(), Random::new(seed));
        for turn in 0..25_000 {
            peer.now += Duration::from_micros(100);
            if random.one_in(2) {
                peer.give_up(2 * turn + 1)
            } else {
                peer.be_answered(2 * turn + 1)
            }
            assert!(turn % 1_000 != 0 || peer.heard().iter().all(|frame| frame.kind != kind::GOAWAY), "call {turn}");
        }
        peer.heard();
        peer.assert_unmoved();
    }
}

#[test]
fn a_peer_that_cancels_more_than_two_of_three_is_thrown_out() {
    let (done, goaway) =
        server().count(
            10_000,
            |peer, turn| {
                if turn % 4 == 0 { peer.be_answered(2 * turn + 1) } else { peer.give_up(2 * turn + 1) }
            },
        );
    assert!(done < 1_000 && goaway.is_some(), "after {done}");
}

#[test]
fn a_hundred_frames_in_a_row_may_say_nothing() {
    let mut peer = server();
    peer.headers(1, &GET, false);
    peer.assert_bound(100, Reason::EmptyFrames { limit: 100 }, |peer, _| peer.data(1, b"", false));
    let mut peer = server();
    peer.headers(1, &GET, false);
    let padding = [&[255][..], &[0; 255]].concat();
    let reason = Reason::EmptyFrames { limit: 100 };
    peer.assert_bound(100, reason, |peer, _| peer.frame(kind::DATA, flag::PADDED, 1, &padding));
    let mut peer = client();
    peer.open(true);
    peer.assert_bound(100, reason, |peer, _| peer.headers(1, &[(":status", "103")], false));
}

#[test]
fn frames_that_say_something_end_the_row_of_empty_ones() {
    let mut peer = server();
    peer.headers(1, &GET, false);
    for turn in 0..10 {
        (0..99).for_each(|_| peer.data(1, b"", false));
        match turn % 3 {
            0 => peer.data(1, b"x", false),
            1 => peer.headers(2 * turn + 3, &GET, true),
            _ => {
                peer.headers(2 * turn + 3, &GET, false);
                peer.data(2 * turn + 3, b"", true);
            }
        }
    }
    peer.assert_unmoved();
}

#[test]
fn a_hundred_thousand_small_frames_of_data_are_no_flood() {
    for length in [1, 5] {
        let mut peer = server();
        let stream = peer.request(1, false);
        for _ in 0..100_000 {
            peer.data(1, &vec![0; length], false);
            peer.told();
            peer.engine.release(stream, length as u32);
            peer.heard();
        }
        peer.assert_unmoved();
    }
}

/// Frames that are legal and of no use, to a server that has answered stream 1 to its end.
const USELESS: [fn(&mut RawPeer<Connection>); 8] = [
    |peer| peer.frame(0xbe, 0, 0, b"grease"),
    |peer| peer.frame(kind::PRIORITY, 0, 77, &[0, 0, 0, 0, 16]),
    |peer| peer.window(1, 1),
    |peer| peer.window(0, 1),
    |peer| peer.reset(1, ErrorCode::Cancel),
    |peer| peer.settings(&[]),
    |peer| peer.frame(kind::SETTINGS, flag::ACK, 0, b""),
    |peer| peer.frame(kind::PING, flag::ACK, 0, b"nobody's"),
];

#[test]
fn ten_thousand_useless_frames_are_borne_and_no_more() {
    for useless in USELESS {
        let mut peer = server();
        peer.be_answered(1);
        peer.assert_bound(10_000, Reason::Glitches { limit: 10_000 }, |peer, _| useless(peer));
    }
    let reason = Reason::Glitches { limit: 10_000 };
    client().assert_bound(10_000, reason, |peer, _| peer.frame(kind::PING, 0, 0, &[1; 8]));
}

#[test]
fn useless_frames_of_all_kinds_share_one_budget_which_time_refills() {
    let mut peer = server();
    peer.be_answered(1);
    let mut all = USELESS.iter().cycle();
    let (done, goaway) = peer.count(10_000 + 330 * 3, |peer, turn| {
        if turn >= 10_000 && (turn - 10_000) % 330 == 0 {
            peer.now += SECOND;
        }
        all.next().unwrap()(peer);
    });
    assert_eq!((done, goaway), (10_000 + 330 * 3, None));
    peer.window(1, 1);
    assert_eq!(peer.fault().map(|fault| fault.reason), Some(Reason::Glitches { limit: 10_000 }));
}

#[test]
fn a_peer_that_reads_in_small_steps_spends_nothing() {
    let mut peer = server();
    // Four updates for each frame of a reply, half of them after the stream is over.
    for turn in 0..20_000 {
        let stream = peer.request(2 * turn + 1, true);
        peer.answer(stream);
        peer.engine.send_data(stream, vec![0; 1_000].into());
        peer.engine.end(stream);
        peer.window(stream.id(), 500);
        peer.window(0, 500);
        peer.heard();
        peer.engine.forget(stream);
        (0..8).for_each(|_| peer.window(stream.id(), 500));
        peer.window(0, 500);
    }
    peer.assert_unmoved();
}

//= RFC 9113 §5.4.2, §6.4: what the peer had under way when this side reset a stream is taken
#[test]
fn data_that_was_under_way_to_a_stream_that_this_side_gave_up_costs_nothing() {
    let mut peer = client();
    let streams: Vec<_> = (0..20).map(|_| peer.open(true)).collect();
    for stream in &streams {
        peer.headers(stream.id(), &OK, false);
        peer.engine.reset(*stream, ErrorCode::Cancel, None);
        peer.engine.forget(*stream);
    }
    // A whole window each, in tiny frames.
    for stream in &streams {
        (0..6_553).for_each(|_| peer.data(stream.id(), &[0; 10], false));
        peer.told();
        peer.heard();
    }
    peer.assert_unmoved();
    let reason = Reason::Glitches { limit: 10_000 };
    let (done, goaway) = peer.count(200_000, |peer, _| peer.data(streams[0].id(), &[0; 10], false));
    assert_eq!(goaway.map(|frame| frame.number(4)), Some(reason.http2().number()));
    assert!(done < 10_500, "what could not be under way is a glitch each: {done}");
}

#[test]
fn the_third_ping_that_comes_too_soon_ends_the_connection() {
    let mut peer = server();
    peer.headers(1, &GET, false);
    let (done, goaway) = peer.count(100, |peer, _| {
        peer.now += Duration::from_secs(299);
        peer.frame(kind::PING, 0, 0, b"too soon");
    });
    assert_eq!(done, 3, "the first is free, two are strikes");
    let goaway = goaway.expect("the third strike");
    assert_eq!((goaway.number(4), &goaway.payload[8..]), (ErrorCode::EnhanceYourCalm.number(), &b"too_many_pings"[..]));
    assert_eq!(peer.fault().map(|fault| fault.reason), Some(Reason::TooManyPings { limit: 2 }));
}

#[test]
fn a_connection_without_calls_may_be_pinged_every_two_hours() {
    for (interval, ends) in [(7_200, false), (7_199, true)] {
        let (_, goaway) = server().count(100, |peer, _| {
            peer.now += Duration::from_secs(interval);
            peer.frame(kind::PING, 0, 0, b"are you?");
        });
        assert_eq!(goaway.is_some(), ends, "every {interval} s");
    }
    let mut peer = server();
    peer.headers(1, &GET, false);
    let (_, goaway) = peer.count(100, |peer, _| {
        peer.now += Duration::from_secs(300);
        peer.frame(kind::PING, 0, 0, b"are you?");
    });
    assert_eq!(goaway, None, "with calls every five minutes");
}

#[test]
fn whatever_this_side_sends_allows_a_ping() {
    let mut peer = server();
    peer.settings(&[(crate::h2::frame::settings::id::INITIAL_WINDOW_SIZE, 1 << 20)]);
    let stream = peer.request(1, true);
    peer.answer(stream);
    let (_, goaway) = peer.count(1_000, |peer, turn| {
        match turn % 3 {
            0 => peer.be_answered(2 * turn + 3),
            1 => assert!(peer.engine.send_data_now(stream, b"x", false)),
            _ => peer.engine.send_data(stream, vec![0; 20].into()),
        }
        peer.heard();
        (0..3).for_each(|_| peer.frame(kind::PING, 0, 0, b"bdp?????"));
    });
    assert_eq!(goaway, None);
}

#[test]
fn a_refused_request_is_reset_and_the_connection_lives_within_the_budget() {
    let mut peer = server();
    (0..50).for_each(|turn| peer.headers(2 * turn + 1, &GET[1..], true));
    assert_eq!(resets(&peer.heard()).len(), 50);
    peer.assert_unmoved();
}
