//! What RFC 9113 asks of sockets: reading at once, and closing after a fault.

use crate::probe::{Plain, Probe, ProbeClient, ProbeServer, over};
use farcall::{Call, Server, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Answers each call with a header as large as the one that came with it.
struct Echo;

impl Probe for Echo {
    async fn unary(&self, call: &Call, request: String) -> Result<String, Status> {
        call.set_header("x-large", call.metadata().get("x-large").unwrap_or_default())?;
        Ok(request)
    }
}

//= RFC 9113 §5.2.2: what has arrived is read and worked off at once
#[tokio::test]
async fn two_peers_that_both_have_much_to_say_still_read_each_other() {
    let client: ProbeClient = over(Echo);
    let large = "x".repeat(15_000);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let call = client.unary("hello").metadata("x-large", &large);
        calls.spawn(async move { call.await.map(|_| ()) });
    }
    while let Some(done) = calls.join_next().await {
        done.unwrap().unwrap();
    }
}

//= RFC 9113 §5.4.1: after GOAWAY for an error the connection is closed
#[tokio::test]
async fn after_goaway_for_a_fault_the_server_closes_the_connection() {
    let bound = Server::builder().service(ProbeServer::new(Plain)).bind("127.0.0.1:0").await.unwrap();
    let address = bound.local_addr();
    tokio::spawn(bound.serve());
    let mut peer = TcpStream::connect(address).await.unwrap();
    // SETTINGS, then a PING on stream 3.
    peer.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x08\x06\0\0\0\0\x03pingping")
        .await
        .unwrap();
    let mut heard = Vec::new();
    // Ends where the server closes its side, and not before.
    peer.read_to_end(&mut heard).await.unwrap();
    let mut rest = heard.as_slice();
    let mut kinds = Vec::new();
    while let [_, high, low, kind, _, _, _, _, _, frame @ ..] = rest {
        kinds.push(*kind);
        rest = &frame[usize::from(u16::from_be_bytes([*high, *low]))..];
    }
    assert_eq!((kinds.last(), rest.len()), (Some(&7), 0), "GOAWAY is the last that is heard: {kinds:?}");
}
