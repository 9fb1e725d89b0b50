//! The bytes that wait to be written to the peer, in order, ready for one `writev`.
//!
//! Small things (frame heads, header blocks, small messages) are appended to one buffer that is used again; large
//! slices of messages are kept as they are and never copied. Whoever decides what is written next is `h2::send`.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};

/// Bytes waiting to be written; read it as a [`Buf`].
#[derive(Debug, Default)]
pub struct Outbox {
    /// Small things, in order; what lies before `written` has left.
    small: Vec<u8>,
    written: usize,
    /// The order in which stretches of `small` and shared slices alternate.
    pieces: VecDeque<Piece>,
    /// Up to where `small` is covered by `pieces`; the rest of it comes last.
    sealed: usize,
    length: usize,
    /// Bytes that were ever appended.
    appended: u64,
}

#[derive(Debug)]
enum Piece {
    /// So many bytes of `small`.
    Small(usize),
    Shared(Bytes),
}

impl Outbox {
    /// Appends what `write` appends to the buffer that it is given; it must not touch what stands there.
    pub(crate) fn append<R>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        let before = self.small.len();
        let result = write(&mut self.small);
        self.grow(self.small.len().saturating_sub(before));
        result
    }

    /// Appends a slice; a small one is copied, which is cheaper than keeping it apart.
    pub(crate) fn push(&mut self, bytes: Bytes) {
        if bytes.len() < SHARED_FROM {
            return self.append(|out| out.extend_from_slice(&bytes));
        }
        let open = self.small.len() - self.sealed;
        if open > 0 {
            self.pieces.push_back(Piece::Small(open));
            self.sealed = self.small.len();
        }
        self.grow(bytes.len());
        self.pieces.push_back(Piece::Shared(bytes));
    }

    /// Bytes that wait.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Bytes that were ever appended.
    pub(crate) fn appended(&self) -> u64 {
        self.appended
    }

    /// Bytes that have left.
    pub(crate) fn written(&self) -> u64 {
        self.appended - self.length as u64
    }

    fn grow(&mut self, by: usize) {
        self.length += by;
        self.appended += by as u64;
    }

    /// Takes the buffer back to its start when all of it has left, or when more than half of a large one has.
    fn reclaim(&mut self) {
        if self.written == self.small.len() {
            self.small.clear();
            self.small.shrink_to(KEEP);
            (self.written, self.sealed) = (0, 0);
        } else if self.written > KEEP && self.written > self.small.len() / 2 {
            self.small.drain(..self.written);
            self.sealed = self.sealed.saturating_sub(self.written);
            self.written = 0;
        }
    }

    /// The stretch of `small` that comes after everything in `pieces`.
    fn open(&self) -> &[u8] {
        self.small.get(self.sealed.max(self.written)..).unwrap_or_default()
    }
}

impl Buf for Outbox {
    fn remaining(&self) -> usize {
        self.length
    }

    fn chunk(&self) -> &[u8] {
        match self.pieces.front() {
            Some(Piece::Small(length)) => self.small.get(self.written..self.written + length).unwrap_or_default(),
            Some(Piece::Shared(bytes)) => bytes,
            None => self.open(),
        }
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut at = self.written;
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Small(length) => {
                let bytes = self.small.get(at..at + length).unwrap_or_default();
                at += length;
                bytes
            }
            Piece::Shared(bytes) => bytes.as_ref(),
        });
        let mut count = 0;
        let rest = std::iter::once(self.open()).filter(|bytes| !bytes.is_empty());
        for (slice, bytes) in slices.iter_mut().zip(pieces.chain(rest)) {
            *slice = IoSlice::new(bytes);
            count += 1;
        }
        count
    }

    fn advance(&mut self, count: usize) {
        let mut left = count.min(self.length);
        self.length -= left;
        while left > 0 {
            match self.pieces.front_mut() {
                Some(Piece::Small(length)) => {
                    let step = left.min(*length);
                    *length -= step;
                    self.written += step;
                    left -= step;
                    if *length == 0 {
                        self.pieces.pop_front();
                    }
                }
                Some(Piece::Shared(bytes)) => {
                    let step = left.min(bytes.len());
                    bytes.advance(step);
                    left -= step;
                    if bytes.is_empty() {
                        self.pieces.pop_front();
                    }
                }
                None => {
                    self.written += left;
                    self.sealed = self.written;
                    left = 0;
                }
            }
        }
        self.reclaim();
    }
}

/// From this many bytes on a slice is kept apart and not copied: a copy of 4 KiB costs about as much as an entry of
/// `writev` and the reference count.
const SHARED_FROM: usize = 4 << 10;
/// Capacity in bytes that an empty outbox keeps.
const KEEP: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(outbox: &mut Outbox, step: usize) -> Vec<u8> {
        let mut read = Vec::new();
        while outbox.has_remaining() {
            let mut slices = [IoSlice::new(&[]); 8];
            let count = outbox.chunks_vectored(&mut slices);
            let all: Vec<u8> = slices[..count].iter().flat_map(|slice| slice.iter().copied()).collect();
            assert!(all.starts_with(outbox.chunk()) && !all.is_empty());
            let step = step.min(all.len());
            read.extend_from_slice(&all[..step]);
            outbox.advance(step);
        }
        read
    }

    #[test]
    fn small_and_shared_pieces_leave_in_order_whatever_the_socket_takes() {
        for step in [1, 3, 100, 4096, 5000, 1 << 20] {
            let mut outbox = Outbox::default();
            let mut expected = Vec::new();
            for round in 0..6_u8 {
                outbox.append(|out| out.extend_from_slice(&[round; 10]));
                expected.extend_from_slice(&[round; 10]);
                let large = vec![round | 0x80; SHARED_FROM + usize::from(round)];
                expected.extend_from_slice(&large);
                outbox.push(Bytes::from(large));
                if round % 2 == 0 {
                    outbox.push(Bytes::from_static(b"copied"));
                    expected.extend_from_slice(b"copied");
                }
            }
            assert_eq!(outbox.len(), expected.len());
            assert_eq!(read_all(&mut outbox, step), expected, "steps of {step}");
            assert!(outbox.is_empty() && outbox.small.is_empty());
        }
    }

    #[test]
    fn a_buffer_that_never_runs_empty_is_moved_to_its_start_and_stays_small() {
        let mut outbox = Outbox::default();
        outbox.append(|out| out.extend_from_slice(&[7; 1000]));
        for _ in 0..10_000 {
            outbox.append(|out| out.extend_from_slice(&[7; 1000]));
            outbox.advance(1000);
        }
        assert_eq!(outbox.len(), 1000);
        assert!(outbox.small.capacity() < 4 * KEEP, "{} bytes are held", outbox.small.capacity());
    }

    #[test]
    fn capacity_of_a_burst_is_given_back() {
        let mut outbox = Outbox::default();
        outbox.append(|out| out.extend_from_slice(&[0; 1 << 20]));
        outbox.advance(1 << 20);
        assert!(outbox.small.capacity() <= KEEP);
    }
}
