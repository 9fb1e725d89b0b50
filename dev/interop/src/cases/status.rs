//! Cases of calls that end with a failure, as the server was asked to or because it has no such method.

use farcall::{Channel, Code};

use super::requests::failure;
use crate::Failure;
use crate::check::{expect_code, expect_status};
use crate::proto::grpc::testing::{
    Empty, SimpleRequest, StreamingOutputCallRequest, TestServiceClient, UnimplementedServiceClient,
};

const MESSAGE: &str = "test status message";
const SPECIAL_MESSAGE: &str = "\t\ntest with whitespace\r\nand Unicode BMP \u{263a} and non-BMP \u{1f608}\t\n";

pub(super) async fn status_code_and_message(channel: Channel) -> Result<(), Failure> {
    let client = TestServiceClient::new(channel);
    let request = SimpleRequest { response_status: failure(MESSAGE).into(), ..SimpleRequest::default() };
    expect_status("unary call", client.unary_call(request).await, Code::Unknown, MESSAGE)?;

    let request = StreamingOutputCallRequest { response_status: failure(MESSAGE).into(), ..Default::default() };
    let mut duplex = client.full_duplex_call().await?;
    duplex.send(request).await?;
    let (requests, mut replies) = duplex.split();
    // The stream may have failed before its half-close, which is no failure of the case.
    let _ = requests.finish().await;
    expect_status("stream", replies.next().await, Code::Unknown, MESSAGE)
}

pub(super) async fn special_status_message(channel: Channel) -> Result<(), Failure> {
    let request = SimpleRequest { response_status: failure(SPECIAL_MESSAGE).into(), ..SimpleRequest::default() };
    let reply = TestServiceClient::new(channel).unary_call(request).await;
    expect_status("call", reply, Code::Unknown, SPECIAL_MESSAGE)
}

pub(super) async fn unimplemented_method(channel: Channel) -> Result<(), Failure> {
    let reply = TestServiceClient::new(channel).unimplemented_call(Empty::default()).await;
    expect_code("call", reply, Code::Unimplemented).map(drop)
}

pub(super) async fn unimplemented_service(channel: Channel) -> Result<(), Failure> {
    let reply = UnimplementedServiceClient::new(channel).unimplemented_call(Empty::default()).await;
    expect_code("call", reply, Code::Unimplemented).map(drop)
}
