//! Tests of the decoder: the examples of the RFC, each error by its bytes, hostile input.

use super::*;
use crate::h2::hpack::tests::{Fields, Got, Nobody, Numbers, got};

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let nibble = |digit: u8| char::from(digit).to_digit(16).expect("a hex digit") as u8;
    digits.chunks_exact(2).map(|pair| (nibble(pair[0]) << 4) | nibble(pair[1])).collect()
}

fn decode(decoder: &mut Decoder, block: &[u8]) -> Result<Vec<Got>, HpackError> {
    let mut fields = Fields::default();
    decoder.decode(block, &mut fields).map(|()| fields.0)
}

fn fails_with(block: &[u8]) -> HpackError {
    decode(&mut Decoder::new(4096), block).expect_err("a wrong block")
}

/// Blocks of one connection in hex, the fields of each, and the size of the table after it.
type Story = [(&'static str, &'static [(&'static str, &'static str)], usize)];

fn holds(decoder: &mut Decoder, story: &Story) {
    for (block, fields, size) in story {
        let expected: Vec<Got> = fields.iter().map(|(name, value)| got(name, value)).collect();
        assert_eq!(decode(decoder, &unhex(block)), Ok(expected), "{block}");
        assert_eq!(decoder.table.size(), *size, "{block}");
    }
}

const FIRST_REQUEST: &[(&str, &str)] =
    &[(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "www.example.com")];
const SECOND_REQUEST: &[(&str, &str)] = &[
    (":method", "GET"),
    (":scheme", "http"),
    (":path", "/"),
    (":authority", "www.example.com"),
    ("cache-control", "no-cache"),
];
const THIRD_REQUEST: &[(&str, &str)] = &[
    (":method", "GET"),
    (":scheme", "https"),
    (":path", "/index.html"),
    (":authority", "www.example.com"),
    ("custom-key", "custom-value"),
];
const FIRST_REPLY: &[(&str, &str)] = &[
    (":status", "302"),
    ("cache-control", "private"),
    ("date", "Mon, 21 Oct 2013 20:13:21 GMT"),
    ("location", "https://www.example.com"),
];
const SECOND_REPLY: &[(&str, &str)] = &[
    (":status", "307"),
    ("cache-control", "private"),
    ("date", "Mon, 21 Oct 2013 20:13:21 GMT"),
    ("location", "https://www.example.com"),
];
const THIRD_REPLY: &[(&str, &str)] = &[
    (":status", "200"),
    ("cache-control", "private"),
    ("date", "Mon, 21 Oct 2013 20:13:22 GMT"),
    ("location", "https://www.example.com"),
    ("content-encoding", "gzip"),
    ("set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"),
];

//= RFC 7541 §3.2: a field that came with indexing enters the table, and no other does
#[test]
fn the_fields_of_appendix_c_2_hold() {
    holds(
        &mut Decoder::new(4096),
        &[("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572", &[("custom-key", "custom-header")], 55)],
    );
    holds(&mut Decoder::new(4096), &[("040c 2f73 616d 706c 652f 7061 7468", &[(":path", "/sample/path")], 0)]);
    holds(&mut Decoder::new(4096), &[("82", &[(":method", "GET")], 0)]);
    let mut decoder = Decoder::new(4096);
    let secret = decode(&mut decoder, &unhex("1008 7061 7373 776f 7264 0673 6563 7265 74"));
    assert_eq!(secret, Ok(vec![Got { sensitive: true, ..got("password", "secret") }]));
    assert_eq!(decoder.table.size(), 0);
}

//= RFC 7541 §2.1: fields are told in the order of their block
#[test]
fn the_requests_of_appendix_c_3_hold() {
    holds(
        &mut Decoder::new(4096),
        &[
            ("8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", FIRST_REQUEST, 57),
            ("8286 84be 5808 6e6f 2d63 6163 6865", SECOND_REQUEST, 110),
            ("8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65", THIRD_REQUEST, 164),
        ],
    );
}

#[test]
fn the_requests_of_appendix_c_4_hold() {
    holds(
        &mut Decoder::new(4096),
        &[
            ("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", FIRST_REQUEST, 57),
            ("8286 84be 5886 a8eb 1064 9cbf", SECOND_REQUEST, 110),
            ("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf", THIRD_REQUEST, 164),
        ],
    );
}

#[test]
fn the_replies_of_appendix_c_5_hold() {
    let mut decoder = Decoder::new(4096);
    holds(&mut decoder, &[("3fe101", &[], 0)]);
    holds(
        &mut decoder,
        &[
            (
                "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32
                 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
                FIRST_REPLY,
                222,
            ),
            ("4803 3330 37c1 c0bf", SECOND_REPLY, 222),
            (
                "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970
                 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61
                 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
                THIRD_REPLY,
                215,
            ),
        ],
    );
}

#[test]
fn the_replies_of_appendix_c_6_hold() {
    let mut decoder = Decoder::new(4096);
    holds(&mut decoder, &[("3fe101", &[], 0)]);
    holds(
        &mut decoder,
        &[
            (
                "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad
                 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
                FIRST_REPLY,
                222,
            ),
            ("4883 640e ffc1 c0bf", SECOND_REPLY, 222),
            (
                "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2
                 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
                THIRD_REPLY,
                215,
            ),
        ],
    );
}

#[test]
fn a_block_that_ends_within_a_field_is_refused() {
    for block in [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
        "1008 7061 7373 776f 7264 0673 6563 7265 74",
    ] {
        let block = unhex(block);
        for end in 0..block.len() {
            let result = decode(&mut Decoder::new(4096), &block[..end]);
            let between_fields = block[0] == 0x82 && end <= 3 || end == 0;
            assert_eq!(result.err(), (!between_fields).then_some(HpackError::Truncated), "{end}");
        }
    }
    assert_eq!(fails_with(&[0x3f]), HpackError::Truncated);
    assert_eq!(fails_with(&[0xff, 0x80]), HpackError::Truncated);
}

#[test]
fn an_endless_integer_is_refused_wherever_it_stands() {
    for start in
        [&[0xff][..], &[0x7f], &[0x3f], &[0x1f], &[0x0f], &[0x40, 0x7f], &[0x40, 0xff], &[0x00, 0x01, b'a', 0x7f]]
    {
        let mut block = start.to_vec();
        block.resize(50_000, 0x80);
        assert_eq!(fails_with(&block), HpackError::IntegerTooLarge, "{start:?}");
    }
}

#[test]
fn a_huge_string_length_is_refused_before_anything_is_kept() {
    for length in [&[0x7f, 0x80, 0xff, 0xff, 0xff, 0x0f][..], &[0xff, 0x80, 0xff, 0xff, 0xff, 0x0f]] {
        for start in [&[0x40][..], &[0x41], &[0x00], &[0x10, 0x01, b'a']] {
            let mut decoder = Decoder::new(4096);
            let block = [start, length, b"some bytes"].concat();
            assert_eq!(decode(&mut decoder, &block), Err(HpackError::Truncated));
            assert_eq!((decoder.scratch.capacity(), decoder.table.size()), (0, 0));
        }
    }
}

#[test]
fn wrong_huffman_code_is_refused_in_name_and_value() {
    assert_eq!(fails_with(&[0x40, 0x81, 0xff, 0x01, b'v']), HpackError::InvalidHuffman);
    assert_eq!(fails_with(&[0x00, 0x01, b'n', 0x84, 0xff, 0xff, 0xff, 0xff]), HpackError::InvalidHuffman);
    assert_eq!(fails_with(&[0x41, 0x81, 0x18]), HpackError::InvalidHuffman);
}

//= RFC 7541 §2.3.3: an index beyond both tables is a decoding error
//= RFC 7541 §6.1: index 0 names no field and is a decoding error
#[test]
fn an_index_that_names_nothing_is_refused() {
    assert_eq!(fails_with(&[0x80]), HpackError::InvalidIndex(0));
    assert_eq!(fails_with(&[0xbe]), HpackError::InvalidIndex(62));
    assert_eq!(fails_with(&[0x7e, 0x01, b'v']), HpackError::InvalidIndex(62));
    assert_eq!(fails_with(&[0x0f, 0x2f, 0x01, b'v']), HpackError::InvalidIndex(62));
    assert_eq!(fails_with(&[0x41, 0x01, b'v', 0xbe, 0xbf]), HpackError::InvalidIndex(63));
    assert_eq!(fails_with(&[0xff, 0x80, 0xff, 0xff, 0xff, 0x0f]), HpackError::InvalidIndex(u32::MAX as usize));
}

//= RFC 7541 §2.3.2: an entry may stand in the table twice
#[test]
fn an_entry_may_stand_in_the_table_twice() {
    let mut decoder = Decoder::new(4096);
    let entry = [0x40, 0x01, b'n', 0x01, b'v'];
    let twice = [&entry[..], &entry, &[0xbe, 0xbf]].concat();
    assert_eq!(decode(&mut decoder, &twice), Ok(vec![got("n", "v"); 4]));
    assert_eq!(decoder.table.len(), 2);
}

//= RFC 7541 §6.3: a size update above our SETTINGS_HEADER_TABLE_SIZE is a decoding error
#[test]
fn a_size_update_above_our_limit_is_refused() {
    assert_eq!(fails_with(&[0x3f, 0xe2, 0x1f]), HpackError::TableSizeTooLarge { size: 4097, limit: 4096 });
    assert_eq!(decode(&mut Decoder::new(4097), &[0x3f, 0xe2, 0x1f]), Ok(vec![]));
    assert_eq!(decode(&mut Decoder::new(4096), &[0x3f, 0xe1, 0x1f]), Ok(vec![]));
}

//= RFC 7541 §4.2: a size update stands at the beginning of a block only
#[test]
fn a_size_update_after_a_field_or_a_third_one_is_refused() {
    assert_eq!(fails_with(&[0x82, 0x20]), HpackError::TableSizeLate);
    assert_eq!(fails_with(&[0x20, 0x82, 0x20]), HpackError::TableSizeLate);
    assert_eq!(fails_with(&[0x20, 0x3f, 0xe1, 0x1f, 0x20]), HpackError::TableSizeLate);
    assert_eq!(decode(&mut Decoder::new(4096), &[0x20, 0x3f, 0xe1, 0x1f, 0x82]), Ok(vec![got(":method", "GET")]));
}

//= RFC 9113 §4.3.1: a block that owes a table size update and has none is COMPRESSION_ERROR
#[test]
fn a_lower_limit_must_be_followed_at_the_next_block() {
    let mut decoder = Decoder::new(4096);
    decoder.set_max_table_size(100);
    assert_eq!(decode(&mut decoder, &[0x82]), Err(HpackError::TableSizeMissing(100)));
    let mut decoder = Decoder::new(4096);
    decoder.set_max_table_size(100);
    assert_eq!(decode(&mut decoder, &[0x3f, 0x45, 0x82]), Ok(vec![got(":method", "GET")]));
    assert_eq!(decoder.table.max_size(), 100);
    assert_eq!(decode(&mut decoder, &[0x82]), Ok(vec![got(":method", "GET")]), "owed once only");
}

#[test]
fn a_limit_that_fell_and_rose_must_be_followed_down_first() {
    let fallen = || {
        let mut decoder = Decoder::new(4096);
        decoder.set_max_table_size(0);
        decoder.set_max_table_size(4096);
        decoder
    };
    assert_eq!(decode(&mut fallen(), &[0x82]), Err(HpackError::TableSizeMissing(0)));
    assert_eq!(decode(&mut fallen(), &[0x3f, 0xe1, 0x1f, 0x82]), Err(HpackError::TableSizeMissing(0)));
    assert_eq!(decode(&mut fallen(), &[0x20, 0x3f, 0xe1, 0x1f, 0x82]), Ok(vec![got(":method", "GET")]));
}

#[test]
fn a_limit_that_is_still_above_the_table_in_use_owes_nothing() {
    let mut decoder = Decoder::new(65_536);
    decoder.set_max_table_size(8192);
    assert_eq!(decode(&mut decoder, &[0x82]), Ok(vec![got(":method", "GET")]));
    assert_eq!(decode(&mut decoder, &[0x20]), Ok(vec![]));
    decoder.set_max_table_size(10);
    assert_eq!(decode(&mut decoder, &[0x82]), Ok(vec![got(":method", "GET")]));
}

//= RFC 9113 §6.5.2: SETTINGS_HEADER_TABLE_SIZE is 4,096 at the beginning
#[test]
fn the_peer_begins_with_4096_bytes_whatever_we_announce() {
    for announced in [0, 100, 4096, 65_536] {
        let mut decoder = Decoder::new(announced);
        assert_eq!(decode(&mut decoder, &[0x41, 0x01, b'v', 0xbe]).map(|fields| fields.len()), Ok(2));
        assert_eq!(decoder.table.max_size(), 4096);
    }
}

#[test]
fn sixty_thousand_references_cost_no_memory_of_ours() {
    struct Count(usize, usize);
    impl FieldSink for Count {
        fn field(&mut self, name: &[u8], value: &[u8], _: bool) {
            self.0 += 1;
            self.1 += name.len() + value.len();
        }
    }
    let mut block = vec![0x40, 0x01, b'n', 0x7f, 0x80, 0x1e];
    block.resize(block.len() + 0x7f + (0x1e << 7), b'v');
    block.resize(block.len() + 60_000, 0xbe);
    let (mut decoder, mut count) = (Decoder::new(4096), Count(0, 0));
    assert_eq!(decoder.decode(&block, &mut count), Ok(()));
    assert_eq!((count.0, count.1), (60_001, 60_001 * (1 + 0x7f + (0x1e << 7))));
    assert_eq!(decoder.scratch.capacity(), 0);
    assert!(decoder.table.size() <= 4096);
}

#[test]
fn scratch_of_a_very_long_string_is_given_back() {
    let mut block = vec![0x00, 0x01, b'n', 0xff, 0x81, 0x7f];
    block.resize(block.len() + 0x7f + 1 + (0x7f << 7), 0b0001_1000);
    block.extend([0x82]);
    let mut decoder = Decoder::new(4096);
    let _ = decoder.decode(&block, &mut Nobody);
    decoder.scratch.reserve(SCRATCH_KEPT + 1);
    assert_eq!(decoder.decode(&[0x82], &mut Nobody), Ok(()));
    assert_eq!(decoder.scratch.capacity(), 0);
}

#[test]
fn random_bytes_never_panic_and_never_grow_the_table() {
    let mut numbers = Numbers(42);
    for _ in 0..20_000 {
        let mut decoder = Decoder::new([0, 4096, 65_536][numbers.below(3)]);
        for _ in 0..3 {
            let block = numbers.bytes(120);
            let _ = decoder.decode(&block, &mut Nobody);
            assert!(decoder.table.size() <= decoder.table.max_size());
        }
    }
}

#[test]
fn changed_bytes_of_a_good_block_never_panic() {
    let good = unhex(
        "3fe101 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad
         1718 63c7 8f0b 97c8 e9ae 82ae 43d3 c1c0 bf40 0161 0162",
    );
    for place in 0..good.len() {
        for byte in 0..=255 {
            let mut block = good.clone();
            block[place] = byte;
            let mut decoder = Decoder::new(4096);
            let _ = decoder.decode(&block, &mut Nobody);
            let _ = decoder.decode(&good, &mut Nobody);
        }
    }
}

#[test]
fn the_generation_stays_while_the_table_does() {
    let mut decoder = Decoder::new(4096);
    let start = decoder.generation();
    decode(&mut decoder, &[0x82, 0x04, 0x01, b'/', 0x10, 0x01, b'n', 0x01, b'v']).expect("a good block");
    assert_eq!(decoder.generation(), start);
    decode(&mut decoder, &[0x41, 0x01, b'v']).expect("a good block");
    let inserted = decoder.generation();
    assert_ne!(inserted, start);
    decode(&mut decoder, &[0xbe]).expect("a good block");
    assert_eq!(decoder.generation(), inserted);
    decode(&mut decoder, &[0x20]).expect("a good block");
    let resized = decoder.generation();
    assert_ne!(resized, inserted);
    decoder.set_max_table_size(100);
    assert_ne!(decoder.generation(), resized);
}

#[test]
fn debug_shows_no_header() {
    let mut decoder = Decoder::new(4096);
    decode(&mut decoder, b"\x40\x03key\x06secret").expect("a good block");
    let text = format!("{decoder:?}");
    assert!(text.contains("limit: 4096") && !text.contains("secret"), "{text}");
}
