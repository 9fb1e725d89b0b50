//! Contracts of both editions in calls, and the rules of each on the wire.

use editions::proto::editions::y2023::{Closed, Echo, EchoClient, EchoServer, Open, Request, request::Nested};
use editions::proto::editions::y2024::{Counter, CounterClient, CounterServer, Reply};
use farcall::{Call, Channel, Inbound, Router, Status};
use farcall_protobuf::{Message, MessageField};

struct Service;

impl Echo for Service {
    async fn echo(&self, _: &Call, request: Request) -> Result<Request, Status> {
        Ok(request)
    }
}

impl Counter for Service {
    async fn count(&self, _: &Call, mut requests: Inbound<Request>) -> Result<Reply, Status> {
        let mut reply = Reply::default();
        while let Some(request) = requests.next().await? {
            reply.count += 1;
            reply.last = MessageField::some(request);
        }
        Ok(reply)
    }
}

fn channel() -> Channel {
    Channel::over(Router::new().service(EchoServer::new(Service)).service(CounterServer::new(Service)))
}

fn request() -> Request {
    Request {
        explicit: Some(String::new()),
        open: Some(77.into()),
        closed: Some(Closed::CLOSED_ONE),
        delimited: MessageField::some(Nested { number: Some(3), ..Default::default() }),
        expanded: vec![1, 2],
        ..Default::default()
    }
}

#[tokio::test]
async fn a_contract_of_2023_is_called() -> Result<(), Status> {
    assert_eq!(EchoClient::new(channel()).echo(request()).await?, request());
    Ok(())
}

#[tokio::test]
async fn a_contract_of_2024_is_called() -> Result<(), Status> {
    let mut upload = CounterClient::new(channel()).count().await?;
    for _ in 0..2 {
        upload.send(request()).await?;
    }
    let reply = upload.finish().await?;
    assert_eq!((reply.count, &reply.text, reply.last.as_option()), (2, &None, Some(&request())));
    Ok(())
}

#[test]
fn the_features_of_a_contract_decide_what_is_on_the_wire() {
    // Empty but present; an open enum's number; a closed one's; a group; two elements, each with its tag.
    assert_eq!(request().encode_to_vec(), b"\x0a\x00\x18\x4d\x20\x01\x2b\x08\x03\x2c\x30\x01\x30\x02");
    let implicit = Request { implicit: String::new(), ..Default::default() };
    assert_eq!(implicit.encode_to_vec(), b"");
    assert_eq!(Reply { count: 0, text: Some(String::new()), ..Default::default() }.encode_to_vec(), b"\x12\x00");
    let known = Request { open: Some(Open::OPEN_ONE.into()), ..Default::default() };
    assert_eq!(known.encode_to_vec(), b"\x18\x01");
}
