//! Cases for a server that misbehaves: what the client sees of it. What the server sees of the client is judged there.

use std::time::Duration;

use farcall::{Channel, Status};

use super::heavy::at_once;
use super::requests::large;
use super::unary::large_unary;
use crate::Failure;
use crate::proto::grpc::testing::{SimpleResponse, TestServiceClient};

/// Time between the two calls of `goaway`, as the description has it.
const PAUSE: Duration = Duration::from_secs(1);
/// Calls at a time of `max_streams`.
const CALLS: usize = 10;

pub(super) async fn goaway(channel: Channel) -> Result<(), Failure> {
    large_unary(channel.clone()).await?;
    tokio::time::sleep(PAUSE).await;
    large_unary(channel).await
}

pub(super) async fn rst_after_header(channel: Channel) -> Result<(), Failure> {
    expect_failure(TestServiceClient::new(channel).unary_call(large()).await)
}

pub(super) async fn rst_during_data(channel: Channel) -> Result<(), Failure> {
    expect_failure(TestServiceClient::new(channel).unary_call(large()).await)
}

pub(super) async fn rst_after_data(channel: Channel) -> Result<(), Failure> {
    expect_failure(TestServiceClient::new(channel).unary_call(large()).await)
}

pub(super) async fn ping(channel: Channel) -> Result<(), Failure> {
    large_unary(channel).await
}

pub(super) async fn max_streams(channel: Channel) -> Result<(), Failure> {
    // The first lets the server's limit arrive.
    large_unary(channel.clone()).await?;
    at_once(channel, CALLS).await
}

/// Any failure: the description names no code, because libraries differ.
fn expect_failure(reply: Result<SimpleResponse, Status>) -> Result<(), Failure> {
    match reply {
        Ok(reply) => Err(Failure::new(format!(
            "expected a call that fails, since it was reset before its trailers, got OK and {} bytes of payload",
            reply.payload.body.len()
        ))),
        Err(_) => Ok(()),
    }
}
