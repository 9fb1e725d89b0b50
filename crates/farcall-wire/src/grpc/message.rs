//! Messages out of a stream of bytes: five bytes that announce, and a body.
//!
//! Knows nothing of frames, whose boundaries mean nothing, and nothing of compression but its flag. Nothing is allocated
//! by what a prefix announces: a message costs what has come of it.
//! //= gRPC PROTOCOL-HTTP2 "Length-Prefixed-Message": a flag of 0 or 1, the length in four bytes, the message
//!
//! ```text
//!   push ──▶ input ──▶ prefix (5 bytes) ──▶ flag, limit ──▶ body ──▶ Message
//! ```

use std::collections::VecDeque;
use std::mem;

use bytes::{Buf, Bytes};

use super::payload::Payload;
use crate::error::{Fault, Reason};

/// One message as it was received.
#[derive(Debug, Clone)]
pub struct Message {
    /// Whether the payload is compressed.
    pub compressed: bool,
    /// The body.
    pub payload: Payload,
    /// How many bytes it had on the wire: the body and 5.
    pub wire_len: u32,
}

/// Splits what a stream carries into messages.
#[derive(Debug)]
pub struct Splitter {
    /// What was pushed and not looked at, and what came while there was some.
    input: Bytes,
    later: Option<VecDeque<Bytes>>,
    state: State,
    limit: u32,
}

#[derive(Debug)]
enum State {
    /// The first bytes of a prefix are here, fewer than all.
    Prefix { bytes: [u8; PREFIX], have: usize },
    /// The body is still short of `missing` bytes, at least one.
    Body { compressed: bool, missing: u32, payload: Payload },
    /// The stream broke the rules; nothing more comes out of it.
    Failed(Fault),
}

/// Flag and length.
pub(super) const PREFIX: usize = 5;

/// A piece of an unfinished body that is shorter than this is copied: it may be long until the rest comes, and a peer that
/// begins many messages would hold a whole read buffer with each.
const SMALL: usize = 4 << 10;

const START: State = State::Prefix { bytes: [0; PREFIX], have: 0 };

impl Splitter {
    /// For messages of at most `limit` bytes, prefix not counted.
    pub const fn new(limit: u32) -> Self {
        // `Message::wire_len` has to hold the prefix too.
        let limit = if limit > u32::MAX - PREFIX as u32 { u32::MAX - PREFIX as u32 } else { limit };
        Self { input: Bytes::new(), later: None, state: START, limit }
    }

    /// Takes what the stream carries next. Call [`next`](Self::next) until it has nothing more.
    pub fn push(&mut self, data: Bytes) {
        if matches!(self.state, State::Failed(_)) || data.is_empty() {
            return;
        }
        if self.input.is_empty() {
            self.input = data;
        } else {
            self.later.get_or_insert_default().push_back(data);
        }
    }

    /// The next message that is complete; `None` until more is pushed. A message that lies in one piece of what was
    /// pushed is a slice of it.
    ///
    /// # Errors
    /// A flag that is not defined, or a message over the limit, as soon as its prefix is here. Asked again, the same.
    #[expect(clippy::should_implement_trait, reason = "an iterator would say that the end is the end")]
    pub fn next(&mut self) -> Result<Option<Message>, Fault> {
        loop {
            match &mut self.state {
                State::Failed(fault) => return Err(*fault),
                State::Prefix { bytes, have } => {
                    if fill(bytes, have, &mut self.input) {
                        let prefix = *bytes;
                        if let Some(whole) = self.begin_body(prefix)? {
                            return Ok(Some(whole));
                        }
                    } else if !self.more_input() {
                        return Ok(None);
                    }
                }
                State::Body { compressed, missing, payload } => {
                    let piece = take_piece(&mut self.input, *missing);
                    *missing -= piece.len() as u32;
                    let small = *missing > 0 && piece.len() < SMALL;
                    payload.push(if small { Bytes::copy_from_slice(&piece) } else { piece });
                    if *missing == 0 {
                        let message = Message::new(*compressed, mem::take(payload));
                        self.state = START;
                        return Ok(Some(message));
                    }
                    if !self.more_input() {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// What the end of the stream means, once [`next`](Self::next) has nothing more.
    ///
    /// # Errors
    /// A message that is not complete; whatever `next` failed with.
    pub fn end(&self) -> Result<(), Fault> {
        let missing = match &self.state {
            State::Failed(fault) => return Err(*fault),
            State::Prefix { have: 0, .. } => return Ok(()),
            State::Prefix { have, .. } => PREFIX - have,
            State::Body { missing, .. } => *missing as usize,
        };
        Err(Fault::call(Reason::MessageTruncated { missing: missing as u64 }))
    }

    /// Whether nothing was pushed, or all that was has left as whole messages.
    pub(super) fn is_untouched(&self) -> bool {
        self.input.is_empty() && matches!(self.state, State::Prefix { have: 0, .. })
    }

    /// How many bytes are held of a message that is not complete, with its prefix; what `next` has not looked at is not
    /// counted.
    pub fn unfinished(&self) -> usize {
        match &self.state {
            State::Failed(_) => 0,
            State::Prefix { have, .. } => *have,
            State::Body { payload, .. } => PREFIX + payload.len(),
        }
    }

    /// Judges a prefix; the message, if its body lies in what is here.
    fn begin_body(&mut self, [flag, length @ ..]: [u8; PREFIX]) -> Result<Option<Message>, Fault> {
        let length = u32::from_be_bytes(length);
        //= gRPC PROTOCOL-HTTP2 "Compressed-Flag": 0 or 1 in one byte
        if flag > 1 {
            return self.fail(Reason::MessageFlag { flag });
        }
        if length > self.limit {
            return self.fail(Reason::MessageTooLarge { length: length.into(), limit: self.limit.into() });
        }
        let compressed = flag == 1;
        if length as usize <= self.input.len() {
            self.state = START;
            return Ok(Some(Message::new(compressed, take_piece(&mut self.input, length).into())));
        }
        self.state = State::Body { compressed, missing: length, payload: Payload::default() };
        Ok(None)
    }

    fn fail(&mut self, reason: Reason) -> Result<Option<Message>, Fault> {
        let fault = Fault::call(reason);
        self.state = State::Failed(fault);
        self.input = Bytes::new();
        self.later = None;
        Err(fault)
    }

    /// Whether there is input that was not looked at.
    fn more_input(&mut self) -> bool {
        if self.input.is_empty() {
            // Also when there is nothing later: an empty slice would hold on to its buffer.
            self.input = self.later.as_mut().and_then(VecDeque::pop_front).unwrap_or_default();
        }
        !self.input.is_empty()
    }
}

impl Message {
    fn new(compressed: bool, payload: Payload) -> Self {
        // At most the limit, which leaves room for the prefix.
        let wire_len = (payload.len() + PREFIX) as u32;
        Self { compressed, payload, wire_len }
    }
}

/// Moves input into a prefix; whether it is complete.
fn fill(bytes: &mut [u8; PREFIX], have: &mut usize, input: &mut Bytes) -> bool {
    if let (0, Some(whole)) = (*have, input.first_chunk()) {
        (*bytes, *have) = (*whole, PREFIX);
        input.advance(PREFIX);
        return true;
    }
    let room = bytes.get_mut(*have..).unwrap_or_default();
    let count = room.len().min(input.len());
    for (place, byte) in room.iter_mut().zip(input.iter()) {
        *place = *byte;
    }
    input.advance(count);
    *have += count;
    *have == PREFIX
}

/// At most `length` bytes from the front. What is used up no longer holds on to its buffer.
fn take_piece(input: &mut Bytes, length: u32) -> Bytes {
    if input.len() <= length as usize { mem::take(input) } else { input.split_to(length as usize) }
}

#[cfg(test)]
mod tests;
