//! One stream: its state, what waits to be sent on it, and the credit that the peer has.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

use super::event::StreamKey;
use super::fields::Fields;
use super::flow::Credit;
use super::state::State;
use super::window::Window;
use crate::error::{Fault, Reason};

/// One stream that this connection knows.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) key: StreamKey,
    pub(super) state: State,
    pub(super) heard: Heard,
    /// Bytes of body that the peer's content-length still promises.
    pub(super) promised: Option<u64>,
    /// A response has begun, whoever sends it.
    pub(super) answered: bool,
    /// From when on a reset of the peer is no surprise.
    pub(super) excused_from: Option<Instant>,
    /// The peer has reset it, and may not send on it again.
    pub(super) given_up: bool,
    /// The layer above speaks of it still; it keeps its place until then.
    pub(super) held: bool,
    pub(super) send: Sending,
    pub(super) credit: Credit,
}

/// What has been received of the peer's half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// No final header list yet.
    Nothing,
    /// The request, or the final response.
    Head,
}

/// What waits to be sent.
#[derive(Debug)]
pub(super) struct Sending {
    pub(super) window: Window,
    pub(super) queue: Queue,
    /// Bytes in `queue`.
    pub(super) queued: usize,
    pub(super) ending: Ending,
    /// Bytes that have left since the layer above was told.
    pub(super) drained: u32,
    /// Since when bytes were seen to wait for a window that is shut.
    pub(super) shut_since: Option<Instant>,
    /// Whether the stream stands in the line of those that can send.
    pub(super) in_line: bool,
}

/// Pieces of a body. Most streams never have one: theirs leave at once.
#[derive(Debug)]
pub(super) struct Queue(Option<VecDeque<Bytes>>);

/// How this side's half ends, once the queue is empty.
#[derive(Debug)]
pub(super) enum Ending {
    /// Not yet.
    Open,
    /// With the last byte.
    Plain,
    /// With these trailers.
    Trailers(Box<Fields>),
    /// It has.
    Sent,
}

impl Stream {
    pub(super) fn new(key: StreamKey, send_window: u32, credit: Credit) -> Self {
        Self {
            key,
            state: State::Open,
            heard: Heard::Nothing,
            promised: None,
            answered: false,
            excused_from: None,
            given_up: false,
            held: true,
            send: Sending {
                window: Window::new(send_window),
                queue: Queue(None),
                queued: 0,
                ending: Ending::Open,
                drained: 0,
                shut_since: None,
                in_line: false,
            },
            credit,
        }
    }
}

impl Stream {
    /// Holds what has come of a body to the content-length that was announced.
    pub(super) fn keep_promise(&mut self, length: usize, end: bool) -> Result<(), Fault> {
        let Some(promised) = self.promised else { return Ok(()) };
        let left = promised.checked_sub(length as u64).filter(|&left| left == 0 || !end);
        //= RFC 9113 §8.1.1: a body that does not add up to content-length is malformed
        self.promised = Some(left.ok_or(Fault::call(Reason::ContentLength))?);
        Ok(())
    }

    /// Whether more of a body may be queued.
    pub(super) fn takes_data(&self) -> bool {
        self.state.can_send() && matches!(self.send.ending, Ending::Open)
    }

    /// Whether everything that was queued has left, and only the end is missing.
    pub(super) fn has_sent_all(&self) -> bool {
        self.takes_data() && self.send.queued == 0
    }
}

impl Queue {
    pub(super) fn push_back(&mut self, piece: Bytes) {
        self.0.get_or_insert_default().push_back(piece);
    }

    pub(super) fn front_mut(&mut self) -> Option<&mut Bytes> {
        self.0.as_mut()?.front_mut()
    }

    pub(super) fn pop_front(&mut self) -> Option<Bytes> {
        self.0.as_mut()?.pop_front()
    }

    pub(super) fn clear(&mut self) {
        self.0 = None;
    }
}

impl Sending {
    /// Whether a turn in the line would send something.
    pub(super) fn is_ready(&self) -> bool {
        if self.queued > 0 { self.window.available() > 0 } else { self.is_ending() }
    }

    /// Whether the end is due as soon as the queue is empty.
    pub(super) fn is_ending(&self) -> bool {
        matches!(self.ending, Ending::Plain | Ending::Trailers(_))
    }
}
