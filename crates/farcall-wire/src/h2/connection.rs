//! One HTTP/2 connection, either role: bytes and time in; events, bytes and a deadline out.
//!
//! What each frame means to us is in `recv` and `recv_headers`, who writes next in `send`; settings, pings and GOAWAY
//! have a file each. gRPC has no place here.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};

use super::budget::Budgets;
use super::config::{Config, Role};
use super::control::Waiting;
use super::event::{Cause, Event, Incident, StreamKey};
use super::fields::Fields;
use super::flow::{Credit, Probing};
use super::frame::{self, FRAME_HEAD, FrameHead, kind};
use super::goaway::{self, Leaving};
use super::hpack::{Decoder, Encoder};
use super::memo::Memo;
use super::recv_headers::Block;
use super::settings::PeerSettings;
use super::streams::Streams;
use super::timer::{Timer, Timers};
use super::window::Window;
use crate::error::{Fault, Reach, Reason};
use crate::outbox::Outbox;

/// One HTTP/2 connection.
#[derive(Debug)]
pub struct Connection {
    pub(super) config: Config,
    pub(super) role: Role,
    pub(super) phase: Phase,
    pub(super) leaving: Leaving,
    /// The last stream that a GOAWAY of this side has told.
    pub(super) told_last: u32,
    pub(super) peer: PeerSettings,
    /// The peer has acknowledged our SETTINGS.
    pub(super) settled: bool,
    pub(super) streams: Streams,
    pub(super) decoder: Decoder,
    pub(super) encoder: Encoder,
    pub(super) memo: Memo,
    /// The header block that waits for its CONTINUATION.
    pub(super) block: Option<Block>,
    /// What the peer lets us send on the connection.
    pub(super) send_window: Window,
    /// What the peer may send on the connection.
    pub(super) credit: Credit,
    pub(super) probing: Probing,
    /// Sum of the windows of all streams, in bytes.
    pub(super) granted: u64,
    pub(super) outbox: Outbox,
    /// The connection is over, and the last bytes have had `drain_timeout` to leave.
    waited: bool,
    /// Control frames that wait in the outbox.
    pub(super) control: Waiting,
    /// Bytes that wait in the queues of all streams.
    pub(super) queued: usize,
    pub(super) timers: Timers,
    pub(super) budgets: Budgets,
    /// The last time that was told.
    pub(super) seen: Instant,
    pub(super) events: VecDeque<Event>,
}

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// A server waits for the client's preface.
    Preface,
    /// The peer's first SETTINGS are due.
    Settings,
    /// Both sides speak.
    Running,
    /// Nothing is read any more; what stands in the outbox may still leave.
    Over,
}

impl Connection {
    /// A connection of a client; its preface and SETTINGS are in the outbox.
    pub fn client(config: Config, now: Instant) -> Self {
        Self::new(Role::Client, config, now)
    }

    /// A connection of a server; its SETTINGS are in the outbox.
    pub fn server(config: Config, now: Instant) -> Self {
        Self::new(Role::Server, config, now)
    }

    fn new(role: Role, config: Config, now: Instant) -> Self {
        let config = config.in_range();
        let mut connection = Self {
            role,
            phase: if role == Role::Server { Phase::Preface } else { Phase::Settings },
            leaving: Leaving::No,
            told_last: goaway::LAST_ID,
            peer: PeerSettings::default(),
            settled: false,
            streams: Streams::new(role, config.first_stream),
            decoder: Decoder::new(HEADER_TABLE),
            encoder: Encoder::new(),
            memo: Memo::default(),
            block: None,
            send_window: Window::new(DEFAULT_WINDOW),
            credit: Credit::new(DEFAULT_WINDOW, config.connection_window),
            probing: Probing::default(),
            granted: 0,
            outbox: Outbox::default(),
            waited: false,
            control: Waiting::default(),
            queued: 0,
            timers: Timers::default(),
            budgets: Budgets::new(&config, now),
            seen: now,
            events: VecDeque::new(),
            config,
        };
        connection.timers.set(Timer::Handshake, now, connection.config.handshake_timeout);
        if role == Role::Client {
            //= RFC 9113 §3.4: a client begins with the preface string, both sides with SETTINGS
            connection.outbox.append(|out| out.extend_from_slice(PREFACE));
        }
        //= RFC 9113 §3.3: a server too begins with its preface, where TLS has negotiated nothing
        //= RFC 9113 §6.5: both sides begin with SETTINGS
        connection.send_settings();
        connection.send_connection_credit();
        connection
    }

    /// Takes all whole frames out of `bytes` and leaves the rest. Poll for events until there are none afterwards.
    pub fn handle_bytes(&mut self, bytes: &mut BytesMut, now: Instant) {
        self.seen = now;
        if self.phase == Phase::Preface && !self.handle_preface(bytes) {
            return;
        }
        while self.phase != Phase::Over {
            let Some(head) = bytes.first_chunk::<FRAME_HEAD>().map(FrameHead::parse) else { return };
            if let Err(fault) = self.check_first(head).and_then(|()| head.check_length(self.config.max_frame_size)) {
                return self.handle_fault(head.stream, fault);
            }
            let whole = FRAME_HEAD + head.length as usize;
            if bytes.len() < whole {
                bytes.reserve(whole - bytes.len());
                return;
            }
            let done = if head.kind == kind::DATA {
                let mut frame = bytes.split_to(whole).freeze();
                frame.advance(FRAME_HEAD);
                self.check_order(head).and_then(|()| self.recv_data(head, frame))
            } else {
                let done = bytes.get(FRAME_HEAD..whole).map_or(Ok(()), |payload| self.recv_frame(head, payload));
                bytes.advance(whole);
                done
            };
            if let Err(fault) = done {
                self.handle_fault(head.stream, fault);
            }
        }
        bytes.clear();
    }

    /// A peer that speaks something else is told so, and not that its text makes a bad length.
    fn check_first(&self, head: FrameHead) -> Result<(), Fault> {
        if self.phase == Phase::Settings { self.check_order(head) } else { Ok(()) }
    }

    /// `false`: the preface is incomplete or wrong.
    fn handle_preface(&mut self, bytes: &mut BytesMut) -> bool {
        //= RFC 9113 §3.4: a server takes nothing before the client's preface, and an invalid one is PROTOCOL_ERROR
        let length = bytes.len().min(PREFACE.len());
        if bytes.get(..length) != PREFACE.get(..length) {
            self.handle_fault(0, Fault::connection(Reason::Preface));
            return false;
        }
        if length == PREFACE.len() {
            bytes.advance(length);
            self.phase = Phase::Settings;
        }
        length == PREFACE.len()
    }

    /// The peer has closed its side, or the socket has failed: nothing more can be read or written.
    pub fn handle_eof(&mut self) {
        if self.phase != Phase::Over {
            let orderly = self.streams.is_empty() && self.phase == Phase::Running;
            self.end_all(Reason::Disconnected, (!orderly).then_some(Fault::connection(Reason::Disconnected)));
        }
        self.outbox = Outbox::default();
    }

    /// Says what time it is. What is sent from now on is timed from here, not from what happened last.
    pub fn note_time(&mut self, now: Instant) {
        self.seen = now;
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.seen = now;
        while let Some(timer) = self.timers.expire(now) {
            match timer {
                Timer::Handshake => self.handle_fault(0, Fault::connection(Reason::HandshakeTimeout)),
                Timer::Drain if self.phase == Phase::Over => self.wait_for_last_bytes(now),
                Timer::Drain => self.finish_leaving(),
                //= RFC 9113 §6.5.3: settings that are not acknowledged in time end the connection
                Timer::Settings => self.handle_fault(0, Fault::connection(Reason::SettingsTimeout)),
                Timer::Control => self.check_control(),
                Timer::Stall => self.check_stalls(now),
            }
        }
    }

    /// A peer that takes not even the last bytes is waited for once more, and no longer. Once would not do: the time at
    /// which the connection was over is known from what happened last, which may have been long before.
    fn wait_for_last_bytes(&mut self, now: Instant) {
        if std::mem::replace(&mut self.waited, true) {
            self.outbox = Outbox::default();
        } else {
            self.timers.set(Timer::Drain, now, self.config.drain_timeout);
        }
    }

    /// What the layer above should know next.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The next event's body, if it is the last of this stream, and `wanted`.
    pub(crate) fn take_body(&mut self, stream: StreamKey, wanted: impl FnOnce(&[u8]) -> bool) -> Option<Bytes> {
        match self.events.front_mut() {
            Some(Event::Data { stream: of, bytes, end: true }) if *of == stream && wanted(bytes) => {
                let bytes = std::mem::take(bytes);
                self.events.pop_front();
                Some(bytes)
            }
            _ => None,
        }
    }

    /// The next event's body, if it is one of this stream, and `wanted`, and the next but one is the stream's trailers,
    /// which are `expected`.
    pub(crate) fn take_body_and_trailers(
        &mut self,
        stream: StreamKey,
        wanted: impl FnOnce(&[u8]) -> bool,
        expected: impl FnOnce(&Arc<Fields>) -> bool,
    ) -> Option<Bytes> {
        match self.events.get(1) {
            Some(Event::Headers { stream: of, fields, trailers: true, .. }) if *of == stream && expected(fields) => {}
            _ => return None,
        }
        match self.events.front_mut() {
            Some(Event::Data { stream: of, bytes, .. }) if *of == stream && wanted(bytes) => {
                let bytes = std::mem::take(bytes);
                self.events.drain(..2);
                Some(bytes)
            }
            _ => None,
        }
    }

    /// Whether [`Self::poll_event`] has something.
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.is_drained() { None } else { self.timers.next() }
    }

    /// The bytes to be written next, filled by fair turns of the streams. Write and advance until it is empty.
    pub fn outbox(&mut self) -> &mut Outbox {
        self.note_written();
        self.fill();
        if self.queued == 0 {
            self.timers.clear(Timer::Stall);
        }
        &mut self.outbox
    }

    /// Whether bytes of the peer are welcome: not while too much waits to be written. Writing makes it true again.
    pub fn wants_bytes(&self) -> bool {
        //= RFC 9113 §5.2.2: what has arrived is read and worked off at once
        // A server stops for a client that fetches no replies. A client must not: its outbox is full of its own requests,
        // and a server that stopped until its replies are fetched would wait for ever.
        let unfetched = self.role == Role::Server && self.outbox.len() >= OUTBOX_PAUSE;
        self.phase != Phase::Over && !unfetched && self.control.count() < self.config.control_limit
    }

    /// How many more streams this side may open now.
    pub fn available_streams(&self) -> usize {
        //= RFC 9113 §6.8: whoever has received GOAWAY opens no more streams
        let may_open = self.phase != Phase::Over && self.leaving == Leaving::No;
        //= RFC 9113 §5.1.2: no more streams are opened than the peer allows
        let room = (self.peer.max_streams as usize).saturating_sub(self.streams.local());
        if may_open { room.min(self.streams.ids_left()) } else { 0 }
    }

    /// Streams that have their slot.
    pub fn open_streams(&self) -> usize {
        self.streams.local() + self.streams.remote()
    }

    /// Sum of the windows that the peer has for its streams, in bytes.
    pub(crate) fn granted(&self) -> u64 {
        self.granted
    }

    /// Bytes that wait in the queues of all streams.
    pub fn queued(&self) -> usize {
        self.queued
    }

    /// Whether the connection is over and everything has been written.
    pub fn is_drained(&self) -> bool {
        self.phase == Phase::Over && self.outbox.is_empty()
    }

    /// Which side this is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Ends what the fault reaches: the stream, or the connection.
    pub(super) fn handle_fault(&mut self, id: u32, fault: Fault) {
        match fault.reach {
            Reach::Call => self.fault_stream(id, fault.reason),
            Reach::Connection => self.abort(fault.reason),
        }
    }

    /// Ends the connection at once: every stream, GOAWAY with the reason's code, no more bytes are read.
    pub fn abort(&mut self, reason: Reason) {
        if self.phase == Phase::Over {
            return;
        }
        //= RFC 9113 §5.4.1: before closing for an error, GOAWAY tells the last stream that was looked at, and the code
        let debug = match reason {
            // gRFC A8: a client knows this text, and pings less often.
            Reason::TooManyPings { .. } => "too_many_pings".to_owned(),
            _ => reason.to_string(),
        };
        //= RFC 9113 §8.7: what the application has heard of is not refused, nor above the last stream of a GOAWAY
        self.send_goaway(self.streams.last_remote(), reason.http2(), debug.as_bytes(), Some(reason));
        //= RFC 9113 §5.4.1: after GOAWAY for an error the connection is closed
        self.end_all(reason, Some(Fault::connection(reason)));
    }

    /// Ends every stream, then the connection.
    pub(super) fn end_all(&mut self, reason: Reason, fault: Option<Fault>) {
        self.phase = Phase::Over;
        self.timers.clear_all();
        if !self.outbox.is_empty() {
            self.timers.set(Timer::Drain, self.seen, self.config.drain_timeout);
        }
        self.block = None;
        for key in self.streams.keys() {
            self.drop_queue(key);
            self.end_stream(key, Cause::Fault(reason));
        }
        self.events.push_back(Event::Over { fault });
    }

    /// Counts a control frame that this side writes because of the peer, then writes it.
    pub(super) fn control(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.control.add();
        self.outbox.append(write);
        if self.control.count() >= self.config.control_limit && !self.timers.is_set(Timer::Control) {
            self.timers.set(Timer::Control, self.seen, self.config.control_timeout);
        }
    }

    /// Forgets control frames that have left.
    fn note_written(&mut self) {
        self.control.pass(self.outbox.written(), self.outbox.appended());
        if self.control.count() < self.config.control_limit {
            self.timers.clear(Timer::Control);
        }
    }

    /// The peer has had its time to read.
    fn check_control(&mut self) {
        self.note_written();
        let limit = self.config.control_limit;
        if self.control.count() >= limit {
            self.handle_fault(0, Fault::connection(Reason::ControlFlood { limit }));
        }
    }

    pub(super) fn send_reset(&mut self, key: StreamKey, code: super::ErrorCode, reason: Option<Reason>) {
        self.control(|out| frame::rst_stream::encode(key.id, code, out));
        self.streams.note_reset(key.id);
        let window = self.streams.get(key).map_or(0, |stream| stream.credit.available());
        self.budgets.add_under_way(window);
        self.events.push_back(Event::Incident(Incident::ResetSent { serial: key.id, code, reason }));
    }
}

/// What a client sends first (RFC 9113 §3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Every window before SETTINGS say otherwise (RFC 9113 §6.9.2), in bytes.
pub(super) const DEFAULT_WINDOW: u32 = 65_535;
/// The HPACK table that peers may use with us, in bytes; the default, so that it is not announced.
const HEADER_TABLE: u32 = 4_096;
/// With this many bytes waiting to be written a server reads nothing more: requests whose replies the peer does not
/// fetch must not pile up.
const OUTBOX_PAUSE: usize = 256 << 10;

#[cfg(test)]
mod tests;
