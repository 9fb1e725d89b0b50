//! One connection from its first byte to its last.

use std::future::{Future, poll_fn};
use std::sync::Arc;

use farcall_wire::grpc::Connection;

use super::driver::ServerDriver;
use super::{Router, Settings};
use crate::context::now;
use crate::observe;
use crate::transport::mailbox::Mailbox;
use crate::transport::pump::Pump;
use crate::transport::{Io, Peer};

/// Serves `io` until it ends. Commands for it go to `mailbox`, which must be its own.
pub(crate) fn connection<S: Io>(
    io: S,
    peer: Peer,
    router: Arc<Router>,
    settings: &Settings,
    mailbox: Arc<Mailbox>,
) -> impl Future<Output = ()> + Send + use<S> {
    let config = settings.wire.clone();
    let mut driver = ServerDriver::new(router, Arc::clone(&mailbox), peer, settings);
    let mut pump = Pump::new(io, Connection::server(config, now()), mailbox);
    // Both stay where they are until the end: a copy of each for every step would be most of an idle connection.
    async move {
        poll_fn(|cx| pump.poll(&mut driver, cx)).await;
        observe::connection_failed(&peer, None, pump.error());
        drop(driver);
        poll_fn(|cx| pump.poll_close(cx)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::memory;

    #[tokio::test]
    async fn an_idle_connection_is_small() {
        let (io, _other) = memory::pair();
        let router = Arc::new(Router::new());
        let served = connection(io, Peer::Memory, router, &Settings::default(), Mailbox::new());
        let size = size_of_val(&served);
        assert!(size <= 4_096, "{size} bytes");
    }
}
