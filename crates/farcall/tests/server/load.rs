//! Where handlers run, and what a slow peer costs: the first poll in place, spawning, back-pressure.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::peer::Peer;
use crate::probe::{Probe, ProbeClient, ProbeServer, over};
use farcall::{Call, Channel, Inbound, Outbound, Router, Server, Status};
use farcall_wire::grpc::Event;
use tokio::sync::Semaphore;
use tokio::task::Id;

/// Takes a permit that is free; counts how often it had to wait nevertheless.
struct Free {
    permits: Semaphore,
    waited: AtomicUsize,
    asked: AtomicUsize,
}

impl Probe for Free {
    async fn unary(&self, _: &Call, request: String) -> Result<String, Status> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut acquire = pin!(self.permits.acquire());
        let mut first = true;
        let _permit = poll_fn(|cx| {
            let poll = acquire.as_mut().poll(cx);
            if poll.is_pending() && std::mem::take(&mut first) {
                self.waited.fetch_add(1, Ordering::SeqCst);
            }
            poll
        })
        .await;
        Ok(request)
    }
}

#[tokio::test]
async fn three_hundred_handlers_of_one_turn_all_find_a_free_semaphore_free() {
    let free =
        Arc::new(Free { permits: Semaphore::new(1000), waited: AtomicUsize::new(0), asked: AtomicUsize::new(0) });
    let server = Server::builder().service(ProbeServer(Arc::clone(&free))).max_concurrent_calls(400);
    let bound = server.bind("127.0.0.1:0").await.unwrap();
    let address = bound.local_addr();
    tokio::spawn(bound.serve());
    let mut peer = Peer::connect(address).await;
    // One write, so that the server reads all of them in one turn.
    let mut calls: Vec<_> = (0..300).map(|_| peer.ask("/test.Probe/Unary", b"x")).collect();
    while !calls.is_empty() {
        if let Event::Done { call, outcome } = peer.event().await.unwrap() {
            assert!(outcome.status.is_ok());
            calls.retain(|open| *open != call);
        }
    }
    assert_eq!((free.asked.load(Ordering::SeqCst), free.waited.load(Ordering::SeqCst)), (300, 0));
}

/// Notes the task of each first poll; keeps it for long where it is asked to.
#[derive(Default)]
struct Tasks(Mutex<Vec<Id>>);

impl Probe for Tasks {
    async fn unary(&self, _: &Call, request: String) -> Result<String, Status> {
        self.0.lock().unwrap().push(tokio::task::id());
        if request == "slow" {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(request)
    }
}

#[tokio::test]
async fn a_method_whose_first_poll_is_slow_is_spawned_from_then_on() {
    let service = Arc::new(Tasks::default());
    let client = ProbeClient(Channel::over(Router::new().service(ProbeServer(Arc::clone(&service)))));
    for _ in 0..3 {
        assert_eq!(client.unary("slow").await.unwrap(), "slow");
    }
    let tasks = service.0.lock().unwrap();
    // The first one kept the connection's task, the others have their own.
    assert_ne!(tasks[0], tasks[1]);
    assert_ne!(tasks[1], tasks[2]);
    assert_ne!(tasks[0], tasks[2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spawned_handlers_answer_too_and_a_method_that_became_quick_comes_home() {
    let service = Arc::new(Tasks::default());
    let client = ProbeClient(Channel::over(Router::new().service(ProbeServer(Arc::clone(&service)))));
    assert_eq!(client.unary("slow").await.unwrap(), "slow");
    let home = service.0.lock().unwrap()[0];
    // A scheduler that takes the thread away in a first poll makes it look slow: then it takes longer.
    let mut calls = 0;
    loop {
        assert_eq!(client.unary("quick").await.unwrap(), "quick");
        calls += 1;
        if *service.0.lock().unwrap().last().unwrap() == home {
            break;
        }
    }
    assert!(calls > 64, "only {calls} quick calls");
}

/// Sends without end, and counts what it could send.
struct Fountain(AtomicUsize);

impl Probe for Fountain {
    async fn download(&self, _: &Call, _: String, mut replies: Outbound<String>) -> Result<(), Status> {
        let drop = "x".repeat(1019);
        loop {
            replies.send(drop.clone()).await?;
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    async fn upload(&self, call: &Call, requests: Inbound<String>) -> Result<String, Status> {
        drop(requests);
        call.cancelled().await;
        Ok(String::new())
    }

    async fn chat(&self, call: &Call, _requests: Inbound<String>, _: Outbound<String>) -> Result<(), Status> {
        call.cancelled().await;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_reads_nothing_holds_its_window_and_the_send_queue_at_most() {
    let service = Arc::new(Fountain(AtomicUsize::new(0)));
    let client = ProbeClient(Channel::over(Router::new().service(ProbeServer(Arc::clone(&service)))));
    let mut replies = client.download("").await.unwrap();
    assert!(replies.next().await.unwrap().is_some());
    // The paused clock moves on only when every task waits.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let sent = service.0.load(Ordering::SeqCst);
    // 64 KiB in the window, which may have grown once or twice, 64 KiB in the queue; a message is 1 KiB with its prefix.
    assert!((64..=400).contains(&sent), "{sent} messages");
    for _ in 0..1_000 {
        assert!(replies.next().await.unwrap().is_some());
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let more = service.0.load(Ordering::SeqCst);
    assert!((1_000..=3_000).contains(&more), "{more} messages");
}

#[tokio::test(start_paused = true)]
async fn many_readers_that_read_nothing_hold_their_windows_and_one_send_queue_at_most() {
    const READERS: usize = 60;
    let service = Arc::new(Fountain(AtomicUsize::new(0)));
    let router = Router::new().service(ProbeServer(Arc::clone(&service)));
    let client = ProbeClient(Channel::builder("memory").max_window(64 << 10).build_over(router).unwrap());
    let mut readers = Vec::new();
    for _ in 0..READERS {
        readers.push(client.download("").await.unwrap());
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let sent = service.0.load(Ordering::SeqCst);
    // In KiB: each window is full, and 1,024 wait in all. Without the bound on the connection, 64 for each call would.
    let windows = READERS * 64;
    assert!((windows..=windows + 1_024 + 2 * READERS).contains(&sent), "{sent} messages");
    drop(readers);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut next = client.download("").await.unwrap();
    for _ in 0..1_000 {
        assert!(next.next().await.unwrap().is_some(), "whoever comes later is not held up");
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_reads_nothing_makes_the_sender_wait() {
    let client = over(Fountain(AtomicUsize::new(0)));
    let mut chat = client.chat().await.unwrap();
    let mut sent = 0;
    while tokio::time::timeout(Duration::from_secs(1), chat.send("x".repeat(1019))).await.is_ok() {
        sent += 1;
        assert!(sent < 400, "nothing holds the sender back");
    }
    assert!(sent >= 64, "{sent}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_the_handler_dropped_does_not_hold_the_connection_up() {
    let client = over(Fountain(AtomicUsize::new(0)));
    let (mut upload, _reply) = client.upload().await.unwrap().split();
    // Far more than stream and connection windows: what nobody reads is dropped, and its credit returns.
    for _ in 0..3_000 {
        upload.send("x".repeat(1019)).await.unwrap();
    }
}

#[tokio::test]
async fn a_large_reply_and_a_large_request_pass() {
    struct Echo;
    impl Probe for Echo {
        async fn unary(&self, _: &Call, request: String) -> Result<String, Status> {
            Ok(request)
        }
    }
    let client = over(Echo);
    let large = "0123456789abcdef".repeat((4 << 20) / 16);
    assert!(client.unary(large.clone()).await.unwrap() == large);
}
