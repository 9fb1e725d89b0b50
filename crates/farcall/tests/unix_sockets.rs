//! Unix sockets: both ways to name them, who is at the other end, and what becomes of their files.
#![cfg(unix)]

mod probe;

use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use farcall::server::ServerError;
use farcall::transport::Listener;
use farcall::{Call, Channel, Code, Inbound, Outbound, Peer, Server, Status};
use probe::{Plain, Probe, ProbeClient, ProbeServer, on_both_runtimes, over};
use tokio::net::UnixListener;

/// Says how it was called, and by whom.
struct Who;
impl Probe for Who {
    async fn unary(&self, call: &Call, request: String) -> Result<String, Status> {
        let Peer::Unix(peer) = call.peer() else {
            return Err(Status::internal(format!("called by {}, over no Unix socket", call.peer())));
        };
        let own = peer.process.is_none_or(|process| process == std::process::id() as i32);
        Ok(format!("{request} to {} by this process: {own}", call.authority()))
    }
}

/// A folder of its own, which goes at the end of the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("farcall-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn socket(&self) -> PathBuf {
        self.0.join("probe.sock")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

fn builder() -> farcall::server::ServerBuilder {
    Server::builder().service(ProbeServer::new(Who))
}

async fn ask(target: &str) -> Result<String, Status> {
    ProbeClient(Channel::new(target).unwrap()).unary("hello").await
}

const ANSWER: &str = "hello to localhost by this process: true";

#[test]
fn a_path_is_served_and_found_and_gone_after_the_shutdown_on_both_runtimes() {
    on_both_runtimes(|| async {
        let folder = Folder::new();
        let bound = builder().bind_unix(folder.socket()).await.unwrap();
        let target = bound.target().to_owned();
        assert_eq!(target, format!("unix:{}", folder.socket().display()));
        let shutdown = bound.shutdown_handle();
        let server = tokio::spawn(bound.serve());
        for target in [target, format!("unix://{}", folder.socket().display())] {
            assert_eq!(ask(&target).await.unwrap(), ANSWER);
        }
        shutdown.begin();
        server.await.unwrap().unwrap();
        assert!(!folder.socket().exists(), "the file goes with the server");
    });
}

#[tokio::test]
async fn streams_go_over_unix_sockets_as_over_any_other() {
    struct Triple;
    impl Probe for Triple {
        async fn chat(&self, _: &Call, mut asks: Inbound<String>, mut out: Outbound<String>) -> Result<(), Status> {
            while let Some(ask) = asks.next().await? {
                out.send(ask.repeat(3)).await?;
            }
            Ok(())
        }
    }
    let folder = Folder::new();
    let bound = Server::builder().service(ProbeServer::new(Triple)).bind_unix(folder.socket()).await.unwrap();
    let target = bound.target().to_owned();
    tokio::spawn(bound.serve());
    let mut chat = ProbeClient(Channel::new(&target).unwrap()).chat().await.unwrap();
    for size in [0, 1, 100_000, 1_000_000] {
        chat.send("x".repeat(size)).await.unwrap();
        assert_eq!(chat.next().await.unwrap().map(|reply| reply.len()), Some(3 * size));
    }
    assert_eq!(chat.finish().await.unwrap().next().await.unwrap(), None);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_abstract_name_is_served_and_found_and_leaves_no_file() {
    let name = format!("farcall-test-{}", std::process::id());
    let bound = builder().bind_unix_abstract(&name).await.unwrap();
    assert_eq!(bound.target(), format!("unix-abstract:{name}"));
    let taken = builder().bind_unix_abstract(&name).await.unwrap_err();
    assert!(matches!(taken, ServerError::BindUnix { .. }) && taken.to_string().contains(&name), "{taken}");
    let target = bound.target().to_owned();
    let server = tokio::spawn(bound.serve());
    assert_eq!(ask(&target).await.unwrap(), ANSWER);
    assert!(!Path::new(&name).exists());
    server.abort();
    assert!(builder().bind_unix_abstract("").await.unwrap_err().to_string().contains("a byte at least"));
}

#[tokio::test]
async fn a_dead_socket_file_is_replaced_and_a_live_one_is_left_alone() {
    let folder = Folder::new();
    // A listener that is dropped leaves its file, as a program that was killed does.
    drop(UnixListener::bind(folder.socket()).unwrap());
    assert!(std::fs::symlink_metadata(folder.socket()).unwrap().file_type().is_socket());
    let bound = builder().bind_unix(folder.socket()).await.unwrap();
    let target = bound.target().to_owned();
    let server = tokio::spawn(bound.serve());
    assert_eq!(ask(&target).await.unwrap(), ANSWER);

    let refused = builder().bind_unix(folder.socket()).await.unwrap_err().to_string();
    assert!(refused.contains(&target) && refused.contains("listens there"), "{refused}");
    assert!(refused.contains("choose another path"), "{refused}");
    assert_eq!(ask(&target).await.unwrap(), ANSWER, "the first server is as it was");
    server.abort();
    assert!(server.await.unwrap_err().is_cancelled());
    assert!(!folder.socket().exists(), "the file goes with a server that is dropped, too");
}

#[tokio::test]
async fn a_file_that_is_no_socket_is_never_touched() {
    let folder = Folder::new();
    std::fs::write(folder.socket(), "precious").unwrap();
    let refused = builder().bind_unix(folder.socket()).await.unwrap_err().to_string();
    assert!(refused.contains("no socket") && refused.contains("choose another path"), "{refused}");
    assert_eq!(std::fs::read_to_string(folder.socket()).unwrap(), "precious");
}

#[tokio::test]
async fn the_socket_of_another_server_at_the_same_path_stays() {
    let folder = Folder::new();
    let bound = builder().bind_unix(folder.socket()).await.unwrap();
    std::fs::remove_file(folder.socket()).unwrap();
    let other = builder().bind_unix(folder.socket()).await.unwrap();
    drop(bound);
    assert!(folder.socket().exists(), "it is the other one's");
    drop(other);
    assert!(!folder.socket().exists());
}

#[tokio::test]
async fn a_place_where_no_socket_can_be_says_what_to_do() {
    let folder = Folder::new();
    for (path, remedy) in
        [(folder.0.join("none/probe.sock"), "make the folder"), (folder.0.join("x".repeat(200)), "shorter")]
    {
        let refused = builder().bind_unix(&path).await.unwrap_err().to_string();
        assert!(refused.contains(&path.display().to_string()) && refused.contains(remedy), "{refused}");
    }
}

#[tokio::test]
async fn a_listener_that_exists_is_served_and_keeps_its_file() {
    let folder = Folder::new();
    let bound = builder().listen_on(UnixListener::bind(folder.socket()).unwrap()).unwrap();
    let shutdown = bound.shutdown_handle();
    let server = tokio::spawn(bound.serve());
    assert_eq!(ask(&format!("unix:{}", folder.socket().display())).await.unwrap(), ANSWER);
    shutdown.begin();
    server.await.unwrap().unwrap();
    assert!(folder.socket().exists(), "it is not ours to remove");
}

#[tokio::test]
async fn nobody_at_a_path_is_unavailable_with_the_systems_cause() {
    let folder = Folder::new();
    let target = format!("unix:{}", folder.socket().display());
    let status = ask(&target).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains(&target) && status.message().contains("os error"), "{status}");
}

#[tokio::test]
async fn both_ends_know_who_the_other_is() {
    let folder = Folder::new();
    let mut socket = farcall::transport::unix::UnixSocket::bind(folder.socket()).await.unwrap();
    let unix = farcall::transport::unix::Unix::new();
    let target = socket.target().to_owned();
    let (opened, accepted) = tokio::join!(farcall::transport::Connector::connect(&unix, &target), socket.accept());
    for (_, peer) in [opened.unwrap(), accepted.unwrap()] {
        let Peer::Unix(credentials) = peer else { panic!("{peer} is at no Unix socket") };
        assert!(credentials.process.is_none_or(|process| process == std::process::id() as i32));
        assert!(peer.address().is_none() && peer.to_string().starts_with("unix (user "), "{peer}");
    }
    let over_tcp = farcall::transport::Connector::connect(&unix, "127.0.0.1:1").await.unwrap_err();
    assert!(over_tcp.to_string().contains("unix:/run/users.sock"), "{over_tcp}");
}

#[tokio::test]
async fn over_memory_nobody_is_taken_for_a_unix_peer() {
    assert!(over(Who).unary("x").await.unwrap_err().message().contains("memory"));
    let client = over(Plain);
    assert!(client.download("a b").await.unwrap().next().await.unwrap().is_some());
    assert_eq!(client.upload().await.unwrap().finish().await.unwrap(), "");
}
