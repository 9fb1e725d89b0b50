//! Header compression of HTTP/2: header blocks to fields and fields to header blocks.
//!
//! Nothing here knows what a header means: names are not checked, lists are not limited; whoever gives the
//! [`FieldSink`] does both. One [`Decoder`] and one [`Encoder`] belong to one connection and see its blocks in wire order.
//! The law is RFC 7541.

mod decoder;
mod encoder;
mod huffman;
mod huffman_table;
mod integer;
mod static_table;
mod table;

use std::fmt;

pub use decoder::Decoder;
pub use encoder::Encoder;

/// Takes the fields of a header block, in order.
///
/// The slices live only for the call. A sink that has had enough ignores what follows: the decoder must read the whole
/// block all the same, or its table would no longer be the peer's.
pub trait FieldSink {
    /// One field. `sensitive` says that it came as "never indexed" (RFC 7541 §7.1.3) and must be passed on as such.
    fn field(&mut self, name: &[u8], value: &[u8], sensitive: bool);
}

/// How the encoder may write a field that is in no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indexing {
    /// Put it into the dynamic table: the next one like it costs a byte or two (RFC 7541 §6.2.1).
    Index,
    /// Leave the table alone: for values that are not seen again (RFC 7541 §6.2.2).
    Plain,
    /// Never write it as an index, and tell every hop to do the same: for secrets (RFC 7541 §6.2.3).
    Never,
    /// Literal, not put into the table, but for the first time: then the name can be an index from now on. For values
    /// that differ each time under one name.
    Name,
}

/// Why a header block cannot be decoded. Always a connection error of type COMPRESSION_ERROR (RFC 9113 §4.3): the tables
/// of the two peers no longer agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HpackError {
    /// The block ends within a field.
    Truncated,
    /// An integer has more than five continuation bytes or does not fit in 32 bits.
    IntegerTooLarge,
    /// A string has a wrong Huffman code: the end-of-string symbol, more than seven bits of padding, or padding that is
    /// not all ones.
    InvalidHuffman,
    /// This index is zero or beyond the end of the dynamic table.
    InvalidIndex(usize),
    /// A table size update asks for more than our SETTINGS_HEADER_TABLE_SIZE.
    TableSizeTooLarge {
        /// What the peer asked for, in bytes.
        size: usize,
        /// What we allow, in bytes.
        limit: usize,
    },
    /// A table size update stands after the first field, or is the third of its block.
    TableSizeLate,
    /// We lowered our SETTINGS_HEADER_TABLE_SIZE to this many bytes and the peer's next block does not begin by following.
    TableSizeMissing(usize),
}

impl HpackError {
    /// What is wrong, without the numbers.
    pub fn what(&self) -> &'static str {
        match self {
            Self::Truncated => "the header block ends within a field",
            Self::IntegerTooLarge => "an integer is longer than 5 bytes or greater than 4294967295",
            Self::InvalidHuffman => "a string is not valid Huffman code",
            Self::InvalidIndex(_) => "an index names no table entry",
            Self::TableSizeTooLarge { .. } => "a table size update is above our SETTINGS_HEADER_TABLE_SIZE",
            Self::TableSizeLate => "a table size update stands after the first field or is the third of its block",
            Self::TableSizeMissing(_) => {
                "the table size update that our lower SETTINGS_HEADER_TABLE_SIZE asks for is missing"
            }
        }
    }
}

impl fmt::Display for HpackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HPACK: {}", self.what())?;
        match self {
            Self::InvalidIndex(index) => write!(f, " (index {index})")?,
            Self::TableSizeTooLarge { size, limit } => write!(f, " (asked {size} bytes, allowed {limit})")?,
            Self::TableSizeMissing(limit) => write!(f, " (expected at most {limit} bytes)")?,
            _ => {}
        }
        f.write_str("; the peer's header encoder is at fault, connect anew")
    }
}

impl std::error::Error for HpackError {}

#[cfg(test)]
mod tests;
