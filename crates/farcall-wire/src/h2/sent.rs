//! What was sent before is sent again without a look at it: the same fields, under an unchanged table, are the same bytes.
//!
//! The counterpart of `memo` for the other direction. A request's stable fields and a reply's head and trailers are each
//! one run, which is compared and copied instead of being hashed and looked up field by field.

use super::fields::{Fields, Run, StableRun};
use super::hpack::Encoder;

/// The last few runs of fields and their encoding.
#[derive(Debug, Default)]
pub(super) struct Sent {
    entries: [Entry; SIZE],
    next: usize,
}

#[derive(Debug, Default)]
struct Entry {
    bytes: Vec<u8>,
    ends: Vec<(u32, u32)>,
    generation: u64,
    block: Vec<u8>,
}

impl Sent {
    /// Writes a header block, without table size updates.
    pub(super) fn encode(&mut self, encoder: &mut Encoder, fields: &Fields, out: &mut Vec<u8>) {
        for run in fields.runs() {
            match run {
                Run::Single(name, value, indexing) => encoder.encode(name, value, indexing, out),
                Run::Stable(run) => match self.find(run, encoder.generation()) {
                    Some(block) => out.extend_from_slice(block),
                    None => self.encode_run(encoder, run, out),
                },
            }
        }
    }

    fn find(&self, run: StableRun<'_>, generation: u64) -> Option<&[u8]> {
        let same = |entry: &&Entry| {
            entry.generation == generation && entry.bytes == run.bytes() && run.ends().eq(entry.ends.iter().copied())
        };
        self.entries.iter().find(same).map(|entry| entry.block.as_slice())
    }

    fn encode_run(&mut self, encoder: &mut Encoder, run: StableRun<'_>, out: &mut Vec<u8>) {
        let (start, before) = (out.len(), encoder.generation());
        for (name, value) in run.iter() {
            encoder.encode(name, value, super::Indexing::Index, out);
        }
        if encoder.generation() != before || run.bytes().len() > LARGEST {
            return;
        }
        if let Some(entry) = self.entries.get_mut(self.next) {
            entry.bytes.clear();
            entry.bytes.extend_from_slice(run.bytes());
            entry.ends.clear();
            entry.ends.extend(run.ends());
            entry.generation = before;
            entry.block.clear();
            entry.block.extend_from_slice(out.get(start..).unwrap_or_default());
        }
        self.next = (self.next + 1) % SIZE;
    }
}

/// Runs that are remembered: a few methods of a client, head and trailers of a server.
const SIZE: usize = 8;
/// The longest run that is remembered, in bytes of names and values.
const LARGEST: usize = 1_024;

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

    /// Encodes the lists one after the other and checks that a peer reads each as it was; returns the blocks' lengths.
    fn lengths(lists: &[Fields]) -> Vec<usize> {
        let (mut sent, mut encoder, mut decoder) = (Sent::default(), Encoder::new(), Decoder::new(4_096));
        let read = |fields: &Fields| {
            let mut block = Vec::new();
            encoder.begin_block(&mut block);
            sent.encode(&mut encoder, fields, &mut block);
            let mut seen = List::default();
            decoder.decode(&block, &mut seen).unwrap();
            let expected: Vec<_> = fields.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
            assert_eq!(seen.0, expected);
            block.len()
        };
        lists.iter().map(read).collect()
    }

    #[test]
    fn a_list_that_was_sent_before_is_read_the_same_again() {
        let request = |path: &str, timeout: &str| {
            let fields = [
                (":method", "POST", Indexing::Index),
                (":path", path, Indexing::Index),
                ("grpc-timeout", timeout, Indexing::Name),
                ("te", "trailers", Indexing::Index),
                ("authorization", "secret", Indexing::Never),
            ];
            list(&fields)
        };
        let lists =
            [request("/a", "1S"), request("/a", "2S"), request("/b", "3S"), request("/a", "4S"), request("/b", "5S")];
        let lengths = lengths(&lists);
        assert!(lengths[4] < lengths[2] && lengths[1] == lengths[3] && lengths[3] == lengths[4], "{lengths:?}");
    }

    #[test]
    fn fields_that_differ_only_in_where_a_name_ends_are_different() {
        let lists = [
            list(&[("ab", "c", Indexing::Index)]),
            list(&[("ab", "c", Indexing::Index)]),
            list(&[("a", "bc", Indexing::Index)]),
            list(&[("a", "bc", Indexing::Index), ("x", "", Indexing::Index)]),
        ];
        lengths(&lists);
    }

    #[test]
    fn a_changed_table_is_noticed() {
        let many: Vec<Fields> = (0..400)
            .map(|number| match number % 3 {
                0 => list(&[("stable", "value", Indexing::Index), ("other", "value", Indexing::Index)]),
                1 => list(&[("name", "same", Indexing::Index)]),
                _ => list(&[("fresh", &format!("{number:050}"), Indexing::Index)]),
            })
            .collect();
        lengths(&many);
    }

    #[test]
    fn long_runs_are_not_remembered() {
        let long = "x".repeat(LARGEST);
        let (mut sent, mut encoder, mut block) = (Sent::default(), Encoder::new(), Vec::new());
        for _ in 0..3 {
            sent.encode(&mut encoder, &list(&[("a", &long, Indexing::Index)]), &mut block);
        }
        assert!(sent.entries.iter().all(|entry| entry.bytes.is_empty()));
    }
}
