//! The requests of the cases, and the sizes that the descriptions give them. No calls, and nothing is judged.

use crate::proto::grpc::testing::{
    BoolValue, EchoStatus, ResponseParameters, SimpleRequest, StreamingInputCallRequest, StreamingOutputCallRequest,
};
use crate::service::zeros;

/// Bytes of payload of the large unary request and of its reply.
pub(crate) const LARGE_REQUEST: usize = 271_828;
pub(crate) const LARGE_REPLY: usize = 314_159;

/// Bytes of payload of the messages of a stream, there and back.
pub(crate) const STREAM_REQUESTS: [usize; 4] = [27_182, 8, 1_828, 45_904];
pub(crate) const STREAM_REPLIES: [usize; 4] = [31_415, 9, 2_653, 58_979];

/// The sum that the server must find, which is an `int32` in the contract.
pub(crate) fn sum(sizes: &[usize]) -> i32 {
    number(sizes.iter().sum())
}

/// The request of `large_unary`.
pub(crate) fn large() -> SimpleRequest {
    unary(LARGE_REQUEST, LARGE_REPLY)
}

/// A unary request of this many bytes of payload, for a reply of that many.
pub(crate) fn unary(request: usize, reply: usize) -> SimpleRequest {
    SimpleRequest { payload: zeros(request).into(), response_size: number(reply), ..SimpleRequest::default() }
}

/// A request of `StreamingInputCall`.
pub(crate) fn input(size: usize) -> StreamingInputCallRequest {
    StreamingInputCallRequest { payload: zeros(size).into(), ..StreamingInputCallRequest::default() }
}

/// A request for a stream of replies of these sizes.
pub(crate) fn output(replies: &[usize]) -> StreamingOutputCallRequest {
    let response_parameters = replies.iter().map(|size| reply(*size)).collect();
    StreamingOutputCallRequest { response_parameters, ..StreamingOutputCallRequest::default() }
}

/// A request of a duplex stream, with a payload, for one reply.
pub(crate) fn ping(request: usize, reply: usize) -> StreamingOutputCallRequest {
    StreamingOutputCallRequest { payload: zeros(request).into(), ..output(&[reply]) }
}

/// One reply of this size.
pub(crate) fn reply(size: usize) -> ResponseParameters {
    ResponseParameters { size: number(size), ..ResponseParameters::default() }
}

/// A flag that is set, to either value.
pub(crate) fn flag(value: bool) -> BoolValue {
    BoolValue { value, ..BoolValue::default() }
}

/// The failure with code 2 (UNKNOWN) and this message.
pub(crate) fn failure(message: &str) -> EchoStatus {
    EchoStatus { code: 2, message: message.to_owned(), ..EchoStatus::default() }
}

/// Every size of a case is far below the limit of the contract's `int32`.
fn number(size: usize) -> i32 {
    i32::try_from(size).unwrap_or(i32::MAX)
}
