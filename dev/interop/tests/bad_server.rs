//! The client against a server that misbehaves: each case of the descriptions, what it is told, and that both are judged.

use std::net::SocketAddr;

use farcall::{Channel, Code};
use interop::Failure;
use interop::bad_server::{Behaviour, serve};
use interop::cases::Case;
use interop::proto::grpc::testing::{SimpleRequest, TestServiceClient};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

async fn start(behaviour: Behaviour) -> (SocketAddr, JoinHandle<Result<(), Failure>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (listener.local_addr().unwrap(), tokio::spawn(serve(listener, behaviour)))
}

/// The case that is run against a behaviour.
fn case(behaviour: Behaviour) -> Case {
    Case::find(behaviour.name()).or_else(|| Case::find("large_unary")).unwrap()
}

async fn both_agree(behaviour: Behaviour) {
    let (address, server) = start(behaviour).await;
    let channel = Channel::new(&address.to_string()).unwrap();
    assert_eq!(case(behaviour).run(channel).await, Ok(()), "the client, {behaviour}");
    assert_eq!(server.await.unwrap(), Ok(()), "the server, {behaviour}");
}

#[tokio::test]
async fn the_client_survives_every_misbehaviour_on_one_thread() {
    for behaviour in Behaviour::ALL {
        both_agree(behaviour).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_survives_every_misbehaviour_on_several_threads() {
    let all = Behaviour::ALL.map(|behaviour| tokio::spawn(both_agree(behaviour)));
    for one in all {
        one.await.unwrap();
    }
}

#[tokio::test]
async fn a_reset_without_an_error_before_the_trailers_is_internal() {
    for behaviour in [Behaviour::RstAfterHeader, Behaviour::RstDuringData, Behaviour::RstAfterData] {
        let (address, _server) = start(behaviour).await;
        let client = TestServiceClient::new(Channel::new(&address.to_string()).unwrap());
        let request = SimpleRequest { response_size: 100_000, ..SimpleRequest::default() };
        let failure = client.unary_call(request).await.unwrap_err();
        assert_eq!(failure.code(), Code::Internal, "{behaviour}: {failure:?}");
    }
}

#[tokio::test]
async fn the_cases_of_a_bad_server_notice_a_good_one() {
    // Of a good server no reset comes.
    let router = farcall::Router::new()
        .service(interop::proto::grpc::testing::TestServiceServer::new(interop::service::InteropService::new()));
    for behaviour in [Behaviour::RstAfterHeader, Behaviour::RstDuringData, Behaviour::RstAfterData] {
        let verdict = case(behaviour).run(Channel::over(router.clone())).await;
        assert!(verdict.unwrap_err().to_string().contains("got OK"), "{behaviour}");
    }
}

/// Speaks as a client would that takes no notice of anything, and gives the server's verdict.
async fn verdict_on(behaviour: Behaviour, bytes: &[u8]) -> String {
    let (address, server) = start(behaviour).await;
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    client.write_all(bytes).await.unwrap();
    client.shutdown().await.unwrap();
    let mut ignored = Vec::new();
    // The server may close with bytes unread, which is a reset of the connection.
    let _ = client.read_to_end(&mut ignored).await;
    server.await.unwrap().unwrap_err().to_string()
}

/// A HEADERS frame of a request without fields, which the server does not look for.
fn request(stream: u8) -> [u8; 9] {
    [0, 0, 0, 1, 4, 0, 0, 0, stream]
}

#[tokio::test]
async fn the_server_notices_a_client_that_does_not_keep_the_rules() {
    let text = verdict_on(Behaviour::Ping, &request(1)).await;
    assert!(text.contains("pings without an answer"), "{text}");
    let acks = [[0, 0, 0, 4, 1, 0, 0, 0, 0]; 2].concat();
    let text = verdict_on(Behaviour::MaxStreams, &[&acks[..], &request(1), &request(3)].concat()).await;
    assert!(text.contains("at most 1 calls at a time") && text.ends_with("got 2"), "{text}");
    let text = verdict_on(Behaviour::Ping, b"\0\0\x08\x06\x01\0\0\0\0unasked!").await;
    assert!(text.contains("an acknowledgement of no PING"), "{text}");
    let text = verdict_on(Behaviour::Ping, &[&b"\0\0\x0a\x07\0\0\0\0\0"[..], b"\0\0\0\0\0\0\0\x01no"].concat()).await;
    assert!(text.contains("GOAWAY with") && text.ends_with(": no"), "{text}");
    let text = verdict_on(Behaviour::MaxStreams, b"").await;
    assert!(text.contains("one without"), "{text}");
}
