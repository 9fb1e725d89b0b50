//! Who may open which stream, what may come on it, and what is still tolerated afterwards: RFC 9113 §5.1.

use crate::error::Reason;
use crate::h2::event::Cause;
use crate::h2::frame::kind;
use crate::h2::frame::settings::id;
use crate::h2::{Config, Connection, ErrorCode, Event, Role};
use crate::raw_peer::{GET, RawPeer, list, resets};

fn server() -> RawPeer<Connection> {
    RawPeer::of_server(Config::default())
}

fn client() -> RawPeer<Connection> {
    RawPeer::of_client(Config::default())
}

const OK: [(&str, &str); 1] = [(":status", "200")];

//= RFC 9113 §5.1.1: clients open odd streams, servers even ones
//= RFC 9113 §5.1.1: every new stream has a larger number than all before it
#[test]
fn a_client_opens_odd_streams_upwards_from_1() {
    let mut peer = client();
    let ids: Vec<u32> = (0..3).map(|_| peer.open(true).id()).collect();
    assert_eq!(ids, [1, 3, 5]);
    let opened: Vec<u32> = peer.heard().iter().map(|frame| frame.stream).collect();
    assert_eq!(opened, [1, 3, 5]);
}

//= RFC 9113 §5.1.1: the peer opens streams of its own parity only, each number larger than the last
#[test]
fn a_server_takes_odd_streams_only() {
    for stream in [2, 4, 0x7fff_fffe] {
        let mut peer = server();
        peer.headers(stream, &GET, true);
        peer.assert_over(Reason::StreamId { stream });
    }
}

//= RFC 9113 §5.1: HEADERS of a server never open a stream
#[test]
fn a_client_takes_no_stream_of_a_server() {
    for stream in [1, 2, 9] {
        let mut peer = client();
        peer.headers(stream, &OK, true);
        peer.assert_over(Reason::StreamId { stream });
    }
}

//= RFC 9113 §5.1.1: the peer opens streams of its own parity only, each number larger than the last
//= RFC 9113 §5.1.1: a number that was passed over is closed, and can never be opened
#[test]
fn a_stream_below_the_last_cannot_be_opened_any_more() {
    let mut peer = server();
    peer.headers(5, &GET, true);
    peer.headers(3, &GET, true);
    peer.assert_over(Reason::StreamId { stream: 3 });
}

//= RFC 9113 §5.1: on an idle stream only HEADERS and PRIORITY may come
//= RFC 9113 §6.4: RST_STREAM on an idle stream is a connection error
//= RFC 9113 §6.4: an idle stream is never reset
#[test]
fn on_an_idle_stream_only_headers_and_priority_may_come() {
    for (kind, length) in [(kind::DATA, 1), (kind::RST_STREAM, 4), (kind::WINDOW_UPDATE, 4)] {
        for (mut peer, stream) in [(server(), 5), (server(), 2), (client(), 1), (client(), 2)] {
            peer.frame(kind, 0, stream, &vec![1; length]);
            peer.assert_over(Reason::IdleStream { kind, stream });
        }
    }
    let mut peer = server();
    peer.window(5, 0);
    peer.assert_over(Reason::IdleStream { kind: kind::WINDOW_UPDATE, stream: 5 });
}

//= RFC 9113 §5.1: what follows END_STREAM is a stream error of type STREAM_CLOSED
//= RFC 9113 §6.1: DATA on a stream that its sender has ended is a stream error of type STREAM_CLOSED
#[test]
fn after_its_end_a_stream_takes_no_data_and_no_headers() {
    let mut peer = server();
    peer.headers(1, &GET, true);
    peer.data(1, b"late", false);
    peer.assert_reset(1, Reason::ClosedStream { kind: kind::DATA, stream: 1 });
    peer.headers(3, &GET, true);
    peer.headers(3, &[("a", "b")], true);
    peer.assert_reset(3, Reason::ClosedStream { kind: kind::HEADERS, stream: 3 });
    let told = peer.told();
    let ended = told.iter().filter(|event| matches!(event, Event::Reset { cause: Cause::Fault(_), .. })).count();
    assert_eq!(ended, 2, "{told:?}");
}

//= RFC 9113 §6.9: a window update for a stream that is over is no error
#[test]
fn after_its_end_a_stream_takes_windows_resets_and_priorities() {
    let mut peer = server();
    peer.headers(1, &GET, true);
    peer.window(1, 10);
    peer.frame(kind::PRIORITY, 0, 1, &[0; 5]);
    peer.assert_unmoved();
    peer.reset(1, ErrorCode::Cancel);
    peer.assert_unmoved();
    assert!(matches!(peer.told().last(), Some(Event::Reset { cause: Cause::Peer(ErrorCode::Cancel), .. })));
}

//= RFC 9113 §5.1: HEADERS on a stream that both sides had ended may end the connection
//= RFC 9113 §6.9: a window update for a stream that is over is no error
#[test]
fn a_closed_stream_answers_data_with_one_reset_and_ends_the_connection_for_headers() {
    let mut peer = server();
    let stream = peer.request(1, true);
    peer.engine.send_headers(stream, &list(&OK), true);
    peer.engine.forget(stream);
    assert_eq!((peer.engine.open_streams(), resets(&peer.heard())), (0, vec![]));
    peer.window(1, 5);
    peer.window(1, 0);
    peer.reset(1, ErrorCode::NoError);
    peer.frame(kind::PRIORITY, 0, 1, &[0; 5]);
    peer.assert_unmoved();
    peer.data(1, b"late", false);
    peer.assert_reset(1, Reason::ClosedStream { kind: kind::DATA, stream: 1 });
    peer.data(1, b"later", false);
    peer.assert_unmoved();
    let mut peer = server();
    let stream = peer.request(1, true);
    peer.engine.send_headers(stream, &list(&OK), true);
    peer.engine.forget(stream);
    peer.headers(1, &GET, true);
    peer.assert_over(Reason::ClosedStream { kind: kind::HEADERS, stream: 1 });
}

//= RFC 9113 §5.1: what follows our reset is decoded and counted, then dropped
//= RFC 9113 §5.4.2, §6.4: what the peer had under way when this side reset a stream is taken
//= RFC 9113 §6.9: DATA counts on the connection's window, whatever becomes of its stream
#[test]
fn what_was_sent_before_our_reset_was_known_is_ignored_but_counted_and_decoded() {
    let mut peer = client();
    let stream = peer.open(false);
    peer.engine.reset(stream, ErrorCode::Cancel, None);
    peer.engine.forget(stream);
    assert_eq!(resets(&peer.heard()), [(1, ErrorCode::Cancel)]);
    let mut block = Vec::new();
    peer.encoder.begin_block(&mut block);
    peer.encoder.encode(b":status", b"200", crate::h2::Indexing::Plain, &mut block);
    peer.encoder.encode(b"x-late", b"but indexed", crate::h2::Indexing::Index, &mut block);
    peer.frame(kind::HEADERS, crate::h2::frame::flag::END_HEADERS, 1, &block);
    for _ in 0..64 {
        peer.data(1, &[0; 16_384], false);
    }
    peer.window(1, 9);
    peer.reset(1, ErrorCode::NoError);
    let heard = peer.heard();
    assert!(resets(&heard).is_empty());
    assert!(crate::raw_peer::credit(&heard, 0) >= 900_000, "the connection's credit comes back");
    peer.open(true);
    peer.headers(3, &[(":status", "200"), ("x-late", "but indexed")], true);
    let told = peer.told();
    let Some(Event::Headers { fields, .. }) = told.last() else { panic!("{told:?}") };
    assert_eq!(fields.get(b"x-late"), Some(&b"but indexed"[..]));
}

//= RFC 9113 §5.4.2, §6.4: what the peer had under way when this side reset a stream is taken
#[test]
fn what_was_under_way_costs_nothing_while_the_application_still_holds_its_stream() {
    for (mut peer, config) in [(server(), Config::default()), (client(), Config::default())] {
        let stream = match peer.engine.role() {
            Role::Server => peer.request(1, false),
            Role::Client => peer.open(false),
        };
        peer.engine.reset(stream, ErrorCode::Cancel, None);
        peer.heard();
        for _ in 0..2 * config.reset_budget {
            peer.data(1, &[0; 100], false);
        }
        peer.assert_unmoved();
        peer.engine.forget(stream);
    }
}

#[test]
fn an_answer_to_a_stream_reset_long_ago_costs_no_other_stream() {
    let mut peer = client();
    let kept = peer.open(true);
    let first = peer.open(true);
    peer.engine.reset(first, ErrorCode::Cancel, None);
    peer.engine.forget(first);
    for _ in 0..1_000 {
        let stream = peer.open(true);
        peer.engine.reset(stream, ErrorCode::Cancel, None);
        peer.engine.forget(stream);
    }
    peer.heard();
    peer.headers(first.id(), &OK, true);
    peer.assert_reset(first.id(), Reason::ClosedStream { kind: kind::HEADERS, stream: first.id() });
    peer.headers(kept.id(), &OK, true);
    assert!(matches!(peer.told().last(), Some(Event::Headers { stream, end: true, .. }) if *stream == kept));
}

//= RFC 9113 §5.1.2: a stream above the limit is refused, so that the peer may try it again elsewhere
//= RFC 9113 §8.7: a stream is called unprocessed only before the application has heard of it
#[test]
fn a_stream_above_the_limit_is_refused_and_its_block_decoded() {
    let mut peer = RawPeer::of_server(Config { max_concurrent_streams: 2, ..Config::default() });
    peer.headers(1, &GET, false);
    peer.headers(3, &GET, true);
    let block = {
        let mut block = Vec::new();
        peer.encoder.begin_block(&mut block);
        for (name, value) in GET.iter().chain(&[("x-refused", "but indexed")]) {
            peer.encoder.encode(name.as_bytes(), value.as_bytes(), crate::h2::Indexing::Index, &mut block);
        }
        block
    };
    peer.write(|out| crate::h2::frame::headers::encode(5, &block, false, 16_384, out));
    peer.assert_reset(5, Reason::TooManyStreams { limit: 2 });
    peer.data(5, b"sent before it knew", true);
    peer.assert_unmoved();
    let requests = peer.told().iter().filter(|event| matches!(event, Event::Headers { .. })).count();
    assert_eq!((requests, peer.engine.open_streams()), (2, 2));
}

//= RFC 9113 §5.1.2: no more streams are opened than the peer allows
#[test]
fn no_more_streams_are_opened_than_the_peer_allows_at_the_time() {
    let mut peer = client();
    peer.settings(&[(id::MAX_CONCURRENT_STREAMS, 2)]);
    let streams = [peer.open(true), peer.open(true)];
    assert!(peer.engine.open(&list(&GET), true).is_none());
    peer.settings(&[(id::MAX_CONCURRENT_STREAMS, 1)]);
    for (stream, may_open) in streams.into_iter().zip([false, true]) {
        peer.headers(stream.id(), &OK, true);
        peer.engine.forget(stream);
        assert_eq!(peer.engine.open(&list(&GET), true).is_some(), may_open);
    }
    let opened = peer.heard().iter().filter(|frame| frame.kind == kind::HEADERS).count();
    assert_eq!(opened, 3);
}

//= RFC 9113 §5.1: nothing is sent on a stream that is closed
//= RFC 9113 §5.4.2: a reset is never answered by a reset
//= RFC 9113 §6.4: after the peer's reset nothing more of a stream is sent
#[test]
fn a_reset_is_answered_by_nothing_and_nothing_more_leaves_on_its_stream() {
    for mut peer in [server(), client()] {
        let stream = match peer.engine.role() {
            Role::Server => peer.request(1, false),
            Role::Client => peer.open(false),
        };
        peer.engine.send_headers(stream, &list(&OK), false);
        peer.engine.send_data(stream, vec![0; 100_000].into());
        assert!(peer.heard().len() > 2 && peer.engine.queued() > 0, "the window is shut");
        peer.reset(1, ErrorCode::Cancel);
        peer.window(1, 100_000);
        peer.window(0, 100_000);
        peer.engine.send_headers(stream, &list(&OK), false);
        peer.engine.send_data(stream, vec![0; 10].into());
        peer.engine.end_with(stream, &list(&[("x", "1")]));
        peer.engine.release(stream, 65_536);
        peer.engine.reset(stream, ErrorCode::Cancel, None);
        peer.engine.forget(stream);
        assert_eq!((peer.heard(), peer.engine.queued()), (vec![], 0));
    }
}

#[test]
fn a_reset_stream_keeps_its_place_until_the_application_lets_go() {
    let mut peer = RawPeer::of_server(Config { max_concurrent_streams: 1, ..Config::default() });
    let stream = peer.request(1, false);
    peer.reset(1, ErrorCode::Cancel);
    peer.headers(3, &GET, true);
    peer.assert_reset(3, Reason::TooManyStreams { limit: 1 });
    peer.engine.forget(stream);
    peer.request(5, true);
}

//= RFC 9113 §6.4: after the peer's reset nothing more of a stream is sent
#[test]
fn a_refused_stream_is_told_as_the_peers_reset() {
    let mut peer = client();
    let stream = peer.open(false);
    peer.engine.send_data(stream, vec![0; 100_000].into());
    peer.reset(1, ErrorCode::RefusedStream);
    let told = peer.told();
    assert!(
        matches!(told[1], Event::Reset { stream: over, cause: Cause::Peer(ErrorCode::RefusedStream) } if over == stream),
        "{told:?}"
    );
    assert_eq!(peer.engine.queued(), 0, "nothing waits for a stream that is over");
}

//= RFC 9113 §8.1: after a complete response the rest of the request is declined by NO_ERROR
#[test]
fn a_reply_before_the_end_of_the_request_declines_the_rest() {
    let mut peer = server();
    let stream = peer.request(1, false);
    peer.answer(stream);
    peer.engine.end_with(stream, &list(&[("x", "trailers")]));
    peer.engine.forget(stream);
    let heard = peer.heard();
    assert!(heard[heard.len() - 2].ends(), "the reply is complete");
    assert_eq!(resets(&heard), [(1, ErrorCode::NoError)]);
    peer.data(1, b"the rest", true);
    peer.assert_unmoved();
    assert_eq!(peer.engine.open_streams(), 0);
}

#[test]
fn plain_http_is_answered_by_this_engine_alone() {
    let mut peer = server();
    let stream = peer.request(1, true);
    peer.answer(stream);
    peer.engine.send_data(stream, bytes::Bytes::from_static(b"hello, web"));
    peer.engine.end(stream);
    peer.engine.forget(stream);
    let heard = peer.heard();
    assert_eq!((heard[0].kind, heard[0].field(":status")), (kind::HEADERS, Some("200")));
    assert_eq!((heard[1].payload.as_slice(), heard[1].ends(), heard.len()), (&b"hello, web"[..], true, 2));
    assert_eq!(peer.engine.open_streams(), 0);
}

#[test]
fn after_its_own_reset_a_peer_may_send_nothing_whether_the_application_knows_or_not() {
    for told in [false, true] {
        for headers in [false, true] {
            let mut peer = server();
            let stream = peer.request(1, false);
            peer.reset(1, ErrorCode::Cancel);
            if told {
                peer.told();
            }
            let kind = if headers { kind::HEADERS } else { kind::DATA };
            let reason = Reason::ClosedStream { kind, stream: 1 };
            let act = |peer: &mut RawPeer<Connection>| {
                if headers { peer.headers(1, &GET, true) } else { peer.data(1, b"x", true) }
            };
            act(&mut peer);
            assert_eq!(resets(&peer.heard()), [(1, reason.http2())]);
            act(&mut peer);
            peer.assert_unmoved();
            assert_eq!(peer.engine.open_streams(), 1, "the application holds it still");
            peer.engine.forget(stream);
            assert_eq!(peer.engine.open_streams(), 0);
        }
    }
}

//= RFC 9113 §5.1: nothing is sent on a stream that is closed
#[test]
fn verbs_on_a_stream_that_is_gone_do_nothing() {
    let mut peer = server();
    let stream = peer.request(1, true);
    peer.engine.send_headers(stream, &list(&OK), true);
    peer.engine.forget(stream);
    peer.heard();
    peer.answer(stream);
    peer.engine.send_data(stream, vec![1].into());
    assert!(!peer.engine.send_data_now(stream, b"x", false));
    peer.engine.end(stream);
    peer.engine.end_with(stream, &list(&OK));
    peer.engine.reset(stream, ErrorCode::Cancel, None);
    peer.engine.release(stream, 1);
    peer.engine.forget(stream);
    assert_eq!((peer.heard().len(), peer.engine.queued()), (0, 0));
}
