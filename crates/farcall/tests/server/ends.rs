//! How calls end otherwise than well on the server: deadlines, cancellation, panics, lost connections, shutdown.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::peer::Peer;
use crate::probe::{Plain, Probe, ProbeClient, ProbeServer, on_both_runtimes, over};
use farcall::{Call, Channel, Code, Context, Inbound, Outbound, Router, Server, Status};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Says when it is dropped.
struct Guard(UnboundedSender<&'static str>);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

/// Handlers that never end by themselves, and say when they began and when they were dropped.
struct Endless(UnboundedSender<&'static str>);

impl Endless {
    fn new() -> (Self, UnboundedReceiver<&'static str>) {
        let (sender, receiver) = unbounded_channel();
        (Self(sender), receiver)
    }

    fn begin(&self) -> Guard {
        self.0.send("began").unwrap();
        Guard(self.0.clone())
    }
}

impl Probe for Endless {
    async fn unary(&self, call: &Call, request: String) -> Result<String, Status> {
        let _guard = self.begin();
        if request == "spawn" {
            let context = call.context();
            let sender = self.0.clone();
            tokio::spawn(async move {
                context.cancelled().await;
                sender.send(if context.cut_off().is_some() { "told" } else { "misled" })
            });
        }
        std::future::pending().await
    }

    async fn download(&self, _: &Call, _: String, mut replies: Outbound<String>) -> Result<(), Status> {
        let _guard = self.begin();
        replies.send("one".to_owned()).await?;
        std::future::pending().await
    }

    async fn upload(&self, _: &Call, mut requests: Inbound<String>) -> Result<String, Status> {
        let _guard = self.begin();
        while requests.next().await?.is_some() {}
        Ok(String::new())
    }
}

/// A server on a port of its own; serves until the runtime ends.
async fn serve(service: impl Probe) -> String {
    let bound = Server::builder().service(ProbeServer::new(service)).bind("127.0.0.1:0").await.unwrap();
    let address = bound.local_addr().to_string();
    tokio::spawn(bound.serve());
    address
}

#[test]
fn the_servers_own_deadline_cuts_off_the_handler_of_every_shape() {
    on_both_runtimes(|| async {
        let (service, mut heard) = Endless::new();
        let mut peer = Peer::connect(serve(service).await).await;
        for path in ["/test.Probe/Unary", "/test.Probe/Download", "/test.Probe/Upload"] {
            // The peer's engine is told no deadline, so that only the server can end the call.
            let call = peer.open(path, Some(Duration::from_millis(30)));
            peer.send(call, b"x");
            if path != "/test.Probe/Upload" {
                peer.conn.finish(call);
            }
            let status = peer.outcome(call).await.unwrap_err();
            assert!(matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled), "{status}");
            assert_eq!(heard.recv().await, Some("began"));
            assert_eq!(heard.recv().await, Some("dropped"));
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_deadline_bounds_a_whole_stream_on_a_paused_clock() {
    let (service, mut heard) = Endless::new();
    let mut replies = over(service).download("").timeout(Duration::from_secs(3600)).await.unwrap();
    assert_eq!(replies.next().await.unwrap().as_deref(), Some("one"));
    let status = replies.next().await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(heard.recv().await, Some("began"));
    assert_eq!(heard.recv().await, Some("dropped"));
}

#[test]
fn a_cancelled_call_drops_its_handler_and_tells_its_context() {
    on_both_runtimes(|| async {
        let (service, mut heard) = Endless::new();
        let mut peer = Peer::connect(serve(service).await).await;
        let call = peer.ask("/test.Probe/Unary", b"spawn");
        peer.flush().await;
        assert_eq!(heard.recv().await, Some("began"));
        peer.cancel(call);
        peer.flush().await;
        let mut rest = [heard.recv().await, heard.recv().await];
        rest.sort_unstable();
        assert_eq!(rest, [Some("dropped"), Some("told")]);
    });
}

#[tokio::test]
async fn a_lost_connection_drops_its_handlers() {
    let (service, mut heard) = Endless::new();
    let mut peer = Peer::connect(serve(service).await).await;
    for path in ["/test.Probe/Unary", "/test.Probe/Download"] {
        peer.ask(path, b"x");
        peer.flush().await;
        assert_eq!(heard.recv().await, Some("began"));
    }
    drop(peer);
    assert_eq!(heard.recv().await, Some("dropped"));
    assert_eq!(heard.recv().await, Some("dropped"));
}

struct Panics {
    rest: tokio::sync::Notify,
}

impl Probe for Panics {
    async fn unary(&self, _: &Call, request: String) -> Result<String, Status> {
        match request.as_str() {
            "at once" => panic!("secret of the first poll"),
            "later" => {
                tokio::task::yield_now().await;
                panic!("secret of a later poll")
            }
            "on drop" => {
                struct Bomb;
                impl Drop for Bomb {
                    fn drop(&mut self) {
                        panic!("secret of a destructor");
                    }
                }
                let _bomb = Bomb;
                Ok("gone off".to_owned())
            }
            "wait" => {
                self.rest.notified().await;
                Ok("unharmed".to_owned())
            }
            _ => {
                self.rest.notify_waiters();
                Ok("calm".to_owned())
            }
        }
    }

    async fn download(&self, _: &Call, _: String, mut replies: Outbound<String>) -> Result<(), Status> {
        replies.send("one".to_owned()).await?;
        panic!("secret of a stream")
    }
}

#[test]
fn a_panic_is_unknown_without_its_text_and_harms_no_other_call() {
    on_both_runtimes(|| async {
        let client = over(Panics { rest: tokio::sync::Notify::new() });
        let waiting = tokio::spawn(client.unary("wait"));
        for request in ["at once", "later", "on drop"] {
            let status = client.unary(request).await.unwrap_err();
            assert_eq!(status.code(), Code::Unknown, "{request}");
            assert!(!status.message().contains("secret"), "{status}");
        }
        let mut replies = client.download("").await.unwrap();
        assert_eq!(replies.next().await.unwrap().as_deref(), Some("one"));
        let status = replies.next().await.unwrap_err();
        assert_eq!(status.code(), Code::Unknown);
        assert!(!status.message().contains("secret"), "{status}");
        assert_eq!(client.unary("rest").await.unwrap(), "calm");
        assert_eq!(waiting.await.unwrap().unwrap(), "unharmed");
    });
}

/// Ends when it is told to.
struct Patient {
    began: UnboundedSender<&'static str>,
    end: Arc<tokio::sync::Notify>,
}

impl Probe for Patient {
    async fn unary(&self, _: &Call, request: String) -> Result<String, Status> {
        self.began.send("began").unwrap();
        self.end.notified().await;
        Ok(request)
    }
}

#[test]
fn shutdown_finishes_open_calls_takes_no_new_ones_and_ends() {
    on_both_runtimes(|| async {
        let (began, mut heard) = unbounded_channel();
        let end = Arc::new(tokio::sync::Notify::new());
        let service = Patient { began, end: Arc::clone(&end) };
        let bound = Server::builder().service(ProbeServer::new(service)).bind("127.0.0.1:0").await.unwrap();
        let (address, shutdown) = (bound.local_addr(), bound.shutdown_handle());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = tokio::spawn(bound.serve_with_shutdown(async {
            let _ = stopped.await;
        }));
        let client = ProbeClient(Channel::new(&address.to_string()).unwrap());
        let open = tokio::spawn(client.unary("finished"));
        assert_eq!(heard.recv().await, Some("began"));
        assert!(!shutdown.has_begun());
        stop.send(()).unwrap();
        while tokio::net::TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        assert!(!serving.is_finished());
        end.notify_one();
        assert_eq!(open.await.unwrap().unwrap(), "finished");
        serving.await.unwrap().unwrap();
        let status = client.unary("late").await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
    });
}

#[tokio::test]
async fn a_server_that_is_dropped_ends_its_connections_at_once() {
    let (service, mut heard) = Endless::new();
    let bound = Server::builder().service(ProbeServer::new(service)).bind("127.0.0.1:0").await.unwrap();
    let mut peer = {
        let address = bound.local_addr();
        let serving = tokio::spawn(bound.serve());
        let mut peer = Peer::connect(address).await;
        peer.ask("/test.Probe/Unary", b"x");
        peer.flush().await;
        assert_eq!(heard.recv().await, Some("began"));
        serving.abort();
        peer
    };
    assert_eq!(heard.recv().await, Some("dropped"));
    while peer.event().await.is_some() {}
}

/// Calls another service inside of its handler.
struct Front {
    back: ProbeClient,
}

impl Probe for Front {
    async fn unary(&self, _: &Call, request: String) -> Result<String, Status> {
        match request.as_str() {
            "spawned" => tokio::spawn(self.back.unary("x")).await.unwrap(),
            "scoped" => {
                let back = self.back.clone();
                tokio::spawn(Context::current().scope(async move { back.unary("x").await })).await.unwrap()
            }
            _ => self.back.unary("x").await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_inside_a_handler_inherits_deadline_and_cancellation() {
    let (service, mut heard) = Endless::new();
    let front = over(Front { back: over(service) });
    for request in ["awaited", "spawned", "scoped"] {
        let status = front.unary(request).timeout(Duration::from_secs(60)).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert_eq!(heard.recv().await, Some("began"));
        assert_eq!(heard.recv().await, Some("dropped"), "{request}");
        // Without a deadline, by cancellation alone.
        let mut call = front.unary(request);
        assert!(futures_util::future::poll_immediate(&mut call).await.is_none());
        assert_eq!(heard.recv().await, Some("began"));
        drop(call);
        assert_eq!(heard.recv().await, Some("dropped"), "{request}");
    }
}

#[tokio::test]
async fn a_child_of_a_handler_that_returned_goes_on() {
    struct Leaves {
        back: ProbeClient,
        done: UnboundedSender<String>,
    }
    impl Probe for Leaves {
        async fn unary(&self, _: &Call, request: String) -> Result<String, Status> {
            let (call, done) = (self.back.unary("x"), self.done.clone());
            tokio::spawn(async move {
                tokio::task::yield_now().await;
                done.send(call.await.unwrap_or_else(|status| status.to_string()))
            });
            Ok(request)
        }
    }
    let (done, mut heard) = unbounded_channel();
    let front = over(Leaves { back: over(Plain), done });
    assert_eq!(front.unary("first").await.unwrap(), "first");
    assert_eq!(heard.recv().await.as_deref(), Some("hello x"));
}

/// Counts the handlers that live.
struct Counting(Arc<AtomicUsize>);

struct Alive(Arc<AtomicUsize>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Probe for Counting {
    async fn unary(&self, _: &Call, request: String) -> Result<String, Status> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let _alive = Alive(Arc::clone(&self.0));
        match request.as_str() {
            "wait" => std::future::pending().await,
            _ => Ok(request),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_cancelled_and_expired_calls_leave_no_handler_behind() {
    let alive = Arc::new(AtomicUsize::new(0));
    let router = Router::new().service(ProbeServer::new(Counting(Arc::clone(&alive))));
    let client = ProbeClient(Channel::over(router));
    for round in 0..1_000 {
        let mut calls: Vec<_> = (0..100).map(|_| client.unary("wait").timeout(Duration::from_secs(1))).collect();
        for call in &mut calls {
            assert!(futures_util::future::poll_immediate(call).await.is_none());
        }
        if round % 2 == 0 {
            // Served before they are dropped: the answer of this one comes after their requests.
            tokio::task::yield_now().await;
            drop(calls);
            // Until everybody waits: the calls keep their places until their handlers are gone.
            tokio::time::sleep(Duration::from_millis(1)).await;
        } else {
            for call in calls {
                assert_eq!(call.await.unwrap_err().code(), Code::DeadlineExceeded);
            }
        }
    }
    assert_eq!(client.unary("last").await.unwrap(), "last");
    // The channel's driver and the server's connection.
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 2);
    while alive.load(Ordering::SeqCst) > 0 {
        tokio::task::yield_now().await;
    }
}
