//! The send queue that all calls of a channel share: senders wait for it, and none of them for ever.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use crate::probe::{Plain, Probe, ProbeClient, ProbeServer, on_both_runtimes, over};
use farcall::client::{ClientStreamingCall, State, Upload};
use farcall::{Call, Channel, Code, Inbound, Server, Status};
use futures_util::stream::{FuturesUnordered, StreamExt};

/// Reads nothing. Its side of the connection holds one message of a call, and of those behind it a window.
struct Deaf;
impl Probe for Deaf {
    async fn upload(&self, _: &Call, _requests: Inbound<String>) -> Result<String, Status> {
        std::future::pending().await
    }
}

/// An upload that is on a connection, and whose first message has come to the other side.
async fn begun(call: ClientStreamingCall<String, String>) -> Upload<String, String> {
    let mut upload = call.await.unwrap();
    upload.send("first".to_owned()).await.unwrap();
    // The clock is paused: time passes when the message has come to rest.
    tokio::time::sleep(Duration::from_millis(1)).await;
    upload
}

/// Longer than anything takes here; on a paused clock it passes only when nothing is left to do.
const FOR_EVER: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn a_sender_that_meets_the_large_message_of_another_call_goes_on_when_that_has_left() {
    let client = over(Plain);
    let (mut large, mut small) = (begun(client.upload()).await, begun(client.upload()).await);
    // Both are polled before the channel's task is: the second finds the queue full.
    let both = async { tokio::join!(large.send("x".repeat(2 << 20)), small.send("small".to_owned())) };
    let (first, second) = tokio::time::timeout(FOR_EVER, both).await.expect("nobody is left waiting");
    first.and(second).unwrap();
    assert_eq!(small.finish().await.unwrap(), "first small");
    assert_eq!(large.finish().await.unwrap().len(), "first ".len() + (2 << 20));
}

#[test]
fn large_messages_of_many_calls_all_arrive_on_both_runtimes() {
    on_both_runtimes(|| async {
        let client = over(Plain);
        let calls: Vec<_> = (0..20)
            .map(|_| {
                let call = client.upload();
                tokio::spawn(async move {
                    let mut upload = call.await?;
                    for _ in 0..5 {
                        upload.send("x".repeat(300_000)).await?;
                    }
                    upload.finish().await
                })
            })
            .collect();
        for call in calls {
            let done = tokio::time::timeout(FOR_EVER, call).await.expect("nobody is left waiting");
            assert_eq!(done.unwrap().unwrap().len(), 5 * 300_000 + 4);
        }
    });
}

#[tokio::test(start_paused = true)]
async fn what_all_calls_of_a_channel_have_queued_is_bounded_and_room_comes_back_when_calls_go() {
    let client = over(Deaf);
    let mut uploads = Vec::new();
    for _ in 0..40 {
        uploads.push(begun(client.upload()).await);
    }
    let message = "x".repeat(300_000);
    let sends = uploads.iter_mut().enumerate().map(|(number, upload)| {
        let sending = upload.send(message.clone());
        async move { sending.await.map(|()| number) }
    });
    let mut sends: FuturesUnordered<_> = sends.collect();
    let mut sent = Vec::new();
    while let Ok(Some(number)) = tokio::time::timeout(Duration::from_secs(1), sends.next()).await {
        sent.push(number.unwrap());
    }
    drop(sends);
    // 1 MiB waits, the message that passed it, and 64 KiB of each are in the windows of calls or of the connection.
    assert!((4..=8).contains(&sent.len()), "{} messages of 300,000 bytes were taken", sent.len());
    let free = (0..uploads.len()).find(|number| !sent.contains(number)).unwrap();
    let mut last = uploads.swap_remove(free);
    let mut waiting = Box::pin(last.send("x".to_owned()));
    poll_fn(|cx| {
        assert!(waiting.as_mut().poll(cx).is_pending(), "the queue is full");
        Poll::Ready(())
    })
    .await;
    drop(uploads);
    let freed = tokio::time::timeout(FOR_EVER, waiting).await.expect("cancelled calls give their room back");
    freed.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_waits_for_room_hears_of_its_own_deadline_at_once() {
    let client = over(Deaf);
    let mut full = begun(client.upload()).await;
    full.send("x".repeat(2 << 20)).await.unwrap();
    let began = tokio::time::Instant::now();
    let mut upload = begun(client.upload().timeout(Duration::from_secs(5))).await;
    let status = tokio::time::timeout(FOR_EVER, upload.send("x".to_owned())).await.unwrap().unwrap_err();
    assert_eq!((status.code(), began.elapsed().as_secs()), (Code::DeadlineExceeded, 5));
}

#[tokio::test]
async fn calls_that_wait_for_a_connection_hold_up_none_that_are_on_one() {
    let bound = Server::builder().service(ProbeServer::new(Plain)).bind("127.0.0.1:0").await.unwrap();
    let (address, shutdown) = (bound.local_addr().to_string(), bound.shutdown_handle());
    let server = tokio::spawn(bound.serve());
    let client = ProbeClient(Channel::new(&address).unwrap());
    let mut chat = client.chat().await.unwrap();
    chat.send("one".to_owned()).await.unwrap();
    assert_eq!(chat.next().await.unwrap().as_deref(), Some("re: one"));
    // The server takes no more calls, and ends when the chat does.
    shutdown.begin();
    assert_ne!(client.0.state_after(State::Ready).await, State::Ready);
    let mut upload = client.upload().wait_for_ready().await.unwrap();
    upload.send("x".repeat(2 << 20)).await.unwrap();
    let sent = tokio::time::timeout(FOR_EVER, chat.send("two".to_owned())).await.expect("the chat goes on");
    sent.unwrap();
    assert_eq!(chat.next().await.unwrap().as_deref(), Some("re: two"));
    assert_eq!(chat.finish().await.unwrap().next().await.unwrap(), None);
    server.await.unwrap().unwrap();
}
