//! Who is at the other end of a connection.

use std::fmt;
use std::net::SocketAddr;

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Peer {
    /// Another socket.
    Socket(SocketAddr),
    /// A process of this machine, at the other end of a Unix socket.
    Unix(Credentials),
    /// This process.
    Memory,
}

/// Who a process at the other end of a Unix socket was when it connected or began to listen; the system says so, and not
/// the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Credentials {
    /// Number of its user.
    pub user: u32,
    /// Number of its group.
    pub group: u32,
    /// Its own number, where the system tells.
    pub process: Option<i32>,
}

impl Peer {
    /// The address, if the other end has one.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Socket(address) => Some(*address),
            Self::Unix(_) | Self::Memory => None,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(address) => address.fmt(f),
            Self::Unix(Credentials { user, process: Some(process), .. }) => {
                write!(f, "unix (user {user}, process {process})")
            }
            Self::Unix(Credentials { user, .. }) => write!(f, "unix (user {user})"),
            Self::Memory => f.write_str("memory"),
        }
    }
}
