//! What leaves as header lists, and that the other side reads the same: W6, W7, W9, W11–W13, W23, W30–W35.

use std::time::Duration;

use super::*;
use crate::grpc::{Code, EncodingSet, Status, head_reading};

fn sent(write: impl FnOnce(&mut Fields)) -> Vec<(String, String)> {
    let mut fields = Fields::new();
    write(&mut fields);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    fields.iter().map(|(name, value)| (text(name), text(value))).collect()
}

fn pairs(sent: &[(String, String)]) -> Vec<(&str, &str)> {
    sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// All parts of a request in the order in which they are sent.
fn request(head: &RequestHead, accept: &[u8], fields: &mut Fields) {
    target(head, fields);
    if let Some(timeout) = head.timeout {
        time(timeout, fields);
    }
    definition(head, accept, fields);
    metadata(&head.metadata, fields);
}

fn head() -> RequestHead {
    RequestHead { path: "/a.B/C".into(), ..RequestHead::default() }
}

//= RFC 9113 §8.3: no pseudo-header fields are sent but the defined ones
//= RFC 9113 §8.3.1: a client names its authority by :authority, if it has one
#[test]
fn the_least_request_has_what_every_call_needs() {
    let sent = sent(|fields| request(&head(), b"", fields));
    let expected = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/a.B/C"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
    ];
    assert_eq!(pairs(&sent), expected);
}

//= RFC 9113 §8.3.1: a client names its authority by :authority, if it has one
#[test]
fn w7_the_timeout_follows_the_pseudo_headers_and_metadata_comes_last() {
    let mut metadata = Metadata::new();
    metadata.append("x", "1").unwrap();
    metadata.append_bin("y-bin", [0, 255]).unwrap();
    let head = RequestHead {
        authority: "host:1".into(),
        secure: true,
        timeout: Some(Duration::from_millis(1_500)),
        encoding: Encoding::Gzip,
        subtype: "proto".into(),
        user_agent: "me/1".into(),
        metadata,
        ..head()
    };
    let sent = sent(|fields| request(&head, b"identity,gzip", fields));
    let expected = [
        (":method", "POST"),
        (":scheme", "https"),
        (":path", "/a.B/C"),
        (":authority", "host:1"),
        ("grpc-timeout", "1500000u"),
        ("te", "trailers"),
        ("content-type", "application/grpc+proto"),
        ("user-agent", "me/1"),
        ("grpc-encoding", "gzip"),
        ("grpc-accept-encoding", "identity,gzip"),
        ("x", "1"),
        ("y-bin", "AP8"),
    ];
    assert_eq!(pairs(&sent), expected);
}

#[test]
fn what_was_written_is_read_as_the_same() {
    let mut metadata = Metadata::new();
    for (name, value) in [("a", "1"), ("b", "x y"), ("a", "2")] {
        metadata.append(name, value).unwrap();
    }
    metadata.append_bin("c-bin", [1, 2, 3]).unwrap();
    let offered: EncodingSet = [Encoding::Identity, Encoding::Zstd].into_iter().collect();
    let head = RequestHead {
        authority: "a".into(),
        timeout: Some(Duration::from_secs(7)),
        encoding: Encoding::Zstd,
        subtype: "x".into(),
        user_agent: "me".into(),
        metadata,
        ..head()
    };
    let mut fields = Fields::new();
    request(&head, b"identity,zstd", &mut fields);
    let read = head_reading::request(&fields, offered).expect("our own request");
    assert_eq!((&read.path, &read.authority, &read.subtype), (&head.path, &head.authority, &head.subtype));
    assert_eq!((read.timeout, read.encoding, read.accept), (head.timeout, head.encoding, offered));
    assert_eq!((&read.user_agent, &read.metadata), (&head.user_agent, &head.metadata));
}

#[test]
fn secrets_are_never_indexed_and_what_repeats_is() {
    let mut metadata = Metadata::new();
    metadata.append("authorization", "Bearer x").unwrap();
    metadata.append("x", "1").unwrap();
    let mut fields = Fields::new();
    request(&RequestHead { metadata, timeout: Some(Duration::from_secs(1)), ..head() }, b"", &mut fields);
    let indexing = |wanted: &str| {
        let mut sent = fields.iter_sent();
        sent.find(|(name, ..)| *name == wanted.as_bytes()).map(|(.., indexing)| indexing)
    };
    assert_eq!(indexing("authorization"), Some(Indexing::Never));
    assert_eq!(indexing(":path"), Some(Indexing::Index));
    assert_eq!(indexing("grpc-timeout"), Some(Indexing::Name), "another one each time");
    assert_eq!(indexing("x"), Some(Indexing::Plain));
}

#[test]
fn a_replys_head_repeats_the_subtype_of_the_request() {
    for (subtype, expected) in
        [("", "application/grpc"), ("proto", "application/grpc+proto"), ("json", "application/grpc+json")]
    {
        let sent = sent(|fields| reply_head(Encoding::Gzip, subtype, b"gzip", fields));
        let expected = [
            (":status", "200"),
            ("content-type", expected),
            ("grpc-encoding", "gzip"),
            ("grpc-accept-encoding", "gzip"),
        ];
        assert_eq!(pairs(&sent), expected);
    }
}

#[test]
fn w30_a_status_is_sent_even_when_it_is_ok() {
    assert_eq!(pairs(&sent(|fields| trailers(&ReplyEnd::OK, fields))), [("grpc-status", "0")]);
}

//= RFC 9113 §8.1: trailers carry no pseudo-header fields
#[test]
fn w34_w35_a_failure_has_its_number_message_details_and_metadata_once_each() {
    let mut metadata = Metadata::new();
    metadata.append("x", "of the status").unwrap();
    let mut more = Metadata::new();
    more.append("y", "of the end").unwrap();
    let status = Status::not_found("no ☺\n100%").with_details(&b"\x08\x05"[..]).with_metadata(metadata);
    let sent = sent(|fields| trailers(&ReplyEnd { status: Err(status), trailers: more }, fields));
    let expected = [
        ("grpc-status", "5"),
        ("grpc-message", "no %E2%98%BA%0A100%25"),
        ("grpc-status-details-bin", "CAU"),
        ("x", "of the status"),
        ("y", "of the end"),
    ];
    assert_eq!(pairs(&sent), expected);
}

#[test]
fn a_status_that_was_received_is_passed_on_without_doubling_its_details() {
    let mut fields = Fields::new();
    for (name, value) in [("grpc-status", "77"), ("grpc-status-details-bin", "CAU"), ("x", "1")] {
        fields.push(name.as_bytes(), value.as_bytes(), Indexing::Plain);
    }
    let status = head_reading::ending(&fields).unwrap().status.unwrap_err();
    let sent = sent(|fields| trailers(&status.into(), fields));
    assert_eq!(pairs(&sent), [("grpc-status", "77"), ("grpc-status-details-bin", "CAU"), ("x", "1")]);
}

#[test]
fn a_status_is_never_sent_as_ok() {
    let status = Status::unknown("x").with_raw_code(0);
    assert_eq!(sent(|fields| trailers(&status.into(), fields))[0].1, "2");
}

#[test]
fn refusals_are_http_with_a_status_where_the_peer_speaks_grpc() {
    let plain = Refusal { http: 415, status: None };
    assert_eq!(pairs(&sent(|fields| refusal(&plain, b"gzip", fields))), [(":status", "415")]);
    let wrong_method = Refusal { http: 405, status: Some(Status::internal("x")) };
    let sent = sent(|fields| refusal(&wrong_method, b"identity,gzip", fields));
    let expected = [
        (":status", "405"),
        ("allow", "POST"),
        ("content-type", "application/grpc"),
        ("grpc-accept-encoding", "identity,gzip"),
        ("grpc-status", "13"),
        ("grpc-message", "x"),
    ];
    assert_eq!(pairs(&sent), expected);
}

#[test]
fn w23_a_refusal_says_what_is_understood_even_if_that_is_nothing_but_identity() {
    let unknown = Refusal { http: 200, status: Some(Status::new(Code::Unimplemented, "x")) };
    let sent = sent(|fields| refusal(&unknown, b"", fields));
    assert!(pairs(&sent).contains(&("grpc-accept-encoding", "identity")), "{sent:?}");
}
