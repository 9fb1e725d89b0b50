//! GOAWAY, both directions (RFC 9113 §6.8), and the graceful end of a connection.

use std::time::Instant;

use bytes::Bytes;

use super::ErrorCode;
use super::config::Role;
use super::connection::{Connection, Phase};
use super::event::{Cause, Event, Incident};
use super::frame::{FrameHead, goaway};
use super::ping::Purpose;
use super::timer::Timer;
use crate::error::{Fault, Reason};

/// Whether, and how far, the connection is being left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    /// It is not.
    No,
    /// A server has told the peer to open nothing more, and waits to be sure that it knows.
    Announced,
    /// Nothing new is begun by either side; it ends with its last stream.
    Last,
    /// The peer has sent GOAWAY; this side opens nothing more.
    ByPeer,
}

impl Connection {
    /// Ends gracefully: no new streams, open ones finish, then the connection is over.
    pub fn shut_down(&mut self, now: Instant) {
        if self.phase == Phase::Over || matches!(self.leaving, Leaving::Announced | Leaving::Last) {
            return;
        }
        if self.role == Role::Server {
            //= RFC 9113 §6.8: a first GOAWAY with 2^31-1 and, a round trip later, a second one lose no request
            // Also before the handshake is done: clients send calls together with their preface.
            self.leaving = Leaving::Announced;
            self.send_goaway(LAST_ID, ErrorCode::NoError, b"shutting down", None);
            self.send_ping(Purpose::Drain);
            self.timers.set(Timer::Drain, now, self.config.drain_timeout);
        } else {
            self.leave();
        }
    }

    /// The peer knows that it should open nothing more, or has had its time.
    pub(super) fn finish_leaving(&mut self) {
        if self.leaving == Leaving::Announced {
            self.leave();
        }
    }

    /// The last number is used: what is under way finishes, then the connection is over and a new one is needed.
    pub(super) fn leave_without_ids(&mut self) {
        //= RFC 9113 §5.1.1: a client that runs out of stream numbers opens a new connection
        if self.leaving == Leaving::No && self.streams.ids_left() == 0 {
            self.leave();
        }
    }

    /// Sends the GOAWAY that tells the last stream.
    fn leave(&mut self) {
        self.leaving = Leaving::Last;
        self.timers.clear(Timer::Drain);
        //= RFC 9113 §8.7: what the application has heard of is not refused, nor above the last stream of a GOAWAY
        self.send_goaway(self.streams.last_remote(), ErrorCode::NoError, b"", None);
        self.end_if_left();
    }

    /// A connection that is being left ends with its last stream.
    pub(super) fn end_if_left(&mut self) {
        let left = match self.leaving {
            Leaving::No | Leaving::Announced => false,
            Leaving::Last => true,
            // A server goes on until the peer closes; a client has no more use for the connection.
            Leaving::ByPeer => self.role == Role::Client,
        };
        if left && self.streams.is_empty() && self.phase != Phase::Over {
            self.end_all(Reason::Disconnected, None);
        }
    }

    pub(super) fn recv_goaway(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Fault> {
        let received = goaway::parse(head, payload)?;
        self.spend_glitch()?;
        let (code, last) = (received.code, received.last_stream);
        let shown = received.debug.get(..received.debug.len().min(DEBUG_SHOWN)).unwrap_or_default();
        let debug = Bytes::copy_from_slice(shown);
        if self.leaving == Leaving::No {
            self.leaving = Leaving::ByPeer;
        }
        self.events.push_back(Event::Incident(Incident::GoAwayReceived { code, debug: debug.clone() }));
        self.events.push_back(Event::GoingAway { code, debug });
        //= RFC 9113 §6.8: streams of this side above the last number were not and will not be looked at
        for key in self.streams.keys() {
            if self.streams.is_local(key.id) && key.id > last {
                self.drop_queue(key);
                self.end_stream(key, Cause::Unprocessed);
            }
        }
        self.end_if_left();
        Ok(())
    }

    pub(super) fn send_goaway(&mut self, last: u32, code: ErrorCode, debug: &[u8], reason: Option<Reason>) {
        //= RFC 9113 §6.8: the last stream that was told never grows: the peer may have tried the others elsewhere
        self.told_last = self.told_last.min(last);
        let last = self.told_last;
        self.outbox.append(|out| goaway::encode(last, code, debug, out));
        self.events.push_back(Event::Incident(Incident::GoAwaySent { code, reason }));
    }
}

/// The largest stream number: every stream is still welcome.
pub(super) const LAST_ID: u32 = (1 << 31) - 1;
/// Bytes of a peer's debug text that are kept for the log.
const DEBUG_SHOWN: usize = 256;
