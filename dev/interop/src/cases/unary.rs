//! Cases of one request and one reply.

use farcall::Channel;

use super::requests::{LARGE_REPLY, large};
use crate::Failure;
use crate::check::{expect, expect_zeros};
use crate::proto::grpc::testing::{Empty, TestServiceClient};

pub(crate) async fn empty_unary(channel: Channel) -> Result<(), Failure> {
    let reply = TestServiceClient::new(channel).empty_call(Empty::default()).await?;
    expect("reply", reply, Empty::default())
}

pub(crate) async fn large_unary(channel: Channel) -> Result<(), Failure> {
    let reply = TestServiceClient::new(channel).unary_call(large()).await?;
    expect_zeros("reply", &reply.payload, LARGE_REPLY)
}
