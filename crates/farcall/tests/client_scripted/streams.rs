//! Calls that stream: halves, early answers, cancellation by dropping, back-pressure.

use std::time::Duration;

use farcall::{Code, Status};
use farcall_wire::grpc::{Config, Event, ReplyEnd};

use crate::line::{channel, channel_with, is_ready};
use crate::text::{CHAT, GATHER, LIST};

#[tokio::test(start_paused = true)]
async fn messages_go_out_before_headers_come_in() {
    let (channel, mut exchange) = channel();
    let mut chat = channel.bidi(&CHAT).await.unwrap();
    chat.send("one".into()).await.unwrap();
    chat.send("two".into()).await.unwrap();
    let mut line = exchange.accept().await;
    let (id, head) = line.request().await;
    assert_eq!(head.path, "/test.Text/Chat");
    assert_eq!(line.message().await, "one");
    assert_eq!(line.message().await, "two");
    line.say(id, &["three"]);
    assert_eq!(line.run_until(chat.next()).await.unwrap().as_deref(), Some("three"));
    let mut inbound = chat.finish().await.unwrap();
    assert!(matches!(line.event().await, Event::End { .. }));
    line.answer(id, &["four"]);
    assert_eq!(line.run_until(inbound.next()).await.unwrap().as_deref(), Some("four"));
    assert_eq!(line.run_until(inbound.next()).await.unwrap(), None);
    assert_eq!(inbound.next().await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_list_ends_with_its_status_after_its_messages() {
    let (channel, mut exchange) = channel();
    let mut list = channel.server_streaming(&LIST, "all".into()).await.unwrap();
    let mut line = exchange.accept().await;
    let (id, ..) = line.asked().await;
    line.say(id, &["one", "two"]);
    line.refuse(id, Status::data_loss("the rest is gone"));
    assert_eq!(line.run_until(list.next()).await.unwrap().as_deref(), Some("one"));
    assert_eq!(line.run_until(list.next()).await.unwrap().as_deref(), Some("two"));
    let status = line.run_until(list.next()).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::DataLoss, "the rest is gone"));
}

#[tokio::test(start_paused = true)]
async fn headers_and_trailers_of_a_stream_can_be_waited_for() {
    let (channel, mut exchange) = channel();
    let mut list = channel.server_streaming(&LIST, "all".into()).await.unwrap();
    let mut line = exchange.accept().await;
    let (id, ..) = line.asked().await;
    let (mut headers, mut trailers) = (farcall::Metadata::new(), farcall::Metadata::new());
    headers.append("x-h", "1").unwrap();
    trailers.append("x-t", "2").unwrap();
    line.answer_with(id, &["one"], headers, ReplyEnd { status: Ok(()), trailers });
    assert_eq!(line.run_until(list.headers()).await.unwrap().get("x-h"), Some("1"));
    assert_eq!(list.next().await.unwrap().as_deref(), Some("one"));
    assert_eq!(line.run_until(list.trailers()).await.get("x-t"), Some("2"));
}

#[tokio::test(start_paused = true)]
async fn an_upload_is_sent_in_order_and_its_reply_comes_at_the_end() {
    let (channel, mut exchange) = channel();
    let (mut upload, reply) = channel.client_streaming(&GATHER).await.unwrap().split();
    let mut line = exchange.accept().await;
    upload.send("one".into()).await.unwrap();
    upload.send("two".into()).await.unwrap();
    upload.finish().await.unwrap();
    let (id, _) = line.request().await;
    assert_eq!(line.message().await, "one");
    assert_eq!(line.message().await, "two");
    assert!(matches!(line.event().await, Event::End { .. }));
    line.answer(id, &["2"]);
    assert_eq!(line.run_until(reply).await.unwrap(), "2");
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_is_dropped_before_finish_cancels_the_call() {
    let (channel, mut exchange) = channel();
    let (mut upload, reply) = channel.client_streaming(&GATHER).await.unwrap().split();
    upload.send("one".into()).await.unwrap();
    let mut line = exchange.accept().await;
    let (id, _) = line.request().await;
    drop(upload);
    assert_eq!(line.cancelled().await.0, id);
    let status = reply.await.unwrap_err();
    assert_eq!(status.code(), Code::Cancelled);
    assert!(status.message().contains("finish()"), "{status}");
}

#[tokio::test(start_paused = true)]
async fn a_reply_or_a_receiving_half_that_is_dropped_cancels_the_call() {
    let (channel, mut exchange) = channel();
    let (mut upload, reply) = channel.client_streaming(&GATHER).await.unwrap().split();
    let mut line = exchange.accept().await;
    line.request().await;
    drop(reply);
    line.cancelled().await;
    assert_eq!(upload.send("one".into()).await.unwrap_err().code(), Code::Cancelled);
    let list = channel.server_streaming(&LIST, "all".into()).await.unwrap();
    let (id, ..) = line.asked_again().await;
    line.say(id, &["one"]);
    drop(list);
    line.cancelled().await;
    assert_eq!(line.conn.open_calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_after_an_early_ok_is_accepted_and_discarded() {
    let (channel, mut exchange) = channel();
    let (mut upload, reply) = channel.client_streaming(&GATHER).await.unwrap().split();
    let mut line = exchange.accept().await;
    let (id, _) = line.request().await;
    line.answer(id, &["enough"]);
    assert_eq!(line.run_until(reply).await.unwrap(), "enough");
    upload.send("more".into()).await.unwrap();
    upload.send("x".repeat(1 << 20)).await.unwrap();
    upload.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_after_an_early_error_gets_that_error() {
    let (channel, mut exchange) = channel();
    let (mut upload, reply) = channel.client_streaming(&GATHER).await.unwrap().split();
    let mut line = exchange.accept().await;
    let (id, _) = line.request().await;
    line.refuse(id, Status::permission_denied("not you"));
    let status = line.run_until(reply).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::PermissionDenied, "not you"));
    assert_eq!(upload.send("more".into()).await.unwrap_err().code(), Code::PermissionDenied);
    // Dropped without finish: the call is over already, and there is nothing to cancel.
    drop(upload);
}

#[tokio::test(start_paused = true)]
async fn a_sender_waits_for_room_and_goes_on_when_the_peer_reads() {
    let (channel, mut exchange) = channel();
    let (mut upload, _reply) = channel.client_streaming(&GATHER).await.unwrap().split();
    let mut config = Config::default();
    config.h2.max_window = 64 << 10;
    let mut line = exchange.accept_with(config).await;
    let block = "x".repeat(16 << 10);
    let mut sent = 0;
    let stuck = tokio::spawn(async move {
        loop {
            let timed = tokio::time::timeout(Duration::from_secs(5), upload.send(block.clone())).await;
            match timed {
                Ok(result) => result.unwrap(),
                Err(_) => return (upload, sent),
            }
            sent += block.len();
        }
    });
    let (id, _) = line.request().await;
    let mut credit = 0;
    let mut held = 0;
    // Messages come, and none is consumed: the sender stops at the window and its own queue.
    let mut stuck = stuck;
    let (mut upload, sent) = loop {
        tokio::select! {
            biased;
            done = &mut stuck => break done.unwrap(),
            event = line.event() => if let Event::Message { message, credit: more, .. } = event {
                held += message.payload.len();
                credit += more;
            },
        }
    };
    assert!((64 << 10..=256 << 10).contains(&sent), "{sent} bytes went out to a peer that reads none");
    assert!(held <= 80 << 10, "{held}");
    let mut more = Box::pin(upload.send("y".into()));
    assert!(!is_ready(&mut more).await);
    line.conn.release(id, credit);
    line.run_until(more).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_holds_no_more_than_its_window() {
    let (channel, mut exchange) = channel_with(|builder| builder.max_window(64 << 10));
    let mut list = channel.server_streaming(&LIST, "all".into()).await.unwrap();
    let mut line = exchange.accept().await;
    let (id, ..) = line.asked().await;
    let block = "x".repeat(16 << 10);
    for _ in 0..64 {
        line.say(id, &[&block]);
    }
    line.run_until(tokio::time::sleep(Duration::from_secs(1))).await;
    let left = line.conn.queued_on(id);
    assert!(left >= (64 * (16 << 10)) - (80 << 10), "{left} bytes wait at the server");
    for _ in 0..64 {
        assert_eq!(line.run_until(list.next()).await.unwrap().map(|text| text.len()), Some(block.len()));
    }
    assert_eq!(line.conn.queued_on(id), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_a_stream() {
    use std::future::poll_fn;
    use std::pin::Pin;

    use futures_core::Stream;
    let (channel, mut exchange) = channel();
    let list = channel.server_streaming(&LIST, "all".into()).await.unwrap();
    let mut line = exchange.accept().await;
    let (id, ..) = line.asked().await;
    line.answer(id, &["one"]);
    let mut messages = list.into_stream();
    let next = line.run_until(poll_fn(|cx| Pin::new(&mut messages).poll_next(cx))).await;
    assert_eq!(next.unwrap().unwrap(), "one");
    assert!(line.run_until(poll_fn(|cx| Pin::new(&mut messages).poll_next(cx))).await.is_none());
}
