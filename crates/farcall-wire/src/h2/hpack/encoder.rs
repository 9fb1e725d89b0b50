//! Fields to header blocks.
//!
//! What is worth indexing is the caller's choice, field by field. The law is RFC 7541 §4.2 and §6.
//!
//! A dynamic entry is found by comparing hashes, newest first; the bytes are compared only where the hash is equal, so a
//! collision costs time, bounded by the 128 entries that the table can have, and nothing else.

use std::collections::VecDeque;
use std::fmt;

use super::table::{Name, Table, entry_size};
use super::{Indexing, huffman, integer, static_table};

/// Encoder of one direction of a connection.
pub struct Encoder {
    table: Table,
    /// One for each table entry, newest first.
    tags: VecDeque<Tag>,
    /// What the table is to be from the next block on, in bytes.
    target: usize,
    /// The least that `target` has been since the last block.
    least_target: usize,
}

/// Hashes of a table entry.
#[derive(Clone, Copy)]
struct Tag {
    name: u32,
    field: u32,
}

impl Encoder {
    /// An encoder with an empty table of 4,096 bytes: what a peer allows before its settings say otherwise.
    pub fn new() -> Self {
        Self { table: Table::new(MOST), tags: VecDeque::new(), target: MOST, least_target: MOST }
    }

    /// The peer's SETTINGS_HEADER_TABLE_SIZE is now `bytes`. Never more than 4,096 are used: a peer must not make us
    /// remember more.
    pub fn set_peer_table_size(&mut self, bytes: u32) {
        //= RFC 7541 §4.2, §6.3: the table is never made larger than the peer allows
        self.target = usize::try_from(bytes).unwrap_or(MOST).min(MOST);
        self.least_target = self.least_target.min(self.target);
    }

    /// Begins a header block: writes the table size updates that the peer's settings ask for.
    pub fn begin_block(&mut self, out: &mut Vec<u8>) {
        if self.least_target == self.table.max_size() && self.target == self.table.max_size() {
            return;
        }
        //= RFC 9113 §4.3.1: a block after a smaller SETTINGS_HEADER_TABLE_SIZE begins with a table size update
        //= RFC 7541 §4.2: the smallest size since the last block is signalled, then the last
        for size in [self.least_target, self.target] {
            if size != self.table.max_size() {
                integer::encode(size, 5, 0x20, out);
                self.table.resize(size);
            }
        }
        self.least_target = self.target;
        self.tags.truncate(self.table.len());
    }

    /// Writes one field: as an index if a table has it (unless `indexing` is [`Indexing::Never`]), else as a literal. An
    /// entry that is larger than the whole table is written without indexing.
    pub fn encode(&mut self, name: &[u8], value: &[u8], indexing: Indexing, out: &mut Vec<u8>) {
        let static_name = static_table::find_name(name);
        //= RFC 7541 §6.2.3: a field that is never to be indexed is written as such a literal, whatever the tables hold
        if indexing == Indexing::Never {
            let index = static_name.or_else(|| self.find_name(name, hash(0, name))).unwrap_or(0);
            return literal(index, 4, 0x10, name, value, out);
        }
        if let Some(index) = static_name.and_then(|first| static_table::find_value(first, value)) {
            return integer::encode(index, 7, 0x80, out);
        }
        let name_hash = hash(0, name);
        if indexing == Indexing::Name
            && let Some(index) = static_name.or_else(|| self.find_name(name, name_hash))
        {
            return literal(index, 4, 0x00, name, value, out);
        }
        let tag = Tag { name: name_hash, field: hash(name_hash, value) };
        if let Some(index) = self.find_field(name, value, tag) {
            return integer::encode(index, 7, 0x80, out);
        }
        let index = static_name.or_else(|| self.find_name(name, name_hash)).unwrap_or(0);
        if indexing == Indexing::Plain || entry_size(name.len(), value.len()) > self.table.max_size() {
            return literal(index, 4, 0x00, name, value, out);
        }
        literal(index, 6, 0x40, name, value, out);
        self.table.insert(Name::Bytes(name), value);
        self.tags.push_front(tag);
        self.tags.truncate(self.table.len());
    }

    /// Changes whenever the table does: until then the same fields are the same bytes, unless one of them enters it.
    pub fn generation(&self) -> u64 {
        self.table.generation()
    }

    #[inline]
    fn find_field(&self, name: &[u8], value: &[u8], tag: Tag) -> Option<usize> {
        let mut tags = self.tags.iter().enumerate().filter(|(_, known)| known.field == tag.field);
        let (place, _) = tags.find(|&(place, _)| self.table.field(place) == Some((name, value)))?;
        Some(FIRST_DYNAMIC + place)
    }

    fn find_name(&self, name: &[u8], hash: u32) -> Option<usize> {
        let mut tags = self.tags.iter().enumerate().filter(|(_, known)| known.name == hash);
        let (place, _) = tags.find(|&(place, _)| self.table.field(place).is_some_and(|field| field.0 == name))?;
        Some(FIRST_DYNAMIC + place)
    }
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("table", &self.table).field("target", &self.target).finish_non_exhaustive()
    }
}

/// Writes a literal: the kind with the index of its name, the name if that is 0, the value.
fn literal(index: usize, prefix: u32, kind: u8, name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    integer::encode(index, prefix, kind, out);
    if index == 0 {
        string(name, out);
    }
    string(value, out);
}

/// Writes a string literal, as Huffman code when that is shorter.
fn string(text: &[u8], out: &mut Vec<u8>) {
    let short = huffman::encoded_len(text);
    if short < text.len() {
        integer::encode(short, 7, 0x80, out);
        huffman::encode(text, out);
    } else {
        integer::encode(text.len(), 7, 0x00, out);
        out.extend_from_slice(text);
    }
}

/// A quick hash for a table of at most 128 entries: eight bytes at a time, the last ones overlapping.
#[inline]
fn hash(seed: u32, text: &[u8]) -> u32 {
    let mut hash = u64::from(seed) ^ (text.len() as u64).rotate_left(32);
    if let Some(&last) = text.last_chunk() {
        let (words, _) = text.as_chunks();
        for &word in words {
            hash = mix(hash ^ u64::from_le_bytes(word));
        }
        hash = mix(hash ^ u64::from_le_bytes(last));
    } else if let (Some(&first), Some(&last)) = (text.first_chunk(), text.last_chunk()) {
        hash = mix(hash ^ u64::from(u32::from_le_bytes(first)) ^ (u64::from(u32::from_le_bytes(last)) << 32));
    } else {
        hash = mix(text.iter().fold(hash, |hash, &byte| hash ^ (hash << 8) ^ u64::from(byte)));
    }
    (hash >> 32) as u32
}

fn mix(word: u64) -> u64 {
    let product = word.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ (product >> 29)
}

/// The most that our table takes, in bytes: enough for the stable metadata of a connection, and the size every peer has at
/// the start.
const MOST: usize = 4096;

/// Index of the newest dynamic entry.
const FIRST_DYNAMIC: usize = static_table::COUNT + 1;

#[cfg(test)]
mod tests;
