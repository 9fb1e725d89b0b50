//! Peers that keep this side waiting: SETTINGS without acknowledgement, control frames and bodies that are not read.

use std::time::Duration;

use crate::error::Reason;
use crate::h2::event::{Cause, Incident};
use crate::h2::frame::settings::{self, id};
use crate::h2::frame::{flag, kind};
use crate::h2::{Config, Connection, ErrorCode, Event, Part, StreamKey};
use crate::raw_peer::{GET, PREFACE, RawPeer, list, resets};

const SECOND: Duration = Duration::from_secs(1);

/// Lets time pass, with every timer that is due in it.
fn pass(peer: &mut RawPeer<Connection>, time: Duration) {
    let end = peer.now + time;
    while let Some(due) = peer.engine.poll_timeout().filter(|due| *due <= end) {
        peer.now = peer.now.max(due);
        peer.engine.handle_timeout(peer.now);
    }
    peer.now = end;
}

//= RFC 9113 §6.5.3: settings that are not acknowledged in time end the connection
#[test]
fn settings_must_be_acknowledged_within_ten_seconds() {
    let connections =
        [(RawPeer::of_new_client(Config::default()), &b""[..]), (RawPeer::of_new_server(Config::default()), PREFACE)];
    for (mut peer, preface) in connections {
        pass(&mut peer, 9 * SECOND);
        peer.write(|out| out.extend_from_slice(preface));
        peer.settings(&[]);
        pass(&mut peer, 10 * SECOND - Duration::from_nanos(1));
        assert!(peer.fault().is_none());
        pass(&mut peer, Duration::from_nanos(1));
        peer.assert_over(Reason::SettingsTimeout);
        assert_eq!(peer.engine.poll_timeout(), None);
    }
}

#[test]
fn acknowledged_settings_wait_for_nothing() {
    let mut peer = RawPeer::of_new_server(Config::default()).greeted(PREFACE, &[]);
    assert_eq!(peer.engine.poll_timeout(), None);
    pass(&mut peer, 1_000 * SECOND);
    peer.assert_unmoved();
}

fn flood() -> RawPeer<Connection> {
    RawPeer::of_server(Config { control_limit: 10, ping_strikes: u32::MAX, ..Config::default() })
}

#[test]
fn a_peer_that_reads_no_control_frames_for_ten_seconds_is_left() {
    let mut peer = flood();
    (0..9).for_each(|_| peer.frame(kind::PING, 0, 0, &[0; 8]));
    assert_eq!(peer.engine.poll_timeout(), None, "one less than the limit waits");
    peer.frame(kind::PING, 0, 0, &[0; 8]);
    pass(&mut peer, 10 * SECOND - Duration::from_nanos(1));
    assert!(peer.fault().is_none());
    pass(&mut peer, Duration::from_nanos(1));
    peer.assert_over(Reason::ControlFlood { limit: 10 });
}

#[test]
fn what_is_sent_after_a_long_silence_has_its_whole_time() {
    let mut peer = flood();
    let streams: Vec<_> = (0..10).map(|number| peer.request(2 * number + 1, false)).collect();
    // Nothing happens for long, until many calls end at once.
    peer.now += 100 * SECOND;
    peer.engine.note_time(peer.now);
    streams.iter().for_each(|stream| peer.engine.reset(*stream, ErrorCode::Cancel, None));
    pass(&mut peer, 10 * SECOND - Duration::from_nanos(1));
    assert!(peer.fault().is_none());
    pass(&mut peer, Duration::from_nanos(1));
    peer.assert_over(Reason::ControlFlood { limit: 10 });
}

#[test]
fn a_peer_that_reads_them_late_is_not_left() {
    let mut peer = flood();
    for _ in 0..100 {
        (0..10).for_each(|_| peer.frame(kind::PING, 0, 0, &[0; 8]));
        pass(&mut peer, 9 * SECOND);
        assert_eq!(peer.heard().len(), 10);
        peer.engine.outbox();
        assert_eq!(peer.engine.poll_timeout(), None);
    }
    peer.assert_unmoved();
}

/// A server with a reply for which its client has opened no window.
fn shut(config: Config) -> (RawPeer<Connection>, StreamKey) {
    let mut peer = RawPeer::of_server(config);
    peer.settings(&[(id::INITIAL_WINDOW_SIZE, 0)]);
    let stream = peer.request(1, true);
    peer.answer(stream);
    peer.engine.send_data(stream, vec![0; 1_000].into());
    peer.heard();
    (peer, stream)
}

/// How long a stream with a shut window lives.
fn lifetime(peer: &mut RawPeer<Connection>, most: u32) -> Option<u32> {
    (0..most).find(|_| {
        pass(peer, SECOND);
        resets(&peer.heard()) == [(1, ErrorCode::Cancel)]
    })
}

#[test]
fn a_window_that_stays_shut_for_twenty_seconds_costs_the_stream() {
    let (mut peer, stream) = shut(Config::default());
    let lived = lifetime(&mut peer, 100).expect("an end");
    assert!((20..=25).contains(&lived), "{lived} s, a step of a quarter late at most");
    let cause = Cause::Fault(Reason::SendStall { seconds: 20 });
    assert!(peer.told().iter().any(|event| matches!(event, Event::Reset { cause: found, .. } if *found == cause)));
    peer.engine.forget(stream);
    assert_eq!((peer.engine.queued(), peer.engine.open_streams()), (0, 0));
    peer.assert_unmoved();
    assert_eq!(peer.engine.poll_timeout(), None, "nothing waits any more");
}

#[test]
fn a_connection_window_that_stays_shut_costs_every_stream_that_waits() {
    let mut peer = RawPeer::of_client(Config::default());
    peer.settings(&[(id::INITIAL_WINDOW_SIZE, 1 << 20)]);
    let (first, idle) = (peer.open(false), peer.open(false));
    peer.engine.send_data(first, vec![0; 100_000].into());
    peer.heard();
    pass(&mut peer, 30 * SECOND);
    assert_eq!(resets(&peer.heard()), [(first.id(), ErrorCode::Cancel)], "who sends nothing is not late");
    assert!(peer.engine.available_streams() > 0 && idle.id() == 3);
}

#[test]
fn a_slow_reader_is_borne_while_it_reads() {
    let (mut peer, stream) = shut(Config::default());
    for _ in 0..100 {
        pass(&mut peer, 19 * SECOND);
        peer.window(1, 1);
        assert_eq!(resets(&peer.heard()), []);
    }
    assert_eq!(peer.engine.queued_on(stream), 900);
}

#[test]
fn the_time_of_a_stall_is_a_setting_and_can_be_for_ever() {
    let (mut peer, _) = shut(Config { send_stall_timeout: 4 * SECOND, ..Config::default() });
    assert!(lifetime(&mut peer, 100).is_some_and(|lived| (4..=5).contains(&lived)));
    let (mut peer, _) = shut(Config { send_stall_timeout: Duration::MAX, ..Config::default() });
    assert_eq!(peer.engine.poll_timeout(), None);
    assert_eq!(lifetime(&mut peer, 1_000), None);
}

#[test]
fn a_stall_is_noticed_however_long_nothing_was_heard_before() {
    let mut peer = RawPeer::of_server(Config::default());
    peer.settings(&[(id::INITIAL_WINDOW_SIZE, 0)]);
    let stream = peer.request(1, true);
    peer.answer(stream);
    peer.now += 10_000 * SECOND;
    peer.engine.send_data(stream, vec![0; 1_000].into());
    peer.heard();
    let lived = lifetime(&mut peer, 100).expect("an end");
    assert!((19..=26).contains(&lived), "{lived} s");
}

#[test]
fn large_header_lists_within_the_limit_are_taken_and_told() {
    let large = |length: usize| [&GET[..], &[("x", "v".repeat(length).leak())]].concat();
    for (length, told) in [(8_000, true), (7_000, false)] {
        let mut peer = RawPeer::of_server(Config::default());
        peer.headers(1, &large(length), true);
        let events = peer.told();
        let incident = Incident::LargeHeaders { serial: 1, limit: 8_192, refused: false };
        let found = events.iter().any(|event| match event {
            Event::Incident(seen) => format!("{seen:?}") == format!("{incident:?}"),
            _ => false,
        });
        assert_eq!(found, told, "{length} bytes");
        assert!(events.iter().any(|event| matches!(event, Event::Headers { .. })), "it is served");
    }
}

//= RFC 9113 §6.5.2: SETTINGS_MAX_HEADER_LIST_SIZE says what the peer is ready to take
//= RFC 9113 §6.5: every defined setting is obeyed
#[test]
fn what_the_peer_takes_of_a_header_list_is_known() {
    let mut peer = RawPeer::of_client(Config::default());
    let fields = list(&GET);
    let size = u32::try_from(fields.list_size()).unwrap();
    assert_eq!(peer.engine.check_list(&[Part::Fresh(&fields)]), Ok(()), "a peer that says nothing takes all");
    peer.settings(&[(id::MAX_HEADER_LIST_SIZE, size)]);
    assert_eq!(peer.engine.check_list(&[Part::Fresh(&fields)]), Ok(()));
    peer.settings(&[(id::MAX_HEADER_LIST_SIZE, size - 1)]);
    assert_eq!(peer.engine.check_list(&[Part::Fresh(&fields)]), Err(Reason::PeerHeaderList { size, limit: size - 1 }));
    peer.heard();
    let unsent = peer.engine.open_unsent().unwrap();
    peer.engine.reset(unsent, ErrorCode::NoError, None);
    peer.engine.forget(unsent);
    assert!(peer.heard().is_empty(), "the peer hears nothing of it");
    assert_eq!((peer.open(true).id(), peer.heard()[0].stream), (3, 3));
    peer.write(settings::encode_ack);
    peer.frame(kind::HEADERS, flag::END_HEADERS | flag::END_STREAM, 3, &[0x88]);
    peer.assert_unmoved();
}

#[test]
fn a_peer_that_does_not_even_read_the_end_is_not_waited_for() {
    let mut peer = RawPeer::of_server(Config::default());
    peer.engine.abort(Reason::HandshakeTimeout);
    assert!(!peer.engine.is_drained());
    pass(&mut peer, 19 * SECOND);
    assert!(!peer.engine.is_drained());
    pass(&mut peer, SECOND);
    assert!(peer.engine.is_drained());
}

#[test]
fn the_last_bytes_have_their_time_however_long_nothing_happened_before() {
    let mut peer = RawPeer::of_server(Config::default());
    peer.now += Duration::from_secs(3_600);
    peer.engine.abort(Reason::HandshakeTimeout);
    peer.engine.handle_timeout(peer.now);
    pass(&mut peer, 9 * SECOND);
    assert!(!peer.engine.is_drained());
    pass(&mut peer, SECOND);
    assert!(peer.engine.is_drained());
}
