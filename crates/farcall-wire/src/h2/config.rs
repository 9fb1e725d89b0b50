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
    /// Client: the number of its first stream. Default 1. An even one is taken for the next odd one. Numbers run out at
    /// 2^31-1, and the connection with them: a large one here shows what happens then.
    pub first_stream: u32,
    /// Bytes of one header list as RFC 9113 §6.5.2 counts them (32 more for each field). Default 16,384.
    pub header_list_limit: u32,
    /// Bytes of a header list from which on it is told as an incident, though it is still taken. Default 8,192, which is
    /// what other stacks take at least.
    pub header_list_soft: u32,
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
    /// Time that a peer has to read once so many control frames wait. Default 10 s; then the connection ends.
    pub control_timeout: Duration,
    /// Streams that may be reset before their response: by the client (rapid reset), or by this side because of what
    /// the peer did on them (MadeYouReset). Default 200. A client counts the second kind alone: what its server resets
    /// the client itself has opened.
    pub reset_budget: u32,
    /// What a second gives back of [`Self::reset_budget`]. Default 33.
    pub reset_refill: u32,
    /// What each stream that is answered to its end gives back of [`Self::reset_budget`]. Default 2. With 1 the balance
    /// of a peer that cancels half of its calls by chance would be a random walk, which meets any bound: at 10,000 calls
    /// per second each such connection ended within a minute, the refill notwithstanding. With 2 the balance drifts back
    /// up unless a peer cancels two calls of three; an even mix meets the bound with a probability below 10⁻³⁰.
    pub reset_earned: u32,
    /// Frames in a row that say nothing: DATA without bytes and without END_STREAM, interim responses. Default 100.
    pub empty_frame_limit: u32,
    /// Frames that are legal and of no use: unknown ones, PRIORITY, WINDOW_UPDATE, more SETTINGS, frames for streams that
    /// are over. Default 10,000.
    pub glitch_budget: u32,
    /// What a second gives back of [`Self::glitch_budget`]. Default 330.
    pub glitch_refill: u32,
    /// What each HEADERS or DATA frame that this side sends gives back of [`Self::glitch_budget`]. Default 10: a peer
    /// that reads in small steps sends several window updates for a frame, and some for streams that are over by then.
    pub glitch_earned: u32,
    /// Server: the shortest time between two PING frames of the client while it has streams. Default 5 min (gRFC A8).
    pub ping_interval: Duration,
    /// The same while it has none. Default 2 h.
    pub ping_interval_idle: Duration,
    /// PING frames that may come too soon; the next one ends the connection by `too_many_pings`. Default 2. Counted
    /// anew whenever this side sends HEADERS or DATA. `u32::MAX` turns the rule off.
    pub ping_strikes: u32,
    /// How long a window may stay shut while bytes wait for it; then the stream is reset. Default 20 s, looked at in
    /// steps of a quarter. [`Duration::MAX`]: for ever.
    pub send_stall_timeout: Duration,
    /// Entries of one SETTINGS frame. Default 32.
    pub settings_limit: u32,
    /// Whether white space around a field's value, and a `host` that differs from `:authority`, make a header list
    /// malformed. Default `true`; gRPC sets `false`, because its peers send the one (W12) and may send the other (W4).
    pub strict_fields: bool,
    /// Time in which the preface and the first SETTINGS must arrive. Default 10 s.
    pub handshake_timeout: Duration,
    /// Time in which the peer must acknowledge our SETTINGS, counted from its own. Default 10 s.
    pub settings_timeout: Duration,
    /// How long a graceful shutdown waits for the peer to acknowledge it. Default 10 s.
    pub drain_timeout: Duration,
}

impl Config {
    /// The same with every value that a peer would refuse brought into the range that RFC 9113 gives it.
    pub(super) fn in_range(mut self) -> Self {
        //= RFC 9113 §5.1.1: clients open odd streams, servers even ones
        self.first_stream = (self.first_stream | 1).min(MAX_STREAM);
        //= RFC 9113 §6.9.1: a window never passes 2^31-1
        self.stream_window = self.stream_window.clamp(1, MAX_WINDOW);
        self.connection_window = self.connection_window.clamp(DEFAULT_WINDOW, MAX_WINDOW);
        self.max_window = self.max_window.min(MAX_WINDOW);
        //= RFC 9113 §4.2: frames of 2^14 bytes are always taken
        //= RFC 9113 §6.5.2: the SETTINGS_MAX_FRAME_SIZE that is announced lies between 2^14 and 2^24-1
        self.max_frame_size = self.max_frame_size.clamp(1 << 14, (1 << 24) - 1);
        self
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_concurrent_streams: 100,
            first_stream: 1,
            header_list_limit: 16_384,
            header_list_soft: 8_192,
            header_count_limit: 128,
            stream_window: 64 << 10,
            connection_window: 1 << 20,
            max_window: 16 << 20,
            max_frame_size: 16_384,
            control_limit: 1_000,
            control_timeout: Duration::from_secs(10),
            reset_budget: 200,
            reset_refill: 33,
            reset_earned: 2,
            empty_frame_limit: 100,
            glitch_budget: 10_000,
            glitch_refill: 330,
            glitch_earned: 10,
            ping_interval: Duration::from_secs(5 * 60),
            ping_interval_idle: Duration::from_secs(2 * 60 * 60),
            ping_strikes: 2,
            send_stall_timeout: Duration::from_secs(20),
            settings_limit: 32,
            strict_fields: true,
            handshake_timeout: Duration::from_secs(10),
            settings_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(10),
        }
    }
}

/// The largest stream number.
const MAX_STREAM: u32 = (1 << 31) - 1;
/// The largest window, in bytes.
const MAX_WINDOW: u32 = (1 << 31) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    //= RFC 9113 §6.5.2: the SETTINGS_MAX_FRAME_SIZE that is announced lies between 2^14 and 2^24-1
    //= RFC 9113 §6.9.1: a window never passes 2^31-1
    #[test]
    fn values_that_no_peer_would_take_are_brought_into_range() {
        let wild = Config { stream_window: u32::MAX, connection_window: 0, max_frame_size: 1, ..Config::default() };
        let tame = wild.in_range();
        assert_eq!((tame.stream_window, tame.connection_window), (MAX_WINDOW, DEFAULT_WINDOW));
        assert_eq!(tame.max_frame_size, 16_384);
        let first = |first_stream| Config { first_stream, ..Config::default() }.in_range().first_stream;
        assert_eq!([first(0), first(1), first(8), first(u32::MAX)], [1, 1, 9, MAX_STREAM]);
        let wild = Config { stream_window: 0, max_frame_size: u32::MAX, max_window: u32::MAX, ..Config::default() };
        let tame = wild.in_range();
        assert_eq!((tame.stream_window, tame.max_frame_size, tame.max_window), (1, 0xff_ffff, MAX_WINDOW));
    }
}
