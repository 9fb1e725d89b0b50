//! What both directions share in tests, and what only both together can show.

use super::*;

/// A field as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Got {
    pub(super) name: Vec<u8>,
    pub(super) value: Vec<u8>,
    pub(super) sensitive: bool,
}

/// Keeps every field.
#[derive(Debug, Default)]
pub(super) struct Fields(pub(super) Vec<Got>);

impl FieldSink for Fields {
    fn field(&mut self, name: &[u8], value: &[u8], sensitive: bool) {
        self.0.push(Got { name: name.to_vec(), value: value.to_vec(), sensitive });
    }
}

/// Looks at nothing.
pub(super) struct Nobody;

impl FieldSink for Nobody {
    fn field(&mut self, _: &[u8], _: &[u8], _: bool) {}
}

pub(super) fn got(name: &str, value: &str) -> Got {
    Got { name: name.into(), value: value.into(), sensitive: false }
}

/// Numbers that look random and are the same in every run (SplitMix64).
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) % bound as u64) as usize
    }

    pub(super) fn bytes(&mut self, longest: usize) -> Vec<u8> {
        let length = self.below(longest + 1);
        (0..length).map(|_| self.below(256) as u8).collect()
    }
}

const NAMES: &[&str] = &[
    ":method",
    ":path",
    ":status",
    ":authority",
    "content-type",
    "te",
    "grpc-timeout",
    "grpc-encoding",
    "x-a",
    "x-b-rather-long-name-of-a-field",
    "authorization",
    "",
];

const VALUES: &[&str] =
    &["", "GET", "POST", "200", "/", "trailers", "application/grpc", "gzip, deflate", "\u{7f}\"é\\"];

fn random_field(numbers: &mut Numbers) -> (Vec<u8>, Vec<u8>, Indexing) {
    let name = match numbers.below(10) {
        0 => numbers.bytes(40),
        _ => NAMES[numbers.below(NAMES.len())].into(),
    };
    let value = match numbers.below(10) {
        0 => numbers.bytes(300),
        1 => vec![b'v'; numbers.below(6000)],
        2..5 => numbers.below(40).to_string().into_bytes(),
        _ => VALUES[numbers.below(VALUES.len())].into(),
    };
    let indexing = [Indexing::Index, Indexing::Index, Indexing::Plain, Indexing::Never][numbers.below(4)];
    (name, value, indexing)
}

/// Several changes may happen between two blocks, to both sides at once as an acknowledged setting has it.
fn change_table_size(numbers: &mut Numbers, encoder: &mut Encoder, decoder: &mut Decoder) {
    for _ in 0..numbers.below(4) {
        let size = [0, 31, 64, 200, 1000, 4096, 4097, 65_536, u32::MAX][numbers.below(9)];
        encoder.set_peer_table_size(size);
        decoder.set_max_table_size(size);
    }
}

#[test]
fn what_is_encoded_is_decoded_under_changing_table_sizes() {
    for seed in 0..60 {
        let mut numbers = Numbers(seed);
        let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new(4096));
        for _ in 0..60 {
            if numbers.below(4) == 0 {
                change_table_size(&mut numbers, &mut encoder, &mut decoder);
            }
            let mut block = Vec::new();
            let mut sent = Vec::new();
            encoder.begin_block(&mut block);
            for _ in 0..numbers.below(12) {
                let (name, value, indexing) = random_field(&mut numbers);
                encoder.encode(&name, &value, indexing, &mut block);
                sent.push(Got { name, value, sensitive: indexing == Indexing::Never });
            }
            let mut fields = Fields::default();
            decoder.decode(&block, &mut fields).expect("our own block");
            assert_eq!(fields.0, sent, "seed {seed}");
        }
    }
}

#[test]
fn a_sink_that_looks_away_does_not_disturb_the_next_block() {
    let mut numbers = Numbers(7);
    let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new(4096));
    for round in 0..200 {
        let mut block = Vec::new();
        let mut sent = Vec::new();
        encoder.begin_block(&mut block);
        for _ in 0..10 {
            let (name, value, indexing) = random_field(&mut numbers);
            encoder.encode(&name, &value, indexing, &mut block);
            sent.push(Got { name, value, sensitive: indexing == Indexing::Never });
        }
        if round % 2 == 0 {
            decoder.decode(&block, &mut Nobody).expect("our own block");
        } else {
            let mut fields = Fields::default();
            decoder.decode(&block, &mut fields).expect("our own block");
            assert_eq!(fields.0, sent);
        }
    }
}

#[test]
fn every_error_says_what_is_wrong_and_what_to_do() {
    let errors = [
        HpackError::Truncated,
        HpackError::IntegerTooLarge,
        HpackError::InvalidHuffman,
        HpackError::InvalidIndex(70),
        HpackError::TableSizeTooLarge { size: 5000, limit: 4096 },
        HpackError::TableSizeLate,
        HpackError::TableSizeMissing(100),
    ];
    for error in errors {
        let text = error.to_string();
        assert!(text.contains(error.what()) && text.ends_with("connect anew"), "{text}");
    }
    assert!(errors[3].to_string().contains("(index 70)"));
    assert!(errors[4].to_string().contains("(asked 5000 bytes, allowed 4096)"));
    assert!(errors[6].to_string().contains("(expected at most 100 bytes)"));
}
