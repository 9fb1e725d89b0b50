//! Cases of streams, in each direction and in both.

use std::iter::zip;

use farcall::Channel;

use super::requests::{STREAM_REPLIES, STREAM_REQUESTS, input, output, ping, sum};
use crate::Failure;
use crate::check::{expect, expect_some, expect_zeros};
use crate::proto::grpc::testing::TestServiceClient;

pub(super) async fn client_streaming(channel: Channel) -> Result<(), Failure> {
    let mut upload = TestServiceClient::new(channel).streaming_input_call().await?;
    for size in STREAM_REQUESTS {
        upload.send(input(size)).await?;
    }
    let reply = upload.finish().await?;
    expect("aggregated_payload_size", reply.aggregated_payload_size, sum(&STREAM_REQUESTS))
}

pub(super) async fn server_streaming(channel: Channel) -> Result<(), Failure> {
    let request = output(&STREAM_REPLIES);
    let mut replies = TestServiceClient::new(channel).streaming_output_call(request).await?;
    for (index, size) in STREAM_REPLIES.into_iter().enumerate() {
        let what = format!("reply {}", index + 1);
        let reply = expect_some(&what, replies.next().await?)?;
        expect_zeros(&what, &reply.payload, size)?;
    }
    expect("a reply behind the last one", replies.next().await?, None)
}

pub(super) async fn ping_pong(channel: Channel) -> Result<(), Failure> {
    let mut duplex = TestServiceClient::new(channel).full_duplex_call().await?;
    for (index, (request, size)) in zip(STREAM_REQUESTS, STREAM_REPLIES).enumerate() {
        let what = format!("reply {}", index + 1);
        duplex.send(ping(request, size)).await?;
        let reply = expect_some(&what, duplex.next().await?)?;
        expect_zeros(&what, &reply.payload, size)?;
    }
    let mut replies = duplex.finish().await?;
    expect("a reply behind the last one", replies.next().await?, None)
}

pub(super) async fn empty_stream(channel: Channel) -> Result<(), Failure> {
    let mut replies = TestServiceClient::new(channel).full_duplex_call().await?.finish().await?;
    expect("a reply to nothing", replies.next().await?, None)
}
