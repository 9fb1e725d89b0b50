//! Header lists that are sent again and again: encoded once, and again when the peer's view of the table has changed.
//!
//! The counterpart of `memo` for the other direction. What a list says is the layer above's business; here it is only
//! kept beside its bytes.

use super::fields::Fields;
use super::hpack::Encoder;

/// A header list, or a part of one, with its encoding.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    fields: Fields,
    list_size: usize,
    block: Vec<u8>,
    /// Under which state of the table `block` means `fields`.
    generation: Option<u64>,
}

/// Part of a header list that is sent.
#[derive(Debug)]
pub(crate) enum Part<'a> {
    /// What was sent before.
    Prepared(&'a mut Prepared),
    /// What is different each time.
    Fresh(&'a Fields),
}

impl Prepared {
    /// A list that will be sent more than once.
    pub(crate) fn new(fields: Fields) -> Self {
        Self { list_size: fields.list_size(), fields, block: Vec::new(), generation: None }
    }

    /// Size as RFC 9113 §6.5.2 counts it.
    pub(crate) fn list_size(&self) -> usize {
        self.list_size
    }

    /// Writes the list's share of a header block.
    pub(super) fn encode(&mut self, encoder: &mut Encoder, out: &mut Vec<u8>) {
        let generation = encoder.generation();
        if self.generation == Some(generation) {
            return out.extend_from_slice(&self.block);
        }
        let start = out.len();
        encode(&self.fields, encoder, out);
        // A block that changes the table means something else the next time.
        self.generation = Some(generation).filter(|_| encoder.generation() == generation);
        self.block.clear();
        if self.generation.is_some() {
            self.block.extend_from_slice(out.get(start..).unwrap_or_default());
        }
    }
}

impl Part<'_> {
    /// Writes the part's share of a header block.
    pub(super) fn encode(&mut self, encoder: &mut Encoder, out: &mut Vec<u8>) {
        match self {
            Self::Prepared(prepared) => prepared.encode(encoder, out),
            Self::Fresh(fields) => encode(fields, encoder, out),
        }
    }

    /// Size as RFC 9113 §6.5.2 counts it.
    pub(super) fn list_size(&self) -> usize {
        match self {
            Self::Prepared(prepared) => prepared.list_size,
            Self::Fresh(fields) => fields.list_size(),
        }
    }

    /// Adds the part's fields to a list that has to wait.
    pub(super) fn append_to(&self, list: &mut Fields) {
        let fields = match self {
            Self::Prepared(prepared) => &prepared.fields,
            Self::Fresh(fields) => fields,
        };
        for (name, value, indexing) in fields.iter_sent() {
            list.push(name, value, indexing);
        }
    }
}

fn encode(fields: &Fields, encoder: &mut Encoder, out: &mut Vec<u8>) {
    //= RFC 7541 §2.1: fields are written in the order of their list
    for (name, value, indexing) in fields.iter_sent() {
        encoder.encode(name, value, indexing, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::h2::Indexing;
    use crate::h2::hpack::{Decoder, FieldSink};

    #[derive(Default)]
    struct List(Vec<(Vec<u8>, Vec<u8>)>);

    impl FieldSink for List {
        fn field(&mut self, name: &[u8], value: &[u8], _: bool) {
            self.0.push((name.to_vec(), value.to_vec()));
        }
    }

    fn list(fields: &[(&str, &str, Indexing)]) -> Fields {
        let mut list = Fields::new();
        for (name, value, indexing) in fields {
            list.push(name.as_bytes(), value.as_bytes(), *indexing);
        }
        list
    }

    /// A connection's encoder, and a peer that reads what it writes.
    struct Pair {
        encoder: Encoder,
        decoder: Decoder,
    }

    impl Pair {
        fn new() -> Self {
            Self { encoder: Encoder::new(), decoder: Decoder::new(4_096) }
        }

        /// Sends the parts as one block, checks that the peer reads them, and returns the block's length.
        fn send(&mut self, parts: &mut [Part<'_>]) -> usize {
            let mut expected = Fields::new();
            parts.iter().for_each(|part| part.append_to(&mut expected));
            assert_eq!(parts.iter().map(Part::list_size).sum::<usize>(), expected.list_size());
            let mut block = Vec::new();
            self.encoder.begin_block(&mut block);
            parts.iter_mut().for_each(|part| part.encode(&mut self.encoder, &mut block));
            let mut seen = List::default();
            self.decoder.decode(&block, &mut seen).unwrap();
            let expected: Vec<_> = expected.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
            assert_eq!(seen.0, expected);
            block.len()
        }
    }

    //= RFC 7541 §2.1: fields are written in the order of their list
    #[test]
    fn a_list_is_read_the_same_each_time_that_it_is_sent() {
        let mut pair = Pair::new();
        let mut first = Prepared::new(list(&[(":method", "POST", Indexing::Index), (":path", "/a", Indexing::Index)]));
        let mut last = Prepared::new(list(&[("te", "trailers", Indexing::Index)]));
        let mut lengths = Vec::new();
        for timeout in ["1S", "2S", "3S", "4S"] {
            let fresh = list(&[("grpc-timeout", timeout, Indexing::Name), ("authorization", "s", Indexing::Never)]);
            lengths.push(pair.send(&mut [Part::Prepared(&mut first), Part::Fresh(&fresh), Part::Prepared(&mut last)]));
        }
        assert!(lengths[0] > lengths[1] && lengths[2] == lengths[3], "{lengths:?}");
    }

    #[test]
    fn a_changed_table_is_noticed() {
        let mut pair = Pair::new();
        let mut stable = Prepared::new(list(&[("stable", "value", Indexing::Index), ("x", "y", Indexing::Index)]));
        for number in 0..400 {
            pair.send(&mut [Part::Prepared(&mut stable)]);
            if number % 3 == 0 {
                pair.send(&mut [Part::Fresh(&list(&[("fresh", &format!("{number:050}"), Indexing::Index)]))]);
            }
            if number % 50 == 0 {
                pair.encoder.set_peer_table_size(if number % 100 == 0 { 0 } else { 4_096 });
            }
        }
    }

    #[test]
    fn a_list_that_no_table_holds_is_sent_in_full_each_time() {
        let mut pair = Pair::new();
        let long = "x".repeat(5_000);
        let mut prepared = Prepared::new(list(&[("a", &long, Indexing::Index)]));
        let lengths = [(); 3].map(|()| pair.send(&mut [Part::Prepared(&mut prepared)]));
        assert!(lengths.iter().all(|length| *length == lengths[0] && *length > 3_000), "{lengths:?}");
    }
}
