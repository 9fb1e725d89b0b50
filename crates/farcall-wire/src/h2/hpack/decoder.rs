//! Header blocks to fields.
//!
//! No limit on lists and no check of names: that is the sink's. The law is RFC 7541 §3 and §6.
//!
//! Nothing is allocated for a field: plain strings are slices of the block, Huffman strings go to a buffer that is used
//! again, and table entries are slices of the table. Lengths are checked against the block before anything is copied.

use std::fmt;

use super::table::{Name, Table};
use super::{FieldSink, HpackError, huffman, integer, static_table};

/// Decoder of one direction of a connection.
pub struct Decoder {
    table: Table,
    /// Our SETTINGS_HEADER_TABLE_SIZE as acknowledged, in bytes.
    limit: usize,
    /// The least that `limit` has been since the last block.
    least_limit: usize,
    scratch: Vec<u8>,
}

impl Decoder {
    /// A decoder with an empty table. `max_table_size` is our SETTINGS_HEADER_TABLE_SIZE, in bytes.
    ///
    /// Whatever it is, the peer begins with a table of 4,096 bytes and may use that until it has acknowledged our settings:
    /// a greater value allows it to ask for more, and a smaller one counts from [`Decoder::set_max_table_size`] on.
    pub fn new(max_table_size: u32) -> Self {
        //= RFC 9113 §6.5.2: SETTINGS_HEADER_TABLE_SIZE is 4,096 at the beginning
        let limit = bytes(max_table_size).max(INITIAL_SIZE);
        Self { table: Table::new(INITIAL_SIZE), limit, least_limit: limit, scratch: Vec::new() }
    }

    /// Our SETTINGS_HEADER_TABLE_SIZE has changed to `bytes`, and the peer has acknowledged it.
    pub fn set_max_table_size(&mut self, bytes: u32) {
        self.limit = self::bytes(bytes);
        self.least_limit = self.least_limit.min(self.limit);
        // Whoever remembers blocks by generation must come here with the next one, which may owe a size update.
        self.table.touch();
    }

    /// Decodes one whole header block and gives each field to `sink`, in order.
    ///
    /// # Errors
    ///
    /// A connection error of type COMPRESSION_ERROR; fields before the fault have been given to the sink.
    pub fn decode(&mut self, block: &[u8], sink: &mut impl FieldSink) -> Result<(), HpackError> {
        let mut input = self.size_updates(block)?;
        //= RFC 7541 §2.1: fields are told in the order of their block
        while let Some(&first) = input.first() {
            input = match first {
                0x80.. => self.indexed(input, sink)?,
                0x40.. => self.literal(input, Literal::Incremental, sink)?,
                //= RFC 7541 §4.2: a size update stands at the beginning of a block only
                0x20.. => return Err(HpackError::TableSizeLate),
                0x10.. => self.literal(input, Literal::Never, sink)?,
                _ => self.literal(input, Literal::Plain, sink)?,
            };
        }
        if self.scratch.capacity() > SCRATCH_KEPT {
            self.scratch = Vec::new();
        }
        Ok(())
    }

    /// Changes whenever the dynamic table does (insertion, eviction, resize): while it stays, the same block decodes to the
    /// same fields.
    pub fn generation(&self) -> u64 {
        self.table.generation()
    }

    /// Takes the size updates at the beginning of a block; gives what follows.
    fn size_updates<'b>(&mut self, block: &'b [u8]) -> Result<&'b [u8], HpackError> {
        //= RFC 9113 §4.3.1: a block that owes a table size update and has none is COMPRESSION_ERROR
        let mut owed = (self.least_limit < self.table.max_size()).then_some(self.least_limit);
        let mut input = block;
        let mut updates = 0;
        while input.first().is_some_and(|first| first & 0xe0 == 0x20) {
            //= RFC 7541 §4.2: the smallest size since the last block is signalled, then the last
            if updates == 2 {
                return Err(HpackError::TableSizeLate);
            }
            let (size, rest) = integer::decode(input, 5)?;
            //= RFC 7541 §6.3: a size update above our SETTINGS_HEADER_TABLE_SIZE is a decoding error
            if size > self.limit {
                return Err(HpackError::TableSizeTooLarge { size, limit: self.limit });
            }
            if let Some(limit) = owed.take().filter(|&limit| size > limit) {
                return Err(HpackError::TableSizeMissing(limit));
            }
            self.table.resize(size);
            input = rest;
            updates += 1;
        }
        self.least_limit = self.limit;
        owed.map_or(Ok(input), |limit| Err(HpackError::TableSizeMissing(limit)))
    }

    #[inline]
    fn indexed<'b>(&self, input: &'b [u8], sink: &mut impl FieldSink) -> Result<&'b [u8], HpackError> {
        let (index, rest) = integer::decode(input, 7)?;
        //= RFC 7541 §6.1: index 0 names no field and is a decoding error
        //= RFC 7541 §2.3.3: an index beyond both tables is a decoding error
        let (name, value) = match static_table::field(index) {
            Some(field) => field,
            None => self.table.field(dynamic(index)?).ok_or(HpackError::InvalidIndex(index))?,
        };
        sink.field(name, value, false);
        Ok(rest)
    }

    fn literal<'b>(
        &mut self,
        input: &'b [u8],
        kind: Literal,
        sink: &mut impl FieldSink,
    ) -> Result<&'b [u8], HpackError> {
        self.scratch.clear();
        let (index, input) = integer::decode(input, if kind == Literal::Incremental { 6 } else { 4 })?;
        let (name_text, input) =
            if index == 0 { read_string(input, &mut self.scratch)? } else { (Text::Block(&[]), input) };
        let (value, rest) = read_string(input, &mut self.scratch)?;
        let value = value.bytes(&self.scratch);
        let (name, bytes) = if index == 0 {
            let bytes = name_text.bytes(&self.scratch);
            (Name::Bytes(bytes), bytes)
        } else if let Some((bytes, _)) = static_table::field(index) {
            (Name::Bytes(bytes), bytes)
        } else {
            let place = dynamic(index)?;
            (Name::Entry(place), self.table.field(place).ok_or(HpackError::InvalidIndex(index))?.0)
        };
        sink.field(bytes, value, kind == Literal::Never);
        //= RFC 7541 §3.2: a field that came with indexing enters the table, and no other does
        if kind == Literal::Incremental {
            self.table.insert(name, value);
        }
        Ok(rest)
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").field("table", &self.table).field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// Which of the three literal representations (RFC 7541 §6.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Literal {
    Incremental,
    Plain,
    Never,
}

/// Where a string lies.
enum Text<'b> {
    /// In the block.
    Block(&'b [u8]),
    /// In the scratch buffer, from and to these places.
    Scratch(usize, usize),
}

impl<'b> Text<'b> {
    fn bytes<'s: 't, 't>(&self, scratch: &'s [u8]) -> &'t [u8]
    where
        'b: 't,
    {
        match *self {
            Text::Block(bytes) => bytes,
            Text::Scratch(from, to) => scratch.get(from..to).unwrap_or_default(),
        }
    }
}

/// Reads a string literal (RFC 7541 §5.2); gives it and what follows.
fn read_string<'b>(input: &'b [u8], scratch: &mut Vec<u8>) -> Result<(Text<'b>, &'b [u8]), HpackError> {
    let huffman = input.first().is_some_and(|first| first & 0x80 != 0);
    let (length, rest) = integer::decode(input, 7)?;
    let (string, rest) = rest.split_at_checked(length).ok_or(HpackError::Truncated)?;
    if !huffman {
        return Ok((Text::Block(string), rest));
    }
    let from = scratch.len();
    huffman::decode(string, scratch)?;
    Ok((Text::Scratch(from, scratch.len()), rest))
}

/// The place in the dynamic table of an index that is not in the static one.
fn dynamic(index: usize) -> Result<usize, HpackError> {
    index.checked_sub(static_table::COUNT + 1).ok_or(HpackError::InvalidIndex(index))
}

fn bytes(setting: u32) -> usize {
    usize::try_from(setting).unwrap_or(usize::MAX)
}

/// Size of every table at the start of a connection, in bytes.
const INITIAL_SIZE: usize = 4096;

/// Bytes of scratch that stay allocated between blocks; only a block with very long strings needs more.
const SCRATCH_KEPT: usize = 4096;

#[cfg(test)]
mod tests;
