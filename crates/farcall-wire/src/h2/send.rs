//! What this side sends, and who writes next.
//!
//! Control frames and header lists go straight into the outbox. Bodies wait in their stream's queue and are let in by
//! turns of 16 KiB, two turns ahead of the socket: a small reply beside a large one leaves within two turns of what the
//! socket has left over. A stream whose window is shut never stands in line.

use bytes::Bytes;

use super::connection::{Connection, DEFAULT_WINDOW, Phase};
use super::event::{Event, StreamKey};
use super::fields::Fields;
use super::flow::Credit;
use super::frame::{FRAME_HEAD, FrameHead, data, flag, headers, kind};
use super::hpack::Encoder;
use super::prepared::Part;
use super::state::{Input, State};
use super::stream::{Ending, Stream};
use super::{ErrorCode, Role};
use crate::error::Reason;

impl Connection {
    /// Opens a stream with a request. `None`: none may be opened now, see [`Self::available_streams`].
    pub fn open(&mut self, fields: &Fields, end: bool) -> Option<StreamKey> {
        self.open_list(&mut [Part::Fresh(fields)], end)
    }

    /// [`Self::open`] with a list in parts.
    pub(crate) fn open_list(&mut self, list: &mut [Part<'_>], end: bool) -> Option<StreamKey> {
        if self.available_streams() == 0 {
            return None;
        }
        let id = self.streams.next_id()?;
        let key = self.insert_stream(id);
        self.send_list(key, list, end);
        self.leave_without_ids();
        Some(key)
    }

    /// Takes a stream's number and sends nothing: its request cannot be sent. `None` as in [`Self::open`].
    pub fn open_unsent(&mut self) -> Option<StreamKey> {
        if self.available_streams() == 0 {
            return None;
        }
        // Numbers may be passed over (RFC 9113 §5.1.1).
        let id = self.streams.next_id()?;
        let key = self.insert_stream(id);
        self.advance(key, Input::SentReset);
        self.leave_without_ids();
        Some(key)
    }

    /// Whether the peer takes a header list of this size.
    ///
    /// # Errors
    ///
    /// [`Reason::PeerHeaderList`], with the peer's limit.
    pub(crate) fn check_list(&self, list: &[Part<'_>]) -> Result<(), Reason> {
        //= RFC 9113 §6.5.2: SETTINGS_MAX_HEADER_LIST_SIZE says what the peer is ready to take
        let size = list.iter().map(Part::list_size).sum::<usize>();
        let (size, limit) = (u32::try_from(size).unwrap_or(u32::MAX), self.peer.header_list);
        if size > limit { Err(Reason::PeerHeaderList { size, limit }) } else { Ok(()) }
    }

    /// Adds a stream with the windows that both sides count with at this time.
    pub(super) fn insert_stream(&mut self, id: u32) -> StreamKey {
        let (send, target) = (self.peer.initial_window, self.config.stream_window);
        //= RFC 9113 §6.9.3: until our smaller window is acknowledged, the peer may use the larger one
        let receive = if self.settled { target } else { target.max(DEFAULT_WINDOW) };
        self.granted += u64::from(target);
        self.streams.insert(id, |key| Stream::new(key, send, Credit::new(receive, target)))
    }

    /// Writes a header list that comes before any body: a response, or the request of a stream just opened.
    pub fn send_headers(&mut self, key: StreamKey, fields: &Fields, end: bool) {
        self.send_list(key, &mut [Part::Fresh(fields)], end);
    }

    /// [`Self::send_headers`] with a list in parts.
    pub(crate) fn send_list(&mut self, key: StreamKey, list: &mut [Part<'_>], end: bool) {
        if self.phase == Phase::Over || !self.streams.get(key).is_some_and(|stream| stream.state.can_send()) {
            return;
        }
        self.write_headers(key, list, end);
        if end {
            self.sent_end(key);
        }
    }

    /// Queues a piece of a body. Nothing happens to a stream whose end is queued.
    pub fn send_data(&mut self, key: StreamKey, bytes: Bytes) {
        let Some(stream) = self.streams.get_mut(key).filter(|stream| stream.takes_data()) else { return };
        if bytes.is_empty() {
            return;
        }
        stream.send.queued += bytes.len();
        self.queued += bytes.len();
        stream.send.queue.push_back(bytes);
        self.streams.queue(key);
        self.watch_stalls();
    }

    /// Writes a whole small body past the line, and the end behind it if this side's half ends with it. `false`: the
    /// windows, or what waits before it, do not allow it.
    pub fn send_data_now(&mut self, key: StreamKey, bytes: &[u8], end: bool) -> bool {
        if self.phase == Phase::Over {
            return false;
        }
        let Some((length, _)) = self.take_past_line(key, bytes, Stream::takes_data) else { return false };
        if length > 0 || end {
            self.outbox.append(|out| {
                data::encode_head(key.id, length, end, out);
                out.extend_from_slice(bytes);
            });
            self.earn_by_frames(1);
        }
        if end {
            self.sent_end(key);
        }
        true
    }

    /// Takes what a whole small body needs of both windows, for a stream that `may` send it and has nothing queued.
    pub(super) fn take_past_line(
        &mut self,
        key: StreamKey,
        body: &[u8],
        may: impl Fn(&Stream) -> bool,
    ) -> Option<(u32, &mut Stream)> {
        // While others wait for their turn, a turn's worth of the connection's window is left to them.
        let reserved = if self.streams.line.is_empty() { 0 } else { TURN };
        let stream = self.streams.get_mut(key).filter(|stream| may(stream) && stream.send.queued == 0)?;
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        //= RFC 9113 §5.2.1, §6.9.1: no DATA passes the windows that the receiver has given
        let window = self.send_window.available().saturating_sub(reserved).min(stream.send.window.available());
        let taken = length <= window.min(TURN) && self.send_window.take(length) && stream.send.window.take(length);
        taken.then_some((length, stream))
    }

    /// Ends this side's half after what is queued.
    pub fn end(&mut self, key: StreamKey) {
        if self.phase != Phase::Over && self.streams.get(key).is_some_and(Stream::has_sent_all) {
            //= RFC 9113 §6.9.1: frames without bytes pass, whatever the window
            self.outbox.append(|out| data::encode_head(key.id, 0, true, out));
            self.sent_end(key);
        } else {
            self.end_by(key, || Ending::Plain);
        }
    }

    /// Ends this side's half with trailers, after what is queued.
    pub fn end_with(&mut self, key: StreamKey, trailers: &Fields) {
        self.end_with_list(key, &mut [Part::Fresh(trailers)]);
    }

    /// [`Self::end_with`] with a list in parts.
    pub(crate) fn end_with_list(&mut self, key: StreamKey, trailers: &mut [Part<'_>]) {
        if self.phase != Phase::Over && self.streams.get(key).is_some_and(Stream::has_sent_all) {
            self.write_headers(key, trailers, true);
            self.sent_end(key);
        } else {
            self.end_by(key, || {
                let mut list = Box::<Fields>::default();
                trailers.iter().for_each(|part| part.append_to(&mut list));
                Ending::Trailers(list)
            });
        }
    }

    fn end_by(&mut self, key: StreamKey, ending: impl FnOnce() -> Ending) {
        let Some(stream) = self.streams.get_mut(key).filter(|stream| stream.state.can_send()) else { return };
        if matches!(stream.send.ending, Ending::Open) {
            stream.send.ending = ending();
            self.streams.queue(key);
        }
    }

    /// Ends a stream at once, both ways. It keeps its slot until [`Self::forget`].
    pub fn reset(&mut self, key: StreamKey, code: ErrorCode, reason: Option<Reason>) {
        self.drop_queue(key);
        if self.phase != Phase::Over && self.advance(key, Input::SentReset) {
            self.send_reset(key, code, reason);
        }
        self.let_go(key);
    }

    /// The layer above does not speak of this stream again; what is queued still leaves.
    pub fn forget(&mut self, key: StreamKey) {
        if let Some(stream) = self.streams.get_mut(key) {
            stream.held = false;
        }
        self.let_go(key);
    }

    /// Frees the slot of a stream that is closed and that nobody speaks of. A server's stream whose reply is complete
    /// before the request was is ended with NO_ERROR.
    pub(super) fn let_go(&mut self, key: StreamKey) {
        let Some(stream) = self.streams.get(key).filter(|stream| !stream.held) else { return };
        let (granted, queued) = (stream.credit.target(), stream.send.queued);
        if stream.state == State::HalfClosedLocal && self.role == Role::Server {
            //= RFC 9113 §8.1: after a complete response the rest of the request is declined by NO_ERROR
            self.advance(key, Input::SentReset);
            self.send_reset(key, ErrorCode::NoError, None);
        } else if stream.state != State::Closed {
            return;
        }
        if self.streams.remove(key) {
            self.granted = self.granted.saturating_sub(u64::from(granted));
            self.queued = self.queued.saturating_sub(queued);
            if self.streams.is_local(key.id) && self.phase != Phase::Over {
                self.events.push_back(Event::Available);
            }
        }
        self.end_if_left();
    }

    /// Forgets what waits to be sent on a stream.
    pub(super) fn drop_queue(&mut self, key: StreamKey) {
        let Some(stream) = self.streams.get_mut(key) else { return };
        self.queued = self.queued.saturating_sub(std::mem::take(&mut stream.send.queued));
        stream.send.queue.clear();
        stream.send.ending = Ending::Sent;
    }

    /// Bytes that wait in the queue of a stream.
    pub fn queued_on(&self, key: StreamKey) -> usize {
        self.streams.get(key).map_or(0, |stream| stream.send.queued)
    }

    /// Lets streams have their turns until the socket has enough to do.
    pub(super) fn fill(&mut self) {
        // A header list in front takes no turn's place, nor do the last bytes of a turn before.
        let small = Some(self.outbox.len()).filter(|length| *length <= REST).unwrap_or(0);
        while self.phase != Phase::Over {
            let Some(&slot) = self.streams.line.front() else { return };
            let stream = self.streams.key_at(slot).and_then(|key| self.streams.get_mut(key));
            let Some(stream) = stream.filter(|stream| stream.send.in_line) else {
                self.streams.line.pop_front();
                continue;
            };
            let (key, queued) = (stream.key, stream.send.queued);
            // Everybody with a body waits for the connection's window; the order of turns is kept.
            let shut = queued > 0 && self.send_window.available() == 0;
            let (turn, most) = match queued + FRAME_HEAD {
                rest @ ..WHOLE_TURN => (rest, AHEAD + REST),
                _ => (WHOLE_TURN, AHEAD),
            };
            if shut || self.outbox.len() + turn > small + most {
                return;
            }
            stream.send.in_line = false;
            self.streams.line.pop_front();
            self.take_turn(key);
            self.streams.queue(key);
        }
    }

    /// Moves up to one turn of a stream's queue into the outbox, and its end if that is due.
    fn take_turn(&mut self, key: StreamKey) {
        let Some(stream) = self.streams.get_mut(key).filter(|stream| stream.state.can_send()) else { return };
        let queued = u32::try_from(stream.send.queued).unwrap_or(u32::MAX);
        let windows = stream.send.window.available().min(self.send_window.available());
        //= RFC 9113 §4.1: no frame is longer than the peer's SETTINGS_MAX_FRAME_SIZE
        //= RFC 9113 §5.2.1, §6.9.1: no DATA passes the windows that the receiver has given
        let length = queued.min(TURN).min(self.peer.max_frame).min(windows);
        let ends = length == queued && stream.send.is_ending();
        let ends_plain = ends && matches!(stream.send.ending, Ending::Plain);
        if length > 0 || ends_plain {
            self.write_data(key, length, ends_plain);
        }
        if ends {
            let ending =
                self.streams.get_mut(key).map(|stream| std::mem::replace(&mut stream.send.ending, Ending::Sent));
            if let Some(Ending::Trailers(trailers)) = ending {
                self.write_headers(key, &mut [Part::Fresh(&trailers)], true);
            }
            self.sent_end(key);
        }
    }

    fn write_data(&mut self, key: StreamKey, length: u32, end: bool) {
        let Some(stream) = self.streams.get_mut(key) else { return };
        if !(self.send_window.take(length) && stream.send.window.take(length)) {
            return;
        }
        self.outbox.append(|out| data::encode_head(key.id, length, end, out));
        let mut left = length as usize;
        while left > 0 {
            let Some(front) = stream.send.queue.front_mut() else { break };
            let step = left.min(front.len());
            self.outbox.push(front.split_to(step));
            if front.is_empty() {
                stream.send.queue.pop_front();
            }
            left -= step;
        }
        stream.send.queued -= length as usize;
        stream.send.shut_since = None;
        self.queued = self.queued.saturating_sub(length as usize);
        stream.send.drained += length;
        if stream.send.drained >= ROOM_STEP {
            let bytes = std::mem::take(&mut stream.send.drained);
            self.events.push_back(Event::Room { stream: key, bytes });
        }
        self.earn_by_frames(1);
    }

    /// Writes HEADERS, and CONTINUATION where one frame does not hold the block.
    fn write_headers(&mut self, key: StreamKey, list: &mut [Part<'_>], end: bool) {
        self.earn_by_frames(1);
        if let Some(stream) = self.streams.get_mut(key) {
            stream.answered |= self.role == Role::Server;
        }
        let (encoder, max_frame) = (&mut self.encoder, self.peer.max_frame);
        self.outbox.append(|out| write_block(key.id, end, max_frame, list, encoder, out));
    }

    fn sent_end(&mut self, key: StreamKey) {
        if let Some(stream) = self.streams.get_mut(key) {
            stream.send.ending = Ending::Sent;
        }
        self.advance(key, Input::SentEnd);
        self.let_go(key);
    }
}

/// Writes one header block, in one frame or in several.
pub(super) fn write_block(
    id: u32,
    end: bool,
    max_frame: u32,
    list: &mut [Part<'_>],
    encoder: &mut Encoder,
    out: &mut Vec<u8>,
) {
    //= RFC 9113 §4.3, §6.2, §6.10, §8.1: a header block leaves in one piece, with no other frame between
    let start = out.len();
    out.extend_from_slice(&[0; FRAME_HEAD]);
    encoder.begin_block(out);
    list.iter_mut().for_each(|part| part.encode(encoder, out));
    let length = u32::try_from(out.len() - start - FRAME_HEAD).unwrap_or(u32::MAX);
    //= RFC 9113 §4.1: no frame is longer than the peer's SETTINGS_MAX_FRAME_SIZE
    if length > max_frame {
        let block = out.split_off(start + FRAME_HEAD);
        out.truncate(start);
        headers::encode(id, &block, end, max_frame, out);
    } else if let Some(place) = out.get_mut(start..).and_then(|tail| tail.first_chunk_mut()) {
        let flags = flag::END_HEADERS | if end { flag::END_STREAM } else { 0 };
        *place = FrameHead { length, kind: kind::HEADERS, flags, stream: id }.to_bytes();
    }
}

/// Bytes of one turn.
pub(super) const TURN: u32 = 16 << 10;
/// Bytes of one turn with its frame head.
const WHOLE_TURN: usize = TURN as usize + FRAME_HEAD;
/// Bytes up to which the outbox is filled with turns: two of them, never the beginning of a third while the two are whole.
const AHEAD: usize = 2 * WHOLE_TURN;
/// Bytes that may stand before the turns, or follow them if they are all that is left of a body: they would otherwise
/// cost a write, and wake the reader, for themselves.
const REST: usize = 2 << 10;
/// Room is told in steps of this many bytes, so that small messages cost no event each.
const ROOM_STEP: u32 = 16 << 10;
