//! When a channel connects, what calls do meanwhile, and what becomes of them when the connection goes.

use std::time::Duration;

use farcall::client::{BackoffConfig, State};
use farcall::{Channel, Code};
use farcall_wire::grpc::Event;
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

use crate::line::{Line, channel, channel_with, is_ready};
use crate::text::{ASK, CHAT, LIST};

const REFUSED: u32 = 7;
const NO_ERROR: u32 = 0;

#[tokio::test(start_paused = true)]
async fn nothing_is_connected_before_the_first_call() {
    let (channel, mut exchange) = channel();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(!exchange.is_ringing());
    assert_eq!(channel.state(), State::Idle);
    let call = tokio::spawn(channel.unary(&ASK, "a".into()));
    assert_eq!(channel.state_after(State::Idle).await, State::Connecting);
    let mut line = exchange.accept().await;
    let (id, ..) = line.asked().await;
    assert_eq!(channel.state(), State::Ready);
    line.answer(id, &["b"]);
    assert_eq!(line.run_until(call).await.unwrap().unwrap(), "b");
}

#[tokio::test(start_paused = true)]
async fn a_failed_attempt_fails_the_calls_that_wait_with_the_systems_cause() {
    let (channel, mut exchange) = channel();
    let one = tokio::spawn(channel.unary(&ASK, "a".into()));
    let two = tokio::spawn(channel.unary(&ASK, "b".into()));
    exchange.refuse().await;
    for call in [one, two] {
        let status = call.await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.message().contains("line:1"), "{status}");
        assert!(status.message().contains("Connection refused (os error 111)"), "{status}");
    }
    assert_eq!(channel.state(), State::TransientFailure);
    // From now on calls fail at once, streams at their await, and no attempt is made before its time.
    let status = channel.unary(&ASK, "c".into()).await.unwrap_err();
    assert!(status.message().contains("os error 111"), "{status}");
    let status = channel.server_streaming(&LIST, "c".into()).await.unwrap_err();
    assert!(status.message().contains("os error 111"), "{status}");
    assert!(!exchange.is_ringing());
}

#[tokio::test(start_paused = true)]
async fn attempts_go_on_with_the_specified_waits_while_a_call_waits_for_ready() {
    let (channel, mut exchange) = channel();
    let call = tokio::spawn(channel.unary(&ASK, "a".into()).wait_for_ready());
    let mut last = None;
    for wait in [None, Some(1.0), Some(1.6), Some(2.56), Some(4.096)] {
        let attempt = exchange.attempt().await;
        if let (Some(wait), Some(last)) = (wait, last) {
            let waited = Instant::now().duration_since(last).as_secs_f64();
            assert!((wait * 0.79..wait * 1.21).contains(&waited), "{waited} is not {wait} ± 20 %");
        }
        last = Some(Instant::now());
        attempt.send(Err(std::io::Error::from_raw_os_error(111))).unwrap();
    }
    let mut line = exchange.accept().await;
    let (id, ..) = line.asked().await;
    line.answer(id, &["at last"]);
    assert_eq!(line.run_until(call).await.unwrap().unwrap(), "at last");
    assert_eq!(channel.state(), State::Ready);
}

#[tokio::test(start_paused = true)]
async fn the_backoff_can_be_set() {
    let backoff = BackoffConfig { initial: Duration::from_millis(10), jitter: 0.0, ..BackoffConfig::default() };
    let (channel, mut exchange) = channel_with(|builder| builder.backoff(backoff));
    let _call = tokio::spawn(channel.unary(&ASK, "a".into()).wait_for_ready());
    exchange.refuse().await;
    let start = Instant::now();
    exchange.refuse().await;
    assert!(start.elapsed() <= Duration::from_millis(12), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_nobody_answers_ends_after_its_timeout() {
    let (channel, mut exchange) = channel();
    let start = Instant::now();
    let call = tokio::spawn(channel.unary(&ASK, "a".into()));
    let attempt = exchange.attempt().await;
    let status = call.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains("no answer within 20s"), "{status}");
    assert_eq!(start.elapsed().as_secs(), 20);
    assert!(attempt.is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_accepts_and_says_nothing_has_not_connected() {
    let (channel, mut exchange) = channel();
    let call = tokio::spawn(channel.unary(&ASK, "a".into()));
    let (theirs, mut ours) = farcall::transport::memory::pair();
    exchange.attempt().await.send(Ok(theirs)).unwrap();
    let silent = tokio::spawn(async move {
        let mut sink = Vec::new();
        ours.read_to_end(&mut sink).await
    });
    let status = call.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains("cannot connect to line:1"), "{status}");
    assert_eq!(channel.state(), State::TransientFailure);
    silent.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_ends_its_calls_and_the_next_call_brings_another() {
    let (channel, mut exchange) = channel();
    let call = tokio::spawn(channel.unary(&ASK, "a".into()));
    let mut line = exchange.accept().await;
    line.asked().await;
    drop(line);
    let status = call.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(channel.state(), State::Idle);
    assert!(!exchange.is_ringing());
    let call = tokio::spawn(channel.unary(&ASK, "b".into()));
    let mut line = exchange.accept().await;
    let (id, ..) = line.asked().await;
    line.answer(id, &["c"]);
    assert_eq!(line.run_until(call).await.unwrap().unwrap(), "c");
}

#[tokio::test(start_paused = true)]
async fn a_call_above_the_goaway_is_sent_again_and_one_below_finishes() {
    let (channel, mut exchange) = channel();
    let old = tokio::spawn(channel.unary(&ASK, "old".into()));
    let mut line = exchange.accept().await;
    let (first, ..) = line.asked().await;
    let new = tokio::spawn(channel.unary(&ASK, "new".into()));
    line.asked().await;
    line.inject_goaway(first.serial(), NO_ERROR).await;
    let mut second = exchange.accept().await;
    let (id, _, message) = second.asked().await;
    assert_eq!(message, "new");
    second.answer(id, &["from the second"]);
    assert_eq!(second.run_until(new).await.unwrap().unwrap(), "from the second");
    line.answer(first, &["from the first"]);
    assert_eq!(line.run_until(old).await.unwrap().unwrap(), "from the first");
    // The retired connection ends by itself, and the new one stays.
    while !matches!(line.event().await, Event::Over { .. }) {}
    assert_eq!(channel.state(), State::Ready);
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_is_sent_again_once_and_not_twice() {
    let (channel, mut exchange) = channel();
    let call = tokio::spawn(channel.unary(&ASK, "again".into()).metadata("x-key", "value"));
    let mut line = exchange.accept().await;
    let (id, ..) = line.asked().await;
    line.inject_reset(id, REFUSED).await;
    let (id, head, message) = line.asked_again().await;
    assert_eq!((message.as_str(), head.metadata.get("x-key")), ("again", Some("value")));
    line.inject_reset(id, REFUSED).await;
    let status = line.run_until(call).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_that_streams_requests_is_not_sent_again() {
    let (channel, mut exchange) = channel();
    let (_send, mut receive) = channel.bidi(&CHAT).await.unwrap().split();
    let mut line = exchange.accept().await;
    let (id, _) = line.request().await;
    line.inject_reset(id, REFUSED).await;
    let status = line.run_until(receive.next()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn the_connection_ends_with_the_last_handle_and_the_last_call() {
    let (channel, mut exchange) = channel();
    let mut list = channel.server_streaming(&LIST, "a".into()).await.unwrap();
    let mut line = exchange.accept().await;
    let (id, ..) = line.asked().await;
    line.say(id, &["one"]);
    assert_eq!(line.run_until(list.next()).await.unwrap().as_deref(), Some("one"));
    drop(channel);
    line.say(id, &["two"]);
    assert_eq!(line.run_until(list.next()).await.unwrap().as_deref(), Some("two"));
    line.answer(id, &[]);
    assert_eq!(line.run_until(list.next()).await.unwrap(), None);
    while !matches!(line.event().await, Event::Over { .. }) {}
}

#[tokio::test(start_paused = true)]
async fn calls_beyond_the_waiting_limit_fail_at_once_and_name_the_setting() {
    let (channel, mut exchange) = channel_with(|builder| builder.waiting_limit(2));
    let mut waiting: Vec<_> = (0..2).map(|_| channel.unary(&ASK, "a".into())).collect();
    for call in &mut waiting {
        assert!(!is_ready(call).await);
    }
    let status = channel.unary(&ASK, "a".into()).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().contains("waiting_limit"), "{status}");
    drop(waiting);
    // Those that gave up make room.
    let call = tokio::spawn(channel.unary(&ASK, "b".into()));
    let mut line = exchange.accept().await;
    let (id, _, message) = line.asked().await;
    assert_eq!(message, "b");
    line.answer(id, &["c"]);
    assert_eq!(line.run_until(call).await.unwrap().unwrap(), "c");
}

#[test]
fn a_call_outside_of_a_runtime_says_what_it_needs() {
    let channel = Channel::new("localhost:1").unwrap();
    let mut call = channel.unary(&ASK, "a".into());
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Err(status)) = std::pin::Pin::new(&mut call).poll(&mut cx) else {
        panic!("expected an error");
    };
    assert!(status.message().contains("#[tokio::main]"), "{status}");
}

#[test]
fn a_channel_outlives_the_runtime_that_it_began_on() {
    let (channel, mut exchange) = channel();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let mut left = channel.unary(&ASK, "a".into());
    first.block_on(async {
        assert!(!is_ready(&mut left).await);
        let mut line = exchange.accept().await;
        line.asked().await;
    });
    drop(first);
    let second = runtime();
    second.block_on(async {
        assert_eq!(left.await.unwrap_err().code(), Code::Unavailable);
        let call = tokio::spawn(channel.unary(&ASK, "b".into()));
        let mut line: Line = exchange.accept().await;
        let (id, ..) = line.asked().await;
        line.answer(id, &["c"]);
        assert_eq!(line.run_until(call).await.unwrap().unwrap(), "c");
    });
}

#[tokio::test]
async fn a_bad_target_is_refused_with_its_value_and_a_remedy() {
    let text = Channel::new("http//users").unwrap_err().to_string();
    assert!(text.contains("http//users"), "{text}");
    let text = Channel::new("unix:").unwrap_err().to_string();
    assert!(text.contains("\"unix:\"") && text.contains("unix:/run/users.sock"), "{text}");
}
