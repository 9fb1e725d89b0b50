//! What a request asks for, checked: sizes, waits, compression, a failure instead of an answer.
//!
//! Nothing is sent here. A wish that cannot be met is INVALID_ARGUMENT, and its text names the field and the value.

use std::time::Duration;

use crate::proto::grpc::testing::{BoolValue, EchoStatus, PayloadType, StreamingOutputCallRequest};
use crate::shape::{EnumField, number, sent};
use farcall::{Code, Status};

/// Bytes of the largest payload that is made for anybody: far above every case, far below what hurts.
const LARGEST_PAYLOAD: i32 = 64 << 20;

/// One message of a stream of replies.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) wait: Duration,
    pub(super) size: usize,
    pub(super) compressed: bool,
}

/// The replies that a request of a stream asks for.
///
/// # Errors
/// INVALID_ARGUMENT for a wish that cannot be met, and the failure that was asked for instead of replies.
pub(super) fn answers(request: &StreamingOutputCallRequest) -> Result<Vec<Answer>, Status> {
    checked_type(&request.response_type)?;
    without_failure(sent(&request.response_status))?;
    let wishes = request.response_parameters.iter();
    wishes
        .map(|wish| {
            let wait = u64::try_from(wish.interval_us).map_err(|_| {
                Status::invalid_argument(format!("interval_us is {}: ask for 0 or more", wish.interval_us))
            })?;
            Ok(Answer {
                wait: Duration::from_micros(wait),
                size: checked_size(wish.size)?,
                compressed: sent(&wish.compressed).is_some_and(|wish| wish.value),
            })
        })
        .collect()
}

/// The size of a payload that was asked for, in bytes.
pub(super) fn checked_size(size: i32) -> Result<usize, Status> {
    usize::try_from(size).ok().filter(|_| size <= LARGEST_PAYLOAD).ok_or_else(|| {
        Status::invalid_argument(format!("a payload of {size} bytes is not made here: ask for 0 to {LARGEST_PAYLOAD}"))
    })
}

/// Refuses every kind of payload but zeros.
pub(super) fn checked_type(kind: &EnumField<PayloadType>) -> Result<(), Status> {
    match number(kind) {
        0 => Ok(()),
        other => Err(Status::invalid_argument(format!("response_type {other} is not known: use 0, COMPRESSABLE"))),
    }
}

/// Refuses a message that claims another compression than it came with.
pub(super) fn checked_compression(claim: Option<&BoolValue>, compressed: bool) -> Result<(), Status> {
    match claim {
        Some(claim) if claim.value != compressed => Err(Status::invalid_argument(format!(
            "expect_compressed is {}, but the message came with the compressed flag {}",
            claim.value,
            u8::from(compressed)
        ))),
        _ => Ok(()),
    }
}

/// Fails with the status that was asked for; 0 is OK.
pub(super) fn without_failure(wanted: Option<&EchoStatus>) -> Result<(), Status> {
    match wanted {
        Some(status) if status.code != 0 => {
            let code = u32::try_from(status.code).ok().and_then(Code::from_number).unwrap_or(Code::Unknown);
            Err(Status::new(code, status.message.clone()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::grpc::testing::ResponseParameters;

    fn claim(value: bool) -> BoolValue {
        BoolValue { value, ..BoolValue::default() }
    }

    fn parameters(size: i32, interval_us: i32) -> StreamingOutputCallRequest {
        let wish =
            ResponseParameters { size, interval_us, compressed: claim(true).into(), ..ResponseParameters::default() };
        StreamingOutputCallRequest { response_parameters: vec![wish], ..StreamingOutputCallRequest::default() }
    }

    #[test]
    fn a_claim_must_be_true_and_no_claim_always_is() {
        for compressed in [false, true] {
            assert!(checked_compression(None, compressed).is_ok());
            assert!(checked_compression(Some(&claim(compressed)), compressed).is_ok());
            let refused = checked_compression(Some(&claim(!compressed)), compressed).unwrap_err();
            assert_eq!(refused.code(), Code::InvalidArgument);
        }
    }

    #[test]
    fn sizes_and_waits_that_make_no_sense_are_refused_with_their_value() {
        let wanted = Answer { wait: Duration::from_micros(7), size: 5, compressed: true };
        assert_eq!(answers(&parameters(5, 7)).unwrap(), [wanted]);
        for (request, value) in
            [(parameters(-1, 0), "-1"), (parameters(i32::MAX, 0), "2147483647"), (parameters(1, -3), "-3")]
        {
            let refused = answers(&request).unwrap_err();
            assert_eq!(refused.code(), Code::InvalidArgument);
            assert!(refused.message().contains(value), "{refused:?}");
        }
    }

    #[test]
    fn only_zeros_are_made() {
        assert!(checked_type(&EnumField::<PayloadType>::from(0)).is_ok());
        let refused = checked_type(&EnumField::<PayloadType>::from(1)).unwrap_err();
        assert_eq!((refused.code(), refused.message().contains('1')), (Code::InvalidArgument, true));
    }

    #[test]
    fn a_failure_is_the_one_asked_for_and_zero_is_none() {
        let wanted = |code| EchoStatus { code, message: "as asked".into(), ..EchoStatus::default() };
        assert!(without_failure(None).is_ok());
        assert!(without_failure(Some(&wanted(0))).is_ok());
        for (number, code) in [(2, Code::Unknown), (5, Code::NotFound), (-1, Code::Unknown), (77, Code::Unknown)] {
            let failure = without_failure(Some(&wanted(number))).unwrap_err();
            assert_eq!((failure.code(), failure.message()), (code, "as asked"), "{number}");
        }
    }
}
