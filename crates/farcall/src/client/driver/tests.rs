//! The driver's own tables, looked into after the calls are gone; what callers see is tested from outside.

use std::future::poll_fn;
use std::time::Duration;

use farcall_policy::State;
use farcall_wire::grpc::Code;
use tokio::task::JoinHandle;

use super::*;
use crate::client::memory::InProcess;
use crate::client::settings::Settings;
use crate::client::shared::Handles;
use crate::client::{Channel, UnaryCall};
use crate::codec::{CodecError, Decoder, EncodeBuf, Encoder, Method, Payload, Shape};
use crate::{Router, Status};

struct Nothing;

impl Encoder<()> for Nothing {
    fn encode(&self, (): &(), _: &mut EncodeBuf) -> Result<(), CodecError> {
        Ok(())
    }
}

impl Decoder<()> for Nothing {
    fn decode(&self, _: Payload) -> Result<(), CodecError> {
        Ok(())
    }
}

static WAIT: Method<(), ()> = Method::new("/test.Nothing/Wait", Shape::Unary, &Nothing, &Nothing);
static STREAM: Method<(), ()> = Method::new("/test.Nothing/Stream", Shape::Bidi, &Nothing, &Nothing);

type Driver = ChannelDriver<InProcess>;

/// A channel to a server whose handlers never end (`Wait`) or end at once (everything else), and its driver, which the
/// test polls.
fn channel() -> (Channel, Driver) {
    let router = Router::new().fallback(|call, _, _| async move {
        if call.path() == WAIT.path() {
            std::future::pending::<()>().await;
        }
        Ok::<(), Status>(())
    });
    let shared = Shared::new(Settings::default(), "test".into(), String::new(), "test".into());
    let driver = ChannelDriver::new(Arc::clone(&shared), Arc::new(InProcess::new(Arc::new(router))), "test".into());
    (Channel::of(Handles::new(shared, |_| Box::pin(async {}))), driver)
}

/// Polls the driver beside `other` until that is ready.
async fn drive<T>(driver: &mut Driver, other: impl Future<Output = T>) -> T {
    let mut other = std::pin::pin!(other);
    poll_fn(|cx| {
        assert!(Pin::new(&mut *driver).poll(cx).is_pending());
        other.as_mut().poll(cx)
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_cancelled_and_expired_calls_leave_no_stream_no_byte_and_no_place_in_a_queue() {
    let (channel, mut driver) = channel();
    let call = |n: usize| -> UnaryCall<()> {
        let call = channel.unary(&WAIT, ());
        if n.is_multiple_of(2) { call.timeout(Duration::from_millis(n as u64 % 7)) } else { call }
    };
    for _ in 0..200 {
        // A hundred are sent, the others wait for room: both kinds are dropped, and both kinds expire.
        let calls: Vec<JoinHandle<_>> = (0..500).map(|n| tokio::spawn(call(n))).collect();
        drive(&mut driver, tokio::time::sleep(Duration::from_millis(5))).await;
        for call in calls {
            if call.is_finished() {
                assert_eq!(call.await.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
            } else {
                call.abort();
            }
        }
        // The server takes no more than a burst of resets: rounds are spread over time.
        drive(&mut driver, tokio::time::sleep(Duration::from_secs(10))).await;
    }
    drive(&mut driver, tokio::time::sleep(Duration::from_secs(1))).await;
    assert!(driver.lobby.waiting.is_empty() && !driver.lobby.shared.mailbox.has_commands());
    assert_eq!(driver.lobby.poll_timeout(), None);
    let [Link { pump, calls }] = &mut driver.links[..] else { panic!("one connection served them all") };
    assert_eq!(calls.count(), 0);
    let conn = pump.connection();
    assert_eq!((conn.open_calls(), conn.unfinished(), conn.outbox().len()), (0, 0, 0));
    assert_eq!(conn.available_calls(), 100);
}

#[tokio::test(start_paused = true)]
async fn streams_that_are_dropped_leave_nothing_either() {
    let (channel, mut driver) = channel();
    for _ in 0..1_000 {
        let mut stream = drive(&mut driver, channel.bidi(&STREAM)).await.unwrap();
        drive(&mut driver, stream.send(())).await.unwrap();
        drive(&mut driver, tokio::task::yield_now()).await;
    }
    drive(&mut driver, tokio::time::sleep(Duration::from_secs(1))).await;
    let [Link { pump, calls }] = &mut driver.links[..] else { panic!("one connection served them all") };
    assert_eq!((calls.count(), pump.connection().open_calls()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_has_used_its_stream_numbers_is_replaced_and_its_calls_finish() {
    let (channel, mut driver) = channel();
    let stays = tokio::spawn(channel.unary(&WAIT, ()));
    drive(&mut driver, tokio::time::sleep(Duration::from_millis(1))).await;
    driver.links[0].calls.leave(1);
    let last = tokio::spawn(channel.unary(&WAIT, ()));
    drive(&mut driver, tokio::time::sleep(Duration::from_millis(1))).await;
    assert_eq!((driver.links.len(), channel.state()), (1, State::Idle));
    let next = tokio::spawn(channel.unary(&WAIT, ()));
    drive(&mut driver, tokio::time::sleep(Duration::from_millis(1))).await;
    assert_eq!((driver.links.len(), channel.state()), (2, State::Ready));
    for call in [&stays, &last] {
        assert!(!call.is_finished());
        call.abort();
    }
    drive(&mut driver, tokio::time::sleep(Duration::from_secs(60))).await;
    assert_eq!(driver.links.len(), 1);
    next.abort();
}
