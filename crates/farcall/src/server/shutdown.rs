//! The handle with which a server is told to end in order.

use tokio::sync::watch;

/// Ends a server in order: no new connections, no new calls, then the end when the open calls have ended.
#[derive(Debug, Clone)]
pub struct Shutdown {
    begun: watch::Sender<bool>,
}

impl Shutdown {
    pub(super) fn new() -> Self {
        Self { begun: watch::Sender::new(false) }
    }

    /// Begins it. Once is enough; a second time changes nothing.
    pub fn begin(&self) {
        self.begun.send_replace(true);
    }

    /// Whether it has begun.
    pub fn has_begun(&self) -> bool {
        *self.begun.borrow()
    }

    /// Ready when it has begun.
    pub async fn begun(&self) {
        // The sender is ours, so that the wait cannot fail.
        let _ = self.begun.subscribe().wait_for(|begun| *begun).await;
    }
}
