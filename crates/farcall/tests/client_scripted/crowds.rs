//! Many calls: room at the server's limit, and nothing that stays behind.

use std::time::Duration;

use farcall::Code;
use farcall_wire::grpc::Config;

use crate::line::{channel, is_ready};
use crate::text::ASK;

fn room_for(calls: u32) -> Config {
    let mut config = Config::default();
    config.h2.max_concurrent_streams = calls;
    config
}

#[tokio::test(start_paused = true)]
async fn calls_wait_for_room_at_the_servers_limit_and_keep_their_order() {
    let (channel, mut exchange) = channel();
    let calls: Vec<_> = (0..6).map(|n| tokio::spawn(channel.unary(&ASK, n.to_string()))).collect();
    let mut line = exchange.accept_with(room_for(2)).await;
    let (mut open, mut order) = (0, Vec::new());
    for _ in 0..3 {
        let asked = line.asked_by(2).await;
        open += asked.len();
        assert_eq!(line.conn.open_calls(), 2);
        for (call, _, message) in asked {
            order.push(message);
            line.answer(call, &["ok"]);
        }
    }
    assert_eq!((open, order.concat().as_str()), (6, "012345"));
    for call in calls {
        assert_eq!(line.run_until(call).await.unwrap().unwrap(), "ok");
    }
}

#[tokio::test(start_paused = true)]
async fn a_waiting_call_that_is_dropped_is_never_sent() {
    let (channel, mut exchange) = channel();
    let first = tokio::spawn(channel.unary(&ASK, "first".into()));
    let mut line = exchange.accept_with(room_for(1)).await;
    let (id, ..) = line.asked().await;
    let mut dropped = channel.unary(&ASK, "dropped".into());
    assert!(!is_ready(&mut dropped).await);
    let last = tokio::spawn(channel.unary(&ASK, "last".into()));
    tokio::task::yield_now().await;
    drop(dropped);
    line.answer(id, &["1"]);
    assert_eq!(line.run_until(first).await.unwrap().unwrap(), "1");
    let (id, _, message) = line.asked().await;
    assert_eq!(message, "last");
    line.answer(id, &["2"]);
    assert_eq!(line.run_until(last).await.unwrap().unwrap(), "2");
}

#[tokio::test(start_paused = true)]
async fn a_waiting_call_whose_deadline_passes_is_never_sent() {
    let (channel, mut exchange) = channel();
    let first = tokio::spawn(channel.unary(&ASK, "first".into()));
    let mut line = exchange.accept_with(room_for(1)).await;
    line.asked().await;
    let waits = channel.unary(&ASK, "waits".into()).timeout(Duration::from_secs(1));
    let status = line.run_until(waits).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    first.abort();
    line.cancelled().await;
    let next = tokio::spawn(channel.unary(&ASK, "next".into()));
    assert_eq!(line.asked().await.2, "next");
    next.abort();
}
