//! How a client's call ends: by trailers, resets, answers that are not gRPC, deadlines. W13–W16, W30–W37, W50, §1.4, §1.5.

use super::*;

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

//= RFC 9113 §8.1: a reset that follows a whole response takes nothing of it away
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
    // By a status, where one can leave: a client whose clock is behind takes CANCEL for CANCELLED.
    assert_eq!(cancelled(&mut peer), (Code::DeadlineExceeded, Some("4".into())));
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
