//! The case of metadata in both directions, around one reply and around a stream.

use farcall::Channel;

use super::requests::{LARGE_REPLY, LARGE_REQUEST, large, ping};
use crate::check::{expect, expect_echo, expect_some, expect_zeros};
use crate::proto::grpc::testing::TestServiceClient;
use crate::{ECHO_INITIAL, ECHO_TRAILING, Failure};

const INITIAL: &str = "test_initial_metadata_value";
const TRAILING: &[u8] = &[0xab, 0xab, 0xab];

pub(super) async fn custom_metadata(channel: Channel) -> Result<(), Failure> {
    let client = TestServiceClient::new(channel);
    let unary = client.unary_call(large()).metadata(ECHO_INITIAL, INITIAL).metadata_bin(ECHO_TRAILING, TRAILING);
    let reply = unary.reply().await?;
    expect_zeros("reply", &reply.message.payload, LARGE_REPLY)?;
    expect_echo("unary call", &reply.headers, &reply.trailers, (INITIAL, TRAILING))?;

    let duplex = client.full_duplex_call().metadata(ECHO_INITIAL, INITIAL).metadata_bin(ECHO_TRAILING, TRAILING);
    let mut duplex = duplex.await?;
    duplex.send(ping(LARGE_REQUEST, LARGE_REPLY)).await?;
    let mut replies = duplex.finish().await?;
    let headers = replies.headers().await?;
    let first = expect_some("reply of the stream", replies.next().await?)?;
    expect_zeros("reply of the stream", &first.payload, LARGE_REPLY)?;
    expect("a reply behind the last one", replies.next().await?, None)?;
    expect_echo("stream", &headers, &replies.trailers().await, (INITIAL, TRAILING))
}
