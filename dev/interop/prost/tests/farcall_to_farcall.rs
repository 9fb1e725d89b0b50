//! Every case between farcall and farcall over messages of prost, and with services that are written without messages.

use farcall::{Channel, Router};
use interop_prost::cases::{self, NAMES};
use interop_prost::proto::grpc::testing::{SimpleRequest, TestServiceServer};
use interop_prost::service::InteropService;
use interop_prost::stubs::grpc::testing::TestServiceClient;

fn in_memory() -> Channel {
    Channel::over(Router::new().service(TestServiceServer::new(InteropService::new())))
}

#[tokio::test]
async fn every_case_passes() {
    for name in NAMES {
        assert_eq!(cases::run(name, in_memory()).await, Ok(()), "{name}");
    }
}

#[tokio::test]
async fn a_server_without_the_service_passes_only_what_asks_for_that() {
    for name in NAMES {
        let verdict = cases::run(name, Channel::over(Router::new())).await;
        assert_eq!(verdict.is_ok(), name.starts_with("unimplemented_"), "{name}: {verdict:?}");
    }
}

#[tokio::test]
async fn services_that_are_written_alone_use_the_messages_that_are_there() {
    let request = SimpleRequest { response_size: 3, ..SimpleRequest::default() };
    let reply = TestServiceClient::new(in_memory()).unary_call(request).await.unwrap();
    assert_eq!(reply.payload.unwrap().body, [0; 3]);
}
