//! A header decoder with a mistake put in on purpose: shows whether a driver finds what hides behind several steps.

use farcall_wire::h2::hpack::{Decoder, FieldSink};

use crate::{Input, Reach, Target};

/// Header blocks into a decoder that is wrapped badly: two bytes, and records of eight, each a length and a block.
pub const PLANTED: Target = Target { name: "planted", about: "header blocks, and a bug on purpose", run, longest: 256 };

/// How far a connection has come towards the mistake; each step takes a block of its own, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Begun,
    /// A block has put an entry into the table.
    Filled,
    /// A block has made the table smaller than any entry, and empty.
    Emptied,
    /// A block has made it larger again.
    Grown,
    /// A block had a field that must never be indexed.
    Secret,
}

/// Two bytes, and three records with a block each: an index, a field for the table, and that field again.
pub const ORDINARY: &[u8] =
    &[0, 0, 1, 0x82, 0, 0, 0, 0, 0, 0, 5, 0x40, 1, b'a', 1, b'b', 0, 0, 1, 0xbe, 0, 0, 0, 0, 0, 0];

/// Panics where, after the four steps, a block begins with an index. What a branch counter would
/// show of this code is noted as reached: the step.
pub fn run(bytes: &[u8]) -> Reach {
    let mut reach = Reach::default();
    let (mut input, mut decoder, mut step) = (Input::new(bytes), Decoder::new(4_096), Step::Begun);
    input.take(2);
    while !input.is_empty() {
        let record = input.take(8);
        let (length, rest) = record.split_first().unwrap_or((&0, &[]));
        let block = rest.get(..usize::from(*length)).unwrap_or(rest);
        let (before, mut seen) = (decoder.generation(), Seen::default());
        if decoder.decode(block, &mut seen).is_err() {
            reach.note("error", 0);
            return reach;
        }
        let (changed, resized) =
            (decoder.generation() != before, block.first().is_some_and(|first| first & 0xe0 == 0x20));
        let tiny = resized && block.first().is_some_and(|first| first & 0x1f < 31);
        step = match step {
            Step::Begun if changed && seen.fields > 0 => Step::Filled,
            Step::Filled if tiny => Step::Emptied,
            Step::Emptied if resized && !tiny => Step::Grown,
            Step::Grown if seen.secrets > 0 => Step::Secret,
            Step::Secret => {
                assert!(block.first().is_none_or(|first| *first < 0x80), "the planted bug");
                step
            }
            step => step,
        };
        reach.note("step", step as u32);
        reach.note("fields", seen.fields.min(4));
    }
    reach
}

#[derive(Debug, Default)]
struct Seen {
    fields: u32,
    secrets: u32,
}

impl FieldSink for Seen {
    fn field(&mut self, _: &[u8], _: &[u8], sensitive: bool) {
        self.fields += 1;
        self.secrets += u32::from(sensitive);
    }
}
