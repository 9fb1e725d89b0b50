//! Cases of calls that the client cuts off: cancelled by dropping a half of them, or past their deadline.
//!
//! Each ends with a call that goes well on the same channel: what was cut off was one call, not the connection.

use std::time::Duration;

use farcall::{Channel, Code};

use super::requests::{STREAM_REPLIES, STREAM_REQUESTS, ping};
use super::unary::empty_unary;
use crate::Failure;
use crate::check::{expect_code, expect_some, expect_zeros};
use crate::proto::grpc::testing::{StreamingOutputCallRequest, TestServiceClient};
use crate::service::zeros;

pub(super) async fn cancel_after_begin(channel: Channel) -> Result<(), Failure> {
    // With a connection, so that the call really begins before it is cancelled.
    empty_unary(channel.clone()).await?;
    let (requests, reply) = TestServiceClient::new(channel.clone()).streaming_input_call().await?.split();
    drop(requests);
    expect_code("the cancelled call", reply.await, Code::Cancelled)?;
    empty_unary(channel).await
}

pub(super) async fn cancel_after_first_response(channel: Channel) -> Result<(), Failure> {
    let (mut requests, mut replies) = TestServiceClient::new(channel.clone()).full_duplex_call().await?.split();
    requests.send(ping(STREAM_REQUESTS[0], STREAM_REPLIES[0])).await?;
    let first = expect_some("reply 1", replies.next().await?)?;
    expect_zeros("reply 1", &first.payload, STREAM_REPLIES[0])?;
    drop(requests);
    expect_code("the cancelled call", replies.next().await, Code::Cancelled)?;
    empty_unary(channel).await
}

pub(super) async fn timeout_on_sleeping_server(channel: Channel) -> Result<(), Failure> {
    let call = TestServiceClient::new(channel.clone()).full_duplex_call().timeout(Duration::from_millis(1));
    let (mut requests, mut replies) = call.await?.split();
    let request = StreamingOutputCallRequest { payload: zeros(STREAM_REQUESTS[0]).into(), ..Default::default() };
    // Where the millisecond is over before the message is queued, the end below says so too.
    let _ = requests.send(request).await;
    expect_code("the call of 1 ms", replies.next().await, Code::DeadlineExceeded)?;
    empty_unary(channel).await
}
