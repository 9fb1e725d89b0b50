//! The send side: windows of the peer, turns, fairness, and the order of what leaves. RFC 9113 §5.2 and §6.9.

use bytes::Bytes;

use crate::error::Reason;
use crate::h2::frame::kind;
use crate::h2::frame::settings::id;
use crate::h2::{Config, Connection, Event, StreamKey};
use crate::raw_peer::{Frame, GET, RawPeer, body, list, resets};

const TURN: usize = 16 << 10;

fn server() -> RawPeer<Connection> {
    RawPeer::of_server(Config::default())
}

/// A server whose peer has opened its windows all the way.
fn open_server() -> RawPeer<Connection> {
    let mut peer = server();
    peer.settings(&[(id::INITIAL_WINDOW_SIZE, 0x7fff_ffff)]);
    peer.window(0, 0x7fff_ffff - 65_535);
    peer.heard();
    peer
}

fn answered(peer: &mut RawPeer<Connection>, id: u32) -> StreamKey {
    let stream = peer.request(id, true);
    peer.answer(stream);
    stream
}

fn sent(heard: &[Frame], stream: u32) -> usize {
    body(heard, stream).len()
}

//= RFC 9113 §5.2.1, §6.9.1: no DATA passes the windows that the receiver has given
#[test]
fn the_windows_of_stream_and_connection_are_kept() {
    let mut peer = server();
    let (first, second) = (answered(&mut peer, 1), answered(&mut peer, 3));
    peer.engine.send_data(first, vec![1; 60_000].into());
    peer.engine.send_data(second, vec![3; 60_000].into());
    let heard = peer.heard();
    assert_eq!(sent(&heard, 1) + sent(&heard, 3), 65_535, "the connection's window");
    peer.window(0, 1 << 20);
    let heard = [heard, peer.heard()].concat();
    assert_eq!((sent(&heard, 1), sent(&heard, 3)), (60_000, 60_000));
    peer.engine.send_data(first, vec![1; 10_000].into());
    assert_eq!(sent(&peer.heard(), 1), 5_535, "the stream's window");
    peer.window(1, 1);
    assert_eq!(sent(&peer.heard(), 1), 1);
    peer.window(1, 100_000);
    assert_eq!((sent(&peer.heard(), 1), peer.engine.queued()), (4_464, 0));
}

//= RFC 9113 §6.9.2: a new initial window moves the windows of all streams by the difference
//= RFC 9113 §6.9.2: a window can become negative, and nothing passes until it is positive
//= RFC 9113 §6.5: every defined setting is obeyed
#[test]
fn settings_move_the_windows_of_open_streams_below_zero_and_back() {
    let mut peer = server();
    let stream = answered(&mut peer, 1);
    peer.engine.send_data(stream, vec![0; 50_000].into());
    assert_eq!(sent(&peer.heard(), 1), 50_000);
    peer.settings(&[(id::INITIAL_WINDOW_SIZE, 10_000)]);
    // The window is 10,000 - 50,000 now.
    peer.engine.send_data(stream, vec![0; 100].into());
    peer.window(1, 40_000);
    assert_eq!(sent(&peer.heard(), 1), 0);
    peer.window(1, 30);
    assert_eq!(sent(&peer.heard(), 1), 30);
    peer.settings(&[(id::INITIAL_WINDOW_SIZE, 10_050)]);
    assert_eq!(sent(&peer.heard(), 1), 50);
    peer.settings(&[(id::INITIAL_WINDOW_SIZE, 20_000)]);
    assert_eq!((sent(&peer.heard(), 1), peer.engine.queued()), (20, 0));
}

//= RFC 9113 §6.9.1: an update that takes a window above 2^31-1 ends the stream, or the connection
//= RFC 9113 §6.9.2: a new initial window that takes a window above 2^31-1 is a connection error
#[test]
fn a_window_above_its_maximum_is_a_fault_of_its_reach() {
    let mut peer = server();
    peer.headers(1, &GET, false);
    peer.window(1, 0x7fff_ffff - 65_535);
    peer.assert_unmoved();
    peer.window(1, 1);
    peer.assert_reset(1, Reason::WindowOverflow { stream: 1 });
    peer.window(0, 0x7fff_ffff - 65_535);
    peer.assert_unmoved();
    peer.window(0, 1);
    peer.assert_over(Reason::WindowOverflow { stream: 0 });
    let mut peer = server();
    peer.headers(1, &GET, false);
    peer.window(1, 10);
    peer.settings(&[(id::INITIAL_WINDOW_SIZE, 0x7fff_ffff)]);
    peer.assert_over(Reason::WindowOverflow { stream: 1 });
}

//= RFC 9113 §6.9: an increment of 0 is a stream error, on the connection's window a connection error
#[test]
fn an_increment_of_zero_ends_the_stream_or_the_connection() {
    let mut peer = server();
    peer.headers(1, &GET, false);
    peer.window(1, 0);
    peer.assert_reset(1, Reason::ZeroIncrement { stream: 1 });
    peer.window(0, 0);
    peer.assert_over(Reason::ZeroIncrement { stream: 0 });
}

#[test]
fn a_small_reply_beside_a_large_stream_leaves_within_two_turns_whatever_the_socket_takes() {
    for (step, past_the_line) in
        [1, 100, 5_000, 16_384, 20_000, 32_787].into_iter().flat_map(|step| [(step, false), (step, true)])
    {
        let mut peer = open_server();
        let large = answered(&mut peer, 1);
        peer.engine.send_data(large, vec![1; 64 << 20].into());
        while peer.take(step).iter().all(|frame| frame.kind != kind::DATA) {}
        let small = answered(&mut peer, 3);
        match past_the_line {
            true => assert!(peer.engine.send_data_now(small, &[3; 1_024], false)),
            false => peer.engine.send_data(small, vec![3; 1_024].into()),
        }
        peer.engine.end_with(small, &list(&[("grpc-status", "0")]));
        let (mut foreign, mut taken) = (0, 0);
        loop {
            let frames = peer.take(step);
            taken += step;
            foreign += sent(&frames, 1);
            if sent(&frames, 3) > 0 {
                break;
            }
            assert!(taken < 1 << 20, "it leaves");
        }
        // The frame that the socket was in the middle of ends here too.
        assert!(
            foreign <= 3 * TURN && taken <= 2 * (TURN + 9) + 1_200 + step,
            "{foreign} before it, {taken} taken by {step}"
        );
    }
}

#[test]
fn the_head_and_the_last_bytes_of_a_body_leave_with_its_turns() {
    for (length, waits) in [(2 * TURN + 5, 2 * (TURN + 9) + 5 + 9), (3 * TURN, 2 * (TURN + 9)), (5, 5 + 9)] {
        let mut peer = open_server();
        let stream = answered(&mut peer, 1);
        let head = peer.engine.outbox().len();
        peer.engine.send_data(stream, vec![0; length].into());
        assert_eq!(peer.engine.outbox().len(), head + waits);
    }
}

#[test]
fn never_more_than_two_turns_wait_for_the_socket() {
    let mut peer = open_server();
    let stream = answered(&mut peer, 1);
    peer.engine.send_data(stream, vec![0; 1 << 20].into());
    peer.take(1_000);
    for step in [1, 10_000, 99, 16_400, 3] {
        assert!(peer.engine.outbox().len() <= 2 * (TURN + 9));
        peer.take(step);
    }
    // The last 2 KiB of a turn take no place of the next ones.
    let two_turns = 2 * (TURN + 9);
    let mut peer = open_server();
    let stream = answered(&mut peer, 1);
    let head = peer.engine.outbox().len();
    peer.engine.send_data(stream, vec![0; 1 << 20].into());
    assert_eq!(peer.engine.outbox().len(), head + two_turns);
    peer.take(head + two_turns - (2 << 10));
    assert_eq!(peer.engine.outbox().len(), two_turns + (2 << 10));
    peer.take(two_turns - 1);
    assert_eq!(peer.engine.outbox().len(), (2 << 10) + 1 + TURN + 9, "one byte more does");
}

#[test]
fn streams_take_turns() {
    let mut peer = open_server();
    let streams: Vec<_> = [1, 3, 5].into_iter().map(|id| answered(&mut peer, id)).collect();
    peer.heard();
    for stream in &streams {
        peer.engine.send_data(*stream, vec![0; 3 * TURN].into());
    }
    let order: Vec<u32> = peer.heard().iter().map(|frame| frame.stream).collect();
    assert_eq!(order, [1, 3, 5, 1, 3, 5, 1, 3, 5]);
}

#[test]
fn a_stream_with_a_shut_window_never_holds_up_another() {
    let mut peer = server();
    peer.window(0, 1 << 30);
    let (shut, open) = (answered(&mut peer, 1), answered(&mut peer, 3));
    peer.engine.send_data(shut, vec![1; 1 << 20].into());
    assert_eq!(sent(&peer.heard(), 1), 65_535);
    peer.engine.send_data(open, vec![3; 1_000].into());
    peer.engine.end(open);
    let heard = peer.heard();
    assert_eq!((sent(&heard, 3), sent(&heard, 1)), (1_000, 0));
    assert!(heard.last().unwrap().ends());
}

//= RFC 9113 §6.9.1: frames without bytes pass, whatever the window
#[test]
fn ends_and_headers_pass_a_shut_window_of_the_connection() {
    let mut peer = RawPeer::of_client(Config::default());
    peer.settings(&[(id::INITIAL_WINDOW_SIZE, 1 << 20)]);
    peer.heard();
    let (full, ending) = (peer.open(false), peer.open(false));
    peer.engine.send_data(full, vec![0; 100_000].into());
    assert_eq!(sent(&peer.heard(), 1), 65_535);
    peer.engine.end(ending);
    let heard = peer.heard();
    assert_eq!((heard.len(), heard[0].stream, heard[0].payload.len(), heard[0].ends()), (1, 3, 0, true));
    let third = peer.open(false);
    peer.engine.end_with(third, &list(&[("x", "trailers")]));
    assert_eq!(peer.heard().len(), 2);
}

#[test]
fn replies_past_the_line_do_not_starve_those_who_wait_in_it() {
    let mut peer = server();
    peer.settings(&[(id::INITIAL_WINDOW_SIZE, 1 << 30)]);
    let large = answered(&mut peer, 1);
    peer.engine.send_data(large, vec![1; 1 << 20].into());
    assert_eq!(sent(&peer.heard(), 1), 65_535, "the connection's window is spent");
    let mut got = 0;
    for id in (3..200).step_by(2) {
        peer.window(0, 1_024);
        let small = answered(&mut peer, id);
        if !peer.engine.send_data_now(small, &[3; 1_024], false) {
            peer.engine.send_data(small, vec![3; 1_024].into());
        }
        peer.engine.end(small);
        peer.engine.forget(small);
        got += sent(&peer.heard(), 1);
    }
    assert!(got > 10_000, "the large stream got {got} of 100,352 bytes");
}

#[test]
fn turns_of_streams_that_are_gone_do_not_pile_up() {
    let mut peer = server();
    let large = answered(&mut peer, 1);
    peer.engine.send_data(large, vec![1; 1 << 20].into());
    peer.heard();
    for id in (3..20_001).step_by(2) {
        let stream = answered(&mut peer, id);
        peer.engine.send_data(stream, vec![2; 10].into());
        peer.reset(id, crate::h2::ErrorCode::Cancel);
        peer.told();
        peer.engine.forget(stream);
    }
    assert!(peer.engine.streams.line.len() <= 2, "{} turns", peer.engine.streams.line.len());
    assert_eq!(peer.engine.queued(), peer.engine.queued_on(large));
}

#[test]
fn small_messages_share_a_frame() {
    let mut peer = open_server();
    let stream = answered(&mut peer, 1);
    peer.heard();
    for byte in 0..100 {
        peer.engine.send_data(stream, vec![byte; 50].into());
    }
    peer.engine.end(stream);
    let heard = peer.heard();
    assert_eq!((heard.len(), heard[0].payload.len(), heard[0].ends()), (1, 5_000, true));
    let expected: Vec<u8> = (0..100).flat_map(|byte| [byte; 50]).collect();
    assert_eq!(heard[0].payload, expected);
}

//= RFC 9113 §4.1: no frame is longer than the peer's SETTINGS_MAX_FRAME_SIZE
#[test]
fn data_leaves_in_its_order_whatever_the_socket_takes() {
    for step in [1, 7, 4_096, 10_001] {
        let mut peer = open_server();
        let stream = answered(&mut peer, 1);
        let mut expected = Vec::new();
        for (nth, length) in [3, 5_000, 0, 1, 40_000, 12, 4_096, 4_095].into_iter().enumerate() {
            let piece = vec![nth as u8; length];
            expected.extend_from_slice(&piece);
            peer.engine.send_data(stream, Bytes::from(piece));
        }
        peer.engine.end_with(stream, &list(&[("last", "1")]));
        let mut heard = Vec::new();
        while !peer.engine.outbox().is_empty() {
            heard.extend(peer.take(step));
        }
        assert_eq!(body(&heard, 1), expected, "steps of {step}");
        assert_eq!(heard.last().unwrap().field("last"), Some("1"));
        assert!(heard.iter().all(|frame| frame.payload.len() <= TURN));
    }
}

#[test]
fn what_is_sent_after_the_end_is_dropped() {
    let mut peer = server();
    let stream = answered(&mut peer, 1);
    peer.engine.send_data(stream, vec![1; 70_000].into());
    peer.engine.end_with(stream, &list(&[("x", "1")]));
    peer.engine.send_data(stream, vec![2; 10].into());
    peer.engine.end(stream);
    peer.window(1, 1 << 20);
    peer.window(0, 1 << 20);
    let heard = peer.heard();
    assert_eq!(sent(&heard, 1), 70_000);
    assert_eq!(heard.iter().filter(|frame| frame.ends()).count(), 1);
}

#[test]
fn room_is_told_in_steps_of_a_turn() {
    let mut peer = open_server();
    let stream = answered(&mut peer, 1);
    peer.engine.send_data(stream, vec![0; 3 * TURN + 5].into());
    peer.heard();
    let room: Vec<u32> = peer
        .told()
        .into_iter()
        .filter_map(|event| match event {
            Event::Room { bytes, .. } => Some(bytes),
            _ => None,
        })
        .collect();
    assert_eq!(room, [TURN as u32; 3]);
}

//= RFC 9113 §5.2.1, §6.9.1: no DATA passes the windows that the receiver has given
#[test]
fn a_small_body_passes_the_line_only_if_windows_and_order_allow_it() {
    let mut peer = server();
    let stream = answered(&mut peer, 1);
    assert!(peer.engine.send_data_now(stream, &[1; 10], false));
    assert!(!peer.engine.send_data_now(stream, &[1; TURN + 1], false), "more than a turn");
    peer.engine.send_data(stream, vec![2; 65_535].into());
    assert!(!peer.engine.send_data_now(stream, &[3; 10], false), "others of its stream wait before it");
    assert_eq!(sent(&peer.heard(), 1), 65_535);
    let next = answered(&mut peer, 3);
    assert!(!peer.engine.send_data_now(next, &[3; 10], false), "the connection's window is shut");
    assert!(resets(&peer.heard()).is_empty());
    let mut peer = server();
    peer.settings(&[(id::INITIAL_WINDOW_SIZE, 9)]);
    let narrow = answered(&mut peer, 1);
    let before = peer.engine.windows();
    assert!(!peer.engine.send_data_now(narrow, &[1; 10], false), "the stream's window is too small");
    assert_eq!(peer.engine.windows(), before, "what was not sent is not counted");
    assert!(peer.engine.send_data_now(narrow, &[1; 9], false));
}
