//! Cases of compressed messages: the flag of each is asserted, by the server for requests and here for replies.
//!
//! The four official ones ask for what a server must be able to see; `gzip_*` and `deflate_*` go easier on it (`peers/README.md`).

use std::iter::zip;

use farcall::{Channel, Code, Encoding};

use super::requests::{LARGE_REPLY, STREAM_REPLIES, STREAM_REQUESTS, flag, input, large, output, ping, reply, sum};
use crate::Failure;
use crate::check::{expect, expect_code, expect_some, expect_zeros};
use crate::proto::grpc::testing::{
    SimpleRequest, StreamingInputCallRequest, StreamingOutputCallRequest, TestServiceClient,
};

/// Asks a Python peer for replies in deflate, since it cannot see how a request came.
const ANSWER_ENCODING: &str = "x-answer-encoding";
const COMPRESSED_REQUEST: usize = 27_182;
const PLAIN_REQUEST: usize = 45_904;
const COMPRESSED_REPLY: usize = 31_415;
const PLAIN_REPLY: usize = 92_653;

pub(super) async fn client_compressed_unary(channel: Channel) -> Result<(), Failure> {
    let client = TestServiceClient::new(channel);
    let request = |claim| SimpleRequest { expect_compressed: flag(claim).into(), ..large() };
    let probe = client.unary_call(request(true)).await;
    expect_code("uncompressed request that claims to be compressed", probe, Code::InvalidArgument)?;
    let compressed = client.unary_call(request(true)).gzip().await?;
    expect_zeros("reply to the compressed request", &compressed.payload, LARGE_REPLY)?;
    let plain = client.unary_call(request(false)).await?;
    expect_zeros("reply to the uncompressed request", &plain.payload, LARGE_REPLY)
}

pub(super) async fn server_compressed_unary(channel: Channel) -> Result<(), Failure> {
    let client = TestServiceClient::new(channel);
    for compressed in [true, false] {
        let what = format!("reply with response_compressed {compressed}");
        let request = SimpleRequest { response_compressed: flag(compressed).into(), ..large() };
        let reply = client.unary_call(request).reply().await?;
        expect(&format!("{what}: compressed flag"), reply.compressed, compressed)?;
        expect_zeros(&what, &reply.message.payload, LARGE_REPLY)?;
    }
    Ok(())
}

pub(super) async fn client_compressed_streaming(channel: Channel) -> Result<(), Failure> {
    let client = TestServiceClient::new(channel);
    let (mut probe, refusal) = client.streaming_input_call().await?.split();
    // The server refuses the first message, perhaps while it is still being sent or finished.
    if probe.send(claiming(COMPRESSED_REQUEST, true)).await.is_ok() {
        let _ = probe.finish().await;
    }
    expect_code("uncompressed request that claims to be compressed", refusal.await, Code::InvalidArgument)?;

    let (mut requests, reply) = client.streaming_input_call().gzip().await?.split();
    requests.send(claiming(COMPRESSED_REQUEST, true)).await?;
    requests.compress(false);
    requests.send(claiming(PLAIN_REQUEST, false)).await?;
    requests.finish().await?;
    let total = reply.await?.aggregated_payload_size;
    expect("aggregated_payload_size", total, sum(&[COMPRESSED_REQUEST, PLAIN_REQUEST]))
}

pub(super) async fn server_compressed_streaming(channel: Channel) -> Result<(), Failure> {
    let wanted = [(COMPRESSED_REPLY, true), (PLAIN_REPLY, false)];
    let mut request = output(&[]);
    for (size, compressed) in wanted {
        let mut parameters = reply(size);
        parameters.compressed = flag(compressed).into();
        request.response_parameters.push(parameters);
    }
    let mut replies = TestServiceClient::new(channel).streaming_output_call(request).await?;
    for (size, compressed) in wanted {
        let what = format!("reply with compressed {compressed}");
        let message = expect_some(&what, replies.next().await?)?;
        expect(&format!("{what}: compressed flag"), replies.compressed(), compressed)?;
        expect_zeros(&what, &message.payload, size)?;
    }
    expect("a reply behind the last one", replies.next().await?, None)
}

pub(super) async fn gzip_unary(channel: Channel) -> Result<(), Failure> {
    unary(channel, Encoding::Gzip).await
}

pub(super) async fn gzip_streaming(channel: Channel) -> Result<(), Failure> {
    streaming(channel, Encoding::Gzip).await
}

pub(super) async fn deflate_unary(channel: Channel) -> Result<(), Failure> {
    unary(channel, Encoding::Deflate).await
}

pub(super) async fn deflate_streaming(channel: Channel) -> Result<(), Failure> {
    streaming(channel, Encoding::Deflate).await
}

async fn unary(channel: Channel, encoding: Encoding) -> Result<(), Failure> {
    let request =
        SimpleRequest { expect_compressed: flag(true).into(), response_compressed: flag(true).into(), ..large() };
    let call = TestServiceClient::new(channel).unary_call(request);
    let reply = call.compress(encoding).metadata(ANSWER_ENCODING, encoding.name()).await?;
    expect_zeros("reply", &reply.payload, LARGE_REPLY)
}

async fn streaming(channel: Channel, encoding: Encoding) -> Result<(), Failure> {
    let client = TestServiceClient::new(channel);
    let sizes = [COMPRESSED_REQUEST, PLAIN_REQUEST];
    let mut upload = client.streaming_input_call().compress(encoding).await?;
    for size in sizes {
        upload.send(claiming(size, true)).await?;
    }
    expect("aggregated_payload_size", upload.finish().await?.aggregated_payload_size, sum(&sizes))?;

    let duplex = client.full_duplex_call().compress(encoding);
    let mut duplex = duplex.metadata(ANSWER_ENCODING, encoding.name()).await?;
    for (index, (request, size)) in zip(STREAM_REQUESTS, STREAM_REPLIES).enumerate() {
        let what = format!("reply {}", index + 1);
        duplex.send(compressed_ping(request, size)).await?;
        let message = expect_some(&what, duplex.next().await?)?;
        expect_zeros(&what, &message.payload, size)?;
    }
    let mut replies = duplex.finish().await?;
    expect("a reply behind the last one", replies.next().await?, None)
}

fn claiming(size: usize, compressed: bool) -> StreamingInputCallRequest {
    StreamingInputCallRequest { expect_compressed: flag(compressed).into(), ..input(size) }
}

fn compressed_ping(request: usize, size: usize) -> StreamingOutputCallRequest {
    let mut ping = ping(request, size);
    ping.response_parameters.iter_mut().for_each(|parameters| parameters.compressed = flag(true).into());
    ping
}
