//! How a channel is told what it should do differently from the defaults.
//!
//! Values are checked in `settings.rs`, when the channel is built.

use std::sync::Arc;
use std::time::Duration;

use farcall_policy::BackoffConfig;
use farcall_policy::target::{Address, Target};
use farcall_wire::grpc::{Encoding, user_agent};

use super::Channel;
use super::driver::ChannelDriver;
use super::memory::InProcess;
use super::settings::{InvalidChannel, Settings};
use super::shared::{Handles, Shared};
use crate::compress;
use crate::server::Router;
use crate::transport::Connector;
use crate::transport::tcp::Tcp;
#[cfg(unix)]
use crate::transport::unix::Unix;

/// The settings of a [`Channel`], from [`Channel::builder`].
#[derive(Debug, Clone)]
#[must_use = "nothing happens before build()"]
pub struct ChannelBuilder {
    target: String,
    settings: Settings,
}

impl ChannelBuilder {
    pub(super) fn new(target: &str) -> Self {
        let mut settings = Settings::default();
        compress::supported().for_each(|encoding| settings.wire.accept.insert(encoding));
        Self { target: target.to_owned(), settings }
    }

    /// Puts the application's name in front of the library's in `user-agent`, such as `shop/2.1`.
    pub fn user_agent(mut self, prefix: impl Into<String>) -> Self {
        self.settings.user_agent = prefix.into();
        self
    }

    /// What calls name in `:authority`, where it is not the target's host and port.
    pub fn authority(mut self, authority: impl Into<String>) -> Self {
        self.settings.authority = Some(authority.into());
        self
    }

    /// How long to wait between attempts to connect. The defaults are gRPC's: 1 s, times 1.6 each, up to 120 s.
    pub fn backoff(mut self, backoff: BackoffConfig) -> Self {
        self.settings.backoff = backoff;
        self
    }

    /// What an attempt to connect may take, up to the server's first frame; never less than the wait before the next.
    /// Default 20 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.backoff.min_connect_timeout = timeout;
        self
    }

    /// The longest message that is received, in bytes, before and after inflating. Default 4 MiB.
    pub fn receive_limit(mut self, bytes: u32) -> Self {
        self.settings.wire.receive_limit = bytes;
        self
    }

    /// Receive window of a call at its start, in bytes. Default 64 KiB.
    pub fn stream_window(mut self, bytes: u32) -> Self {
        self.settings.wire.h2.stream_window = bytes;
        self
    }

    /// Receive window of the connection at its start, in bytes. Default 1 MiB.
    pub fn connection_window(mut self, bytes: u32) -> Self {
        self.settings.wire.h2.connection_window = bytes;
        self
    }

    /// How far both windows grow where bandwidth and delay ask for it, in bytes. Default 16 MiB.
    pub fn max_window(mut self, bytes: u32) -> Self {
        self.settings.wire.h2.max_window = bytes;
        self
    }

    /// Bytes of a reply's headers, and of its trailers, 32 more counted for each field. Default 16,384.
    pub fn header_list_limit(mut self, bytes: u32) -> Self {
        self.settings.wire.h2.header_list_limit = bytes;
        self
    }

    /// How long the server may keep a window shut for which messages wait; then their call fails with UNAVAILABLE.
    /// Default 20 s; [`Duration::MAX`]: for ever.
    pub fn send_stall_timeout(mut self, timeout: Duration) -> Self {
        self.settings.wire.h2.send_stall_timeout = timeout;
        self
    }

    /// Calls that the server may break before it answers them, without a stop. Default 200.
    pub fn reset_budget(mut self, calls: u32) -> Self {
        self.settings.wire.h2.reset_budget = calls;
        self
    }

    /// Frames of the server that are legal and of no use. Default 10,000.
    pub fn glitch_budget(mut self, frames: u32) -> Self {
        self.settings.wire.h2.glitch_budget = frames;
        self
    }

    /// Frames of the server in a row that say nothing. Default 100.
    pub fn empty_frame_limit(mut self, frames: u32) -> Self {
        self.settings.wire.h2.empty_frame_limit = frames;
        self
    }

    /// Calls that may wait at a time, for a connection or for room on it; the next one fails with RESOURCE_EXHAUSTED.
    /// Default 65,536.
    pub fn waiting_limit(mut self, calls: usize) -> Self {
        self.settings.waiting_limit = calls;
        self
    }

    /// How calls compress their messages without being asked; [`Encoding::Identity`] means not at all, and is the
    /// default. A call can ask for another one. What the server sends is its own choice among those built in.
    pub fn compress(mut self, encoding: Encoding) -> Self {
        self.settings.encoding = encoding;
        self
    }

    /// The channel, over TCP or a Unix socket, as the target says.
    ///
    /// # Errors
    /// A target, or a setting, with which no channel could work; the text has the value and the remedy.
    pub fn build(self) -> Result<Channel, InvalidChannel> {
        let target = Target::parse(&self.target)?;
        match target.address() {
            Address::Unix(_) | Address::UnixAbstract(_) => self.build_over_unix(),
            _ => self.build_with(Tcp::new()),
        }
    }

    #[cfg(unix)]
    fn build_over_unix(self) -> Result<Channel, InvalidChannel> {
        self.build_with(Unix::new())
    }

    #[cfg(not(unix))]
    fn build_over_unix(self) -> Result<Channel, InvalidChannel> {
        Err(InvalidChannel::Socket(self.target))
    }

    /// The channel, to services in this process; see [`Channel::over`]. The target is only a name then.
    ///
    /// # Errors
    /// As [`ChannelBuilder::build`].
    pub fn build_over(self, router: impl Into<Arc<Router>>) -> Result<Channel, InvalidChannel> {
        self.build_with(InProcess::new(router.into()))
    }

    /// The channel, over what `connector` opens.
    ///
    /// # Errors
    /// As [`ChannelBuilder::build`].
    pub fn build_with(self, connector: impl Connector) -> Result<Channel, InvalidChannel> {
        let target = Target::parse(&self.target)?;
        self.settings.validate()?;
        let user_agent = user_agent::with_prefix(&self.settings.user_agent)
            .map_err(|_| InvalidChannel::UserAgent(self.settings.user_agent.clone()))?;
        let authority = self.settings.authority.clone().unwrap_or_else(|| target.authority().to_owned());
        let shared = Shared::new(self.settings, authority, user_agent.into_owned(), self.target);
        let (connector, address) = (Arc::new(connector), address(&target));
        Ok(Channel::of(Handles::new(shared, move |shared| {
            Box::pin(ChannelDriver::new(shared, Arc::clone(&connector), address.clone()))
        })))
    }
}

#[cfg(feature = "gzip")]
impl ChannelBuilder {
    /// Whether calls compress their messages with gzip without being asked. Default `false`.
    pub fn gzip(mut self, on: bool) -> Self {
        self.settings.encoding = if on { Encoding::Gzip } else { Encoding::Identity };
        self
    }
}

/// The address as connectors get it.
fn address(target: &Target) -> String {
    match target.address() {
        Address::Dns { host, port } => format!("{host}:{port}"),
        Address::Ip(address) => address.to_string(),
        _ => target.to_string(),
    }
}
