//! Where codecs write: one growing buffer, with large pieces of others beside it.
//!
//! Frames and windows are unknown here. The buffer of one connection or one client is used again and again, so that a
//! small message costs no allocation; a large `Bytes` is kept as it is and never copied.
//! //= gRPC PROTOCOL-HTTP2 "Length-Prefixed-Message": one flag byte, four bytes of length, the message

use core::fmt;
use core::mem;
use core::slice;

use bytes::Bytes;

use super::payload::Payload;
use super::status::Status;

/// A buffer for messages, each with its prefix.
pub struct EncodeBuf {
    bytes: Vec<u8>,
    /// Pieces that belong in front of the byte at their position.
    shared: Vec<(usize, Bytes)>,
    shared_length: usize,
    limit: usize,
    /// The message that was begun and not ended.
    open: Option<Open>,
}

/// Where an unfinished message begins.
#[derive(Clone, Copy)]
struct Open {
    /// The position of its prefix.
    prefix: usize,
    /// How many shared pieces are before it, and how long they are.
    shared: usize,
    shared_length: usize,
}

/// Flag and length.
const PREFIX: usize = 5;

/// What is shorter is copied: dearer to hold on to than to copy.
const SHARED_MIN: usize = 4 * 1024;

/// From this length on a copied slice gets pieces of its own, of this length: small enough for an allocator to keep at
/// hand, large enough for the cost of a piece not to matter.
const PIECE: usize = 32 * 1024;

/// How much capacity a cleared buffer keeps.
const KEPT: usize = 64 * 1024;

/// Up to this length, bytes are copied out of a buffer that is more than twice as large, which is then used again.
const SMALL: usize = 1024;

impl EncodeBuf {
    /// An empty buffer for messages of at most `limit` bytes, prefix not counted; allocates nothing.
    pub const fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), shared: Vec::new(), shared_length: 0, limit, open: None }
    }

    /// Adds a copy of these bytes. A long copy is made in pieces of its own: a buffer that grew to hold it would go back
    /// to the system after each message, and be faulted in again for the next.
    pub fn put_slice(&mut self, data: &[u8]) {
        if data.len() < PIECE {
            return self.bytes.extend_from_slice(data);
        }
        for piece in data.chunks(PIECE) {
            self.put_shared(Bytes::copy_from_slice(piece));
        }
    }

    /// Adds these bytes: 4 KiB and more are kept as they are, fewer are copied.
    pub fn put_shared(&mut self, data: Bytes) {
        if data.len() < SHARED_MIN {
            return self.bytes.extend_from_slice(&data);
        }
        self.shared_length += data.len();
        self.shared.push((self.bytes.len(), data));
    }

    /// The end of the buffer, for codecs that write through `BufMut` or `Vec`. Append only: what lies before may be
    /// another call's message.
    pub fn tail(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Begins a message with room for its prefix. One that was begun and not ended is rolled back.
    pub fn begin_message(&mut self) {
        self.roll_back();
        self.open =
            Some(Open { prefix: self.bytes.len(), shared: self.shared.len(), shared_length: self.shared_length });
        self.bytes.extend_from_slice(&[0; PREFIX]);
    }

    /// Ends the message and writes its prefix; the length of its body in bytes. Without a message that was begun,
    /// nothing happens.
    ///
    /// # Errors
    /// A body over the limit: the message is rolled back.
    pub fn end_message(&mut self, compressed: bool) -> Result<usize, TooLarge> {
        let Some(open) = self.open else { return Ok(0) };
        let length = self.body_length(open);
        let Some(prefix) = u32::try_from(length).ok().filter(|_| length <= self.limit) else {
            self.roll_back();
            return Err(TooLarge { length, limit: self.limit.min(u32::MAX as usize) });
        };
        let place = self.bytes.get_mut(open.prefix..).and_then(<[u8]>::first_chunk_mut::<PREFIX>);
        if let Some([flag, length @ ..]) = place {
            *flag = u8::from(compressed);
            *length = prefix.to_be_bytes();
        }
        self.open = None;
        Ok(length)
    }

    /// Takes back the message that was begun and not ended, with its prefix.
    pub fn roll_back(&mut self) {
        if let Some(open) = self.open.take() {
            self.truncate(open, open.prefix);
        }
    }

    /// What was written of the message that was begun, for compressors; nothing if none was.
    pub fn message(&self) -> impl Iterator<Item = &[u8]> {
        let at = self.open.map_or(self.bytes.len(), |open| open.prefix + PREFIX);
        let first_shared = self.open.map_or(self.shared.len(), |open| open.shared);
        self.pieces(at, first_shared)
    }

    /// Puts other bytes in the place of what was written of the message that was begun, such as the same compressed.
    pub fn replace_message(&mut self, bytes: &[u8]) {
        if let Some(open) = self.open {
            self.truncate(open, open.prefix + PREFIX);
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// Hands out everything that was written, but for a message that was not ended, which is rolled back.
    ///
    /// Nothing is copied, except that up to 1 KiB in a buffer of more than twice its size is: the buffer stays here then.
    pub fn take(&mut self) -> Payload {
        self.roll_back();
        self.shared_length = 0;
        let shared = mem::take(&mut self.shared);
        let mut bytes = if self.bytes.len() <= SMALL && self.bytes.capacity() > 2 * self.bytes.len() {
            let copy = Bytes::copy_from_slice(&self.bytes);
            self.bytes.clear();
            copy
        } else {
            Bytes::from(mem::take(&mut self.bytes))
        };
        let mut payload = Payload::default();
        let mut at = 0;
        for (position, piece) in shared {
            payload.push_whole(bytes.split_to(position.saturating_sub(at).min(bytes.len())));
            payload.push_whole(piece);
            at = position;
        }
        payload.push_whole(bytes);
        payload
    }

    /// Forgets everything. Up to 64 KiB of capacity is kept for the next messages.
    pub fn clear(&mut self) {
        self.open = None;
        self.bytes.clear();
        self.bytes.shrink_to(KEPT);
        self.shared.clear();
        self.shared_length = 0;
    }

    /// Everything that was written, if it is in one piece.
    pub fn contiguous(&self) -> Option<&[u8]> {
        self.shared.is_empty().then_some(&self.bytes)
    }

    /// How long a message may be, in bytes without its prefix.
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// How many bytes were written, with prefixes and with what is shared.
    pub const fn len(&self) -> usize {
        self.bytes.len() + self.shared_length
    }

    /// Whether nothing was written.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn body_length(&self, open: Open) -> usize {
        let copied = self.bytes.len().saturating_sub(open.prefix + PREFIX);
        copied + self.shared_length - open.shared_length
    }

    /// Back to `length` bytes and to the shared pieces that were there when the message began.
    fn truncate(&mut self, open: Open, length: usize) {
        self.bytes.truncate(length);
        self.shared.truncate(open.shared);
        self.shared_length = open.shared_length;
    }

    fn pieces(&self, at: usize, first_shared: usize) -> Pieces<'_> {
        let bytes = self.bytes.get(at..).unwrap_or_default();
        Pieces { bytes, at, shared: self.shared.get(first_shared..).unwrap_or_default().iter(), next: None }
    }
}

impl fmt::Debug for EncodeBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncodeBuf({} bytes, {} of them shared, limit {})", self.len(), self.shared_length, self.limit)
    }
}

/// What was written, in its order.
struct Pieces<'a> {
    /// What is left of the buffer, and its position.
    bytes: &'a [u8],
    at: usize,
    shared: slice::Iter<'a, (usize, Bytes)>,
    /// A shared piece whose turn it is.
    next: Option<&'a [u8]>,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if let Some(piece) = self.next.take() {
            return Some(piece);
        }
        let Some((position, shared)) = self.shared.next() else {
            return Some(mem::take(&mut self.bytes)).filter(|rest| !rest.is_empty());
        };
        let (before, after) =
            self.bytes.split_at_checked(position.saturating_sub(self.at)).unwrap_or((self.bytes, &[]));
        (self.bytes, self.at) = (after, *position);
        if before.is_empty() {
            return Some(shared);
        }
        self.next = Some(shared);
        Some(before)
    }
}

/// A message over the limit of what may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge {
    /// How many bytes it has.
    pub length: usize,
    /// How many it may have.
    pub limit: usize,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { length, limit } = self;
        write!(f, "a message of {length} bytes passes the send limit of {limit} bytes: send less, or raise the limit")
    }
}

impl core::error::Error for TooLarge {}

impl From<TooLarge> for Status {
    fn from(error: TooLarge) -> Self {
        Self::resource_exhausted(error.to_string())
    }
}

#[cfg(test)]
mod tests;
