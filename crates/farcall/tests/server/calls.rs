//! The server's side of ordinary calls: shapes, metadata, compression, and what is wrong about a request.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::peer::Peer;
use crate::probe::{CHAT, DOWNLOAD, Plain, Probe, ProbeClient, ProbeServer, Text, on_both_runtimes, over};
use bytes::Buf;
use farcall::codec::{CodecError, Decoder, EncodeBuf, Encoder, Method, Payload, Shape};
use farcall::server::{Bound, RawMessage, Shutdown};
use farcall::{Call, Channel, Code, Encoding, Inbound, Outbound, Router, Server, Status};
use farcall_wire::grpc::Event;

/// Any bytes.
struct Binary;

impl Encoder<Vec<u8>> for Binary {
    fn encode(&self, message: &Vec<u8>, out: &mut EncodeBuf) -> Result<(), CodecError> {
        out.put_slice(message);
        Ok(())
    }
}

impl Decoder<Vec<u8>> for Binary {
    fn decode(&self, mut payload: Payload) -> Result<Vec<u8>, CodecError> {
        Ok(payload.copy_to_bytes(payload.remaining()).to_vec())
    }
}

async fn bound(service: impl Probe) -> Bound {
    Server::builder().service(ProbeServer::new(service)).bind("127.0.0.1:0").await.unwrap()
}

/// Serves in the background; where, and how to end it.
fn serve(bound: Bound) -> (String, Shutdown) {
    let (address, shutdown) = (bound.local_addr().to_string(), bound.shutdown_handle());
    tokio::spawn(bound.serve());
    (address, shutdown)
}

#[test]
fn all_four_shapes_are_served_over_tcp_on_both_runtimes() {
    on_both_runtimes(|| async {
        let (address, shutdown) = serve(bound(Plain).await);
        let client = ProbeClient(Channel::new(&address).unwrap());
        assert_eq!(client.unary("world").await.unwrap(), "hello world");
        let mut words = client.download("a b c").await.unwrap();
        let mut got = Vec::new();
        while let Some(word) = words.next().await.unwrap() {
            got.push(word);
        }
        assert_eq!(got, ["a", "b", "c"]);
        let mut upload = client.upload().await.unwrap();
        for word in ["x", "y"] {
            upload.send(word.to_owned()).await.unwrap();
        }
        assert_eq!(upload.finish().await.unwrap(), "x y");
        let mut chat = client.chat().await.unwrap();
        for turn in 0..3 {
            chat.send(format!("{turn}")).await.unwrap();
            assert_eq!(chat.next().await.unwrap(), Some(format!("re: {turn}")));
        }
        let mut rest = chat.finish().await.unwrap();
        assert_eq!(rest.next().await.unwrap(), None);
        shutdown.begin();
    });
}

#[tokio::test]
async fn many_calls_at_once_on_one_connection_get_their_own_answers() {
    let (address, _shutdown) = serve(bound(Plain).await);
    let client = ProbeClient(Channel::new(&address).unwrap());
    let calls: Vec<_> = (0..500).map(|n| (n, tokio::spawn(client.unary(n.to_string())))).collect();
    for (n, call) in calls {
        assert_eq!(call.await.unwrap().unwrap(), format!("hello {n}"));
    }
}

struct Suspends;
impl Probe for Suspends {
    async fn unary(&self, _: &Call, request: String) -> Result<String, Status> {
        tokio::task::yield_now().await;
        tokio::spawn(async move { Ok(request) }).await.unwrap()
    }
}

#[test]
fn a_handler_that_waits_is_finished_on_the_connections_task() {
    on_both_runtimes(|| async {
        let client = over(Suspends);
        let calls: Vec<_> = (0..200).map(|n| (n, tokio::spawn(client.unary(n.to_string())))).collect();
        for (n, call) in calls {
            assert_eq!(call.await.unwrap().unwrap(), n.to_string());
        }
    });
}

struct Metadata;
impl Probe for Metadata {
    async fn unary(&self, call: &Call, _: String) -> Result<String, Status> {
        call.set_header("x-first", call.metadata().get("x-ask").unwrap_or("nothing"))?;
        call.set_header_bin("x-first-bin", [0, 255])?;
        call.set_trailer("x-last", "end")?;
        Ok(format!("{} {}", call.path(), call.remaining().is_some()))
    }

    async fn download(&self, call: &Call, _: String, mut replies: Outbound<String>) -> Result<(), Status> {
        call.set_header("x-first", "before")?;
        replies.send("one".to_owned()).await?;
        let late = call.set_header("x-late", "after").unwrap_err();
        call.set_trailer("x-late", late.message().replace(|c: char| !c.is_ascii_graphic(), "-"))?;
        Err(Status::not_found("no more of it"))
    }
}

#[tokio::test]
async fn metadata_travels_both_ways_around_the_messages() {
    let client = over(Metadata);
    let reply = client.unary("").metadata("x-ask", "asked").reply().await.unwrap();
    assert_eq!(reply.headers.get("x-first"), Some("asked"));
    assert_eq!(reply.headers.get_bytes("x-first-bin"), Some(&[0, 255][..]));
    assert_eq!(reply.trailers.get("x-last"), Some("end"));
    assert_eq!(reply.message, "/test.Probe/Unary false");
}

#[tokio::test]
async fn headers_come_before_the_first_message_or_not_at_all() {
    let mut replies = over(Metadata).download("").await.unwrap();
    assert_eq!(replies.headers().await.unwrap().get("x-first"), Some("before"));
    assert_eq!(replies.next().await.unwrap().as_deref(), Some("one"));
    let status = replies.next().await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::NotFound, "no more of it"));
    let trailers = replies.trailers().await;
    assert!(trailers.get("x-late").unwrap().contains("came-too-late"), "{trailers:?}");
}

struct HeadFirst;
impl Probe for HeadFirst {
    async fn download(&self, call: &Call, _: String, _: Outbound<String>) -> Result<(), Status> {
        call.set_header("x-early", "yes")?;
        call.send_headers();
        call.cancelled().await;
        Ok(())
    }
}

#[tokio::test]
async fn headers_leave_before_any_message_where_the_handler_says_so() {
    let mut replies = over(HeadFirst).download("").await.unwrap();
    assert_eq!(replies.headers().await.unwrap().get("x-early"), Some("yes"));
}

struct Gzip;
impl Probe for Gzip {
    async fn unary(&self, call: &Call, request: String) -> Result<String, Status> {
        assert!(call.set_compression(Encoding::Gzip));
        Ok(format!("{} {request}", call.request_compressed()))
    }

    async fn download(&self, call: &Call, request: String, mut replies: Outbound<String>) -> Result<(), Status> {
        assert!(call.set_compression(Encoding::Gzip));
        replies.send(request.clone()).await?;
        replies.compress(false);
        replies.send(request).await
    }

    async fn upload(&self, _: &Call, mut requests: Inbound<String>) -> Result<String, Status> {
        let mut compressed = Vec::new();
        while requests.next().await?.is_some() {
            compressed.push(requests.compressed().to_string());
        }
        Ok(compressed.join(" "))
    }
}

#[tokio::test]
async fn replies_are_compressed_where_the_handler_asks_for_it_and_message_by_message() {
    let client = over(Gzip);
    let long = "compress me ".repeat(1000);
    assert_eq!(client.unary(long.clone()).await.unwrap(), format!("false {long}"));
    assert_eq!(client.unary(long.clone()).gzip().await.unwrap(), format!("true {long}"));
    let mut replies = client.download(long.clone()).await.unwrap();
    for compressed in [true, false] {
        assert_eq!(replies.next().await.unwrap().as_deref(), Some(long.as_str()));
        assert_eq!(replies.compressed(), compressed);
    }
    let (mut upload, reply) = client.upload().gzip().await.unwrap().split();
    upload.send(long.clone()).await.unwrap();
    upload.compress(false);
    upload.send(long).await.unwrap();
    upload.finish().await.unwrap();
    assert_eq!(reply.await.unwrap(), "true false");
}

#[tokio::test]
async fn a_message_that_inflates_beyond_the_limit_is_refused_with_both_sizes() {
    let server = Server::builder().service(ProbeServer::new(Plain)).receive_limit(10_000);
    let (address, _shutdown) = serve(server.bind("127.0.0.1:0").await.unwrap());
    let client = ProbeClient(Channel::new(&address).unwrap());
    let status = client.unary("0".repeat(1_000_000)).gzip().await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().contains("10000 bytes") && status.message().contains("compressed bytes"), "{status}");
    assert_eq!(client.unary("0").gzip().await.unwrap(), "hello 0");
}

#[tokio::test]
async fn a_message_over_the_limit_is_refused_with_both_sizes() {
    let server = Server::builder().service(ProbeServer::new(Plain)).receive_limit(1_000);
    let (address, _shutdown) = serve(server.bind("127.0.0.1:0").await.unwrap());
    let client = ProbeClient(Channel::new(&address).unwrap());
    let status = client.unary("0".repeat(1_001)).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().contains("1001") && status.message().contains("1000"), "{status}");
    assert!(client.unary("0".repeat(1_000)).await.is_ok());
}

#[tokio::test]
async fn an_unknown_method_is_unimplemented_and_named() {
    static NOWHERE: Method<String, String> = Method::new("/test.Probe/Nowhere", Shape::Unary, &Text, &Text);
    static NOBODY: Method<String, String> = Method::new("/test.Nobody/Unary", Shape::Bidi, &Text, &Text);
    let client = over(Plain);
    let status = client.0.unary(&NOWHERE, String::new()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert!(status.message().contains("/test.Probe/Nowhere"), "{status}");
    let mut chat = client.0.bidi(&NOBODY).await.unwrap();
    let status = chat.next().await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert!(status.message().contains("/test.Nobody/Unary"), "{status}");
}

#[tokio::test]
async fn a_malformed_message_is_internal_and_names_type_and_reason() {
    static BROKEN: Method<Vec<u8>, String> = Method::new("/test.Probe/Unary", Shape::Unary, &Binary, &Text);
    static BROKEN_CHAT: Method<Vec<u8>, String> = Method::new("/test.Probe/Chat", Shape::Bidi, &Binary, &Text);
    let client = over(Plain);
    let status = client.0.unary(&BROKEN, vec![b'a', 0xff]).await.unwrap_err();
    let mut chat = client.0.bidi(&BROKEN_CHAT).await.unwrap();
    chat.send(vec![0xff]).await.unwrap();
    let second = chat.next().await.unwrap_err();
    for status in [status, second] {
        assert_eq!(status.code(), Code::Internal);
        assert!(status.message().contains("String") && status.message().contains("invalid utf-8"), "{status}");
    }
}

struct Speechless;
impl Probe for Speechless {
    async fn unary(&self, _: &Call, _: String) -> Result<String, Status> {
        Ok("unspeakable".to_owned())
    }

    async fn download(&self, _: &Call, _: String, mut replies: Outbound<String>) -> Result<(), Status> {
        replies.send("one".to_owned()).await?;
        replies.send("unspeakable".to_owned()).await
    }
}

#[tokio::test]
async fn a_reply_that_cannot_be_encoded_is_internal_and_what_was_said_before_arrives() {
    let client = over(Speechless);
    let status = client.unary("").await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(status.message().contains("some things cannot be said"), "{status}");
    let mut replies = client.download("").await.unwrap();
    assert_eq!(replies.next().await.unwrap().as_deref(), Some("one"));
    assert_eq!(replies.next().await.unwrap_err().code(), Code::Internal);
}

#[tokio::test]
async fn a_unary_request_without_a_message_or_with_two_is_unimplemented() {
    let (address, _shutdown) = serve(bound(Plain).await);
    let mut peer = Peer::connect(&address).await;
    let none = peer.open("/test.Probe/Unary", None);
    peer.conn.finish(none);
    let status = peer.outcome(none).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert!(status.message().contains("none came"), "{status}");
    let two = peer.open("/test.Probe/Download", None);
    peer.send(two, b"one");
    peer.send(two, b"two");
    peer.conn.finish(two);
    let status = peer.outcome(two).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert!(status.message().contains("second"), "{status}");
    let good = peer.ask("/test.Probe/Unary", b"after that");
    assert_eq!(peer.outcome(good).await.map_err(|status| status.to_string()), Ok(()));
}

#[tokio::test]
async fn an_empty_reply_is_a_message() {
    struct Empty;
    impl Probe for Empty {
        async fn unary(&self, _: &Call, _: String) -> Result<String, Status> {
            Ok(String::new())
        }
    }
    let (address, _shutdown) = serve(bound(Empty).await);
    let mut peer = Peer::connect(&address).await;
    let call = peer.ask("/test.Probe/Unary", b"");
    let mut messages = 0;
    loop {
        match peer.event().await.unwrap() {
            Event::Message { message, .. } => {
                assert!(message.payload.is_empty());
                messages += 1;
            }
            Event::Done { call: done, outcome } => {
                assert_eq!((done, outcome.status.is_ok()), (call, true));
                break;
            }
            _ => {}
        }
    }
    assert_eq!(messages, 1);
}

async fn echo(call: Call, mut requests: Inbound<RawMessage>, mut replies: Outbound<RawMessage>) -> Result<(), Status> {
    call.set_header("x-path", call.path())?;
    call.set_compression(call.head().encoding);
    while let Some(message) = requests.next().await? {
        replies.send(message).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_fallback_answers_any_path_with_undecoded_messages() {
    static ANYTHING: Method<String, String> = Method::new("/any.Thing/AtAll", Shape::Bidi, &Text, &Text);
    let router = Router::new().service(ProbeServer::new(Plain)).fallback(echo);
    let channel = Channel::over(router);
    let mut chat = channel.bidi(&ANYTHING).gzip().await.unwrap();
    let long = "again and ".repeat(100);
    chat.send(long.clone()).await.unwrap();
    assert_eq!(chat.headers().await.unwrap().get("x-path"), Some("/any.Thing/AtAll"));
    let mut replies = chat.finish().await.unwrap();
    assert_eq!(replies.next().await.unwrap(), Some(long));
    assert!(replies.compressed());
    assert_eq!(replies.next().await.unwrap(), None);
    assert_eq!(ProbeClient(channel).unary("served").await.unwrap(), "hello served");
}

#[tokio::test]
async fn a_handler_that_returned_leaves_its_streams_dead() {
    struct Escapes {
        asked: AtomicBool,
        escaped: tokio::sync::mpsc::UnboundedSender<(Inbound<String>, Outbound<String>)>,
    }
    impl Probe for Escapes {
        fn chat(
            &self,
            _: &Call,
            requests: Inbound<String>,
            replies: Outbound<String>,
        ) -> impl Future<Output = Result<(), Status>> + Send {
            self.asked.store(true, Ordering::Relaxed);
            self.escaped.send((requests, replies)).unwrap();
            std::future::ready(Ok(()))
        }
    }
    let (escaped, mut kept) = tokio::sync::mpsc::unbounded_channel();
    let service = Arc::new(Escapes { asked: AtomicBool::new(false), escaped });
    let client = ProbeClient(Channel::over(Router::new().service(ProbeServer(Arc::clone(&service)))));
    let mut chat = client.0.bidi(&CHAT).await.unwrap();
    assert_eq!(chat.next().await.unwrap(), None);
    let (mut requests, mut replies) = kept.recv().await.unwrap();
    assert!(requests.next().await.unwrap_err().message().contains("has returned"));
    assert!(replies.send("late".to_owned()).await.unwrap_err().message().contains("has returned"));
    assert!(service.asked.load(Ordering::Relaxed));
    // After the early OK, what the client sends is discarded.
    assert!(chat.send("unheard".to_owned()).await.is_ok());
}

#[tokio::test]
async fn a_status_brings_its_details_and_metadata() {
    struct Detailed;
    impl Probe for Detailed {
        async fn download(&self, _: &Call, _: String, _: Outbound<String>) -> Result<(), Status> {
            let mut metadata = farcall::Metadata::new();
            metadata.append("x-why", "because").map_err(|error| Status::internal(error.to_string()))?;
            Err(Status::failed_precondition("not today").with_metadata(metadata))
        }
    }
    let client = over(Detailed);
    let mut replies = client.0.server_streaming(&DOWNLOAD, String::new()).await.unwrap();
    let status = replies.next().await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::FailedPrecondition, "not today"));
    assert_eq!(status.metadata().get("x-why").or(replies.trailers().await.get("x-why")), Some("because"));
}
