//! What a server can be told, with the defaults.
//!
//! Each limit is a budget that a peer can spend at most; which threat it bounds stands at the engine's settings.

use std::fmt;
use std::future::Future;
#[cfg(unix)]
use std::path::Path;
use std::time::Duration;

use farcall_wire::grpc::{Config, Status};
use tokio::net::TcpListener;

use super::driver::accepted;
use super::raw::RawMessage;
use super::{Bound, Call, Router, ServerError, Service};
use crate::stream::{Inbound, Outbound};
use crate::transport::Listener;
#[cfg(unix)]
use crate::transport::unix::UnixSocket;

/// A gRPC server: `Server::builder().service(…).bind("[::]:50051").await?.serve().await?`.
#[derive(Debug)]
#[non_exhaustive]
pub struct Server {}

impl Server {
    /// A server without services, and with the default settings.
    pub fn builder() -> ServerBuilder {
        ServerBuilder { router: Router::new(), settings: Settings::default() }
    }
}

/// What a server is made of.
#[derive(Debug, Clone)]
#[must_use = "a server serves when it is bound and served"]
pub struct ServerBuilder {
    router: Router,
    settings: Settings,
}

/// The settings that each connection gets.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) wire: Config,
    /// How long a first poll may keep the connection's task before its method is spawned from then on.
    pub(crate) first_poll: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { wire: Config { accept: accepted(), ..Config::default() }, first_poll: FIRST_POLL }
    }
}

/// Methods that set one field of the engine's settings each.
macro_rules! settings {
    ($( $(#[$doc:meta])* $name:ident: $kind:ty => $($field:ident).+; )+) => {
        impl ServerBuilder {
    /// Calls that one connection may have open. Default 100; a client lets further ones wait.
    ///
    /// A client may give all of its calls up at once, so that this raises [`ServerBuilder::reset_budget`] to twice as many.
    pub fn max_concurrent_calls(mut self, calls: u32) -> Self {
        let h2 = &mut self.settings.wire.h2;
        h2.max_concurrent_streams = calls;
        h2.reset_budget = h2.reset_budget.max(calls.saturating_mul(2));
        self
    }
 $(
            $(#[$doc])*
            pub fn $name(mut self, $name: $kind) -> Self {
                self.settings.wire.$($field).+ = $name;
                self
            }
        )+ }
    };
}

settings! {
    /// The longest message that is received, in bytes, before and after inflating. Default 4 MiB. A longer one ends its
    /// call with RESOURCE_EXHAUSTED.
    receive_limit: u32 => receive_limit;
    /// Bytes that unfinished messages of one connection may hold. Default 64 MiB.
    unfinished_limit: u64 => unfinished_limit;
    /// Bytes of a request's headers, 32 more counted for each field. Default 16,384.
    header_list_limit: u32 => h2.header_list_limit;
    /// Bytes of a request's headers from which on they are logged, though the call is served. Default 8,192.
    header_list_soft: u32 => h2.header_list_soft;
    /// Fields of a request's headers. Default 128.
    header_count_limit: u32 => h2.header_count_limit;
    /// Receive window of a call at its start, in bytes. Default 64 KiB.
    stream_window: u32 => h2.stream_window;
    /// Receive window of a connection at its start, in bytes. Default 1 MiB.
    connection_window: u32 => h2.connection_window;
    /// How far both windows grow where bandwidth and delay ask for it, in bytes. Default 16 MiB.
    max_window: u32 => h2.max_window;
    /// The largest HTTP/2 frame that is received, in bytes. Default 16,384.
    max_frame_size: u32 => h2.max_frame_size;
    /// Control frames that may wait for a peer that does not read. Default 1,000.
    control_limit: u32 => h2.control_limit;
    /// Time that a peer has to read once so many control frames wait. Default 10 s.
    control_timeout: Duration => h2.control_timeout;
    /// Entries of one SETTINGS frame. Default 32.
    settings_limit: u32 => h2.settings_limit;
    /// Calls that a client may cancel, or make the server refuse, before they are answered. Default 200, and twice
    /// [`ServerBuilder::max_concurrent_calls`] at least where that is set before.
    reset_budget: u32 => h2.reset_budget;
    /// What a second gives back of that. Default 33.
    reset_refill: u32 => h2.reset_refill;
    /// What each call that is answered gives back of it. Default 2: a client may cancel two calls of three for ever.
    reset_earned: u32 => h2.reset_earned;
    /// Frames in a row that say nothing. Default 100.
    empty_frame_limit: u32 => h2.empty_frame_limit;
    /// Frames that are legal and of no use. Default 10,000.
    glitch_budget: u32 => h2.glitch_budget;
    /// What a second gives back of that. Default 330.
    glitch_refill: u32 => h2.glitch_refill;
    /// The shortest time between two pings of a client that has calls. Default 5 min (gRFC A8).
    ping_interval: Duration => h2.ping_interval;
    /// The same for a client without calls. Default 2 h.
    ping_interval_idle: Duration => h2.ping_interval_idle;
    /// Pings that may come too soon; the next one ends the connection by `too_many_pings`. Default 2.
    ping_strikes: u32 => h2.ping_strikes;
    /// How long a client may keep a window shut for which a reply waits; then the call is cancelled. Default 20 s;
    /// [`Duration::MAX`]: for ever.
    send_stall_timeout: Duration => h2.send_stall_timeout;
    /// Time in which a connection's handshake must be finished. Default 10 s.
    handshake_timeout: Duration => h2.handshake_timeout;
    /// Time in which a client must acknowledge the server's SETTINGS. Default 10 s.
    settings_timeout: Duration => h2.settings_timeout;
    /// How long a shutdown waits for a client to acknowledge that no new calls are taken. Default 10 s.
    drain_timeout: Duration => h2.drain_timeout;
}

impl ServerBuilder {
    /// How long a handler's first poll may keep the task of its connection. A method that takes longer gets a task for
    /// each call until it has been quick for a while, so that it does not hold up other calls. Default 50 µs.
    pub fn first_poll_budget(mut self, budget: Duration) -> Self {
        self.settings.first_poll = budget;
        self
    }

    /// Adds a service; generated code has one type for each, such as `UserServiceServer::new(users)`.
    pub fn service(mut self, service: impl Service) -> Self {
        self.router = self.router.service(service);
        self
    }

    /// Answers every path that no service has; see [`Router::fallback`].
    pub fn fallback<F, Fut>(mut self, handler: F) -> Self
    where
        F: Fn(Call, Inbound<RawMessage>, Outbound<RawMessage>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Status>> + Send + 'static,
    {
        self.router = self.router.fallback(handler);
        self
    }

    /// Serves this router instead of what was added so far.
    pub fn router(mut self, router: Router) -> Self {
        self.router = router;
        self
    }

    /// Listens on `address`, which is `host:port`; port 0 lets the system choose, and [`Bound::local_addr`] tells.
    ///
    /// # Errors
    /// When the system refuses, most often because another program listens there; when a setting cannot work; when a
    /// service was added twice.
    pub async fn bind(self, address: impl fmt::Display) -> Result<Bound, ServerError> {
        self.check()?;
        let address = address.to_string();
        let refused = |error| ServerError::Bind { address: address.clone(), error };
        let listener = TcpListener::bind(&address).await.map_err(refused)?;
        let local = listener.local_addr().map_err(refused)?;
        Ok(Bound::new(listener, Some(local), self.router, self.settings))
    }

    /// Listens on a Unix socket at `path`. A socket file at which nobody listens any more is replaced, and the file is
    /// removed when the server shuts down. Who may connect is decided by the file's folder and the process's umask.
    ///
    /// # Errors
    /// When another program listens there, or there is a file that is no socket; when the system refuses; otherwise as
    /// [`ServerBuilder::bind`].
    #[cfg(unix)]
    pub async fn bind_unix(self, path: impl AsRef<Path>) -> Result<Bound<UnixSocket>, ServerError> {
        self.check()?;
        let path = path.as_ref();
        let refused = |error| ServerError::BindUnix { address: format!("unix:{}", path.display()), error };
        let socket = UnixSocket::bind(path).await.map_err(refused)?;
        Ok(Bound::new(socket, None, self.router, self.settings))
    }

    /// Listens on a Unix socket with an abstract name, which any user of the machine may connect to. Linux only.
    ///
    /// # Errors
    /// As [`ServerBuilder::bind_unix`].
    #[cfg(unix)]
    pub async fn bind_unix_abstract(self, name: &str) -> Result<Bound<UnixSocket>, ServerError> {
        self.check()?;
        let refused = |error| ServerError::BindUnix { address: format!("unix-abstract:{name}"), error };
        let socket = UnixSocket::bind_abstract(name).await.map_err(refused)?;
        Ok(Bound::new(socket, None, self.router, self.settings))
    }

    /// Uses a listener that exists, such as one that was bound with other options, or tokio's `UnixListener`.
    ///
    /// # Errors
    /// When a setting cannot work, or a service was added twice.
    pub fn listen_on<L: Listener>(self, listener: L) -> Result<Bound<L>, ServerError> {
        self.check()?;
        Ok(Bound::new(listener, None, self.router, self.settings))
    }

    /// [`ServerBuilder::listen_on`] and [`Bound::serve`] in one.
    ///
    /// # Errors
    /// As these.
    pub async fn serve_on<L: Listener>(self, listener: L) -> Result<(), ServerError> {
        self.listen_on(listener)?.serve().await
    }

    fn check(&self) -> Result<(), ServerError> {
        if let Some(name) = self.router.duplicate() {
            return Err(ServerError::DuplicateService(name));
        }
        let h2 = &self.settings.wire.h2;
        let windows = 65_535..=u64::from(i32::MAX.unsigned_abs());
        // RFC 9113 §6.5.2 and §6.9.1 give the ranges; a window below the first one would need a round trip a message.
        let settings = [
            ("max_frame_size", h2.max_frame_size, 16_384..=16_777_215),
            ("max_concurrent_calls", h2.max_concurrent_streams, 1..=u64::from(i32::MAX.unsigned_abs())),
            ("stream_window", h2.stream_window, windows.clone()),
            ("connection_window", h2.connection_window, windows.clone()),
            ("max_window", h2.max_window, windows),
        ];
        for (name, value, range) in settings {
            let value = u64::from(value);
            if !range.contains(&value) {
                return Err(ServerError::Setting { name, value, range });
            }
        }
        Ok(())
    }
}

/// A hundred times what a quick handler needs, and no more than what its neighbours would notice.
const FIRST_POLL: Duration = Duration::from_micros(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_may_give_up_all_of_its_calls_at_once() {
        let budget = |server: ServerBuilder| server.settings.wire.h2.reset_budget;
        assert_eq!(budget(Server::builder()), 200);
        assert_eq!(budget(Server::builder().max_concurrent_calls(50)), 200);
        assert_eq!(budget(Server::builder().max_concurrent_calls(10_000)), 20_000);
        assert_eq!(budget(Server::builder().max_concurrent_calls(10_000).reset_budget(300)), 300);
    }
}
