//! What a gRPC connection makes of what a raw peer sends: W15, W20–W26, W36–W38, W50, §1.4 and §1.5.

use std::time::Duration;

use super::*;
use crate::grpc::{Code, Config, EncodingSet, Metadata, Outcome, Processed, ReplyEnd, ReplyHead, RequestHead};
use crate::h2::ErrorCode;
use crate::h2::frame::{flag, kind};
use crate::h2::raw_peer::{ANSWER, CALL, GET, RawPeer, credit, resets};

fn server(config: Config) -> RawPeer<Connection> {
    RawPeer::of_grpc_server(config)
}

/// A client with one call, whose request is on the wire.
fn calling(config: Config, deadline: Option<Duration>) -> (RawPeer<Connection>, CallId) {
    let mut peer = RawPeer::of_grpc_client(config);
    let head = RequestHead { path: "/a.B/C".into(), ..RequestHead::default() };
    let call = peer.engine.open(&head, deadline.map(|time| peer.now + time)).unwrap();
    peer.heard();
    (peer, call)
}

fn understanding(encoding: Encoding) -> Config {
    let accept: EncodingSet = [Encoding::Identity, encoding].into_iter().collect();
    Config { accept, ..Config::default() }
}

/// A message as it travels.
fn framed(flag: u8, body: &[u8]) -> Vec<u8> {
    [&[flag][..], &u32::try_from(body.len()).unwrap().to_be_bytes(), body].concat()
}

fn messages(told: &[Event]) -> Vec<Vec<u8>> {
    let payload = |event: &Event| match event {
        Event::Message { message, .. } => Some(message.payload.clone().into_bytes().to_vec()),
        _ => None,
    };
    told.iter().filter_map(payload).collect()
}

/// How the only call ended.
fn outcome(peer: &mut RawPeer<Connection>) -> Outcome {
    let mut done = peer.told().into_iter().filter_map(|event| match event {
        Event::Done { outcome, .. } => Some(outcome),
        _ => None,
    });
    let outcome = done.next().expect("the call is over");
    assert!(done.next().is_none(), "once");
    assert_eq!((peer.engine.open_calls(), peer.engine.unfinished()), (0, 0));
    outcome
}

fn failure(peer: &mut RawPeer<Connection>) -> (Code, String) {
    let status = outcome(peer).status.expect_err("a failure");
    (status.code(), status.message().to_owned())
}

/// Why the only call of a server was cancelled, with what the peer was sent as `grpc-status`.
fn cancelled(peer: &mut RawPeer<Connection>) -> (Code, Option<String>) {
    let told = peer.told();
    let why = told.iter().find_map(|event| match event {
        Event::Cancelled { status, .. } => Some(status.code()),
        _ => None,
    });
    let heard = peer.heard();
    let status = heard.iter().find_map(|frame| frame.field("grpc-status").map(str::to_owned));
    (why.expect("a cancelled call"), status)
}

#[test]
fn w20_frame_boundaries_and_padding_mean_nothing() {
    let mut peer = server(Config::default());
    peer.headers(1, &CALL, false);
    let bytes = [framed(0, b"one"), framed(0, b""), framed(0, b"three")].concat();
    for byte in &bytes {
        let mut payload = vec![255, *byte];
        payload.resize(257, 0);
        peer.frame(kind::DATA, flag::PADDED, 1, &payload);
    }
    peer.data(1, b"", true);
    let told = peer.told();
    assert_eq!(messages(&told), [&b"one"[..], b"", b"three"]);
    assert!(matches!(told.last(), Some(Event::End { .. })));
    assert_eq!(peer.engine.unfinished(), 0);
}

#[test]
fn w20_a_flag_above_one_fails_the_call_on_both_sides() {
    let mut peer = server(Config::default());
    peer.headers(1, &CALL, false);
    peer.data(1, &framed(2, b""), false);
    assert_eq!(cancelled(&mut peer), (Code::Internal, Some("13".into())));
    let (mut peer, _) = calling(Config::default(), None);
    peer.headers(1, &ANSWER, false);
    peer.data(1, &framed(255, b""), false);
    let (code, message) = failure(&mut peer);
    assert!(code == Code::Internal && message.contains("255"), "{message}");
    assert_eq!(resets(&peer.heard()), [(1, ErrorCode::Cancel)]);
}

#[test]
fn w21_a_compressed_message_needs_an_announced_compression() {
    for fields in [&CALL[..], &[&CALL[..], &[("grpc-encoding", "identity")]].concat()] {
        let mut peer = server(understanding(Encoding::Gzip));
        peer.headers(1, fields, false);
        peer.data(1, &framed(1, b"x"), false);
        assert_eq!(cancelled(&mut peer), (Code::Internal, Some("13".into())));
    }
    let (mut peer, _) = calling(understanding(Encoding::Gzip), None);
    peer.headers(1, &ANSWER, false);
    peer.data(1, &framed(1, b"x"), false);
    let (code, message) = failure(&mut peer);
    assert!(code == Code::Internal && message.contains("flag 1"), "{message}");
}

#[test]
fn w22_each_message_says_for_itself_whether_it_is_compressed() {
    let mut peer = server(understanding(Encoding::Gzip));
    peer.headers(1, &[&CALL[..], &[("grpc-encoding", "gzip")]].concat(), false);
    peer.data(1, &[framed(1, b"z"), framed(0, b"plain")].concat(), true);
    let flags: Vec<bool> = peer
        .told()
        .iter()
        .filter_map(|event| match event {
            Event::Message { message, .. } => Some(message.compressed),
            _ => None,
        })
        .collect();
    assert_eq!(flags, [true, false]);
}

#[test]
fn w23_a_server_answers_an_unknown_encoding_with_what_it_understands() {
    let mut peer = server(understanding(Encoding::Gzip));
    peer.headers(1, &[&CALL[..], &[("grpc-encoding", "snappy")]].concat(), false);
    assert!(peer.told().iter().all(|event| matches!(event, Event::Incident(_))), "no handler hears of it");
    let heard = peer.heard();
    assert_eq!((heard[0].field("grpc-status"), heard[0].ends()), (Some("12"), true));
    assert_eq!(heard[0].field("grpc-accept-encoding"), Some("identity,gzip"));
}

#[test]
fn w23_a_client_fails_only_when_a_message_is_really_compressed() {
    for (flag, expected) in [(0, None), (1, Some(Code::Internal))] {
        let (mut peer, _) = calling(Config::default(), None);
        peer.headers(1, &[&ANSWER[..], &[("grpc-encoding", "gzip")]].concat(), false);
        peer.data(1, &framed(flag, b"x"), false);
        if expected.is_none() {
            peer.headers(1, &[("grpc-status", "0")], true);
        }
        assert_eq!(outcome(&mut peer).status.err().map(|status| status.code()), expected);
    }
}

#[test]
fn w25_an_oversize_message_is_refused_by_its_prefix() {
    let (mut peer, _) = calling(Config { receive_limit: 10, ..Config::default() }, None);
    peer.headers(1, &ANSWER, false);
    peer.data(1, &framed(0, &[7; 10]), false);
    peer.data(1, &[0, 0, 0, 0, 11], false);
    let told = peer.told();
    assert_eq!(messages(&told), [[7; 10]]);
    let Some(Event::Done { outcome, .. }) = told.into_iter().find(|event| matches!(event, Event::Done { .. })) else {
        panic!("the call is over")
    };
    let status = outcome.status.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().contains("11 bytes") && status.message().contains("10 bytes"), "{status}");
}

#[test]
fn w26_a_message_cut_off_by_the_end_is_internal() {
    let mut peer = server(Config::default());
    peer.headers(1, &CALL, false);
    peer.data(1, &framed(0, b"whole")[..7], true);
    assert_eq!(cancelled(&mut peer), (Code::Internal, Some("13".into())));
    for status in [("grpc-status", "0"), ("grpc-status", "5")] {
        let (mut peer, _) = calling(Config::default(), None);
        peer.headers(1, &ANSWER, false);
        peer.data(1, &[0, 0], false);
        peer.headers(1, &[status], true);
        let expected = if status.1 == "0" { Code::Internal } else { Code::NotFound };
        assert_eq!(failure(&mut peer).0, expected, "the server's own failure says more");
    }
}

#[test]
fn a_client_that_ends_by_trailers_has_ended() {
    let mut peer = server(Config::default());
    peer.headers(1, &CALL, false);
    peer.data(1, &framed(0, b"x"), false);
    peer.headers(1, &[("x-odd", "but legal")], true);
    let told = peer.told();
    assert!(matches!(told.last(), Some(Event::End { .. })), "{told:?}");
}

#[test]
fn w15_an_oversize_head_is_answered_by_431_on_its_stream_alone() {
    let mut peer = server(Config::default());
    let long = "x".repeat(16_384);
    peer.headers(1, &[&CALL[..], &[("x", &long)]].concat(), false);
    peer.headers(3, &CALL, true);
    let told = peer.told();
    let heard = peer.heard();
    assert_eq!((heard[0].field(":status"), heard[0].field("grpc-status")), (Some("431"), Some("8")));
    assert_eq!(resets(&heard), [(1, ErrorCode::NoError)]);
    assert!(told.iter().any(|event| matches!(event, Event::Request { call, .. } if call.serial() == 3)));
    assert_eq!(peer.engine.open_calls(), 1);
}

#[test]
fn what_is_no_grpc_is_answered_and_forgotten_whatever_follows() {
    let mut peer = server(Config::default());
    peer.headers(1, &GET, false);
    assert!(!peer.told().iter().any(|event| matches!(event, Event::Request { .. })));
    let heard = peer.heard();
    assert_eq!((heard[0].field(":status"), heard[0].field("allow")), (Some("405"), Some("POST")));
    assert_eq!(resets(&heard), [(1, ErrorCode::NoError)]);
    peer.data(1, b"body", true);
    assert_eq!((peer.heard().len(), peer.engine.open_calls()), (0, 0));
}

#[test]
fn w9_a_call_that_comes_too_late_never_reaches_its_handler() {
    let mut peer = server(Config::default());
    peer.headers(1, &[&CALL[..], &[("grpc-timeout", "0n")]].concat(), true);
    assert!(peer.told().iter().all(|event| matches!(event, Event::Incident(_))));
    let heard = peer.heard();
    assert_eq!((heard[0].field("grpc-status"), heard[0].ends()), (Some("4"), true));
    assert_eq!((peer.engine.open_calls(), peer.engine.poll_timeout()), (0, None));
}

#[test]
fn w36_trailers_before_the_end_of_the_request_are_kept_and_the_rest_is_reset() {
    let (mut peer, call) = calling(Config::default(), None);
    peer.engine.send(call, framed(0, &[0; 100_000]).into());
    peer.headers(1, &[&ANSWER[..], &[("grpc-status", "0"), ("x", "1")]].concat(), true);
    let outcome = outcome(&mut peer);
    assert!(outcome.status.is_ok());
    assert_eq!(outcome.trailers.get("x"), Some("1"));
    assert_eq!(resets(&peer.heard()), [(1, ErrorCode::NoError)]);
}

#[test]
fn w37_a_reset_after_trailers_changes_nothing() {
    for code in [ErrorCode::NoError, ErrorCode::InternalError] {
        let (mut peer, _) = calling(Config::default(), None);
        peer.headers(1, &ANSWER, false);
        peer.data(1, &framed(0, b"x"), false);
        let trailers = peer.block(&[("grpc-status", "0")]);
        peer.write(|out| {
            crate::h2::frame::headers::encode(1, &trailers, true, 16_384, out);
            crate::h2::frame::rst_stream::encode(1, code, out);
        });
        assert!(outcome(&mut peer).status.is_ok(), "{code}");
    }
}

#[test]
fn w38_a_server_can_refuse_a_call_by_its_number_of_messages() {
    let mut peer = server(Config::default());
    peer.headers(1, &CALL, false);
    peer.data(1, &[framed(0, b"1"), framed(0, b"2")].concat(), true);
    let told = peer.told();
    let Some(Event::Request { call, .. }) = told.first() else { panic!("{told:?}") };
    peer.engine.reject(*call, Reason::Cardinality { expected: "one message" });
    assert_eq!(cancelled(&mut peer), (Code::Unimplemented, Some("12".into())));
    peer.engine.reply(*call, &ReplyHead::default(), &mut super::super::EncodeBuf::new(9), &ReplyEnd::OK);
    assert!(peer.heard().is_empty(), "it has been answered");
    peer.engine.close(*call);
    assert_eq!(peer.engine.open_calls(), 0);
}

#[test]
fn foreign_answers_are_mapped_by_their_http_status() {
    let cases = [
        ("400", Code::Internal),
        ("401", Code::Unauthenticated),
        ("403", Code::PermissionDenied),
        ("404", Code::Unimplemented),
        ("429", Code::Unavailable),
        ("431", Code::Internal),
        ("502", Code::Unavailable),
        ("503", Code::Unavailable),
        ("504", Code::Unavailable),
        ("200", Code::Unknown),
        ("418", Code::Unknown),
    ];
    for (status, expected) in cases {
        for with_body in [false, true] {
            let (mut peer, _) = calling(Config::default(), None);
            peer.headers(1, &[(":status", status), ("content-type", "text/html")], !with_body);
            if with_body {
                peer.data(1, b"<h1>not ", false);
                peer.data(1, b"here</h1>", true);
            }
            let (code, message) = failure(&mut peer);
            assert_eq!(code, expected, "{status}");
            assert!(message.contains(status) && message.contains("text/html"), "{message}");
            assert_eq!(message.contains("<h1>not here</h1>"), with_body, "{message}");
        }
    }
}

#[test]
fn a_grpc_status_wins_over_everything_that_http_says() {
    let (mut peer, _) = calling(Config::default(), None);
    peer.headers(1, &[(":status", "503"), ("grpc-status", "7"), ("grpc-message", "no")], true);
    assert_eq!(failure(&mut peer), (Code::PermissionDenied, "no".into()));
    let (mut peer, _) = calling(Config::default(), None);
    peer.headers(1, &[(":status", "404"), ("content-type", "text/plain")], false);
    peer.data(1, b"text", false);
    peer.headers(1, &[("grpc-status", "16")], true);
    assert_eq!(failure(&mut peer).0, Code::Unauthenticated);
}

#[test]
fn no_more_than_a_kilobyte_of_a_foreign_answer_is_kept() {
    let (mut peer, _) = calling(Config::default(), None);
    peer.headers(1, &[(":status", "500"), ("content-type", "text/plain")], false);
    for _ in 0..10 {
        peer.data(1, &[b'x'; 500], false);
    }
    let (code, message) = failure(&mut peer);
    assert_eq!(code, Code::Unknown);
    assert!(message.matches('x').count() <= 1_024 + 10, "{} bytes", message.len());
    assert_eq!(resets(&peer.heard()).len(), 1, "the rest is not waited for");
}

#[test]
fn a_reply_without_a_status_is_unknown_or_internal() {
    let (mut peer, _) = calling(Config::default(), None);
    peer.headers(1, &ANSWER, true);
    assert_eq!(failure(&mut peer).0, Code::Unknown);
    let (mut peer, _) = calling(Config::default(), None);
    peer.headers(1, &ANSWER, false);
    peer.data(1, &framed(0, b"x"), true);
    assert_eq!(failure(&mut peer).0, Code::Unknown);
    let (mut peer, _) = calling(Config::default(), None);
    peer.headers(1, &ANSWER, false);
    peer.headers(1, &[("x", "no status")], true);
    assert_eq!(failure(&mut peer).0, Code::Unknown);
    let (mut peer, _) = calling(Config::default(), None);
    peer.data(1, b"", true);
    assert_eq!(failure(&mut peer).0, Code::Internal);
    let (mut peer, _) = calling(Config::default(), None);
    peer.headers(1, &[("content-type", "application/grpc")], true);
    assert_eq!(failure(&mut peer).0, Code::Internal, ":status is missing");
}

#[test]
fn w32_headers_in_the_middle_are_internal() {
    let (mut peer, _) = calling(Config::default(), None);
    peer.headers(1, &ANSWER, false);
    peer.headers(1, &ANSWER, false);
    assert_eq!(failure(&mut peer).0, Code::Internal);
    assert_eq!(resets(&peer.heard()), [(1, ErrorCode::ProtocolError)]);
}

#[test]
fn w13_metadata_that_is_no_base64_fails_its_call_alone() {
    let (mut peer, _) = calling(Config::default(), None);
    peer.headers(1, &[&ANSWER[..], &[("x-bin", "!")]].concat(), false);
    assert_eq!(failure(&mut peer).0, Code::Internal);
    assert_eq!(resets(&peer.heard()), [(1, ErrorCode::Cancel)]);
    assert!(peer.engine.available_calls() > 0, "the connection lives");
}

#[test]
fn resets_of_the_server_are_mapped_by_their_code() {
    for number in 0..=14 {
        let code = ErrorCode::from_number(number);
        let expected = match code {
            ErrorCode::RefusedStream => Code::Unavailable,
            ErrorCode::Cancel => Code::Cancelled,
            ErrorCode::EnhanceYourCalm => Code::ResourceExhausted,
            ErrorCode::InadequateSecurity => Code::PermissionDenied,
            _ => Code::Internal,
        };
        let (mut peer, _) = calling(Config::default(), None);
        peer.reset(1, code);
        let outcome = outcome(&mut peer);
        let status = outcome.status.unwrap_err();
        assert_eq!(status.code(), expected, "{code}");
        assert!(status.message().contains(code.name()), "{status}");
        let untouched = code == ErrorCode::RefusedStream;
        assert_eq!(outcome.processed == Processed::No, untouched, "{code}");
        assert!(resets(&peer.heard()).is_empty(), "a reset is not answered");
    }
}

#[test]
fn a_server_that_has_answered_cannot_claim_to_have_seen_nothing() {
    let (mut peer, _) = calling(Config::default(), None);
    peer.headers(1, &ANSWER, false);
    peer.reset(1, ErrorCode::RefusedStream);
    assert_eq!(outcome(&mut peer).processed, Processed::Perhaps);
    let (mut peer, _) = calling(Config::default(), None);
    peer.headers(1, &ANSWER, false);
    peer.write(|out| crate::h2::frame::goaway::encode(0, ErrorCode::NoError, b"", out));
    assert_eq!(outcome(&mut peer).processed, Processed::Perhaps);
}

#[test]
fn w50_cancelled_after_the_own_deadline_is_deadline_exceeded_and_nothing_else() {
    let second = Duration::from_secs(1);
    for (late, expected) in [(false, Code::Cancelled), (true, Code::DeadlineExceeded)] {
        for by_trailers in [false, true] {
            let (mut peer, _) = calling(Config::default(), Some(second));
            // The clock has moved on, but nobody has called the timeout yet.
            peer.now += if late { second } else { Duration::ZERO };
            match by_trailers {
                true => peer.headers(1, &[&ANSWER[..], &[("grpc-status", "1"), ("x", "1")]].concat(), true),
                false => peer.reset(1, ErrorCode::Cancel),
            }
            let outcome = outcome(&mut peer);
            assert_eq!(outcome.status.unwrap_err().code(), expected);
            assert_eq!(outcome.trailers.is_empty(), late || !by_trailers, "W50: nothing of the trailers is used");
            assert_eq!(peer.engine.poll_timeout(), None);
        }
    }
}

#[test]
fn w50_a_deadline_that_passes_is_told_to_the_peer_by_cancel() {
    let (mut peer, _) = calling(Config::default(), Some(Duration::from_secs(1)));
    peer.pass(Duration::from_millis(999));
    assert!(peer.told().is_empty());
    peer.pass(Duration::from_millis(1));
    assert_eq!(failure(&mut peer).0, Code::DeadlineExceeded);
    assert_eq!(resets(&peer.heard()), [(1, ErrorCode::Cancel)]);
    peer.headers(1, &[&ANSWER[..], &[("grpc-status", "0")]].concat(), true);
    assert!(peer.told().is_empty(), "too late");
    let mut peer = server(Config::default());
    peer.headers(1, &[&CALL[..], &[("grpc-timeout", "10m")]].concat(), false);
    peer.told();
    peer.pass(Duration::from_millis(10));
    assert_eq!(cancelled(&mut peer), (Code::DeadlineExceeded, None));
}

#[test]
fn w65_the_end_of_the_connection_is_unavailable_to_clients_and_cancelled_to_servers() {
    let (mut peer, _) = calling(Config::default(), None);
    peer.engine.handle_eof();
    assert_eq!(failure(&mut peer).0, Code::Unavailable);
    let mut peer = server(Config::default());
    peer.headers(1, &CALL, false);
    peer.told();
    peer.engine.handle_eof();
    assert_eq!(cancelled(&mut peer).0, Code::Cancelled);
}

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
    let mut body = super::super::EncodeBuf::new(1 << 20);
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

#[test]
fn w5_a_malformed_request_is_reset_and_never_told() {
    let mut peer = server(Config::default());
    peer.headers(1, &[&CALL[..], &[("connection", "close")]].concat(), true);
    assert_eq!(resets(&peer.heard()), [(1, ErrorCode::ProtocolError)]);
    assert!(!peer.told().iter().any(|event| matches!(event, Event::Request { .. })));
    assert_eq!(peer.engine.open_calls(), 0);
}

#[test]
fn w16_interim_responses_are_passed_over() {
    let (mut peer, _) = calling(Config::default(), None);
    peer.headers(1, &[(":status", "103")], false);
    peer.headers(1, &[&ANSWER[..], &[("grpc-status", "0")]].concat(), true);
    let Outcome { status, trailers, .. } = outcome(&mut peer);
    assert!(status.is_ok());
    assert_eq!(trailers, Metadata::new());
    let (mut peer, _) = calling(Config::default(), None);
    peer.headers(1, &[(":status", "100")], true);
    assert_eq!(failure(&mut peer).0, Code::Internal);
}
