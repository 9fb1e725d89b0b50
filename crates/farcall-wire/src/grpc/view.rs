//! What a gRPC connection holds at this time, for whoever looks at it from outside: simulations, and tables of sockets.

use super::{CallId, Connection};
use crate::h2::{Holdings, WindowView};
use crate::outbox::Outbox;

/// The windows of a call's stream, and the credit in bytes that the call has not given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallView {
    /// The windows.
    pub windows: WindowView,
    /// Credit of messages that were delivered and not released.
    pub delivered: u64,
    /// Credit of the message that is not whole.
    pub partial: u32,
}

impl Connection {
    /// The windows of the HTTP/2 connection below.
    pub fn window_view(&self) -> WindowView {
        self.h2.window_view()
    }

    /// The same of a call; `None` once it is over.
    pub fn call_view(&self, call: CallId) -> Option<CallView> {
        let known = self.calls.get(call)?;
        let windows = self.h2.window_view_on(call.0)?;
        Some(CallView { windows, delivered: known.delivered, partial: known.partial })
    }

    /// What the HTTP/2 connection below holds.
    pub fn holdings(&self) -> Holdings {
        self.h2.holdings()
    }

    /// Bytes of unfinished messages whose credit was given back before they were whole, all calls together.
    pub fn early_credit(&self) -> u64 {
        self.hungry.early()
    }

    /// The bytes that stand in the outbox, without letting more in as [`Self::outbox`] does.
    pub fn waiting(&self) -> &Outbox {
        self.h2.waiting()
    }
}

#[cfg(test)]
mod tests {
    use crate::grpc::{Config, Event};
    use crate::raw_peer::{CALL, RawPeer};

    #[test]
    fn credit_is_held_by_messages_and_by_their_beginnings() {
        let mut peer = RawPeer::of_grpc_server(Config::default());
        peer.headers(1, &CALL, false);
        // A whole message of three bytes; while it is not consumed, the beginning of the next gets nothing back.
        peer.data(1, &[0, 0, 0, 0, 3, 1, 2, 3, 0, 0, 0], false);
        let told = peer.told();
        let (call, credit) = told
            .iter()
            .find_map(|event| match event {
                Event::Message { call, credit, .. } => Some((*call, *credit)),
                _ => None,
            })
            .expect("a message");
        let view = peer.engine.call_view(call).expect("it is open");
        assert_eq!((credit, view.delivered, view.partial), (8, 8, 3));
        assert_eq!((view.windows.receive, view.windows.owed), (Some(65_536 - 11), 0));
        peer.engine.release(call, credit);
        let view = peer.engine.call_view(call).expect("it is open");
        assert_eq!((view.delivered, view.partial, view.windows.owed), (0, 0, 11), "the beginning was given back too");
        assert_eq!(peer.engine.early_credit(), 3);
        assert_eq!((peer.engine.holdings().streams, peer.engine.waiting().len()), (1, 0));
        assert_eq!(peer.engine.window_view().send, Some(65_535));
        peer.engine.reset(call, crate::Reason::Cancelled);
        assert!(peer.engine.call_view(call).is_none());
        assert_eq!(peer.engine.early_credit(), 0);
    }
}
