//! What each received frame means to us; header blocks have `recv_headers`.
//!
//! A `Fault` that leaves these functions ends what it reaches; none of them panics, whatever the peer sends.

use std::time::Instant;

use bytes::{Buf, Bytes};

use super::Role;
use super::connection::{Connection, Phase};
use super::event::{Cause, Event, Incident, StreamKey};
use super::frame::{FrameHead, data, flag, kind, priority, push_promise, rst_stream, window_update};
use super::state::{Input, State};
use super::stream::{Heard, Stream};
use super::streams::Standing;
use crate::error::{Fault, Reach, Reason};

impl Connection {
    /// What may not come now: anything but SETTINGS first, anything but CONTINUATION within a header block.
    pub(super) fn check_order(&self, head: FrameHead) -> Result<(), Fault> {
        //= RFC 9113 §3.4: the first frame of the peer is SETTINGS
        if self.phase == Phase::Settings && head.kind != kind::SETTINGS {
            return Err(Fault::connection(Reason::SettingsFirst { kind: head.kind }));
        }
        //= RFC 9113 §5.5, §6.2, §6.10: nothing stands between a block and its CONTINUATION, not even unknown frames
        match &self.block {
            Some(block) if head.kind != kind::CONTINUATION || head.stream != block.stream => {
                Err(Fault::connection(Reason::ContinuationExpected { kind: head.kind }))
            }
            //= RFC 9113 §6.10: CONTINUATION that continues nothing is a connection error
            None if head.kind == kind::CONTINUATION => {
                Err(Fault::connection(Reason::ContinuationUnexpected { stream: head.stream }))
            }
            _ => Ok(()),
        }
    }

    /// Any frame but DATA.
    pub(super) fn recv_frame(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Fault> {
        self.check_order(head)?;
        //= RFC 9113 §6.9: windows hold up DATA and nothing else
        match head.kind {
            kind::HEADERS => self.recv_headers(head, payload),
            kind::CONTINUATION => self.recv_continuation(head, payload),
            kind::PRIORITY => self.recv_priority(head, payload),
            kind::RST_STREAM => self.recv_reset(head, payload),
            kind::SETTINGS => self.recv_settings(head, payload),
            //= RFC 9113 §6.5.2, §6.6, §8.4: nobody pushes to us: a client has said so, and a server is never pushed to
            kind::PUSH_PROMISE => push_promise::parse(head, payload).and(Err(Fault::connection(Reason::Push))),
            kind::PING => self.recv_ping(head, payload),
            kind::GOAWAY => self.recv_goaway(head, payload),
            kind::WINDOW_UPDATE => self.recv_window_update(head, payload),
            //= RFC 9113 §4.1, §5.5: frames of unknown kinds are ignored
            _ => self.spend_glitch(),
        }
    }

    /// DATA; `payload` is the frame without its head.
    pub(super) fn recv_data(&mut self, head: FrameHead, mut payload: Bytes) -> Result<(), Fault> {
        let body = data::parse(head, &payload)?;
        //= RFC 9113 §6.1: the whole payload counts, padding included
        //= RFC 9113 §6.9: DATA counts on the connection's window, whatever becomes of its stream
        let probe = self.probing.number();
        if !self.credit.take(head.length, probe) {
            return Err(Fault::connection(Reason::WindowExceeded { stream: 0 }));
        }
        // Credit of the connection goes back on arrival: a stream that nobody reads must not hold up its neighbours.
        // What it can make us hold is bounded by the windows of the streams.
        self.credit.give_back(head.length);
        self.send_connection_credit();
        let key = match self.standing(head)? {
            Standing::Known(key) => key,
            //= RFC 9113 §5.4.2, §6.4: what the peer had under way when this side reset a stream is taken
            Standing::Reset => return self.spend_late_data(head.length),
            //= RFC 9113 §6.1: DATA on a stream that its sender has ended is a stream error of type STREAM_CLOSED
            Standing::Idle | Standing::Closed => return Err(closed(head)),
        };
        let Some(stream) = self.streams.get_mut(key) else { return Ok(()) };
        if !stream.state.can_receive() {
            //= RFC 9113 §5.1: what follows END_STREAM is a stream error of type STREAM_CLOSED
            //= RFC 9113 §5.1: what follows our reset is decoded and counted, then dropped
            let ignored = stream.state == State::Closed && !stream.given_up;
            return if ignored { self.spend_late_data(head.length) } else { Err(closed(head)) };
        }
        if !stream.credit.take(head.length, probe) {
            return Err(Fault::call(Reason::WindowExceeded { stream: head.stream }));
        }
        if stream.heard == Heard::Nothing {
            return Err(Fault::call(Reason::MessageOrder { what: "data before headers" }));
        }
        let end = head.has(flag::END_STREAM);
        stream.keep_promise(body.len(), end)?;
        let padding = head.length.saturating_sub(u32::try_from(body.len()).unwrap_or(u32::MAX));
        stream.credit.give_back(padding);
        let target = stream.credit.target();
        if !body.is_empty() || end {
            self.budgets.end_of_empty();
        } else {
            self.spend_empty()?;
        }
        if padding > 0 {
            // A peer that sends padding alone must not run out of credit: nobody else gives it back.
            self.send_stream_credit(key);
        }
        payload.truncate(body.end);
        payload.advance(body.start.min(payload.len()));
        self.events.push_back(Event::Data { stream: key, bytes: payload, end });
        if end {
            self.advance(key, Input::ReceivedEnd);
        }
        if self.probing.count(head.length, target.min(self.config.max_window)) {
            self.send_ping(super::ping::Purpose::Probe);
        }
        Ok(())
    }

    /// What the stream of a frame is to us; an idle one is a breach.
    pub(super) fn standing(&self, head: FrameHead) -> Result<Standing, Fault> {
        match self.streams.standing(head.stream) {
            //= RFC 9113 §5.1: on an idle stream only HEADERS and PRIORITY may come
            Standing::Idle => Err(Fault::connection(Reason::IdleStream { kind: head.kind, stream: head.stream })),
            standing => Ok(standing),
        }
    }

    fn recv_priority(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Fault> {
        //= RFC 9113 §5.3.2: priorities are checked for their form and have no effect
        match priority::parse(head, payload) {
            //= RFC 9113 §6.4: an idle stream is never reset
            Err(fault) if self.streams.standing(head.stream) == Standing::Idle => Err(Fault::connection(fault.reason)),
            Err(fault) => Err(fault),
            Ok(_) => self.spend_glitch(),
        }
    }

    fn recv_reset(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Fault> {
        let code = rst_stream::parse(head, payload)?;
        //= RFC 9113 §6.4: RST_STREAM on an idle stream is a connection error
        let Standing::Known(key) = self.standing(head)? else { return self.spend_glitch() };
        let is_early = |stream: &Stream| {
            let excused = stream.excused_from.is_some_and(|from| from <= self.seen);
            stream.state != State::Closed && !stream.answered && !excused
        };
        let early = self.streams.get(key).is_some_and(is_early);
        self.events.push_back(Event::Incident(Incident::ResetReceived { serial: key.id, code }));
        //= RFC 9113 §6.4: after the peer's reset nothing more of a stream is sent
        self.drop_queue(key);
        //= RFC 9113 §5.4.2: a reset is never answered by a reset
        if self.advance(key, Input::ReceivedReset) {
            self.events.push_back(Event::Reset { stream: key, cause: Cause::Peer(code) });
            if let Some(stream) = self.streams.get_mut(key) {
                stream.given_up = true;
            }
        }
        self.let_go(key);
        if early && self.role == Role::Server { self.spend_reset() } else { Ok(()) }
    }

    /// The layer above knows how long the peer is willing to wait: a reset from `from` on is no sign of abuse.
    pub fn excuse_reset_from(&mut self, key: StreamKey, from: Instant) {
        if let Some(stream) = self.streams.get_mut(key) {
            stream.excused_from = Some(from);
        }
    }

    fn recv_window_update(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Fault> {
        let increment = match window_update::parse(head, payload) {
            Ok(increment) => increment,
            //= RFC 9113 §6.4: an idle stream is never reset
            Err(fault) if fault.reach == Reach::Connection => return Err(fault),
            Err(fault) => return if matches!(self.standing(head)?, Standing::Known(_)) { Err(fault) } else { Ok(()) },
        };
        self.spend_glitch()?;
        if head.stream == 0 {
            //= RFC 9113 §6.9.1: an update that takes a window above 2^31-1 ends the stream, or the connection
            let overflow = Fault::connection(Reason::WindowOverflow { stream: 0 });
            return self.send_window.grow(increment).map_err(|_| overflow);
        }
        //= RFC 9113 §6.9: a window update for a stream that is over is no error
        let Standing::Known(key) = self.standing(head)? else { return Ok(()) };
        let Some(stream) = self.streams.get_mut(key) else { return Ok(()) };
        let overflow = Fault::call(Reason::WindowOverflow { stream: head.stream });
        stream.send.window.grow(increment).map_err(|_| overflow)?;
        self.streams.queue(key);
        Ok(())
    }

    /// Moves a stream along the arrows. `false`: it was closed before, or is gone.
    pub(super) fn advance(&mut self, key: StreamKey, input: Input) -> bool {
        let Some(stream) = self.streams.get_mut(key) else { return false };
        let Some(next) = stream.state.next(input) else { return false };
        stream.state = next;
        if matches!((self.role, input), (Role::Server, Input::SentEnd) | (Role::Client, Input::ReceivedEnd)) {
            self.earn_by_answer();
        }
        true
    }

    /// Resets a stream because of a breach on it. A stream that this side does not know is reset all the same.
    pub(super) fn fault_stream(&mut self, id: u32, reason: Reason) {
        let cost = if self.is_early(id) && !self.is_our_delay(reason) { Self::spend_reset } else { Self::spend_glitch };
        match self.streams.standing(id) {
            Standing::Known(key) => self.break_stream(key, reason),
            Standing::Closed => self.send_reset(StreamKey { slot: u32::MAX, id }, reason.http2(), Some(reason)),
            //= RFC 9113 §6.4: an idle stream is never reset
            Standing::Idle | Standing::Reset => {}
        }
        if let Err(fault) = cost(self) {
            self.abort(fault.reason);
        }
    }

    /// Whether a breach on stream `id` costs what a reset before the response costs.
    fn is_early(&self, id: u32) -> bool {
        match self.streams.standing(id) {
            Standing::Known(key) => self.streams.get(key).is_some_and(|stream| !stream.answered),
            // A server's refusals. A client may have reset a stream so long ago that it is forgotten.
            Standing::Idle | Standing::Closed => !self.streams.is_local(id),
            Standing::Reset => false,
        }
    }

    /// Whether a stream was refused for the sake of streams that are over, but whose handlers are not: they count for
    /// this side alone (RFC 9113 §5.1.2), and what made them so has been paid for.
    fn is_our_delay(&self, reason: Reason) -> bool {
        matches!(reason, Reason::TooManyStreams { limit } if self.streams.open_remote() < limit as usize)
    }

    /// Resets a stream that is known.
    pub(super) fn break_stream(&mut self, key: StreamKey, reason: Reason) {
        self.drop_queue(key);
        let Some(stream) = self.streams.get_mut(key) else { return };
        // What follows the peer's own reset is answered by STREAM_CLOSED (RFC 9113 §6.1), once.
        if stream.state != State::Closed || std::mem::take(&mut stream.given_up) {
            self.send_reset(key, reason.http2(), Some(reason));
        }
        self.end_stream(key, Cause::Fault(reason));
    }

    /// Closes a stream and tells the layer above, if it was not closed before.
    pub(super) fn end_stream(&mut self, key: StreamKey, cause: Cause) {
        if self.advance(key, Input::ReceivedReset) {
            self.events.push_back(Event::Reset { stream: key, cause });
        }
        self.let_go(key);
    }

    /// Returns credit of a stream's body to the peer.
    pub fn release(&mut self, key: StreamKey, bytes: u32) {
        let Some(stream) = self.streams.get_mut(key) else { return };
        stream.credit.give_back(bytes);
        self.send_stream_credit(key);
    }

    pub(super) fn send_stream_credit(&mut self, key: StreamKey) {
        let Some(stream) = self.streams.get_mut(key).filter(|stream| stream.state.can_receive()) else { return };
        if let Some(increment) = stream.credit.update() {
            self.write_credit(key.id, increment);
        }
    }

    pub(super) fn send_connection_credit(&mut self) {
        if let Some(increment) = self.credit.update() {
            self.write_credit(0, increment);
        }
    }

    /// A client counts the credit that it writes: nothing else stops its reading while a server takes nothing.
    fn write_credit(&mut self, stream: u32, increment: u32) {
        match self.role {
            Role::Client => self.control(|out| window_update::encode(stream, increment, out)),
            Role::Server => self.outbox.append(|out| window_update::encode(stream, increment, out)),
        }
    }
}

/// A frame on a stream that the peer had ended.
fn closed(head: FrameHead) -> Fault {
    Fault::call(Reason::ClosedStream { kind: head.kind, stream: head.stream })
}
