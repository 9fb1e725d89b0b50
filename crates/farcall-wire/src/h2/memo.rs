//! The same bytes under an unchanged dynamic table are the same header list: decoded and judged once, then remembered.

use std::sync::Arc;

use super::Fields;
use super::verdict::Kind;

/// The last few header blocks and what they mean.
#[derive(Debug, Default)]
pub(super) struct Memo {
    entries: [Option<Entry>; SIZE],
    next: usize,
}

#[derive(Debug)]
struct Entry {
    block: Vec<u8>,
    generation: u64,
    kind: Kind,
    fields: Arc<Fields>,
}

impl Memo {
    /// The list that `block` means as `kind` while the table is at `generation`.
    pub(super) fn find(&self, block: &[u8], generation: u64, kind: Kind) -> Option<Arc<Fields>> {
        let mut entries = self.entries.iter().flatten();
        let same = |entry: &&Entry| entry.generation == generation && entry.kind == kind && entry.block == block;
        entries.find(same).map(|entry| Arc::clone(&entry.fields))
    }

    /// Remembers a list that was found legal and left the table as it was.
    pub(super) fn keep(&mut self, block: &[u8], generation: u64, kind: Kind, fields: &Arc<Fields>) {
        if block.len() > LARGEST {
            return;
        }
        let entry = Entry { block: block.to_vec(), generation, kind, fields: Arc::clone(fields) };
        if let Some(place) = self.entries.get_mut(self.next) {
            *place = Some(entry);
        }
        self.next = (self.next + 1) % SIZE;
    }
}

/// Lists that are remembered. A client sees heads and trailers in turn, a server a few methods.
const SIZE: usize = 4;
/// The longest block that is remembered, in bytes: what a peer can make us hold stays small.
const LARGEST: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_found_only_under_its_generation_and_kind() {
        let mut memo = Memo::default();
        let fields = Arc::new(Fields::new());
        memo.keep(b"block", 7, Kind::Request, &fields);
        assert!(memo.find(b"block", 7, Kind::Request).is_some_and(|found| Arc::ptr_eq(&found, &fields)));
        assert!(memo.find(b"block", 8, Kind::Request).is_none());
        assert!(memo.find(b"block", 7, Kind::Trailers).is_none());
        assert!(memo.find(b"other", 7, Kind::Request).is_none());
    }

    #[test]
    fn the_memo_is_bounded_in_entries_and_bytes() {
        let mut memo = Memo::default();
        let fields = Arc::new(Fields::new());
        memo.keep(&[0; LARGEST + 1], 0, Kind::Request, &fields);
        assert!(memo.find(&[0; LARGEST + 1], 0, Kind::Request).is_none());
        for block in 0..=u8::try_from(SIZE).unwrap() {
            memo.keep(&[block], 0, Kind::Request, &fields);
        }
        assert!(memo.find(&[0], 0, Kind::Request).is_none(), "the oldest made room");
        assert!(memo.find(&[1], 0, Kind::Request).is_some());
    }
}
