//! The client with a real server: over memory and over TCP, on both runtimes, on the paused clock, and in crowds.

#[path = "client_service/backlog.rs"]
mod backlog;
#[path = "client_service/compression.rs"]
mod compression;
mod probe;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use farcall::client::{BackoffConfig, State};
use farcall::{Call, Channel, Code, Inbound, Outbound, Router, Server, Status};
use futures_util::future::join_all;
use probe::{Plain, Probe, ProbeClient, ProbeServer, on_both_runtimes, over};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_channel_over_a_router_needs_no_socket_and_no_real_time() {
    struct Slow;
    impl Probe for Slow {
        async fn unary(&self, call: &Call, request: String) -> Result<String, Status> {
            tokio::time::sleep(3600 * SECOND).await;
            Ok(format!("{request} after {:?}", call.remaining().map(|left| left.as_secs())))
        }
    }
    let (client, start) = (over(Slow), Instant::now());
    assert_eq!(client.unary("a").timeout(4000 * SECOND).await.unwrap(), "a after Some(400)");
    assert_eq!(client.unary("b").timeout(SECOND).await.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(start.elapsed().as_secs(), 3601);
}

#[test]
fn calls_work_in_join_all_and_spawn_on_both_runtimes() {
    on_both_runtimes(|| async {
        let client = over(Plain);
        let calls = join_all((0..300).map(|n| client.unary(n.to_string()))).await;
        for (n, reply) in calls.into_iter().enumerate() {
            assert_eq!(reply.unwrap(), format!("hello {n}"));
        }
        let spawned: Vec<_> = (0..300).map(|n| tokio::spawn(client.unary(n.to_string()))).collect();
        for (n, call) in spawned.into_iter().enumerate() {
            assert_eq!(call.await.unwrap().unwrap(), format!("hello {n}"));
        }
    });
}

#[test]
fn callers_on_many_threads_share_a_channel() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async {
        let client = over(Plain);
        let callers = (0..8).map(|caller| {
            let client = client.clone();
            tokio::spawn(async move {
                for n in 0..500 {
                    let text = format!("{caller}.{n}");
                    assert_eq!(client.unary(text.as_str()).await.unwrap(), format!("hello {text}"));
                }
            })
        });
        join_all(callers).await.into_iter().for_each(|caller| caller.unwrap());
    });
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_with_the_systems_cause() {
    // Bound and dropped: nobody listens there now.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let client = ProbeClient(Channel::new(&format!("127.0.0.1:{port}")).unwrap());
    let status = client.unary("a").await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains(&format!("127.0.0.1:{port}")), "{status}");
    assert!(status.message().contains("refused") && status.message().contains("os error"), "{status}");
    assert_eq!(client.0.state(), State::TransientFailure);
}

#[test]
fn a_server_that_comes_back_is_found_again_on_both_runtimes() {
    on_both_runtimes(|| async {
        let serve = async |address: String| {
            let bound = Server::builder().service(ProbeServer::new(Plain)).bind(address).await.unwrap();
            let (address, shutdown) = (bound.local_addr().to_string(), bound.shutdown_handle());
            (address, shutdown, tokio::spawn(bound.serve()))
        };
        let (address, shutdown, serving) = serve("127.0.0.1:0".into()).await;
        let backoff = BackoffConfig { initial: Duration::from_millis(5), ..BackoffConfig::default() };
        let client = ProbeClient(Channel::builder(&address).backoff(backoff).build().unwrap());
        assert_eq!(client.unary("one").await.unwrap(), "hello one");
        shutdown.begin();
        serving.await.unwrap().unwrap();
        assert_eq!(client.0.state_after(State::Ready).await, State::Idle);
        let waiting = tokio::spawn(client.unary("two").wait_for_ready());
        assert_eq!(client.unary("refused").await.unwrap_err().code(), Code::Unavailable);
        let (_, shutdown, _serving) = serve(address).await;
        assert_eq!(waiting.await.unwrap().unwrap(), "hello two");
        shutdown.begin();
    });
}

/// Calls itself at another server, which never answers, and counts who is there.
struct Relay {
    onward: ProbeClient,
}

impl Probe for Relay {
    async fn unary(&self, _: &Call, request: String) -> Result<String, Status> {
        self.onward.unary(request).await
    }

    async fn download(&self, _: &Call, request: String, mut replies: Outbound<String>) -> Result<(), Status> {
        let mut onward = self.onward.download(request).await?;
        while let Some(word) = onward.next().await? {
            replies.send(word).await?;
        }
        Ok(())
    }
}

#[derive(Default)]
struct Never {
    present: Arc<AtomicUsize>,
    remaining: Arc<AtomicUsize>,
}

struct Present(Arc<AtomicUsize>);

impl Present {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Probe for Never {
    async fn unary(&self, call: &Call, _: String) -> Result<String, Status> {
        let _present = Present::new(&self.present);
        let remaining = call.remaining().map_or(0, |left| usize::try_from(left.as_secs_f64().ceil() as u64).unwrap());
        self.remaining.store(remaining, Ordering::SeqCst);
        std::future::pending().await
    }

    async fn chat(&self, _: &Call, _: Inbound<String>, _: Outbound<String>) -> Result<(), Status> {
        let _present = Present::new(&self.present);
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn deadline_and_cancellation_go_through_a_handler_to_the_calls_it_makes() {
    let never = Never::default();
    let (present, remaining) = (Arc::clone(&never.present), Arc::clone(&never.remaining));
    let relay = over(Relay { onward: over(never) });
    let call = tokio::spawn(relay.unary("a").timeout(30 * SECOND));
    while present.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(remaining.load(Ordering::SeqCst), 30);
    call.abort();
    while present.load(Ordering::SeqCst) > 0 {
        tokio::task::yield_now().await;
    }
    let start = Instant::now();
    assert_eq!(relay.unary("a").timeout(5 * SECOND).await.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(start.elapsed().as_secs(), 5);
    while present.load(Ordering::SeqCst) > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_cancelled_and_expired_calls_leave_the_channel_working_and_nobody_behind() {
    let never = Never::default();
    let present = Arc::clone(&never.present);
    let client = over(never);
    let tasks = tokio::runtime::Handle::current().metrics();
    let before = tasks.num_alive_tasks();
    for round in 0..100 {
        // Some are cancelled before they are sent, some after, some while they wait for room; some expire.
        let calls: Vec<_> = (0..100)
            .map(|n| {
                let call = client.unary("a");
                tokio::spawn(if n % 2 == 0 { call.timeout(SECOND) } else { call })
            })
            .collect();
        if round % 2 == 0 {
            tokio::task::yield_now().await;
        }
        if round % 3 == 0 {
            tokio::time::sleep(SECOND).await;
        }
        calls.iter().for_each(tokio::task::JoinHandle::abort);
        for call in calls {
            match call.await {
                Ok(Err(status)) => assert_eq!(status.code(), Code::DeadlineExceeded),
                Ok(Ok(_)) => panic!("nobody answers"),
                Err(error) => assert!(error.is_cancelled()),
            }
        }
    }
    tokio::time::sleep(SECOND).await;
    assert_eq!(present.load(Ordering::SeqCst), 0);
    // The channel's driver and the server's connection.
    assert!(tasks.num_alive_tasks() <= before + 2, "{} tasks", tasks.num_alive_tasks());
    let chat = client.chat().await.unwrap();
    while present.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    drop(chat);
    drop(client);
    while tasks.num_alive_tasks() > before {
        tokio::time::sleep(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_router_answers_unimplemented_and_names_the_method() {
    let client = ProbeClient(Channel::over(Router::new()));
    let status = client.unary("a").await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert!(status.message().contains("/test.Probe/Unary"), "{status}");
}

#[cfg(feature = "gzip")]
#[tokio::test]
async fn compressed_calls_of_every_kind_pass() {
    let router = Router::new().service(ProbeServer::new(Plain));
    let always = ProbeClient(Channel::builder("memory").gzip(true).build_over(router.clone()).unwrap());
    assert_eq!(always.unary("always").await.unwrap(), "hello always");
    let client = ProbeClient(Channel::over(router));
    assert_eq!(client.unary("once").gzip().await.unwrap(), "hello once");
    let mut upload = client.upload().gzip().await.unwrap();
    upload.send("a".repeat(100_000)).await.unwrap();
    upload.send("b".into()).await.unwrap();
    assert_eq!(upload.finish().await.unwrap().len(), 100_002);
    let mut chat = client.chat().gzip().await.unwrap();
    chat.send("c".into()).await.unwrap();
    assert_eq!(chat.next().await.unwrap().as_deref(), Some("re: c"));
}
