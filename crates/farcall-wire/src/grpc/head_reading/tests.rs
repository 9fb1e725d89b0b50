//! Which header lists are calls, replies and ends, and why the others are not: W1–W16, W30–W35.

use std::time::Duration;

use super::*;
use crate::raw_peer::{ANSWER, CALL, list};

fn offered() -> EncodingSet {
    [Encoding::Identity, Encoding::Gzip].into_iter().collect()
}

/// A call with these fields in place of those of the same name, or behind all others.
fn call(fields: &[(&str, &str)]) -> Result<RequestHead, Refusal> {
    let kept = CALL.iter().filter(|(name, _)| !fields.iter().any(|(other, _)| other == name));
    let all: Vec<_> = kept.chain(fields).copied().collect();
    request(&list(&all), offered())
}

/// HTTP status, code and message of a refusal.
fn refused(fields: &[(&str, &str)]) -> (u16, Option<Code>, String) {
    let refusal = call(fields).expect_err("a refusal");
    let message = refusal.status.as_ref().map(|status| status.message().to_owned());
    (refusal.http, refusal.status.map(|status| status.code()), message.unwrap_or_default())
}

fn answer(fields: &[(&str, &str)]) -> Reply {
    reply(&list(&[&ANSWER[..], fields].concat()))
}

fn end(fields: &[(&str, &str)]) -> Result<(), Status> {
    ending(&list(fields)).expect("a grpc-status").status
}

#[test]
fn w1_a_call_is_a_post() {
    for method in ["GET", "PUT", "post", "HEAD"] {
        let (http, code, message) = refused(&[(":method", method)]);
        assert_eq!((http, code), (405, Some(Code::Internal)), "{method}");
        assert!(message.contains("POST"), "{message}");
    }
}

#[test]
fn w2_the_scheme_says_whether_the_transport_is_secure() {
    assert!(!call(&[]).unwrap().secure);
    assert!(call(&[(":scheme", "https")]).unwrap().secure);
}

#[test]
fn w3_a_path_names_a_service_and_a_method() {
    for (path, parts) in [("/a.B/C", ("a.B", "C")), ("/B/c", ("B", "c")), ("/a/b/C", ("a/b", "C"))] {
        assert_eq!(call(&[(":path", path)]).unwrap().service_and_method(), Some(parts));
    }
    for path in ["a.B/C", "/", "//", "/a.B", "/a.B/", "//C", "*", "a/b/c"] {
        let (http, code, message) = refused(&[(":path", path)]);
        assert_eq!((http, code), (200, Some(Code::Unimplemented)), "{path}");
        assert!(message.contains("malformed method name") && message.contains(path), "{message}");
    }
}

#[test]
fn an_answer_repeats_only_the_beginning_of_what_a_peer_sent() {
    let long = "x".repeat(10_000);
    for field in [(":path", long.as_str()), ("grpc-encoding", &long)] {
        let (_, _, message) = refused(&[field]);
        assert!(message.contains("xxx…") && message.len() < 400, "{message}");
    }
}

//= RFC 9113 §8.3.1: host says nothing beside :authority
#[test]
fn w4_host_stands_in_for_a_missing_authority_and_means_nothing_beside_one() {
    let authority = |fields: &[(&str, &str)]| call(fields).unwrap().authority;
    assert_eq!(authority(&[(":authority", "a:1")]), "a:1");
    assert_eq!(authority(&[("host", "b:2")]), "b:2");
    assert_eq!(authority(&[(":authority", "a:1"), ("host", "b:2")]), "a:1");
    assert_eq!(authority(&[]), "");
    let (http, code, _) = refused(&[("host", "a"), ("host", "b")]);
    assert_eq!((http, code), (400, Some(Code::Internal)));
    assert!(call(&[("host", "b:2")]).unwrap().metadata.is_empty());
}

#[test]
fn w6_no_te_is_needed() {
    let without: Vec<_> = CALL.iter().copied().filter(|(name, _)| *name != "te").collect();
    assert!(request(&list(&without), offered()).is_ok());
}

#[test]
fn w8_a_content_type_of_grpc_is_followed_by_nothing_a_plus_or_a_semicolon() {
    let subtype = |value| call(&[("content-type", value)]).map(|head| head.subtype);
    for (value, expected) in [
        ("application/grpc", ""),
        ("application/grpc+proto", "proto"),
        ("application/grpc+json", "json"),
        ("application/grpc;charset=utf-8", ""),
        ("application/grpc+proto;x=y", "proto"),
        (" application/grpc+proto ", "proto"),
        ("application/grpc+", ""),
    ] {
        assert_eq!(subtype(value).unwrap(), expected, "{value:?}");
    }
    for value in ["application/grpc-web", "application/grpc-web+proto", "application/grpcx", "text/html", "", "grpc"] {
        assert_eq!(refused(&[("content-type", value)]), (415, None, String::new()), "{value:?}");
    }
    let without: Vec<_> = CALL.iter().copied().filter(|(name, _)| *name != "content-type").collect();
    assert_eq!(request(&list(&without), offered()).unwrap_err().http, 415);
}

#[test]
fn w9_a_timeout_is_digits_and_a_unit() {
    let timeout = |value| call(&[("grpc-timeout", value)]).unwrap().timeout;
    assert_eq!(call(&[]).unwrap().timeout, None, "missing is for ever");
    assert_eq!(timeout("1S"), Some(Duration::from_secs(1)));
    assert_eq!(timeout("99999999n"), Some(Duration::from_nanos(99_999_999)));
    assert_eq!(timeout("99999999H"), Some(Duration::from_secs(99_999_999 * 3_600)));
    assert_eq!(timeout("0m"), Some(Duration::ZERO));
    for value in ["", "1", "S", "123456789S", "1s", "-1S", "+1S", "1.5S", "1 S", "1SS"] {
        let (http, code, message) = refused(&[("grpc-timeout", value)]);
        assert_eq!((http, code), (200, Some(Code::Internal)), "{value:?}");
        assert!(message.contains(&format!("`{value}`")), "{message}");
    }
}

#[test]
fn w10_encodings_are_names_and_their_lists_join() {
    let head = call(&[("grpc-encoding", "gzip"), ("grpc-accept-encoding", "identity, gzip")]).unwrap();
    assert_eq!((head.encoding, head.accept), (Encoding::Gzip, offered()));
    let head = call(&[("grpc-accept-encoding", "gzip"), ("grpc-accept-encoding", "snappy,deflate")]).unwrap();
    assert_eq!(head.accept, [Encoding::Gzip, Encoding::Deflate].into_iter().collect());
    assert_eq!(call(&[("grpc-encoding", "identity")]).unwrap().encoding, Encoding::Identity);
}

#[test]
fn w23_an_encoding_that_was_not_offered_is_unimplemented() {
    for name in ["deflate", "zstd", "snappy", "", "gzip,gzip"] {
        let (http, code, message) = refused(&[("grpc-encoding", name)]);
        assert_eq!((http, code), (200, Some(Code::Unimplemented)), "{name}");
        assert!(message.contains(name), "{message}");
    }
}

#[test]
fn w11_the_user_agent_is_told_apart() {
    let head = call(&[("user-agent", "grpc-go/1.85"), ("grpc-message-type", "a.B")]).unwrap();
    assert_eq!((head.user_agent.as_str(), head.metadata.is_empty()), ("grpc-go/1.85", true));
}

#[test]
fn w12_reserved_names_are_hidden_but_for_those_that_applications_read() {
    let shown = [
        "grpc-previous-rpc-attempts",
        "grpc-retry-pushback-ms",
        "grpc-trace-bin",
        "grpc-tags-bin",
        "grpc-status-details-bin",
        "x-custom",
        "authorization",
    ];
    for name in shown {
        assert_eq!(call(&[(name, "MQ")]).unwrap().metadata.len(), 1, "{name}");
    }
    for name in ["grpc-foo", "grpc-status", "grpc-message", "te", "content-length", "user-agent"] {
        assert!(call(&[(name, "trailers")]).unwrap().metadata.is_empty(), "{name}");
    }
}

#[test]
fn w12_values_lose_outer_white_space_and_keep_bytes_above_ascii() {
    let head = call(&[("x-spaced", " \ta b\t ")]).unwrap();
    assert_eq!(head.metadata.get("x-spaced"), Some("a b"));
    let mut fields = list(&CALL);
    fields.push(b"x-bytes", b"caf\xe9", crate::h2::Indexing::Plain);
    let head = request(&fields, offered()).unwrap();
    assert_eq!(head.metadata.get_bytes("x-bytes"), Some(&b"caf\xe9"[..]));
}

#[test]
fn w13_binary_values_are_split_before_they_are_decoded() {
    let head = call(&[("x-bin", "YWI,YWI="), ("x-bin", "AA")]).unwrap();
    let values: Vec<&[u8]> = head.metadata.get_all("x-bin").collect();
    assert_eq!(values, [b"ab", b"ab", &b"\0"[..]]);
}

#[test]
fn w13_what_is_no_base64_fails_its_call_alone() {
    let (http, code, message) = refused(&[("x-bin", "!!!")]);
    assert_eq!((http, code), (200, Some(Code::Internal)));
    assert!(message.contains("x-bin"), "{message}");
    assert_eq!(answer(&[("x-bin", "!!!")]).invalid.map(|status| status.code()), Some(Code::Internal));
    assert_eq!(end(&[("grpc-status", "0"), ("x-bin", "!!!")]).unwrap_err().code(), Code::Internal);
    let worse = end(&[("grpc-status", "5"), ("x-bin", "!!!")]).unwrap_err();
    assert_eq!(worse.code(), Code::NotFound, "the server's own status says more");
}

#[test]
fn w14_values_of_one_name_keep_their_order() {
    let head = call(&[("a", "1"), ("b", "x"), ("a", "2"), ("a", "1")]).unwrap();
    let values: Vec<&[u8]> = head.metadata.get_all("a").collect();
    assert_eq!(values, [b"1", b"2", b"1"]);
}

#[test]
fn what_makes_a_request_no_grpc_counts_before_what_is_wrong_in_it() {
    let bad = ("grpc-timeout", "soon");
    assert_eq!(refused(&[bad, (":method", "GET")]).0, 405);
    assert_eq!(refused(&[bad, ("content-type", "text/plain")]).0, 415);
    assert_eq!(refused(&[bad, (":path", "x")]).1, Some(Code::Internal));
}

#[test]
fn w30_a_reply_is_grpc_if_its_status_and_content_type_say_so() {
    assert!(matches!(answer(&[]).kind, ReplyKind::Grpc));
    let kind = |status: &str, content_type: &str| reply(&list(&[(":status", status), ("content-type", content_type)]));
    assert!(matches!(kind("200", "application/grpc+proto").kind, ReplyKind::Grpc));
    for (status, content_type) in
        [("404", "application/grpc"), ("200", "text/html"), ("503", ""), ("200", "application/grpc-web")]
    {
        let ReplyKind::Foreign { status: http, content_type: said } = kind(status, content_type).kind else {
            panic!("{status} {content_type} is not gRPC")
        };
        assert_eq!((http.to_string().as_str(), said.as_str()), (status, content_type));
    }
}

#[test]
fn a_replys_head_has_its_encoding_and_metadata() {
    let read = answer(&[("grpc-encoding", "gzip"), ("grpc-accept-encoding", "gzip"), ("x", "1"), ("grpc-foo", "2")]);
    assert_eq!((read.encoding, read.head.encoding), (Some(Encoding::Gzip), Encoding::Gzip));
    assert!(read.head.accept.contains(Encoding::Gzip));
    assert_eq!((read.head.metadata.get("x"), read.head.metadata.len()), (Some("1"), 1));
    assert_eq!(answer(&[("grpc-encoding", "snappy")]).encoding, None);
    assert_eq!(answer(&[]).encoding, Some(Encoding::Identity));
}

#[test]
fn w33_a_status_is_decimal_without_leading_zeros() {
    assert!(end(&[("grpc-status", "0")]).is_ok());
    assert!(end(&[("grpc-status", " 0 ")]).is_ok());
    for code in Code::ALL {
        let status = end(&[("grpc-status", &code.number().to_string())]).unwrap_err();
        assert_eq!((status.code(), status.raw_code()), (*code, code.number()));
    }
    let unknown = end(&[("grpc-status", "99"), ("grpc-message", "new")]).unwrap_err();
    assert_eq!((unknown.code(), unknown.raw_code(), unknown.message()), (Code::Unknown, 99, "new"));
    for bad in ["", "05", "00", "-1", "+5", "5x", "five", "99999999999", "0x5"] {
        let status = end(&[("grpc-status", bad), ("grpc-message", "why")]).unwrap_err();
        assert_eq!(status.code(), Code::Unknown, "{bad:?}");
        assert!(status.message().contains(bad) && status.message().contains("why"), "{status}");
    }
    assert!(ending(&list(&[("grpc-message", "x")])).is_none(), "missing is told apart");
}

#[test]
fn w34_messages_are_percent_decoded_and_never_dropped() {
    let message = |value| end(&[("grpc-status", "2"), ("grpc-message", value)]).unwrap_err().message().to_owned();
    assert_eq!(message("%09a%0A %E2%98%BA %e2%98%ba"), "\ta\n ☺ ☺");
    assert_eq!(message("100% %zz %4"), "100% %zz %4");
    assert_eq!(message("%FF"), "\u{fffd}");
    assert!(end(&[("grpc-status", "0"), ("grpc-message", "ignored")]).is_ok());
}

#[test]
fn w35_details_are_taken_when_there_is_exactly_one_value() {
    let details = |fields: &[(&str, &str)]| {
        let status = end(&[&[("grpc-status", "5")], fields].concat()).unwrap_err();
        status.details().to_vec()
    };
    assert_eq!(details(&[("grpc-status-details-bin", "CAU")]), b"\x08\x05");
    assert_eq!(details(&[("grpc-status-details-bin", "CAU"), ("grpc-status-details-bin", "CAU")]), b"");
    assert_eq!(details(&[("grpc-status-details-bin", "CAU,CAU")]), b"");
    assert_eq!(details(&[]), b"");
}

#[test]
fn trailing_metadata_comes_with_the_end_and_with_its_status() {
    let end = ending(&list(&[("grpc-status", "9"), ("x", "1"), ("y-bin", "AA"), ("grpc-foo", "2")])).unwrap();
    assert_eq!((end.trailers.len(), end.trailers.get("x")), (2, Some("1")));
    assert_eq!(end.status.unwrap_err().metadata().get_bytes("y-bin"), Some(&b"\0"[..]));
}
