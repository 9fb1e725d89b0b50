//! Cases of much at once: a thousand large calls on one channel, and one request beyond the usual limit.

use farcall::Channel;

use super::requests::unary;
use super::unary::large_unary;
use crate::Failure;
use crate::check::expect_zeros;
use crate::proto::grpc::testing::TestServiceClient;

/// Calls at a time.
const CALLS: usize = 1_000;
/// Bytes of payload of the request that passes the 4 MiB of a usual server, and of its reply.
const VERY_LARGE_REQUEST: usize = 10_485_760;
const SMALL_REPLY: usize = 10;

pub(super) async fn concurrent_large_unary(channel: Channel) -> Result<(), Failure> {
    at_once(channel, CALLS).await
}

/// Makes this many calls of `large_unary` at a time; the first failure is told, with how many there were.
pub(super) async fn at_once(channel: Channel, calls: usize) -> Result<(), Failure> {
    let running: Vec<_> = (0..calls).map(|_| tokio::spawn(large_unary(channel.clone()))).collect();
    let mut failures = Vec::new();
    for call in running {
        let verdict = call.await.unwrap_or_else(|error| Err(Failure::new(format!("a call's task: {error}"))));
        failures.extend(verdict.err());
    }
    match failures.first() {
        Some(first) => Err(Failure::new(format!("{} of {calls} calls failed, the first: {first}", failures.len()))),
        None => Ok(()),
    }
}

pub(super) async fn very_large_request(channel: Channel) -> Result<(), Failure> {
    let request = unary(VERY_LARGE_REQUEST, SMALL_REPLY);
    let reply = TestServiceClient::new(channel).unary_call(request).await?;
    expect_zeros("reply", &reply.payload, SMALL_REPLY)
}
