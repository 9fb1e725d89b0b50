//! The bytes of one message, in as many pieces as they came in.
//!
//! Nothing here knows what the bytes mean. One piece costs no allocation; a flood of tiny frames does not become a
//! flood of pieces, each with a read buffer behind it.

use std::collections::{VecDeque, vec_deque};
use std::io::IoSlice;
use std::iter;

use bytes::{Buf, Bytes, BytesMut};

/// The bytes of one message: one segment or many. Clones share the bytes.
#[derive(Clone, Default)]
pub struct Payload {
    /// The first segment; empty only if there is no other.
    head: Bytes,
    rest: Option<Box<Rest>>,
    /// Whether the last segment was copied here and may grow.
    owned: bool,
}

/// The segments behind the first.
#[derive(Clone, Default)]
struct Rest {
    segments: VecDeque<Bytes>,
    length: usize,
}

/// Segments shorter than this are copied together: less than it costs to keep a piece of a read buffer, and that buffer,
/// for each.
const SMALL: usize = 1024;

impl Payload {
    /// Adds bytes at the end. Fewer than 1 KiB are copied to the end of the last segment, if that was copied too or is as
    /// small; the first segment is always taken as it is.
    pub fn push(&mut self, data: Bytes) {
        if data.len() >= SMALL || self.head.is_empty() {
            self.push_whole(data);
        } else if !data.is_empty() {
            self.push_small(&data);
        }
    }

    /// Adds bytes at the end as a segment of their own, however few.
    pub(super) fn push_whole(&mut self, data: Bytes) {
        if self.head.is_empty() {
            self.head = data;
            self.owned = false;
        } else if !data.is_empty() {
            self.add_segment(data, false);
        }
    }

    /// The bytes in one piece; copies only if there are several segments.
    pub fn into_bytes(mut self) -> Bytes {
        if self.rest.is_none() {
            return self.head;
        }
        self.copy_to_bytes(self.len())
    }

    /// Copies a payload of one piece and at most `limit` bytes out of the buffer that it came in, which it would hold in
    /// memory otherwise.
    pub fn compact(&mut self, limit: usize) {
        if self.rest.is_none() && self.head.len() <= limit && !self.owned {
            self.head = Bytes::copy_from_slice(&self.head);
            self.owned = true;
        }
    }

    /// The bytes, if they are in one piece.
    pub fn as_contiguous(&self) -> Option<&[u8]> {
        self.rest.is_none().then_some(&self.head)
    }

    /// The segments in their order; none of them is empty.
    pub fn segments(&self) -> impl Iterator<Item = &Bytes> {
        let head = Some(&self.head).filter(|head| !head.is_empty());
        let rest = self.rest.as_ref().map_or_else(vec_deque::Iter::default, |rest| rest.segments.iter());
        head.into_iter().chain(rest)
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.head.len() + self.rest.as_ref().map_or(0, |rest| rest.length)
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.head.is_empty()
    }

    fn push_small(&mut self, data: &[u8]) {
        let last = match &mut self.rest {
            Some(rest) => rest.segments.back_mut(),
            None => Some(&mut self.head),
        };
        match last {
            Some(last) if self.owned || last.len() < SMALL => {
                let joined = joined(std::mem::take(last), data, self.owned);
                *last = joined;
                self.owned = true;
                if let Some(rest) = &mut self.rest {
                    rest.length += data.len();
                }
            }
            _ => self.add_segment(joined(Bytes::new(), data, false), true),
        }
    }

    fn add_segment(&mut self, data: Bytes, owned: bool) {
        let rest = self.rest.get_or_insert_default();
        rest.length += data.len();
        rest.segments.push_back(data);
        self.owned = owned;
    }

    /// The segment behind the first becomes the first.
    fn next_segment(&mut self) {
        self.head = Bytes::new();
        if let Some(rest) = &mut self.rest {
            self.head = rest.segments.pop_front().unwrap_or_default();
            rest.length -= self.head.len();
            if rest.segments.is_empty() {
                self.rest = None;
            }
        }
    }
}

/// `last` with `data` behind it, in place if `last` was copied here and nobody else holds it.
fn joined(last: Bytes, data: &[u8], owned: bool) -> Bytes {
    let grown = |last: &[u8]| {
        let mut grown = BytesMut::with_capacity((last.len() + data.len()).max(SMALL));
        grown.extend_from_slice(last);
        grown
    };
    let mut buffer = if owned { last.try_into_mut().unwrap_or_else(|last| grown(&last)) } else { grown(&last) };
    buffer.extend_from_slice(data);
    buffer.freeze()
}

impl Buf for Payload {
    fn remaining(&self) -> usize {
        self.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.head
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut filled = 0;
        for (slice, segment) in iter::zip(slices, self.segments()) {
            *slice = IoSlice::new(segment);
            filled += 1;
        }
        filled
    }

    /// Past the end is the end.
    fn advance(&mut self, mut count: usize) {
        while count >= self.head.len() && !self.head.is_empty() {
            count -= self.head.len();
            self.next_segment();
        }
        self.head.advance(count.min(self.head.len()));
    }

    /// Does not copy what lies in the first segment. No more than there is.
    fn copy_to_bytes(&mut self, length: usize) -> Bytes {
        let length = length.min(self.len());
        if length < self.head.len() {
            return self.head.split_to(length);
        }
        if length == self.head.len() {
            let head = std::mem::take(&mut self.head);
            self.next_segment();
            return head;
        }
        let mut out = BytesMut::with_capacity(length);
        while out.len() < length {
            let piece = self.head.split_to((length - out.len()).min(self.head.len()));
            out.extend_from_slice(&piece);
            if self.head.is_empty() {
                self.next_segment();
            }
        }
        out.freeze()
    }
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        Self { head: bytes, rest: None, owned: false }
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<&'static [u8]> for Payload {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Payload({} bytes in {} segments)", self.len(), self.segments().count())
    }
}

#[cfg(test)]
mod tests;
