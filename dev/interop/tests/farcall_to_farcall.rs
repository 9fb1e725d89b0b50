//! Every case between farcall and farcall, over memory and over TCP, and what the cases do not ask of the service.

use std::time::Duration;

use farcall::{Channel, Code, Router, Server};
use farcall_protobuf::EnumValue;
use interop::cases::CASES;
use interop::proto::grpc::testing::{
    BoolValue, ResponseParameters, SimpleRequest, StreamingOutputCallRequest, TestServiceClient, TestServiceServer,
};
use interop::service::InteropService;

fn in_memory() -> Channel {
    Channel::over(Router::new().service(TestServiceServer::new(InteropService::new())))
}

fn wish(size: i32, interval_us: i32, compressed: bool) -> ResponseParameters {
    let compressed = BoolValue { value: compressed, ..Default::default() }.into();
    ResponseParameters { size, interval_us, compressed, ..Default::default() }
}

/// Runs all cases, each over a channel of its own, and names those that failed.
async fn run_all(open: impl Fn() -> Channel) {
    let mut failures = Vec::new();
    for case in CASES {
        if let Err(failure) = case.run(open()).await {
            failures.push(format!("{}: {failure}", case.name));
        }
    }
    assert!(failures.is_empty(), "{} of {} cases failed:\n{}", failures.len(), CASES.len(), failures.join("\n"));
}

#[tokio::test]
async fn every_case_passes_over_memory_on_one_thread() {
    run_all(in_memory).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_passes_over_tcp_on_several_threads() {
    let service = TestServiceServer::new(InteropService::new());
    let bound = Server::builder().service(service).bind("127.0.0.1:0").await.unwrap();
    let (address, shutdown) = (bound.local_addr(), bound.shutdown_handle());
    let server = tokio::spawn(bound.serve());
    run_all(|| Channel::new(&address.to_string()).unwrap()).await;
    shutdown.begin();
    server.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_cases_pass_at_once_over_one_connection() {
    let channel = in_memory();
    let cases = CASES.iter().map(|case| tokio::spawn(case.run(channel.clone())));
    for (case, verdict) in CASES.iter().zip(cases.collect::<Vec<_>>()) {
        assert_eq!(verdict.await.unwrap(), Ok(()), "{}", case.name);
    }
}

#[tokio::test]
async fn a_server_names_itself_only_when_asked() {
    let client = TestServiceClient::new(in_memory());
    let silent = client.unary_call(SimpleRequest::default()).await.unwrap();
    assert_eq!(silent.server_id, "");
    assert!(!silent.hostname.is_empty());
    let request =
        SimpleRequest { fill_server_id: true, fill_username: true, fill_oauth_scope: true, ..Default::default() };
    let named = client.cacheable_unary_call(request).await.unwrap();
    assert!(named.server_id.starts_with("farcall-"), "{}", named.server_id);
    assert_eq!((named.username.as_str(), named.oauth_scope.as_str()), ("", ""));
}

#[tokio::test]
async fn a_kind_of_payload_that_is_not_made_is_an_invalid_argument() {
    let client = TestServiceClient::new(in_memory());
    let request = SimpleRequest { response_type: EnumValue::from(1), ..Default::default() };
    assert_eq!(client.unary_call(request).await.unwrap_err().code(), Code::InvalidArgument);
    let request = StreamingOutputCallRequest { response_type: EnumValue::from(2), ..Default::default() };
    let mut replies = client.streaming_output_call(request).await.unwrap();
    assert_eq!(replies.next().await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn half_duplex_answers_after_the_last_request() {
    let mut duplex = TestServiceClient::new(in_memory()).half_duplex_call().await.unwrap();
    for size in [3, 5] {
        let request =
            StreamingOutputCallRequest { response_parameters: vec![wish(size, 0, false)], ..Default::default() };
        duplex.send(request).await.unwrap();
    }
    // Long enough for a reply that comes too early.
    assert!(tokio::time::timeout(Duration::from_millis(20), duplex.next()).await.is_err());
    let mut replies = duplex.finish().await.unwrap();
    let mut sizes = Vec::new();
    while let Some(reply) = replies.next().await.unwrap() {
        sizes.push(reply.payload.body.len());
    }
    assert_eq!(sizes, [3, 5]);
}

#[tokio::test(start_paused = true)]
async fn replies_wait_their_interval_and_change_their_compression() {
    let response_parameters = vec![wish(9, 0, false), wish(8_000, 2_000_000, true), wish(7, 500_000, false)];
    let request = StreamingOutputCallRequest { response_parameters, ..Default::default() };
    let began = tokio::time::Instant::now();
    let mut replies = TestServiceClient::new(in_memory()).streaming_output_call(request).await.unwrap();
    let mut seen = Vec::new();
    while let Some(reply) = replies.next().await.unwrap() {
        seen.push((reply.payload.body.len(), replies.compressed(), began.elapsed().as_millis() / 100));
    }
    assert_eq!(seen, [(9, false, 0), (8_000, true, 20), (7, false, 25)]);
}

#[tokio::test]
async fn a_server_without_the_service_passes_only_what_asks_for_that() {
    for case in CASES {
        let verdict = case.run(Channel::over(Router::new())).await;
        assert_eq!(verdict.is_ok(), case.name.starts_with("unimplemented_"), "{}: {verdict:?}", case.name);
    }
}
