//! A server that has its listener and does not serve yet.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::{Router, Settings, Shutdown, accept};
use crate::observe;
use crate::transport::Listener;
#[cfg(unix)]
use crate::transport::unix::UnixSocket;

/// A server with a listener: connections already queue up, and [`Bound::serve`] takes them.
#[derive(Debug)]
pub struct Bound<L = TcpListener> {
    listener: L,
    address: Option<SocketAddr>,
    router: Arc<Router>,
    settings: Settings,
    shutdown: Shutdown,
}

impl<L: Listener> Bound<L> {
    pub(super) fn new(listener: L, address: Option<SocketAddr>, router: Router, settings: Settings) -> Self {
        Self { listener, address, router: Arc::new(router), settings, shutdown: Shutdown::new() }
    }

    /// A handle that ends the server in order, for other tasks.
    pub fn shutdown_handle(&self) -> Shutdown {
        self.shutdown.clone()
    }

    /// Serves until a [`Shutdown`] begins, and then until every call has ended.
    ///
    /// Dropping the future ends everything at once. Each connection is a task of the current runtime.
    ///
    /// # Errors
    /// None at present: a connection that cannot be accepted is logged and waited for.
    pub async fn serve(self) -> Result<(), ServerError> {
        self.serve_with_shutdown(std::future::pending()).await
    }

    /// [`Bound::serve`] that also shuts down when `signal` is ready.
    ///
    /// # Errors
    /// As `serve`.
    pub async fn serve_with_shutdown(self, signal: impl Future<Output = ()> + Send) -> Result<(), ServerError> {
        let Self { listener, address, router, settings, shutdown } = self;
        observe::serving(address, "serving");
        let stop = async {
            let (begun, signal) = (std::pin::pin!(shutdown.begun()), std::pin::pin!(signal));
            futures_util::future::select(begun, signal).await;
            observe::serving(address, "shutting down");
        };
        accept::serve(listener, router, settings, stop).await;
        observe::serving(address, "ended");
        Ok(())
    }
}

impl Bound<TcpListener> {
    /// The address with the port that the system chose where 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        // A listener that somebody else bound is asked; an address of nowhere if the system would not tell.
        let address = self.address.or_else(|| self.listener.local_addr().ok());
        address.unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)))
    }
}

#[cfg(unix)]
impl Bound<UnixSocket> {
    /// The target with which a channel finds the server, such as `unix:/run/users.sock`.
    pub fn target(&self) -> &str {
        self.listener.target()
    }
}

/// Why a server cannot begin; the text has the value that was wrong, and what would be right.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerError {
    /// The system does not let us listen there.
    Bind {
        /// Where.
        address: String,
        /// Why not.
        error: io::Error,
    },
    /// The system does not let us listen on that Unix socket.
    BindUnix {
        /// Where, as a channel's target.
        address: String,
        /// Why not.
        error: io::Error,
    },
    /// Two services of the same name.
    DuplicateService(&'static str),
    /// A setting that no connection could work with.
    Setting {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: u64,
        /// What it may be.
        range: std::ops::RangeInclusive<u64>,
    },
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bind { address, error } => {
                write!(f, "cannot listen on {address}: {error}; {}", remedy(error.kind()))
            }
            Self::BindUnix { address, error } => {
                write!(f, "cannot listen on {address}: {error}; {}", unix_remedy(error.kind()))
            }
            Self::DuplicateService(name) => {
                write!(f, "the service {name} was added twice: add each service once")
            }
            Self::Setting { name, value, range } => {
                write!(f, "{name} cannot be {value}: choose {} to {}", range.start(), range.end())
            }
        }
    }
}

impl std::error::Error for ServerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Bind { error, .. } | Self::BindUnix { error, .. } => Some(error),
            _ => None,
        }
    }
}

fn unix_remedy(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::AddrInUse => "stop the program that listens there, or choose another path or name",
        io::ErrorKind::NotFound => "make the folder first, or choose another one",
        io::ErrorKind::PermissionDenied => "choose a folder that this user may write to",
        io::ErrorKind::InvalidInput => "choose a shorter path or name: the system takes about a hundred bytes",
        io::ErrorKind::Unsupported => "use bind_unix with a path",
        _ => "choose another path, as in /run/users.sock",
    }
}

fn remedy(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::AddrInUse => {
            "another program listens there: stop it, or choose another port (0 lets the system choose a free one)"
        }
        io::ErrorKind::AddrNotAvailable => "this machine does not have the address: try 127.0.0.1 or [::]",
        io::ErrorKind::PermissionDenied => "ports below 1024 need a privilege: choose a higher one",
        _ => "write an address and a port, as in 127.0.0.1:50051",
    }
}
