//! Deadlines: the call's own, the inherited one, and what happens where they pass.

use std::time::Duration;

use farcall::{Code, Context, Status};
use tokio::time::Instant;

use crate::line::{channel, now};
use crate::text::{ASK, CHAT, LIST};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn an_expired_call_touches_no_wire() {
    let (channel, mut exchange) = channel();
    let status = channel.unary(&ASK, "a".into()).timeout(Duration::ZERO).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    let status = channel.unary(&ASK, "a".into()).deadline(Instant::now() - SECOND).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(!exchange.is_ringing());
    // Also when there is a connection.
    let call = tokio::spawn(channel.unary(&ASK, "first".into()));
    let mut line = exchange.accept().await;
    let (id, ..) = line.asked().await;
    line.answer(id, &["b"]);
    line.run_until(call).await.unwrap().unwrap();
    let status = channel.unary(&ASK, "a".into()).timeout(Duration::ZERO).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    let call = tokio::spawn(channel.unary(&ASK, "next".into()));
    assert_eq!(line.asked().await.2, "next");
    call.abort();
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_call_on_both_sides() {
    let (channel, mut exchange) = channel();
    let start = Instant::now();
    let call = tokio::spawn(channel.unary(&ASK, "a".into()).timeout(2 * SECOND));
    let mut line = exchange.accept().await;
    let (id, head, _) = line.asked().await;
    let told = head.timeout.unwrap();
    assert!(told <= 2 * SECOND && told > SECOND, "{told:?}");
    let (cancelled, _) = line.cancelled().await;
    assert_eq!(cancelled, id);
    let status = call.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(start.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_bounds_streams_too() {
    let (channel, mut exchange) = channel();
    let deadline = Instant::now() + SECOND;
    let mut chat = channel.bidi(&CHAT).deadline(deadline).await.unwrap();
    let mut list = channel.server_streaming(&LIST, "a".into()).deadline(now() + SECOND).await.unwrap();
    let mut line = exchange.accept().await;
    assert_eq!(line.run_until(chat.next()).await.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(chat.send("more".into()).await.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(line.run_until(list.next()).await.unwrap_err().code(), Code::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_runs_while_the_call_waits_for_a_connection() {
    let (channel, mut exchange) = channel();
    let start = Instant::now();
    let call = channel.unary(&ASK, "a".into()).timeout(5 * SECOND).wait_for_ready();
    let call = tokio::spawn(call);
    exchange.refuse().await;
    exchange.refuse().await;
    let status = call.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(status.message().contains("os error 111"), "{status}");
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn the_earliest_deadline_holds() {
    let (channel, _exchange) = channel();
    let (short, long) = (SECOND, 60 * SECOND);
    let context = |timeout| Context::detached().with_timeout(timeout);
    let ask = || channel.unary(&ASK, "a".into());
    for call in [
        ask().timeout(short).context(context(long)),
        ask().timeout(long).context(context(short)),
        ask().timeout(long).deadline(Instant::now() + short),
        ask().timeout(short).timeout(long),
    ] {
        let start = Instant::now();
        let deadline = call.timeout(long);
        assert_eq!(deadline.await.unwrap_err().code(), Code::DeadlineExceeded);
        assert!(start.elapsed() <= short + short / 100, "{:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_inherits_the_deadline_of_the_context_it_is_built_in() {
    let (channel, mut exchange) = channel();
    let scope = Context::detached().with_timeout(SECOND).scope(async {
        let inherits = tokio::spawn(channel.unary(&ASK, "inherits".into()));
        let detached = tokio::spawn(channel.unary(&ASK, "detached".into()).detached());
        (inherits, detached)
    });
    let (inherits, detached) = scope.await;
    let mut line = exchange.accept().await;
    for (_, head, message) in line.asked_by(2).await {
        assert_eq!(head.timeout.is_some(), message == "inherits");
    }
    assert_eq!(line.run_until(inherits).await.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
    line.run_until(tokio::time::sleep(60 * SECOND)).await;
    assert!(!detached.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_servers_cancelled_after_the_deadline_is_deadline_exceeded() {
    let (channel, mut exchange) = channel();
    let call = tokio::spawn(channel.unary(&ASK, "a".into()).timeout(SECOND));
    let mut line = exchange.accept().await;
    let (id, ..) = line.asked().await;
    line.refuse(id, Status::cancelled("the server's clock was faster"));
    line.flush().await;
    // Both arrive in the same turn of the client: the deadline, and the server's status.
    tokio::time::advance(SECOND).await;
    assert_eq!(line.run_until(call).await.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
}
