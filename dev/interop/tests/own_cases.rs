//! What the descriptions list for later and farcall tests now, over real sockets: cancels at every stage, thousands of
//! calls and of deadlines, push-back both ways, more calls than the server takes, a huge header, a server that speaks first.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use farcall::server::{RawMessage, ServerBuilder, Shutdown};
use farcall::{Call, Channel, Code, Inbound, Outbound, Server, Status};
use interop::proto::grpc::testing::{
    Empty, Payload, SimpleRequest, StreamingInputCallRequest, StreamingOutputCallRequest, TestServiceClient,
    TestServiceServer,
};
use interop::service::InteropService;
use interop::{ECHO_INITIAL, ECHO_TRAILING};
use tokio::sync::{Notify, Semaphore, mpsc};

/// A server on a socket, until it is dropped.
struct Running {
    target: String,
    shutdown: Shutdown,
}

impl Running {
    async fn start(builder: ServerBuilder) -> Self {
        let bound = builder.bind("127.0.0.1:0").await.unwrap();
        let running = Self { target: bound.local_addr().to_string(), shutdown: bound.shutdown_handle() };
        tokio::spawn(bound.serve());
        running
    }

    /// The service of the interop tests, with settings of the test's own.
    async fn service(change: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Self {
        Self::start(change(Server::builder().service(TestServiceServer::new(InteropService::new())))).await
    }

    /// One handler for every path.
    async fn handler<F, Fut>(handler: F) -> Self
    where
        F: Fn(Call, Inbound<RawMessage>, Outbound<RawMessage>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Status>> + Send + 'static,
    {
        Self::start(Server::builder().fallback(handler)).await
    }

    fn channel(&self) -> Channel {
        Channel::new(&self.target).unwrap()
    }

    fn client(&self) -> TestServiceClient {
        TestServiceClient::new(self.channel())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shutdown.begin();
    }
}

/// Tells when it is dropped, as the handler that holds it is.
struct Tell(mpsc::UnboundedSender<&'static str>);

impl Drop for Tell {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

/// A server whose handler tells that it began, sends headers if asked, tells of each message, and never ends.
async fn telling_server(headers: bool) -> (Running, mpsc::UnboundedReceiver<&'static str>) {
    let (tell, told) = mpsc::unbounded_channel();
    let server = Running::handler(move |call: Call, mut requests: Inbound<RawMessage>, _replies| {
        let tell = tell.clone();
        async move {
            let _ = tell.send("began");
            let _guard = Tell(tell.clone());
            if headers {
                call.send_headers();
            }
            while requests.next().await?.is_some() {
                let _ = tell.send("message");
            }
            std::future::pending().await
        }
    });
    (server.await, told)
}

#[tokio::test]
async fn a_call_cancelled_before_its_start_reaches_no_server() {
    let (server, mut told) = telling_server(false).await;
    let client = server.client();
    drop(client.empty_call(Empty::default()));
    // Polled once, and cancelled while the connection is being made.
    let call = client.empty_call(Empty::default());
    tokio::select! { biased; _ = call => panic!("it cannot end"), () = std::future::ready(()) => {} }
    // The next call has the connection to itself: it is the first that the server hears of.
    let (requests, _replies) = client.full_duplex_call().metadata("x-name", "third").await.unwrap().split();
    assert_eq!(told.recv().await, Some("began"));
    drop(requests);
    assert_eq!(told.recv().await, Some("dropped"));
    assert!(told.try_recv().is_err());
}

#[tokio::test]
async fn a_call_cancelled_after_its_first_message_ends_its_handler() {
    let (server, mut told) = telling_server(false).await;
    let (mut requests, mut replies) = server.client().full_duplex_call().await.unwrap().split();
    requests.send(StreamingOutputCallRequest::default()).await.unwrap();
    assert_eq!((told.recv().await, told.recv().await), (Some("began"), Some("message")));
    drop(requests);
    assert_eq!(replies.next().await.unwrap_err().code(), Code::Cancelled);
    assert_eq!(told.recv().await, Some("dropped"));
}

#[tokio::test]
async fn a_call_cancelled_after_the_headers_ends_its_handler() {
    let (server, mut told) = telling_server(true).await;
    let (requests, mut replies) = server.client().full_duplex_call().await.unwrap().split();
    replies.headers().await.unwrap();
    assert_eq!(told.recv().await, Some("began"));
    drop(replies);
    assert_eq!(told.recv().await, Some("dropped"));
    drop(requests);
}

/// Waits for every task, and fails with the first that failed.
async fn all_ok<T: Send + 'static>(tasks: Vec<tokio::task::JoinHandle<Result<T, Status>>>) {
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_simultaneous_calls_share_a_channel() {
    let server = Running::service(|server| server).await;
    let client = server.client();
    let call = |_| tokio::spawn(client.unary_call(SimpleRequest { response_size: 1, ..Default::default() }));
    all_ok((0..5_000).map(call).collect()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn simultaneous_calls_each_have_a_channel() {
    // Two descriptors each, within the usual limit of 1,024 of a process.
    const CHANNELS: usize = 400;
    let arrived = Arc::new(Semaphore::new(0));
    let everybody = Arc::clone(&arrived);
    // No call is answered before all have come: so many connections are open at a time.
    let server = Running::handler(move |_call, _requests, mut replies: Outbound<RawMessage>| {
        let everybody = Arc::clone(&everybody);
        async move {
            everybody.add_permits(1);
            let _all = everybody.acquire_many(CHANNELS as u32).await;
            replies.send(RawMessage::default()).await
        }
    })
    .await;
    // A semaphore's permits are given back, so that the next handler finds them too.
    let call = |_| tokio::spawn(server.client().empty_call(Empty::default()));
    all_ok((0..CHANNELS).map(call).collect()).await;
    assert_eq!(arrived.available_permits(), CHANNELS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_deadlines_of_thousands_pass_and_the_channel_goes_on() {
    let handler = |call: Call, _requests, mut replies: Outbound<RawMessage>| async move {
        if call.path().ends_with("/EmptyCall") {
            return replies.send(RawMessage::default()).await;
        }
        std::future::pending().await
    };
    // On the wire, all of them, and not in the client's queue.
    let server = Running::start(Server::builder().max_concurrent_calls(10_000).fallback(handler)).await;
    let client = server.client();
    let call = |_| {
        let call = client.unary_call(SimpleRequest::default()).timeout(Duration::from_millis(50));
        tokio::spawn(call)
    };
    for call in (0..3_000).map(call).collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
    }
    client.empty_call(Empty::default()).await.unwrap();
}

/// A message of 32 KiB.
const PIECE: usize = 32 << 10;
/// The receive window of a call, which does not grow in these tests; and what may wait to be sent.
const WINDOW: u32 = 64 << 10;
/// What may be on its way while nobody reads: the window and the send queue of 64 KiB, and a message that began within
/// either and ends beyond it.
const ON_THE_WAY: usize = 2 * (64 << 10) + 2 * PIECE;

/// Sends pieces until one has to wait, or `most` were sent. That the wait is short only makes the count smaller.
async fn send_until_it_waits<T: Clone>(sender: &mut Outbound<T>, piece: &T, most: usize) -> usize {
    for sent in 0..most {
        let send = sender.send(piece.clone());
        match tokio::time::timeout(Duration::from_millis(200), send).await {
            Ok(result) => result.unwrap(),
            Err(_) => return sent,
        }
    }
    most
}

#[tokio::test]
async fn a_client_is_pushed_back_by_a_server_that_does_not_read() {
    let go = Arc::new(Notify::new());
    let gate = Arc::clone(&go);
    let handler = move |_call, mut requests: Inbound<RawMessage>, mut replies: Outbound<RawMessage>| {
        let gate = Arc::clone(&gate);
        async move {
            gate.notified().await;
            while requests.next().await?.is_some() {}
            replies.send(RawMessage::default()).await
        }
    };
    let server = Running::start(Server::builder().max_window(WINDOW).fallback(handler)).await;
    let piece = StreamingInputCallRequest { payload: zeros(PIECE).into(), ..Default::default() };
    let (mut requests, reply) = server.client().streaming_input_call().await.unwrap().split();
    let sent = send_until_it_waits(&mut requests, &piece, 1_000).await;
    assert!(sent * PIECE <= ON_THE_WAY, "{sent} messages were taken");
    go.notify_one();
    for _ in 0..100 {
        requests.send(piece.clone()).await.unwrap();
    }
    requests.finish().await.unwrap();
    reply.await.unwrap();
}

#[tokio::test]
async fn a_server_is_pushed_back_by_a_client_that_does_not_read() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let server = Running::handler(move |_call, _requests, mut replies: Outbound<RawMessage>| {
        let tell = tell.clone();
        async move {
            // One field that no message of the contract has: 32 KiB that decode to nothing.
            let piece = RawMessage { payload: unknown_field(PIECE).into(), ..RawMessage::default() };
            let sent = send_until_it_waits(&mut replies, &piece, 1_000).await;
            let _ = tell.send(sent);
            for _ in sent..100 {
                replies.send(piece.clone()).await?;
            }
            Ok(())
        }
    })
    .await;
    let request = StreamingOutputCallRequest::default();
    let channel = Channel::builder(&server.target).max_window(WINDOW).build().unwrap();
    let mut replies = TestServiceClient::new(channel).streaming_output_call(request).await.unwrap();
    let sent = told.recv().await.unwrap();
    assert!(sent * PIECE <= ON_THE_WAY, "{sent} messages were taken");
    let mut received = 0;
    while replies.next().await.unwrap().is_some() {
        received += 1;
    }
    assert_eq!(received, 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_calls_than_the_server_takes_at_once_wait_their_turn() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, peak) = (Arc::clone(&running), Arc::clone(&most));
    let handler = move |_call, _requests, mut replies: Outbound<RawMessage>| {
        let (now, peak) = (Arc::clone(&now), Arc::clone(&peak));
        async move {
            peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            now.fetch_sub(1, Ordering::SeqCst);
            replies.send(RawMessage::default()).await
        }
    };
    let server = Running::start(Server::builder().max_concurrent_calls(2).fallback(handler)).await;
    let client = server.client();
    // The first lets the server's limit arrive: what is sent before it may be refused, and is then sent again.
    client.empty_call(Empty::default()).await.unwrap();
    all_ok((0..200).map(|_| tokio::spawn(client.empty_call(Empty::default()))).collect()).await;
    assert!(most.load(Ordering::SeqCst) <= 2, "{most:?}");
    // And with no warning: every call leaves before the server has said anything.
    let client = server.client();
    all_ok((0..200).map(|_| tokio::spawn(client.empty_call(Empty::default()))).collect()).await;
    assert!(most.load(Ordering::SeqCst) <= 2, "{most:?}");
}

/// A header of 63 KB, echoed before the reply.
fn large_header() -> String {
    "X".repeat(63 << 10)
}

#[tokio::test]
async fn a_header_of_63_kb_passes_where_both_sides_let_it() {
    let server = Running::service(|server| server.header_list_limit(128 << 10)).await;
    let channel = Channel::builder(&server.target).header_list_limit(128 << 10).build().unwrap();
    let call = TestServiceClient::new(channel).empty_call(Empty::default()).metadata(ECHO_INITIAL, large_header());
    let reply = call.reply().await.unwrap();
    assert_eq!(reply.headers.get(ECHO_INITIAL), Some(large_header().as_str()));
}

#[tokio::test]
async fn a_header_of_63_kb_is_refused_by_default_and_the_connection_goes_on() {
    let server = Running::service(|server| server).await;
    let client = server.client();
    client.empty_call(Empty::default()).await.unwrap();
    let refused = client.empty_call(Empty::default()).metadata(ECHO_INITIAL, large_header()).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused:?}");
    client.empty_call(Empty::default()).await.unwrap();

    // And by a client, when a server echoes it.
    let roomy = Running::service(|server| server.header_list_limit(128 << 10)).await;
    let client = roomy.client();
    client.empty_call(Empty::default()).await.unwrap();
    let call = client.empty_call(Empty::default()).metadata(ECHO_INITIAL, large_header());
    assert_eq!(call.await.unwrap_err().code(), Code::ResourceExhausted);
    let call = client.empty_call(Empty::default()).metadata_bin(ECHO_TRAILING, large_header().as_bytes());
    assert_eq!(call.await.unwrap_err().code(), Code::ResourceExhausted);
    client.empty_call(Empty::default()).await.unwrap();
}

#[tokio::test]
async fn a_server_speaks_first_and_the_client_never() {
    let server =
        Running::handler(|_call, mut requests: Inbound<RawMessage>, mut replies: Outbound<RawMessage>| async move {
            replies.send(RawMessage::default()).await?;
            assert!(requests.next().await?.is_none());
            replies.send(RawMessage::default()).await
        })
        .await;
    let mut duplex = server.client().full_duplex_call().await.unwrap();
    assert!(duplex.next().await.unwrap().is_some());
    let mut replies = duplex.finish().await.unwrap();
    assert!(replies.next().await.unwrap().is_some());
    assert!(replies.next().await.unwrap().is_none());
}

fn zeros(size: usize) -> Payload {
    Payload { body: vec![0; size], ..Payload::default() }
}

/// Field 1,000 with this many bytes, as protobuf writes it.
fn unknown_field(size: usize) -> Vec<u8> {
    // (1000 << 3) | 2, and the length, as varints.
    let mut bytes = vec![0xc2, 0x3e];
    let mut rest = size;
    while rest > 0x7f {
        bytes.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes.resize(bytes.len() + size, 0);
    bytes
}
