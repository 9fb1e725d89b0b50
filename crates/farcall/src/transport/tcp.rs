//! TCP: small writes leave at once, and a peer that is gone is noticed.

use std::io;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};

use super::{Connector, Listener, Peer};

/// Opens TCP connections; names are looked up by the system's resolver, and its addresses are tried in order.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Tcp {}

impl Tcp {
    /// A connector with the defaults.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Connector for Tcp {
    type Io = TcpStream;

    async fn connect(&self, address: &str) -> io::Result<(TcpStream, Peer)> {
        let stream = TcpStream::connect(address).await?;
        let peer = Peer::Socket(stream.peer_addr()?);
        prepare(&stream)?;
        Ok((stream, peer))
    }
}

impl Listener for TcpListener {
    type Io = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, Peer)> {
        loop {
            let (stream, address) = TcpListener::accept(self).await?;
            // A socket that takes no options has lost its peer already, which says nothing about the next one.
            if prepare(&stream).is_ok() {
                return Ok((stream, Peer::Socket(address)));
            }
        }
    }
}

/// Sets what every connection of ours has: no waiting for more to send, and an end for bytes that nobody acknowledges.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    set_user_timeout(stream)
}

#[cfg(target_os = "linux")]
fn set_user_timeout(stream: &TcpStream) -> io::Result<()> {
    SockRef::from(stream).set_tcp_user_timeout(Some(USER_TIMEOUT))
}

/// Elsewhere the system decides; keepalive probes at least find a peer that is gone while nothing is sent.
#[cfg(not(target_os = "linux"))]
fn set_user_timeout(stream: &TcpStream) -> io::Result<()> {
    SockRef::from(stream).set_tcp_keepalive(&socket2::TcpKeepalive::new().with_time(USER_TIMEOUT))
}

/// How long sent bytes may stay unacknowledged before the connection counts as lost (gRFC A18 gives 20 s).
const USER_TIMEOUT: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn both_ends_are_prepared_and_know_each_other() {
        let mut listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tcp = Tcp::new();
        let text = address.to_string();
        let (opened, accepted) = tokio::join!(tcp.connect(&text), Listener::accept(&mut listener));
        let ((client, server), (there, here)) = {
            let ((client, there), (server, here)) = (opened.unwrap(), accepted.unwrap());
            ((client, server), (there, here))
        };
        assert_eq!(there, Peer::Socket(address));
        assert_eq!(here, Peer::Socket(client.local_addr().unwrap()));
        for stream in [&client, &server] {
            assert!(stream.nodelay().unwrap());
            #[cfg(target_os = "linux")]
            assert_eq!(SockRef::from(stream).tcp_user_timeout().unwrap(), Some(USER_TIMEOUT));
        }
    }

    #[tokio::test]
    async fn a_refused_connection_is_the_systems_own_error() {
        let error = Tcp::new().connect("127.0.0.1:1").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(error.to_string().contains("os error"), "{error}");
    }
}
