//! The requests of the cases, and the sizes that the descriptions give them. No calls, and nothing is judged.

use crate::proto::grpc::testing::{
    BoolValue, EchoStatus, ResponseParameters, SimpleRequest, StreamingInputCallRequest, StreamingOutputCallRequest,
};
use crate::service::zeros;

/// Bytes of payload of the large unary request and of its reply.
pub(super) const LARGE_REQUEST: usize = 271_828;
pub(super) const LARGE_REPLY: usize = 314_159;

/// Bytes of payload of the messages of a stream, there and back.
pub(super) const STREAM_REQUESTS: [usize; 4] = [27_182, 8, 1_828, 45_904];
pub(super) const STREAM_REPLIES: [usize; 4] = [31_415, 9, 2_653, 58_979];

/// The sum that the server must find, which is an `int32` in the contract.
pub(super) fn sum(sizes: &[usize]) -> i32 {
    number(sizes.iter().sum())
}

/// The request of `large_unary`.
pub(super) fn large() -> SimpleRequest {
    SimpleRequest {
        payload: zeros(LARGE_REQUEST).into(),
        response_size: number(LARGE_REPLY),
        ..SimpleRequest::default()
    }
}

/// A request of `StreamingInputCall`.
pub(super) fn input(size: usize) -> StreamingInputCallRequest {
    StreamingInputCallRequest { payload: zeros(size).into(), ..StreamingInputCallRequest::default() }
}

/// A request for a stream of replies of these sizes.
pub(super) fn output(replies: &[usize]) -> StreamingOutputCallRequest {
    let response_parameters = replies.iter().map(|size| reply(*size)).collect();
    StreamingOutputCallRequest { response_parameters, ..StreamingOutputCallRequest::default() }
}

/// A request of a duplex stream, with a payload, for one reply.
pub(super) fn ping(request: usize, reply: usize) -> StreamingOutputCallRequest {
    StreamingOutputCallRequest { payload: zeros(request).into(), ..output(&[reply]) }
}

/// One reply of this size.
pub(super) fn reply(size: usize) -> ResponseParameters {
    ResponseParameters { size: number(size), ..ResponseParameters::default() }
}

/// A flag that is set, to either value.
pub(super) fn flag(value: bool) -> BoolValue {
    BoolValue { value, ..BoolValue::default() }
}

/// The failure with code 2 (UNKNOWN) and this message.
pub(super) fn failure(message: &str) -> EchoStatus {
    EchoStatus { code: 2, message: message.to_owned(), ..EchoStatus::default() }
}

/// Every size of a case is far below the limit of the contract's `int32`.
fn number(size: usize) -> i32 {
    i32::try_from(size).unwrap_or(i32::MAX)
}
