//! Header blocks: any bytes into a decoder, and what came out through an encoder and back.
//!
//! An input is a byte of settings and then blocks, each with its length before it. Two decoders see the same blocks, one
//! of them in the company of changes to the table's size.

use farcall_wire::h2::Indexing;
use farcall_wire::h2::hpack::{Decoder, Encoder, FieldSink, HpackError};

use crate::{Input, Reach};

/// Fields with whether they came as never indexed.
#[derive(Debug, Default, PartialEq, Eq)]
struct List {
    fields: Vec<(Vec<u8>, Vec<u8>, bool)>,
    bytes: usize,
}

impl FieldSink for List {
    fn field(&mut self, name: &[u8], value: &[u8], sensitive: bool) {
        self.bytes += name.len() + value.len();
        self.fields.push((name.to_vec(), value.to_vec(), sensitive));
    }
}

/// Runs an input.
pub fn run(bytes: &[u8]) -> Reach {
    let mut reach = Reach::default();
    let mut input = Input::new(bytes);
    let options = input.byte();
    let limit = [4_096, 0, 100, 65_536][usize::from(options & 3)];
    let mut decoder = Decoder::new(limit);
    let mut twin = Decoder::new(limit);
    let (mut encoder, mut back) = (Encoder::new(), Decoder::new(65_536));
    while !input.is_empty() {
        let control = input.byte();
        if control >= 0xf0 {
            let size = u32::from(input.short()) % (limit + 1);
            decoder.set_max_table_size(size);
            twin.set_max_table_size(size);
            reach.note("table", size.checked_ilog2().unwrap_or(0));
            continue;
        }
        if control >= 0xe0 {
            let size = u32::from(input.short());
            // What the peer of the encoder has acknowledged: both sides hear of it between two blocks.
            encoder.set_peer_table_size(size);
            back.set_max_table_size(size);
            reach.note("peer table", size.checked_ilog2().unwrap_or(0));
            continue;
        }
        let block = input.take(usize::from(control));
        let Some(list) = decode(block, &mut decoder, &mut twin, &mut reach) else { return reach };
        round_trip(&list, options, &mut encoder, &mut back, &mut reach);
    }
    reach
}

/// Decodes twice, and holds what comes out to its bounds; `None` where the connection would be over.
fn decode(block: &[u8], decoder: &mut Decoder, twin: &mut Decoder, reach: &mut Reach) -> Option<List> {
    let (mut list, mut again) = (List::default(), List::default());
    let before = decoder.generation();
    let read = decoder.decode(block, &mut list);
    assert_eq!(twin.decode(block, &mut again), read, "the same block, the same table");
    assert_eq!(list, again);
    // Each byte of a block names at most one entry, of at most the table's size; Huffman code grows by 8 bits in 5.
    assert!(list.fields.len() <= block.len());
    assert!(list.bytes <= block.len() * 65_536, "{} bytes out of {}", list.bytes, block.len());
    let problem = match read {
        Ok(()) => 0,
        Err(HpackError::Truncated) => 1,
        Err(HpackError::IntegerTooLarge) => 2,
        Err(HpackError::InvalidHuffman) => 3,
        Err(HpackError::InvalidIndex(index)) => 4 + index.checked_ilog2().unwrap_or(0).min(9),
        Err(HpackError::TableSizeTooLarge { .. }) => 20,
        Err(HpackError::TableSizeLate) => 21,
        Err(HpackError::TableSizeMissing(_)) => 22,
    };
    reach.note("decoded", problem);
    reach.note("fields", list.fields.len().min(40) as u32);
    note_shape(block, reach);
    if read.is_ok() && decoder.generation() == before {
        reach.note("table unchanged", 0);
        let mut third = List::default();
        assert_eq!(decoder.decode(block, &mut third), Ok(()), "an unchanged table means the same block means the same");
        assert_eq!((third, decoder.generation()), (again, before));
        let mut third = List::default();
        assert_eq!(twin.decode(block, &mut third), Ok(()));
    } else {
        reach.note("table changed", (decoder.generation() - before).min(8) as u32);
    }
    read.is_ok().then_some(list)
}

/// What the first bytes of a block are.
fn note_shape(block: &[u8], reach: &mut Reach) {
    for first in block.iter().take(3) {
        let what = match first {
            0x80.. => 0,
            0x40.. => 1,
            0x20.. => 2,
            0x10.. => 3,
            _ => 4,
        };
        reach.note("begins", what);
    }
}

/// What was decoded is encoded as the options say, and comes back.
fn round_trip(list: &List, options: u8, encoder: &mut Encoder, back: &mut Decoder, reach: &mut Reach) {
    let kinds = [Indexing::Index, Indexing::Plain, Indexing::Never, Indexing::Name];
    let mut block = Vec::new();
    encoder.begin_block(&mut block);
    for (at, (name, value, sensitive)) in list.fields.iter().enumerate() {
        let indexing = match (sensitive, options >> 2 & 7) {
            (true, _) => Indexing::Never,
            (false, mixed @ 4..) => kinds[(at + usize::from(mixed)) % 4],
            (false, one) => kinds[usize::from(one)],
        };
        encoder.encode(name, value, indexing, &mut block);
    }
    reach.note("encoded", block.len().checked_ilog2().unwrap_or(0));
    let plain: usize = list.fields.iter().map(|(name, value, _)| name.len() + value.len() + 12).sum();
    assert!(block.len() <= plain + 12, "{} bytes for {plain}", block.len());
    let mut read = List::default();
    assert_eq!(back.decode(&block, &mut read), Ok(()), "an encoder's block decodes");
    let texts =
        |list: &List| list.fields.iter().map(|(name, value, _)| (name.clone(), value.clone())).collect::<Vec<_>>();
    assert_eq!(texts(&read), texts(list), "what was encoded comes back");
    let kept = list.fields.iter().zip(&read.fields).all(|(sent, came)| !sent.2 || came.2);
    assert!(kept, "what is never indexed stays so (RFC 7541 §7.1.3)");
}
