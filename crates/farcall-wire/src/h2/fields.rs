//! A header list: fields in order, names and values in one buffer.
//!
//! Filled by HPACK on receipt and by the layer above before sending. Whether it is a legal list is `verdict`'s matter.

use super::hpack::{FieldSink, Indexing};

/// A header list.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    /// What `content-length` says, once `verdict` has read it.
    pub(super) content_length: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    name_end: u32,
    value_end: u32,
    indexing: Indexing,
}

impl Fields {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a field. `indexing` says how HPACK may treat it when it is sent.
    pub fn push(&mut self, name: &[u8], value: &[u8], indexing: Indexing) {
        self.bytes.extend_from_slice(name);
        let name_end = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(value);
        let value_end = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.entries.push(Entry { name_end, value_end, indexing });
    }

    /// Removes all fields and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
        self.content_length = None;
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Name and value of each field, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.iter_sent().map(|(name, value, _)| (name, value))
    }

    /// Each field with the way in which HPACK may treat it.
    pub fn iter_sent(&self) -> impl Iterator<Item = (&[u8], &[u8], Indexing)> {
        let mut start = 0;
        self.entries.iter().map(move |entry| {
            let name = self.bytes.get(start..entry.name_end as usize).unwrap_or_default();
            let value = self.bytes.get(entry.name_end as usize..entry.value_end as usize).unwrap_or_default();
            start = entry.value_end as usize;
            (name, value, entry.indexing)
        })
    }

    /// The value of the first field of that name.
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.iter().find_map(|(field, value)| (field == name).then_some(value))
    }

    /// Size as RFC 9113 §6.5.2 counts it: names, values and 32 for each field.
    pub fn list_size(&self) -> usize {
        self.bytes.len() + FIELD_OVERHEAD * self.entries.len()
    }
}

/// Collects a header list up to its limits, and keeps counting when they are passed.
#[derive(Debug)]
pub(super) struct Collector {
    pub(super) fields: Fields,
    size: usize,
    count: usize,
    size_limit: usize,
    count_limit: usize,
}

impl Collector {
    pub(super) fn new(size_limit: u32, count_limit: u32) -> Self {
        let (size_limit, count_limit) = (size_limit as usize, count_limit as usize);
        Self { fields: Fields::new(), size: 0, count: 0, size_limit, count_limit }
    }

    /// Whether a limit was passed; the fields are incomplete then.
    pub(super) fn is_over(&self) -> bool {
        self.size > self.size_limit || self.count > self.count_limit
    }
}

impl FieldSink for Collector {
    fn field(&mut self, name: &[u8], value: &[u8], sensitive: bool) {
        self.size = self.size.saturating_add(name.len() + value.len() + FIELD_OVERHEAD);
        self.count = self.count.saturating_add(1);
        if !self.is_over() {
            //= RFC 7541 §6.2.3: a field that came as never indexed is passed on as such
            let indexing = if sensitive { Indexing::Never } else { Indexing::Plain };
            self.fields.push(name, value, indexing);
        }
    }
}

/// What RFC 9113 §6.5.2 adds to each field, in bytes.
const FIELD_OVERHEAD: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_in_order_with_their_values() {
        let mut fields = Fields::new();
        fields.push(b":path", b"/a", Indexing::Index);
        fields.push(b"empty", b"", Indexing::Plain);
        fields.push(b"x", b"1", Indexing::Never);
        fields.push(b"x", b"2", Indexing::Plain);
        let all: Vec<_> = fields.iter().collect();
        assert_eq!(all, [(&b":path"[..], &b"/a"[..]), (b"empty", b""), (b"x", b"1"), (b"x", b"2")]);
        assert_eq!((fields.get(b"x"), fields.get(b"y")), (Some(&b"1"[..]), None));
        assert_eq!(fields.list_size(), 5 + 2 + 5 + 1 + 1 + 1 + 1 + 4 * 32);
        fields.clear();
        assert!(fields.is_empty() && fields.iter().next().is_none());
    }

    //= RFC 7541 §6.2.3: a field that came as never indexed is passed on as such
    #[test]
    fn what_came_as_never_indexed_goes_on_as_such() {
        let mut collector = Collector::new(1_000, 10);
        collector.field(b"authorization", b"secret", true);
        collector.field(b"x", b"1", false);
        let indexing: Vec<Indexing> = collector.fields.iter_sent().map(|(.., indexing)| indexing).collect();
        assert_eq!(indexing, [Indexing::Never, Indexing::Plain]);
        let mut block = Vec::new();
        let mut encoder = crate::h2::hpack::Encoder::new();
        crate::h2::Part::Fresh(&collector.fields).encode(&mut encoder, &mut block);
        assert_eq!(block[0] & 0xf0, 0x10, "a literal that is never indexed");
    }

    #[test]
    fn a_collector_keeps_what_fits_and_notices_what_does_not() {
        let mut by_size = Collector::new(100, 100);
        by_size.field(b"a", &[b'x'; 67], false);
        assert!(!by_size.is_over());
        by_size.field(b"", b"", false);
        assert!(by_size.is_over());
        assert_eq!(by_size.fields.len(), 1);
        let mut by_count = Collector::new(10_000, 2);
        for _ in 0..3 {
            by_count.field(b"a", b"", true);
        }
        assert!(by_count.is_over());
        assert_eq!(by_count.fields.len(), 2);
    }
}
