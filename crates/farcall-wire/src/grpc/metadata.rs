//! Custom metadata: the names and values that an application sends beside its messages.
//!
//! An ordered multimap, cheap to clone and free while empty; a copy is made when a shared one is changed. Headers that
//! belong to HTTP/2 or to gRPC itself are refused when an application sets them (`metadata/name.rs`), and whoever reads
//! a head takes them out before anything comes here.
//! //= gRPC PROTOCOL-HTTP2 "Custom-Metadata": order is kept among the values of one name; -bin values travel as base64

mod name;

use core::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

pub use name::MetadataError;
pub(super) use name::checked_text;
use name::{check_name, is_binary};

use super::status::Status;

/// Names with values, in the order they were added; a name may have several.
///
/// Names are lower case; lookups do not mind the case. The values of names that end in `-bin` are any bytes, all others
/// are text. Clones share their storage until one is changed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// `None` while empty.
    flat: Option<Arc<Flat>>,
}

/// Names and values, one behind the other, and where each entry lies.
#[derive(Clone, PartialEq, Eq)]
struct Flat {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

/// The name is `start..split` of the bytes, the value `split..end`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry {
    start: usize,
    split: usize,
    end: usize,
}

impl Metadata {
    /// Without entries; allocates nothing.
    pub const fn new() -> Self {
        Self { flat: None }
    }

    /// Adds a text value behind those that the name has. Outer spaces are taken off.
    ///
    /// # Errors
    /// A name that is not legal, is reserved, or ends in `-bin` (see [`append_bin`](Self::append_bin)); a value with
    /// anything but printable ASCII.
    pub fn append(&mut self, name: &str, value: impl AsRef<str>) -> Result<(), MetadataError> {
        check_name(name, false)?;
        let value = checked_text(name, value.as_ref())?;
        self.push(name, value.as_bytes());
        Ok(())
    }

    /// Adds a value of any bytes behind those that the name has.
    ///
    /// # Errors
    /// A name that is not legal, is reserved, or does not end in `-bin`.
    pub fn append_bin(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<(), MetadataError> {
        check_name(name, true)?;
        self.push(name, value.as_ref());
        Ok(())
    }

    /// Sets a text value in place of all that the name has.
    ///
    /// # Errors
    /// As [`append`](Self::append); then nothing is changed.
    pub fn insert(&mut self, name: &str, value: impl AsRef<str>) -> Result<(), MetadataError> {
        check_name(name, false)?;
        let value = checked_text(name, value.as_ref())?;
        self.remove(name);
        self.push(name, value.as_bytes());
        Ok(())
    }

    /// Sets a value of any bytes in place of all that the name has.
    ///
    /// # Errors
    /// As [`append_bin`](Self::append_bin); then nothing is changed.
    pub fn insert_bin(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<(), MetadataError> {
        check_name(name, true)?;
        self.remove(name);
        self.push(name, value.as_ref());
        Ok(())
    }

    /// Takes out all values of a name; whether there were any.
    pub fn remove(&mut self, name: &str) -> bool {
        if self.find(name).next().is_none() {
            return false;
        }
        let mut kept = Self::new();
        for (other, value) in self.iter().filter(|(other, _)| !other.eq_ignore_ascii_case(name)) {
            kept.push(other, value);
        }
        *self = kept;
        true
    }

    /// Adds all entries of another, in their order.
    pub fn extend(&mut self, other: &Self) {
        if self.is_empty() {
            self.clone_from(other);
            return;
        }
        for (name, value) in other.iter() {
            self.push(name, value);
        }
    }

    /// Adds one header field as it was received. The name is lower case, which HTTP/2 has made sure of.
    ///
    /// Spaces and tabs around a value are taken off. A `-bin` value is split at commas before it is decoded, from base64
    /// with or without padding, and each piece is an entry. Other values are kept as they are, also where they are not
    /// ASCII.
    ///
    /// # Errors
    /// A `-bin` value that is not base64; then nothing was added. It ends one call, never the connection.
    pub fn push_received(&mut self, name: &[u8], value: &[u8]) -> Result<(), InvalidBinary> {
        // A field name is a token, which is ASCII (RFC 9110 §5.6.2): what is none does not get past HTTP/2.
        let Ok(name) = core::str::from_utf8(name) else { return Ok(()) };
        let value = strip(value);
        if !is_binary(name) {
            self.push(name, value);
            return Ok(());
        }
        let before = self.len();
        for piece in value.split(|byte| *byte == b',').map(strip) {
            if let Err(problem) = self.flat_mut().push_base64(name, piece) {
                self.truncate(before);
                return Err(InvalidBinary::new(name, piece, problem));
            }
        }
        Ok(())
    }

    /// Calls `f` with each name and its value as it is sent: `-bin` values as base64 without padding.
    pub fn for_each_sent(&self, mut f: impl FnMut(&str, &[u8])) {
        let mut scratch = String::new();
        for (name, value) in self.iter() {
            if is_binary(name) {
                scratch.clear();
                BASE64.encode_string(value, &mut scratch);
                f(name, scratch.as_bytes());
            } else {
                f(name, value);
            }
        }
    }

    /// The first value of a name, if it is text; see [`get_bytes`](Self::get_bytes) for names that end in `-bin`.
    pub fn get(&self, name: &str) -> Option<&str> {
        if is_binary(name) {
            return None;
        }
        core::str::from_utf8(self.get_bytes(name)?).ok()
    }

    /// The first value of a name.
    pub fn get_bytes(&self, name: &str) -> Option<&[u8]> {
        self.find(name).next()
    }

    /// All values of a name, in their order.
    pub fn get_all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.find(name)
    }

    /// All names and values, in their order. The values of `-bin` names are what they mean, not their base64.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.flat.iter().flat_map(|flat| flat.entries.iter().map(|entry| flat.read(*entry)))
    }

    /// How many entries there are; a name counts as often as it has values.
    pub fn len(&self) -> usize {
        self.flat.as_ref().map_or(0, |flat| flat.entries.len())
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the entries count against a header list limit: for each the bytes of name and value as sent, and 32
    /// (RFC 9113 §6.5.2).
    pub fn wire_size(&self) -> usize {
        let sent = |name: &str, value: &[u8]| match is_binary(name) {
            true => base64::encoded_len(value.len(), false).unwrap_or(usize::MAX),
            false => value.len(),
        };
        self.iter().fold(0, |sum, (name, value)| sum.saturating_add(sent(name, value)).saturating_add(name.len() + 32))
    }

    fn find<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn push(&mut self, name: &str, value: &[u8]) {
        let flat = self.flat_mut();
        let start = flat.bytes.len();
        flat.bytes.reserve(name.len() + value.len());
        flat.bytes.extend_from_slice(name.as_bytes());
        flat.bytes.extend_from_slice(value);
        flat.entries.push(Entry { start, split: start + name.len(), end: flat.bytes.len() });
    }

    /// Keeps the first `count` entries.
    fn truncate(&mut self, count: usize) {
        if count == 0 {
            self.flat = None;
            return;
        }
        let flat = self.flat_mut();
        flat.entries.truncate(count);
        flat.bytes.truncate(flat.entries.last().map_or(0, |entry| entry.end));
    }

    fn flat_mut(&mut self) -> &mut Flat {
        // Room for a few entries of usual size, so that the first ones do not grow it step by step.
        let new = || Arc::new(Flat { bytes: Vec::with_capacity(128), entries: Vec::with_capacity(4) });
        Arc::make_mut(self.flat.get_or_insert_with(new))
    }
}

impl Flat {
    /// Adds an entry whose value travelled as base64, or leaves bytes behind that the caller truncates.
    fn push_base64(&mut self, name: &str, value: &[u8]) -> Result<(), base64::DecodeError> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(name.as_bytes());
        let split = self.bytes.len();
        BASE64.decode_vec(value, &mut self.bytes)?;
        self.entries.push(Entry { start, split, end: self.bytes.len() });
        Ok(())
    }

    fn read(&self, entry: Entry) -> (&str, &[u8]) {
        let name = self.bytes.get(entry.start..entry.split).unwrap_or_default();
        let value = self.bytes.get(entry.split..entry.end).unwrap_or_default();
        (core::str::from_utf8(name).unwrap_or_default(), value)
    }
}

/// Without the spaces and tabs around it.
fn strip(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// Standard base64: written without padding, read with or without, and with any bits behind the last byte.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

impl fmt::Debug for Metadata {
    /// Credentials are not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self.iter() {
            match name {
                "authorization" | "proxy-authorization" | "cookie" | "set-cookie" => {
                    map.entry(&name, &format_args!("…"))
                }
                _ => map.entry(&name, &format_args!("\"{}\"", value.escape_ascii())),
            };
        }
        map.finish()
    }
}

/// A `-bin` value that was received and is not base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidBinary {
    name: Box<str>,
    /// The beginning of the value, escaped.
    value: Box<str>,
    problem: base64::DecodeError,
}

impl InvalidBinary {
    fn new(name: &str, value: &[u8], problem: base64::DecodeError) -> Self {
        let shown = value.get(..32).unwrap_or(value).escape_ascii().to_string();
        Self { name: name.into(), value: shown.into(), problem }
    }

    /// The name of the header.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for InvalidBinary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, problem } = self;
        write!(f, "metadata `{name}` has `{value}`, which is not base64 ({problem}): encode the values of -bin names")
    }
}

impl core::error::Error for InvalidBinary {}

impl From<InvalidBinary> for Status {
    fn from(error: InvalidBinary) -> Self {
        Self::internal(error.to_string())
    }
}

#[cfg(test)]
mod tests;
