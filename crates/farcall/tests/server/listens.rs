//! Where a server listens: ports, listeners of others, and accepts that fail.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::probe::{Plain, Probe, ProbeClient, ProbeServer};
use farcall::transport::{Listener, Peer, memory};
use farcall::{Call, Channel, Server, Status};
use tokio::io::DuplexStream;
use tokio::net::TcpListener;

#[tokio::test]
async fn port_0_is_told_and_an_address_in_use_is_an_error_with_a_remedy() {
    let bound = Server::builder().bind("127.0.0.1:0").await.unwrap();
    let address = bound.local_addr();
    assert_ne!(address.port(), 0);
    let error = Server::builder().bind(address).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&address.to_string()) && text.contains("another program listens there"), "{text}");
}

#[tokio::test]
async fn what_no_server_can_work_with_is_an_error_that_names_it() {
    let twice = Server::builder().service(ProbeServer::new(Plain)).service(ProbeServer::new(Plain));
    assert!(twice.bind("127.0.0.1:0").await.unwrap_err().to_string().contains("test.Probe"));
    let tiny = Server::builder().max_frame_size(5).bind("127.0.0.1:0").await.unwrap_err();
    assert_eq!(tiny.to_string(), "max_frame_size cannot be 5: choose 16384 to 16777215");
    let nowhere = Server::builder().bind("127.0.0.1").await.unwrap_err();
    assert!(nowhere.to_string().contains("127.0.0.1:50051"), "{nowhere}");
}

struct WhoCalls;
impl Probe for WhoCalls {
    async fn unary(&self, call: &Call, _: String) -> Result<String, Status> {
        Ok(format!("{} {}", call.peer(), call.authority()))
    }
}

#[tokio::test]
async fn a_listener_that_the_user_owns_is_served() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let bound = Server::builder().service(ProbeServer::new(WhoCalls)).listen_on(listener).unwrap();
    assert_eq!(bound.local_addr().to_string(), address);
    tokio::spawn(bound.serve());
    let reply = ProbeClient(Channel::new(&address).unwrap()).unary("").await.unwrap();
    assert!(reply.starts_with("127.0.0.1:") && reply.ends_with(&address), "{reply}");
}

/// Fails a few times, then gives one connection, then waits.
struct Unlucky {
    failures: Arc<AtomicUsize>,
    end: Option<DuplexStream>,
}

impl Listener for Unlucky {
    type Io = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, Peer)> {
        if self.failures.fetch_add(1, Ordering::SeqCst) < 10 {
            return Err(io::Error::from_raw_os_error(24));
        }
        match self.end.take() {
            Some(end) => Ok((end, Peer::Memory)),
            None => std::future::pending().await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn accepts_that_fail_are_waited_for_and_do_not_end_the_server() {
    let (mut here, there) = memory::pair();
    let failures = Arc::new(AtomicUsize::new(0));
    let listener = Unlucky { failures: Arc::clone(&failures), end: Some(there) };
    let began = tokio::time::Instant::now();
    tokio::spawn(Server::builder().serve_on(listener));
    let mut first = [0; 9];
    tokio::io::AsyncReadExt::read_exact(&mut here, &mut first).await.unwrap();
    // The server's SETTINGS (RFC 9113 §3.4): kind 4 on stream 0.
    assert_eq!(first[3], 4);
    assert!(failures.load(Ordering::SeqCst) > 10);
    // 5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000 ms.
    assert_eq!(began.elapsed().as_millis().div_ceil(100), 33);
}
