//! PING, both directions (RFC 9113 §6.7): answers, and the two reasons for which this side asks.

use super::connection::Connection;
use super::frame::{FrameHead, ping};
use crate::error::Fault;

/// Why this side sent a PING; the answer carries it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Counts the bytes that arrive while it travels.
    Probe,
    /// Shows that the peer has read the first GOAWAY.
    Drain,
}

impl Purpose {
    const fn data(self) -> [u8; 8] {
        match self {
            Self::Probe => *b"fc-probe",
            Self::Drain => *b"fc-drain",
        }
    }
}

impl Connection {
    pub(super) fn send_ping(&mut self, purpose: Purpose) {
        self.outbox.append(|out| ping::encode(purpose.data(), false, out));
    }

    pub(super) fn recv_ping(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Fault> {
        let ping = ping::parse(head, payload)?;
        if !ping.ack {
            self.spend_ping()?;
            //= RFC 9113 §6.7: a PING is answered with the same 8 bytes, and marked as an answer
            self.control(|out| ping::encode(ping.data, true, out));
        } else if ping.data == Purpose::Drain.data() {
            //= RFC 9113 §6.7: an answer to a PING is not answered
            self.finish_leaving();
        } else if ping.data == Purpose::Probe.data() && self.probing.is_running() {
            self.finish_probe();
        } else {
            self.spend_glitch()?;
        }
        Ok(())
    }

    /// Widens every window that was too narrow while the probe travelled.
    fn finish_probe(&mut self) {
        let (probe, max) = (self.probing.number(), self.config.max_window);
        let mut widened = false;
        for key in self.streams.keys() {
            let Some(stream) = self.streams.get_mut(key).filter(|stream| stream.state.can_receive()) else { continue };
            let old = stream.credit.target();
            let new = old.saturating_mul(2).min(max);
            let more = u64::from(new.saturating_sub(old));
            if more > 0 && stream.credit.is_narrow(probe) && self.granted + more <= GRANT_LIMIT {
                stream.credit.widen(new);
                self.granted += more;
                widened = true;
                self.send_stream_credit(key);
            }
        }
        let connection = self.credit.target();
        if connection < max && self.credit.is_narrow(probe) {
            self.credit.widen(connection.saturating_mul(2).min(max));
            widened = true;
        }
        self.send_connection_credit();
        self.probing.finish(widened);
    }
}

/// How far the windows of all streams of one connection may grow together, in bytes: what a peer can make this side
/// hold if the application reads nothing. Windows of the configured size are always granted.
const GRANT_LIMIT: u64 = 32 << 20;
