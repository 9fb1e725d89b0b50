//! What a case saw, held against what it should have seen. Calls are made in `cases`, not here.

use std::fmt;

use farcall::{Code, Metadata, Status};

use crate::proto::grpc::testing::Payload;
use crate::shape::{Field, sent};
use crate::{ECHO_INITIAL, ECHO_TRAILING};

/// Why a case failed: what was expected, and what came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(String);

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// A call that should have gone well.
impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self(format!("expected a call that ends with OK, got {}", shown(&status)))
    }
}

pub(crate) fn expect<T: PartialEq + fmt::Debug>(what: &str, got: T, expected: T) -> Result<(), Failure> {
    if got == expected {
        return Ok(());
    }
    Err(Failure(format!("{what}: expected {expected:?}, got {got:?}")))
}

/// A message that must be there.
pub(crate) fn expect_some<T>(what: &str, got: Option<T>) -> Result<T, Failure> {
    got.ok_or_else(|| Failure(format!("{what}: expected a message, got the end of the stream")))
}

/// A payload of zeros.
pub(crate) fn expect_zeros(what: &str, payload: &impl Field<Payload>, size: usize) -> Result<(), Failure> {
    let body = sent(payload).map_or([].as_slice(), |payload| &payload.body);
    expect(&format!("{what}: bytes of payload"), body.len(), size)?;
    match body.iter().position(|byte| *byte != 0) {
        Some(at) => Err(Failure(format!("{what}: expected zeros, got {} at byte {at} of the payload", body[at]))),
        None => Ok(()),
    }
}

/// The code, and the message byte by byte.
pub(crate) fn expect_status<T>(what: &str, got: Result<T, Status>, code: Code, message: &str) -> Result<(), Failure> {
    let status = expect_code(what, got, code)?;
    expect(&format!("{what}: status message"), status.message(), message)
}

/// The code alone.
pub(crate) fn expect_code<T>(what: &str, got: Result<T, Status>, code: Code) -> Result<Status, Failure> {
    match got {
        Err(status) if status.code() == code => Ok(status),
        Err(status) => Err(Failure(format!("{what}: expected {code}, got {}", shown(&status)))),
        Ok(_) => Err(Failure(format!("{what}: expected {code}, got OK"))),
    }
}

/// One value of each of the two names, where it belongs.
pub(crate) fn expect_echo(
    what: &str,
    headers: &Metadata,
    trailers: &Metadata,
    echo: (&str, &[u8]),
) -> Result<(), Failure> {
    let initial: Vec<_> = headers.get_all(ECHO_INITIAL).map(String::from_utf8_lossy).collect();
    expect(&format!("{what}: {ECHO_INITIAL} before the messages"), initial, vec![echo.0.into()])?;
    let trailing: Vec<_> = trailers.get_all(ECHO_TRAILING).collect();
    expect(&format!("{what}: {ECHO_TRAILING} after the messages"), trailing, vec![echo.1])
}

fn shown(status: &Status) -> String {
    format!("{}: {:?}", status.code(), status.message())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::zeros;

    #[test]
    fn a_failure_says_what_was_expected_and_what_came() {
        assert_eq!(expect("replies", 3, 4).unwrap_err().to_string(), "replies: expected 4, got 3");
        let early = expect_status("call", Err::<(), _>(Status::internal("no")), Code::Unknown, "no").unwrap_err();
        assert_eq!(early.to_string(), "call: expected UNKNOWN, got INTERNAL: \"no\"");
        let other = expect_status("call", Err::<(), _>(Status::unknown("a")), Code::Unknown, "b").unwrap_err();
        assert_eq!(other.to_string(), "call: status message: expected \"b\", got \"a\"");
        assert!(expect_code("call", Ok(()), Code::Unknown).unwrap_err().to_string().ends_with("got OK"));
    }

    #[test]
    fn a_payload_is_zeros_of_the_size_or_nothing() {
        assert!(expect_zeros("reply", &zeros(3), 3).is_ok());
        assert!(expect_zeros("reply", &zeros(3), 4).is_err());
        assert!(expect_zeros("reply", &Payload::default(), 1).is_err());
        let mut dirty = zeros(3);
        dirty.body[2] = 9;
        assert!(expect_zeros("reply", &dirty, 3).unwrap_err().to_string().contains("9 at byte 2"));
    }

    #[test]
    fn an_echo_is_one_value_of_each_in_its_place() {
        let (mut headers, mut trailers) = (Metadata::new(), Metadata::new());
        headers.append(ECHO_INITIAL, "x").unwrap();
        trailers.append_bin(ECHO_TRAILING, [1, 2]).unwrap();
        assert!(expect_echo("call", &headers, &trailers, ("x", &[1, 2])).is_ok());
        assert!(expect_echo("call", &trailers, &headers, ("x", &[1, 2])).is_err());
        headers.append(ECHO_INITIAL, "x").unwrap();
        assert!(expect_echo("call", &headers, &trailers, ("x", &[1, 2])).is_err());
    }
}
