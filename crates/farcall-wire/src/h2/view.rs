//! What a connection holds at this time, for whoever looks at it from outside: simulations, and tables of sockets.
//!
//! Nothing here changes anything, and no decision of the engine is made from it.

use super::connection::Connection;
use super::event::StreamKey;
use super::flow::Credit;
use crate::outbox::Outbox;

/// The flow-control windows of a stream, or of the connection, as this side counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowView {
    /// Bytes that this side may send, below zero after the peer has taken some back (RFC 9113 §6.9.2); `None` once it
    /// sends no more.
    pub send: Option<i64>,
    /// Bytes that the peer may send; `None` once it may not.
    pub receive: Option<i64>,
    /// Bytes that were given back and that the peer was not told of.
    pub owed: u32,
    /// The size that the receive window is kept at, in bytes.
    pub target: u32,
}

/// What a connection holds. All of it is bounded by settings, and most of it is zero when nothing is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holdings {
    /// Streams that have their slot.
    pub streams: usize,
    /// Slots, used and free: as many as there were streams at once.
    pub slots: usize,
    /// Closed or passed-over stream numbers, or stretches of them, that are remembered.
    pub remembered: usize,
    /// Streams that stand in line to send.
    pub in_line: usize,
    /// Bytes that wait in the queues of streams.
    pub queued: usize,
    /// Sum of the sizes that the receive windows of streams are kept at, in bytes.
    pub granted: u64,
}

impl Connection {
    /// The windows of the connection.
    pub fn window_view(&self) -> WindowView {
        WindowView { send: Some(self.send_window.bytes()), ..of(&self.credit, true) }
    }

    /// The windows of a stream that is known.
    pub fn window_view_on(&self, key: StreamKey) -> Option<WindowView> {
        let stream = self.streams.get(key)?;
        let send = stream.state.can_send().then(|| stream.send.window.bytes());
        Some(WindowView { send, ..of(&stream.credit, stream.state.can_receive()) })
    }

    /// What the connection holds.
    pub fn holdings(&self) -> Holdings {
        Holdings {
            streams: self.open_streams(),
            slots: self.streams.slots(),
            remembered: self.streams.remembered(),
            in_line: self.streams.line.len(),
            queued: self.queued,
            granted: self.granted,
        }
    }

    /// The bytes that stand in the outbox, without letting more in as [`Self::outbox`] does.
    pub fn waiting(&self) -> &Outbox {
        &self.outbox
    }
}

fn of(credit: &Credit, open: bool) -> WindowView {
    let receive = open.then(|| credit.window().bytes());
    WindowView { send: None, receive, owed: credit.owed(), target: credit.target() }
}

#[cfg(test)]
mod tests {
    use bytes::Buf;

    use super::*;
    use crate::h2::{Config, ErrorCode};
    use crate::raw_peer::RawPeer;

    #[test]
    fn windows_are_seen_as_both_sides_count_them() {
        let mut peer = RawPeer::of_server(Config { stream_window: 100_000, ..Config::default() });
        let key = peer.request(1, false);
        let view = WindowView { send: Some(65_535), receive: Some(100_000), owed: 0, target: 100_000 };
        assert_eq!(peer.engine.window_view_on(key), Some(view));
        peer.data(1, &[0; 1_000], false);
        peer.engine.release(key, 300);
        peer.settings(&[(4, 10)]);
        let view = WindowView { send: Some(10), receive: Some(99_000), owed: 300, target: 100_000 };
        assert_eq!(peer.engine.window_view_on(key), Some(view));
        let whole = peer.engine.window_view();
        assert_eq!(
            (whole.send, whole.receive.map(|window| window + i64::from(whole.owed))),
            (Some(65_535), Some(1 << 20))
        );
        peer.data(1, b"", true);
        peer.answer(key);
        assert_eq!(peer.engine.window_view_on(key).map(|view| view.receive), Some(None), "the peer sends no more");
        peer.engine.reset(key, ErrorCode::Cancel, None);
        peer.engine.forget(key);
        assert_eq!(peer.engine.window_view_on(key), None);
    }

    #[test]
    fn what_is_held_is_counted_and_goes() {
        let mut peer = RawPeer::of_server(Config::default());
        let key = peer.request(3, false);
        peer.answer(key);
        peer.engine.send_data(key, vec![0; 100_000].into());
        let holdings = peer.engine.holdings();
        assert_eq!((holdings.streams, holdings.slots, holdings.in_line, holdings.queued), (1, 1, 1, 100_000));
        assert_eq!((holdings.granted, holdings.remembered), (65_536, 1), "stream 1 was passed over");
        let before = peer.engine.waiting().remaining();
        assert_eq!(peer.engine.holdings(), holdings, "looking lets nothing in");
        assert!(peer.engine.outbox().remaining() > before);
        peer.engine.reset(key, ErrorCode::Cancel, None);
        peer.engine.forget(key);
        let empty = Holdings { streams: 0, slots: 1, remembered: 2, in_line: 0, queued: 0, granted: 0 };
        assert_eq!(peer.engine.holdings(), empty);
    }
}
