//! SETTINGS, both directions: what we announce, what the peer announced, and what changes then (RFC 9113 §6.5).

use super::config::Role;
use super::connection::{Connection, DEFAULT_WINDOW, Phase};
use super::event::Event;
use super::frame::settings::{self, SettingsFrame, id};
use super::frame::{FrameHead, kind};
use super::timer::Timer;
use crate::error::{Fault, Reason};

/// What the peer has announced.
#[derive(Debug)]
pub(super) struct PeerSettings {
    pub(super) max_streams: u32,
    pub(super) initial_window: u32,
    pub(super) max_frame: u32,
    pub(super) header_list: u32,
}

impl Default for PeerSettings {
    fn default() -> Self {
        Self {
            // RFC 9113 §6.5.2 sets no limit. Until the first SETTINGS say so, a small number is safer (W67).
            max_streams: ASSUMED_STREAMS,
            initial_window: DEFAULT_WINDOW,
            max_frame: 16_384,
            header_list: u32::MAX,
        }
    }
}

impl Connection {
    /// Announces what differs from the defaults of RFC 9113 §6.5.2.
    pub(super) fn send_settings(&mut self) {
        let config = &self.config;
        let all = [
            //= RFC 9113 §6.5.2: a client that wants no push says so; a server that cannot be pushed to says nothing
            (id::ENABLE_PUSH, 0, self.role == Role::Client),
            (id::MAX_CONCURRENT_STREAMS, config.max_concurrent_streams, self.role == Role::Server),
            (id::INITIAL_WINDOW_SIZE, config.stream_window, config.stream_window != DEFAULT_WINDOW),
            (id::MAX_FRAME_SIZE, config.max_frame_size, config.max_frame_size != 16_384),
            (id::MAX_HEADER_LIST_SIZE, config.header_list_limit, true),
        ];
        let entries: Vec<(u16, u32)> =
            all.into_iter().filter(|entry| entry.2).map(|(id, value, _)| (id, value)).collect();
        self.outbox.append(|out| settings::encode(&entries, out));
    }

    pub(super) fn recv_settings(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Fault> {
        let entries = match settings::parse(head, payload)? {
            SettingsFrame::Ack if self.phase == Phase::Settings => {
                return Err(Fault::connection(Reason::SettingsFirst { kind: kind::SETTINGS }));
            }
            SettingsFrame::Ack if self.settled => return self.spend_glitch(),
            SettingsFrame::Ack => {
                self.settle();
                return Ok(());
            }
            SettingsFrame::Entries(entries) => entries,
        };
        if entries.len() > self.config.settings_limit as usize {
            return Err(Fault::connection(Reason::SettingsFlood { limit: self.config.settings_limit }));
        }
        let first = self.phase == Phase::Settings;
        if first {
            self.peer.max_streams = u32::MAX;
        } else {
            self.spend_glitch()?;
        }
        for (id, value) in entries {
            //= RFC 9113 §6.5.3: settings are applied at once, in the order in which they stand
            settings::check(id, value)?;
            self.apply_setting(id, value)?;
        }
        //= RFC 9113 §3.4: the peer's first SETTINGS are acknowledged after this side's own
        //= RFC 9113 §6.5.3: once applied, they are acknowledged at once
        self.control(settings::encode_ack);
        if first {
            self.phase = Phase::Running;
            self.timers.clear(Timer::Handshake);
            self.timers.set(Timer::Settings, self.seen, self.config.settings_timeout);
            self.events.push_back(Event::Ready);
        }
        self.events.push_back(Event::Available);
        Ok(())
    }

    /// The peer counts with our settings from now on.
    fn settle(&mut self) {
        self.timers.clear(Timer::Settings);
        let excess = DEFAULT_WINDOW.saturating_sub(self.config.stream_window);
        if !std::mem::replace(&mut self.settled, true) && excess > 0 {
            for stream in self.streams.iter_mut() {
                //= RFC 9113 §6.9.2: a new initial window moves the windows of all streams by the difference
                stream.credit.shrink(excess);
            }
        }
    }

    fn apply_setting(&mut self, id: u16, value: u32) -> Result<(), Fault> {
        //= RFC 9113 §6.5: every defined setting is obeyed
        match id {
            id::HEADER_TABLE_SIZE => self.encoder.set_peer_table_size(value),
            //= RFC 9113 §6.5.2: a client treats any ENABLE_PUSH but 0 from a server as PROTOCOL_ERROR
            id::ENABLE_PUSH if self.role == Role::Client && value != 0 => {
                return Err(Fault::connection(Reason::SettingValue { id, value }));
            }
            id::MAX_CONCURRENT_STREAMS => self.peer.max_streams = value,
            id::INITIAL_WINDOW_SIZE => self.apply_initial_window(value)?,
            id::MAX_FRAME_SIZE => self.peer.max_frame = value,
            id::MAX_HEADER_LIST_SIZE => self.peer.header_list = value,
            //= RFC 9113 §6.5.2, §6.5.3: settings that are not known are ignored
            _ => {}
        }
        Ok(())
    }

    /// Moves the send windows of all streams by the difference to the old value.
    fn apply_initial_window(&mut self, value: u32) -> Result<(), Fault> {
        //= RFC 9113 §6.9.2: a new initial window moves the windows of all streams by the difference
        let by = i64::from(value) - i64::from(self.peer.initial_window);
        self.peer.initial_window = value;
        for stream in self.streams.iter_mut() {
            //= RFC 9113 §6.9.2: a new initial window that takes a window above 2^31-1 is a connection error
            let stream_id = stream.key.id;
            let overflow = Fault::connection(Reason::WindowOverflow { stream: stream_id });
            stream.send.window.shift(by).map_err(|_| overflow)?;
        }
        for key in self.streams.keys() {
            self.streams.queue(key);
        }
        Ok(())
    }
}

/// Streams that a client opens before it knows the server's limit.
const ASSUMED_STREAMS: u32 = 100;
