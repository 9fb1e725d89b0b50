//! Who holds how many bytes, how they are given back, and what a call that is over may still do.

use super::*;

#[test]
fn credit_of_a_message_comes_back_when_it_is_consumed() {
    let mut config = Config::default();
    config.h2.max_window = 65_536;
    let mut peer = server(config);
    peer.headers(1, &CALL, false);
    let bytes = framed(0, &[0; 50_000]);
    for piece in bytes.chunks(16_384) {
        peer.data(1, piece, false);
    }
    let told = peer.told();
    let Some(Event::Message { call, credit: held, .. }) = told.last() else { panic!("{told:?}") };
    // Pieces of a message that had not come to its end were given back on arrival: it must fit any window.
    let early = credit(&peer.heard(), 1);
    peer.engine.release(*call, *held);
    let later = credit(&peer.heard(), 1);
    assert!(early + later >= 50_005 - 16_384 && early + later <= 50_005, "{early} and {later}");
}

#[test]
fn a_second_message_waits_in_the_window_while_the_first_is_not_consumed() {
    let mut config = Config::default();
    config.h2.max_window = 65_536;
    let mut peer = server(config);
    peer.headers(1, &CALL, false);
    peer.data(1, &framed(0, b"first"), false);
    let told = peer.told();
    let Some(Event::Message { call, credit: held, .. }) = told.last() else { panic!("{told:?}") };
    let mut open = 65_536 - 10;
    let second = framed(0, &[0; 200_000]);
    let mut rest = &second[..];
    while open > 0 && !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.len().min(16_384).min(open));
        peer.data(1, piece, false);
        peer.told();
        open = open - piece.len() + credit(&peer.heard(), 1) as usize;
        rest = after;
    }
    assert!(!rest.is_empty(), "a slow reader holds one window");
    assert_eq!(peer.engine.unfinished(), (second.len() - rest.len()) as u64);
    peer.engine.release(*call, *held);
    assert!(credit(&peer.heard(), 1) > 60_000, "consuming the first lets the second come");
}

#[test]
fn credit_that_was_never_held_is_not_given_twice() {
    let mut peer = server(Config::default());
    peer.headers(1, &CALL, false);
    let bytes = framed(0, &[0; 10_000]);
    peer.data(1, &bytes, false);
    let told = peer.told();
    let Some(Event::Message { call, credit: held, .. }) = told.last() else { panic!("{told:?}") };
    for _ in 0..10 {
        peer.engine.release(*call, *held);
    }
    peer.engine.release(*call, u32::MAX);
    assert!(credit(&peer.heard(), 1) <= 10_005);
}

#[test]
fn unfinished_messages_of_all_calls_share_one_budget() {
    let mut peer = server(Config { unfinished_limit: 30_000, ..Config::default() });
    for stream in [1, 3, 5] {
        peer.headers(stream, &CALL, false);
        peer.data(stream, &framed(0, &[0; 20_000])[..9_000], false);
    }
    let opened = peer.told().len();
    assert_eq!((opened, peer.engine.unfinished()), (3, 27_000));
    peer.data(3, &[0; 5_000], false);
    assert_eq!(cancelled(&mut peer), (Code::ResourceExhausted, Some("8".into())));
    assert_eq!(peer.engine.unfinished(), 18_000, "what the refused call held is free");
    peer.data(1, &[0; 11_005], true);
    let told = peer.told();
    assert_eq!(messages(&told).len(), 1);
    assert_eq!(peer.engine.unfinished(), 9_000);
    peer.reset(5, ErrorCode::Cancel);
    peer.told();
    assert_eq!(peer.engine.unfinished(), 0);
}

#[test]
fn where_the_budget_would_be_passed_one_unfinished_message_at_a_time_gets_credit() {
    let mut peer = server(Config { unfinished_limit: (3 * 65_536 + 60_000) / 7 * 8, ..Config::default() });
    let bytes = framed(0, &[0; 100_000]);
    let pieces: Vec<&[u8]> = bytes.chunks(16_384).collect();
    peer.headers(1, &CALL, false);
    peer.headers(3, &CALL, false);
    peer.headers(5, &CALL, false);
    let mut credit_for = |stream: u32, pieces: &[&[u8]]| {
        let mut whole = 0;
        for piece in pieces {
            peer.data(stream, piece, false);
            whole += messages(&peer.told()).len();
        }
        let heard = peer.heard();
        ([1, 3, 5].map(|stream| credit(&heard, stream)), whole)
    };
    // Three windows, and 60,000 bytes beyond them.
    assert_eq!(credit_for(1, &pieces[..2]), ([32_768, 0, 0], 0), "until then everybody gets credit on arrival");
    assert_eq!(credit_for(3, &pieces[..1]), ([0, 16_384, 0], 0));
    assert_eq!(credit_for(5, &pieces[..2]), ([0, 0, 32_768], 0), "who passes it is the one that may go on");
    assert_eq!(credit_for(1, &pieces[2..3]), ([0, 0, 0], 0), "the others wait");
    let (credit, whole) = credit_for(5, &pieces[2..]);
    assert_eq!((credit[0], whole), (16_384, 1), "until its message is whole");
}

#[test]
fn a_call_that_waited_for_credit_and_ended_holds_up_nobody() {
    let mut peer = server(Config { unfinished_limit: 2 * 65_536 + 40_000, ..Config::default() });
    let bytes = framed(0, &[0; 60_000]);
    for stream in [1, 3] {
        peer.headers(stream, &CALL, false);
        peer.data(stream, &bytes[..16_384], false);
        peer.data(stream, &bytes[16_384..32_768], false);
    }
    peer.told();
    peer.reset(1, ErrorCode::Cancel);
    peer.reset(3, ErrorCode::Cancel);
    peer.told();
    assert_eq!(peer.engine.unfinished(), 0);
    peer.headers(5, &CALL, false);
    for piece in bytes.chunks(16_384) {
        peer.data(5, piece, false);
    }
    assert_eq!(messages(&peer.told()).len(), 1);
}

#[test]
fn data_for_a_call_that_was_refused_is_dropped_and_its_credit_given_back() {
    let mut config = Config { receive_limit: 10, ..Config::default() };
    config.h2.max_window = 65_536;
    let mut peer = server(config);
    peer.headers(1, &CALL, false);
    peer.data(1, &[0, 0, 0, 0, 11], false);
    peer.told();
    let mut granted = credit(&peer.heard(), 1);
    for _ in 0..8 {
        peer.data(1, &[0; 16_384], false);
        peer.told();
        granted += credit(&peer.heard(), 1);
    }
    assert!(granted >= 7 * 16_384, "the peer can come to its end");
    assert_eq!(peer.engine.unfinished(), 0);
}

#[test]
fn a_handler_that_was_cancelled_sends_nothing_more() {
    let mut peer = server(Config { receive_limit: 10, ..Config::default() });
    peer.headers(1, &CALL, false);
    let Some(Event::Request { call, .. }) = peer.told().pop() else { panic!("a request") };
    peer.engine.reply_head(call, &ReplyHead::default());
    peer.engine.send(call, framed(0, &[1; 70_000]).into());
    peer.heard();
    peer.data(1, &[0, 0, 0, 0, 11], false);
    peer.told();
    peer.engine.send(call, framed(0, &[2; 10_000]).into());
    peer.window(0, 1 << 20);
    peer.window(1, 1 << 20);
    let heard = peer.heard();
    let late = heard.iter().filter(|frame| frame.kind == kind::DATA).any(|frame| frame.payload.contains(&2));
    assert!(!late, "what it sent before its end leaves, and nothing after it");
    assert_eq!(heard.iter().rev().find_map(|frame| frame.field("grpc-status")), Some("8"));
}

#[test]
fn messages_never_leave_before_response_headers() {
    let mut peer = server(Config::default());
    peer.headers(1, &CALL, true);
    let told = peer.told();
    let Some(Event::Request { call, .. }) = told.first() else { panic!("{told:?}") };
    peer.engine.send(*call, framed(0, b"x").into());
    let heard = peer.heard();
    let kinds: Vec<u8> = heard.iter().map(|frame| frame.kind).collect();
    assert_eq!(kinds, [kind::HEADERS, kind::DATA]);
}

#[test]
fn no_event_of_a_call_follows_its_end() {
    let mut peer = server(Config::default());
    peer.headers(1, &CALL, true);
    let told = peer.told();
    let Some(Event::Request { call, .. }) = told.first() else { panic!("{told:?}") };
    let mut body = crate::grpc::EncodeBuf::new(1 << 20);
    body.begin_message();
    body.put_slice(&[0; 200_000]);
    body.end_message(false).unwrap();
    peer.engine.reply(*call, &ReplyHead::default(), &mut body, &ReplyEnd::OK);
    peer.window(0, 1 << 20);
    peer.window(1, 1 << 20);
    peer.heard();
    assert!(peer.told().is_empty(), "its application has said all that it had to");
    assert_eq!(peer.engine.open_calls(), 0);
}
