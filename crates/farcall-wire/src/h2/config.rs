//! The settings of an HTTP/2 connection, each with its default, its unit and the threat that it bounds.

use std::time::Duration;

use super::connection::DEFAULT_WINDOW;

/// Which side of the connection this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Opens streams.
    Client,
    /// Answers them.
    Server,
}

/// Settings of a [`super::Connection`].
#[derive(Debug, Clone)]
pub struct Config {
    /// Streams that the peer may have open at once. Default 100. A stream that was reset keeps its place until the
    /// application has let go of it: the defence against rapid reset.
    pub max_concurrent_streams: u32,
    /// Bytes of one header list as RFC 9113 §6.5.2 counts them (32 more for each field). Default 16,384.
    pub header_list_limit: u32,
    /// Fields of one header list. Default 128: many small fields cost more than their bytes.
    pub header_count_limit: u32,
    /// Receive window of a stream in bytes. Default 65,536.
    pub stream_window: u32,
    /// Receive window of the connection in bytes. Default 1 MiB.
    pub connection_window: u32,
    /// How far the windows grow when bandwidth × delay asks for it, in bytes. Default 16 MiB.
    pub max_window: u32,
    /// The largest frame payload that is received, in bytes. Default 16,384.
    pub max_frame_size: u32,
    /// Control frames (acknowledgements, resets) that may wait for a peer that does not read. Default 1,000.
    pub control_limit: u32,
    /// Entries of one SETTINGS frame. Default 32.
    pub settings_limit: u32,
    /// Time in which the preface and the first SETTINGS must arrive. Default 10 s.
    pub handshake_timeout: Duration,
    /// How long a graceful shutdown waits for the peer to acknowledge it. Default 10 s.
    pub drain_timeout: Duration,
}

impl Config {
    /// The same with every value that a peer would refuse brought into the range that RFC 9113 gives it.
    pub(super) fn in_range(mut self) -> Self {
        //= RFC 9113 §6.9.1, §6.9.2: no window above 2^31-1, the connection's never below 65,535
        self.stream_window = self.stream_window.clamp(1, MAX_WINDOW);
        self.connection_window = self.connection_window.clamp(DEFAULT_WINDOW, MAX_WINDOW);
        self.max_window = self.max_window.min(MAX_WINDOW);
        //= RFC 9113 §4.2: SETTINGS_MAX_FRAME_SIZE lies between 2^14 and 2^24-1
        self.max_frame_size = self.max_frame_size.clamp(1 << 14, (1 << 24) - 1);
        self
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_concurrent_streams: 100,
            header_list_limit: 16_384,
            header_count_limit: 128,
            stream_window: 64 << 10,
            connection_window: 1 << 20,
            max_window: 16 << 20,
            max_frame_size: 16_384,
            control_limit: 1_000,
            settings_limit: 32,
            handshake_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(10),
        }
    }
}

/// The largest window, in bytes.
const MAX_WINDOW: u32 = (1 << 31) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_no_peer_would_take_are_brought_into_range() {
        let wild = Config { stream_window: u32::MAX, connection_window: 0, max_frame_size: 1, ..Config::default() };
        let tame = wild.in_range();
        assert_eq!((tame.stream_window, tame.connection_window), (MAX_WINDOW, DEFAULT_WINDOW));
        assert_eq!(tame.max_frame_size, 16_384);
        let wild = Config { stream_window: 0, max_frame_size: u32::MAX, max_window: u32::MAX, ..Config::default() };
        let tame = wild.in_range();
        assert_eq!((tame.stream_window, tame.max_frame_size, tame.max_window), (1, 0xff_ffff, MAX_WINDOW));
    }
}
