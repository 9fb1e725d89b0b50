//! Byte streams between two processes, or within one, and who makes them.
//!
//! No protocol here but the pump's, which joins a byte stream with the engine.

use std::future::Future;
use std::io;

use tokio::io::{AsyncRead, AsyncWrite};

pub(crate) mod backlog;
pub(crate) mod mailbox;
pub mod memory;
mod peer;
pub(crate) mod pump;
mod read_buffer;
pub mod tcp;
#[cfg(unix)]
pub mod unix;

pub use peer::{Credentials, Peer};

/// A byte stream in both directions.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Io for T {}

/// Takes connections that others open.
pub trait Listener: Send + 'static {
    /// What it gives.
    type Io: Io;

    /// The next connection, and who is at its other end. Must be cancel safe: a future that is dropped has lost none.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Io, Peer)>> + Send;
}

/// Opens connections.
pub trait Connector: Send + Sync + 'static {
    /// What it gives.
    type Io: Io;

    /// Opens one connection to `address`, which is `host:port` as the target names it, or the whole target of a Unix
    /// socket, and says who answered.
    fn connect(&self, address: &str) -> impl Future<Output = io::Result<(Self::Io, Peer)>> + Send;
}
