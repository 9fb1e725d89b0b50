//! The implementations that are measured: one file each, all answering with the same messages.
//!
//! Each runs with its defaults, and with `TCP_NODELAY`.

pub mod connectrpc;
pub mod farcall;
pub mod floor;
pub mod tonic;

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::str::FromStr;

use crate::Failure;

/// One implementation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// This project.
    Farcall,
    /// tonic 0.14 with prost.
    Tonic,
    /// connectrpc 0.9 with buffa, speaking gRPC.
    Connectrpc,
    /// No HTTP/2 at all: the same number of bytes over TCP.
    Floor,
}

/// How handlers behave.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Every unary handler yields once, instead of being ready at its first poll.
    pub suspend: bool,
    /// The process runs under a program that counts, where everything takes a hundred times as long.
    pub counted: bool,
}

/// A client, one for each implementation that has one.
pub trait Client: Clone + Send + 'static {
    /// Connects to a server on this machine.
    fn connect(address: SocketAddr) -> impl Future<Output = Result<Self, Failure>> + Send;

    /// Calls `Get` once, and looks at the reply.
    fn get(&mut self) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Calls `Download` once, and returns the bytes of all chunks.
    fn download(&mut self, chunks: u32, size: u32) -> impl Future<Output = Result<usize, Failure>> + Send;
}

impl Peer {
    /// All that serve.
    pub const ALL: [Self; 4] = [Self::Farcall, Self::Tonic, Self::Connectrpc, Self::Floor];
    /// All that speak gRPC.
    pub const GRPC: [Self; 3] = [Self::Farcall, Self::Tonic, Self::Connectrpc];

    /// Serves until the process ends; `announce` is told where.
    ///
    /// # Errors
    /// When the server cannot listen, or ends.
    pub async fn serve(self, manner: Manner, announce: impl FnOnce(SocketAddr)) -> Result<(), Failure> {
        match self {
            Self::Farcall => farcall::serve(manner, announce).await,
            Self::Tonic => tonic::serve(manner, announce).await,
            Self::Connectrpc => connectrpc::serve(manner, announce).await,
            Self::Floor => floor::serve(manner, announce).await,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Farcall => "farcall",
            Self::Tonic => "tonic",
            Self::Connectrpc => "connectrpc",
            Self::Floor => "floor",
        })
    }
}

impl FromStr for Peer {
    type Err = Failure;

    fn from_str(name: &str) -> Result<Self, Failure> {
        let found = Self::ALL.into_iter().find(|peer| peer.to_string() == name);
        found.ok_or_else(|| {
            format!("no implementation is called {name:?}: there are farcall, tonic, connectrpc, floor").into()
        })
    }
}

impl Manner {
    /// Waits once, if handlers are to.
    pub async fn observe(self) {
        if self.suspend {
            tokio::task::yield_now().await;
        }
    }
}

/// Where servers listen: the system chooses the port.
const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
