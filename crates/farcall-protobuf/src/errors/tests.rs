//! Details added, read back, refused; bytes compared with what the public contract says.

use std::collections::BTreeMap;
use std::time::Duration;

use farcall::{Code, Status};

use super::*;
use crate::generated::google::rpc;
use crate::well_known;
use crate::{Message, MessageField};

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn localized() -> LocalizedMessage {
    LocalizedMessage { locale: "de-CH".into(), message: "zu viel".into() }
}

/// One of each kind, every field set.
fn every_kind() -> Vec<Detail> {
    let violation = FieldViolation {
        field: "users[2].name".into(),
        description: "must not be empty".into(),
        reason: "NAME_EMPTY".into(),
        localized_message: Some(localized()),
    };
    let condition =
        PreconditionViolation { kind: "TOS".into(), subject: "example.com".into(), description: "accept them".into() };
    let quota = QuotaViolation {
        subject: "clientip:192.0.2.7".into(),
        description: "wait a day".into(),
        api_service: "shop.example.com".into(),
        quota_metric: "calls".into(),
        quota_id: "calls-a-day".into(),
        quota_dimensions: map(&[("region", "eu"), ("zone", "b")]),
        quota_value: 10,
        future_quota_value: Some(0),
    };
    let reason =
        ErrorInfo { reason: "STOCKOUT".into(), domain: "shop.example.com".into(), metadata: map(&[("a", "b")]) };
    vec![
        BadRequest { field_violations: vec![violation] }.into(),
        DebugInfo { stack_entries: vec!["a".into(), "b".into()], detail: "c".into() }.into(),
        reason.into(),
        Help { links: vec![Link { description: "prices".into(), url: "https://example.com".into() }] }.into(),
        localized().into(),
        PreconditionFailure { violations: vec![condition] }.into(),
        QuotaFailure { violations: vec![quota] }.into(),
        RequestInfo { request_id: "7".into(), serving_data: "x".into() }.into(),
        ResourceInfo { owner: "ada".into(), ..ResourceInfo::new("users.v1.User", "4711", "gone") }.into(),
        RetryInfo { retry_delay: Duration::new(3, 500) }.into(),
        OtherDetail { type_url: "example.com/my.Own".into(), value: vec![1, 2] }.into(),
    ]
}

#[test]
fn every_kind_comes_back_as_it_was_sent_and_in_order() {
    let status = every_kind().into_iter().fold(Status::not_found("nobody"), RichStatus::with_detail);
    assert_eq!(status.all_details().unwrap(), every_kind());
    assert_eq!(status.detail().unwrap(), Some(localized()));
    let empty = Status::aborted("x").with_detail(BadRequest::default()).with_detail(RetryInfo::default());
    assert_eq!(empty.all_details().unwrap(), [BadRequest::default().into(), RetryInfo::default().into()]);
}

#[test]
fn the_bytes_are_a_google_rpc_status_of_this_failure() {
    let status = Status::not_found("nobody").with_detail(LocalizedMessage { locale: "a".into(), message: "b".into() });
    let url = b"type.googleapis.com/google.rpc.LocalizedMessage";
    let any = [b"\x0a\x2f".as_slice(), url, b"\x12\x06\x0a\x01a\x12\x01b"].concat();
    let expected = [b"\x08\x05\x12\x06nobody\x1a\x39".as_slice(), &any].concat();
    assert_eq!(status.details(), expected);
}

#[test]
fn the_first_of_a_kind_is_the_one_that_is_found() {
    let status = Status::aborted("x")
        .with_detail(RetryInfo { retry_delay: Duration::from_secs(1) })
        .with_detail(BadRequest::field("a", "b").and_field("c", "d"))
        .with_detail(RetryInfo { retry_delay: Duration::from_secs(2) });
    assert_eq!(status.detail().unwrap(), Some(RetryInfo { retry_delay: Duration::from_secs(1) }));
    assert_eq!(status.detail::<BadRequest>().unwrap().unwrap().field_violations.len(), 2);
    assert_eq!(status.detail::<Help>().unwrap(), None);
}

#[test]
fn a_status_without_details_has_none() {
    assert_eq!(Status::aborted("x").all_details().unwrap(), []);
    assert_eq!(Status::aborted("x").detail::<Help>().unwrap(), None);
}

#[test]
fn w35_details_of_another_code_are_an_internal_error() {
    let other = Status::aborted("x").with_detail(localized());
    let status = Status::not_found("y").with_details(other.details().to_vec());
    let refused = status.all_details().unwrap_err();
    assert_eq!(refused.code(), Code::Internal);
    assert_eq!(refused.message(), "grpc-status-details-bin mismatch: its code is 10, and grpc-status is 5");
    assert_eq!(status.detail::<LocalizedMessage>().unwrap_err().code(), Code::Internal);
    // A code that nobody has defined is compared by its number.
    let unknown = Status::unknown("z").with_raw_code(77).with_detail(localized());
    assert_eq!(unknown.detail().unwrap(), Some(localized()));
    for code in [0, -1, 2, i32::MIN] {
        let rich = rpc::Status { code, message: "z".into(), ..Default::default() };
        assert!(unknown.clone().with_details(rich.encode_to_vec()).all_details().is_err(), "{code}");
    }
}

#[test]
fn w35_bytes_that_cannot_be_read_are_ignored() {
    for bytes in [b"\xff".as_slice(), b"\x08", b"\x0a\x01x", b"\x12\x02\xff\xff"] {
        let status = Status::aborted("x").with_details(bytes.to_vec());
        assert_eq!(status.all_details().unwrap(), [], "{bytes:?}");
        assert_eq!(status.with_detail(localized()).all_details().unwrap(), [localized().into()]);
    }
}

#[test]
fn a_known_kind_that_cannot_be_read_is_told_as_its_bytes() {
    let type_url = "type.googleapis.com/google.rpc.RetryInfo".to_owned();
    let broken = OtherDetail { type_url, value: vec![0xff] };
    let status = Status::aborted("x").with_detail(broken.clone()).with_detail(RetryInfo::default());
    assert_eq!(status.all_details().unwrap(), [broken.into(), RetryInfo::default().into()]);
    assert_eq!(status.detail().unwrap(), Some(RetryInfo::default()));
}

#[test]
fn details_of_another_failure_are_replaced_and_others_kept_byte_by_byte() {
    let unknown_field = OtherDetail {
        type_url: "other.example/google.rpc.LocalizedMessage".into(),
        value: b"\x0a\x01a\x12\x01b\x98\x06\x07".to_vec(),
    };
    let status = Status::aborted("x").with_detail(unknown_field).with_detail(RetryInfo::default());
    assert!(status.details().windows(3).any(|bytes| bytes == b"\x98\x06\x07"), "unknown fields travel on");
    assert_eq!(status.detail::<LocalizedMessage>().unwrap().unwrap().locale, "a", "whoever serves the type");
    let moved = Status::not_found("y").with_details(status.details().to_vec()).with_detail(localized());
    assert_eq!(moved.all_details().unwrap(), [localized().into()]);
}

#[test]
fn a_delay_that_makes_no_sense_is_zero() {
    for (seconds, nanos) in [(-1, 0), (0, -1), (1, i32::MIN), (i64::MIN, 0)] {
        let delay = well_known::Duration { seconds, nanos, ..Default::default() };
        let wire = rpc::RetryInfo { retry_delay: MessageField::some(delay), ..Default::default() };
        let type_url = "type.googleapis.com/google.rpc.RetryInfo".to_owned();
        let status = Status::aborted("x").with_detail(OtherDetail { type_url, value: wire.encode_to_vec() });
        assert_eq!(status.detail().unwrap(), Some(RetryInfo { retry_delay: Duration::ZERO }), "{seconds} {nanos}");
    }
}
