//! Who is at the other end of a connection.

use std::fmt;
use std::net::SocketAddr;

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Peer {
    /// Another socket.
    Socket(SocketAddr),
    /// This process.
    Memory,
}

impl Peer {
    /// The address, if the other end has one.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Socket(address) => Some(*address),
            Self::Memory => None,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(address) => address.fmt(f),
            Self::Memory => f.write_str("memory"),
        }
    }
}
