//! The dynamic table: a queue of fields with a bound on their size.
//!
//! Both directions use it; indexes of the wire stay outside (here the newest entry is 0). The law is RFC 7541 §2.3.2 and §4.
//!
//! Names and values lie one after the other in a single buffer, oldest first. Eviction only drops the span; dead bytes at
//! the front are moved out when they are at least as many as the living, so each byte is moved at most once on average.

use std::collections::VecDeque;
use std::fmt;

/// What an entry costs besides its bytes (RFC 7541 §4.1).
pub(super) const ENTRY_OVERHEAD: usize = 32;

/// The name of a new entry.
#[derive(Clone, Copy)]
pub(super) enum Name<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// That of an entry of the table, which the insertion may evict.
    Entry(usize),
}

/// The dynamic table of one direction of a connection. Sizes are in bytes as RFC 7541 §4.1 counts them.
pub(super) struct Table {
    bytes: Vec<u8>,
    /// Place of `bytes[0]` in all that was ever appended; wraps.
    base: usize,
    /// Newest first.
    spans: VecDeque<Span>,
    size: usize,
    max_size: usize,
    generation: u64,
}

#[derive(Clone, Copy)]
struct Span {
    /// Place in all that was ever appended; wraps.
    at: usize,
    name: usize,
    value: usize,
}

impl Table {
    pub(super) fn new(max_size: usize) -> Self {
        Self { bytes: Vec::new(), base: 0, spans: VecDeque::new(), size: 0, max_size, generation: 0 }
    }

    /// Appends a field, after evicting the oldest until it fits. One that can never fit empties the table.
    pub(super) fn insert(&mut self, name: Name<'_>, value: &[u8]) {
        let source = match name {
            Name::Bytes(bytes) => bytes.len(),
            Name::Entry(index) => self.spans.get(index).map_or(0, |span| span.name),
        };
        let cost = entry_size(source, value.len());
        //= RFC 7541 §4.4: an entry above the maximum is no error and leaves an empty table
        if cost > self.max_size {
            return self.evict_to(0);
        }
        self.compact();
        let at = self.base.wrapping_add(self.bytes.len());
        match name {
            Name::Bytes(bytes) => self.bytes.extend_from_slice(bytes),
            Name::Entry(index) => self.repeat_name(index),
        }
        self.bytes.extend_from_slice(value);
        self.evict_to(self.max_size - cost);
        //= RFC 7541 §2.3.2: an entry may stand in the table twice
        self.spans.push_front(Span { at, name: source, value: value.len() });
        self.size += cost;
        self.generation = self.generation.wrapping_add(1);
    }

    /// Sets the maximum and evicts the oldest until the rest fits.
    pub(super) fn resize(&mut self, max_size: usize) {
        if max_size != self.max_size {
            self.max_size = max_size;
            self.touch();
            self.evict_to(max_size);
        }
    }

    /// Counts as a change of the table although no entry changed.
    pub(super) fn touch(&mut self) {
        self.generation = self.generation.wrapping_add(1);
    }

    /// Name and value of an entry; 0 is the newest.
    #[inline]
    pub(super) fn field(&self, index: usize) -> Option<(&[u8], &[u8])> {
        let span = self.spans.get(index)?;
        let bytes = self.bytes.get(span.at.wrapping_sub(self.base)..)?;
        bytes.get(..span.name + span.value)?.split_at_checked(span.name)
    }

    /// The number of entries.
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Sum of the sizes of the entries, in bytes.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// What `size` never exceeds, in bytes.
    pub(super) fn max_size(&self) -> usize {
        self.max_size
    }

    /// Changes with every insertion, eviction and resize.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    fn evict_to(&mut self, size: usize) {
        while self.size > size
            && let Some(span) = self.spans.pop_back()
        {
            self.size -= entry_size(span.name, span.value);
            self.touch();
        }
    }

    fn compact(&mut self) {
        let dead = self.spans.back().map_or(self.bytes.len(), |span| span.at.wrapping_sub(self.base));
        if dead >= self.bytes.len().saturating_sub(dead) {
            self.bytes.drain(..dead);
            self.base = self.base.wrapping_add(dead);
        }
    }

    fn repeat_name(&mut self, index: usize) {
        if let Some(span) = self.spans.get(index) {
            let start = span.at.wrapping_sub(self.base);
            self.bytes.extend_from_within(start..start + span.name);
        }
    }
}

impl fmt::Debug for Table {
    /// Without names and values: they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("entries", &self.len())
            .field("size", &self.size())
            .field("max_size", &self.max_size())
            .finish_non_exhaustive()
    }
}

/// What a field of these lengths costs.
pub(super) fn entry_size(name: usize, value: usize) -> usize {
    name.saturating_add(value).saturating_add(ENTRY_OVERHEAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert(table: &mut Table, name: &str, value: &str) {
        table.insert(Name::Bytes(name.as_bytes()), value.as_bytes());
    }

    fn contents(table: &Table) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        (0..table.len()).map_while(|index| table.field(index)).map(|(name, value)| (text(name), text(value))).collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.into(), value.into())
    }

    #[test]
    fn the_newest_entry_comes_first() {
        let mut table = Table::new(4096);
        insert(&mut table, "a", "1");
        insert(&mut table, "bb", "");
        assert_eq!(contents(&table), [pair("bb", ""), pair("a", "1")]);
        assert_eq!(table.size(), 68);
        assert_eq!(table.field(2), None);
    }

    #[test]
    fn the_oldest_are_evicted_until_a_new_entry_fits() {
        let mut table = Table::new(100);
        for name in ["a", "b", "c"] {
            insert(&mut table, name, "");
        }
        assert_eq!(contents(&table), [pair("c", ""), pair("b", ""), pair("a", "")]);
        insert(&mut table, "d", "a longer value");
        assert_eq!(contents(&table), [pair("d", "a longer value"), pair("c", "")]);
        assert_eq!(table.size(), 80);
    }

    //= RFC 7541 §4.4: an entry above the maximum is no error and leaves an empty table
    #[test]
    fn an_entry_above_the_maximum_empties_the_table() {
        let mut table = Table::new(40);
        insert(&mut table, "name", "val");
        assert_eq!(table.len(), 1);
        insert(&mut table, "name", "value");
        assert_eq!((table.len(), table.size()), (0, 0));
        insert(&mut table, "name", "four");
        assert_eq!((table.len(), table.size()), (1, 40));
    }

    #[test]
    fn a_name_may_come_from_the_entry_that_the_insertion_evicts() {
        let mut table = Table::new(50);
        insert(&mut table, "a-name", "one");
        for value in ["two", "three", "four", "five", "six", "seven"] {
            table.insert(Name::Entry(0), value.as_bytes());
            assert_eq!(contents(&table), [pair("a-name", value)]);
        }
    }

    #[test]
    fn a_smaller_maximum_evicts_and_a_greater_keeps() {
        let mut table = Table::new(4096);
        for name in ["a", "b", "c"] {
            insert(&mut table, name, "");
        }
        table.resize(66);
        assert_eq!(contents(&table), [pair("c", ""), pair("b", "")]);
        table.resize(4096);
        assert_eq!(table.len(), 2);
        table.resize(0);
        assert_eq!((table.len(), table.size(), table.max_size()), (0, 0, 0));
        insert(&mut table, "a", "");
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn the_generation_changes_with_the_table_and_only_then() {
        let mut table = Table::new(100);
        let mut last = table.generation();
        let mut changed = |table: &Table| std::mem::replace(&mut last, table.generation()) != table.generation();
        table.resize(100);
        assert!(!changed(&table));
        insert(&mut table, "a", "1");
        assert!(changed(&table));
        table.resize(90);
        assert!(changed(&table));
        insert(&mut table, "a", &"x".repeat(100));
        assert!(changed(&table));
        insert(&mut table, "a", &"x".repeat(100));
        assert!(!changed(&table));
        table.touch();
        assert!(changed(&table));
    }

    #[test]
    fn the_buffer_stays_bounded_over_many_insertions() {
        let mut table = Table::new(4096);
        let mut expected = VecDeque::new();
        for round in 0..20_000usize {
            let (name, value) = (format!("name-{}", round % 7), "v".repeat(round % 300));
            insert(&mut table, &name, &value);
            expected.push_front((name, value));
            expected.truncate(table.len());
            assert!(table.size() <= 4096);
            assert!(table.bytes.len() <= 3 * 4096);
        }
        assert_eq!(contents(&table), Vec::from(expected));
    }

    #[test]
    fn debug_shows_no_header() {
        let mut table = Table::new(4096);
        insert(&mut table, "authorization", "secret");
        let text = format!("{table:?}");
        assert!(text.contains("4096") && !text.contains("secret") && !text.contains("authorization"));
    }
}
