//! A channel to services in the same process, over memory: no socket, no address, also on a paused clock.
//!
//! Everything between the two ends is the same as over TCP: the engine, flow control, deadlines.

use std::io;
use std::sync::Arc;

use tokio::io::DuplexStream;

use crate::server::{self, Router};
use crate::transport::mailbox::Mailbox;
use crate::transport::{Connector, Peer, memory};

/// Connects by starting a server's end of a connection on the same runtime.
pub(super) struct InProcess {
    router: Arc<Router>,
    settings: server::Settings,
}

impl InProcess {
    pub(super) fn new(router: Arc<Router>) -> Self {
        Self { router, settings: server::Settings::default() }
    }
}

impl Connector for InProcess {
    type Io = DuplexStream;

    async fn connect(&self, _: &str) -> io::Result<(DuplexStream, Peer)> {
        let (ours, theirs) = memory::pair();
        let router = Arc::clone(&self.router);
        // It ends when this channel's end does.
        tokio::spawn(server::connection(theirs, Peer::Memory, router, &self.settings, Mailbox::new()));
        Ok((ours, Peer::Memory))
    }
}

/// The target of channels in memory, which is also what calls name in `:authority`.
pub(super) const TARGET: &str = "localhost";
