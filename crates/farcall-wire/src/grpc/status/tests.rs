//! Tests of the status: what is small, what is sent, what stays here.

use super::*;
use crate::error::Reason;

#[test]
fn a_status_is_at_most_forty_bytes_also_as_a_result() {
    assert!(size_of::<Status>() <= 40, "{}", size_of::<Status>());
    assert!(size_of::<Result<(), Status>>() <= 40, "{}", size_of::<Result<(), Status>>());
}

#[test]
fn a_literal_message_allocates_nothing() {
    let status = Status::not_found("no user");
    assert!(matches!(status.message, Cow::Borrowed("no user")));
    assert!(status.extra.is_none());
    assert!(status.clone().with_raw_code(5).extra.is_none(), "the code's own number is nothing to remember");
}

#[test]
fn each_code_has_its_constructor() {
    let all: [fn(&'static str) -> Status; 16] = [
        Status::cancelled,
        Status::unknown,
        Status::invalid_argument,
        Status::deadline_exceeded,
        Status::not_found,
        Status::already_exists,
        Status::permission_denied,
        Status::resource_exhausted,
        Status::failed_precondition,
        Status::aborted,
        Status::out_of_range,
        Status::unimplemented,
        Status::internal,
        Status::unavailable,
        Status::data_loss,
        Status::unauthenticated,
    ];
    assert!(all.iter().map(|make| make("x").code()).eq(Code::ALL.iter().copied()));
}

#[test]
fn a_status_reads_as_code_and_message() {
    assert_eq!(Status::not_found(format!("no user {}", 7)).to_string(), "NOT_FOUND: no user 7");
    assert_eq!(Status::aborted("").to_string(), "ABORTED");
}

#[test]
fn an_unknown_number_is_kept_beside_unknown() {
    let status = Status::unknown("from the future").with_raw_code(99);
    assert_eq!((status.code(), status.raw_code()), (Code::Unknown, 99));
    assert_eq!(Status::internal("x").raw_code(), 13);
    assert_eq!(status.with_raw_code(2).raw_code(), 2, "can be set back");
}

#[test]
fn details_and_metadata_travel_with_the_status() {
    let plain = Status::internal("x");
    assert!(plain.details().is_empty() && plain.metadata().is_empty());
    let mut metadata = Metadata::new();
    metadata.append("retry-in", "5").unwrap();
    let status = plain.with_details(vec![8, 13]).with_metadata(metadata);
    assert_eq!(status.details(), [8, 13]);
    assert_eq!(status.clone().metadata().get("retry-in"), Some("5"));
}

#[test]
fn the_source_stays_here_and_is_found_by_error_chains() {
    let io = std::io::Error::other("/etc/secret is unreadable");
    let status = Err::<(), _>(io).or_status(Code::Unavailable, "loading the user").unwrap_err();
    assert_eq!(status.to_string(), "UNAVAILABLE: loading the user");
    assert!(status.source().unwrap().is::<std::io::Error>());
    let dynamic: &dyn Error = &status;
    assert!(dynamic.source().unwrap().to_string().contains("/etc/secret"));
    assert!(Status::internal("x").source().is_none());
}

#[test]
fn a_source_may_be_boxed_shared_or_a_text() {
    let boxed: Box<dyn Error + Send + Sync> = "a text".into();
    let shared: Arc<dyn Error + Send + Sync> = Arc::from(Box::<dyn Error + Send + Sync>::from("shared"));
    for status in [
        Status::internal("x").with_source(boxed),
        Status::internal("x").with_source(shared),
        Status::internal("x").with_source("text"),
        Status::internal("x").with_source(Status::aborted("cause")),
    ] {
        assert!(status.source().is_some());
    }
}

#[test]
fn an_option_becomes_a_status_too() {
    assert_eq!(Some(3).or_status(Code::NotFound, "none").unwrap(), 3);
    assert_eq!(None::<u8>.or_status(Code::NotFound, "none").unwrap_err().to_string(), "NOT_FOUND: none");
    assert_eq!(Ok::<_, std::fmt::Error>(3).or_status(Code::NotFound, "none").unwrap(), 3);
}

#[test]
fn a_fault_becomes_the_status_of_its_row() {
    let status = Status::from(Fault::call(Reason::MessageTooLarge { length: 5, limit: 4 }));
    assert_eq!(status.to_string(), "RESOURCE_EXHAUSTED: a message of 5 bytes passes the receive limit of 4 bytes");
    assert_eq!(Status::from(Fault::connection(Reason::Disconnected)).code(), Code::Unavailable);
}

#[test]
fn debug_shows_only_what_is_there() {
    assert_eq!(format!("{:?}", Status::aborted("x")), r#"Status { code: Aborted, message: "x" }"#);
    let full = Status::unknown("x").with_raw_code(77).with_details(vec![0; 3]).with_source("why");
    let text = format!("{full:?}");
    for part in ["raw_code: 77", "details: 3 bytes", "source: \"why\""] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_status_crosses_threads() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Status>();
}
