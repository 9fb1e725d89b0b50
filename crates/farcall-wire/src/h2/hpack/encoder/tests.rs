//! Tests of the encoder: the bytes it chooses, and that its table follows the peer's.

use super::*;
use crate::h2::hpack::tests::{Fields, Got, got};
use crate::h2::hpack::{Decoder, HpackError};

fn block(encoder: &mut Encoder, fields: &[(&str, &str)], indexing: Indexing) -> Vec<u8> {
    let mut out = Vec::new();
    encoder.begin_block(&mut out);
    for (name, value) in fields {
        encoder.encode(name.as_bytes(), value.as_bytes(), indexing, &mut out);
    }
    out
}

fn decode(decoder: &mut Decoder, block: &[u8]) -> Result<Vec<Got>, HpackError> {
    let mut fields = Fields::default();
    decoder.decode(block, &mut fields).map(|()| fields.0)
}

#[test]
fn the_requests_of_appendix_c_4_come_out_byte_for_byte() {
    let mut encoder = Encoder::new();
    let first = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "www.example.com")];
    assert_eq!(
        block(&mut encoder, &first, Indexing::Index),
        b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"
    );
    let second = [&first[..], &[("cache-control", "no-cache")]].concat();
    assert_eq!(block(&mut encoder, &second, Indexing::Index), b"\x82\x86\x84\xbe\x58\x86\xa8\xeb\x10\x64\x9c\xbf");
    let third = [
        (":method", "GET"),
        (":scheme", "https"),
        (":path", "/index.html"),
        (":authority", "www.example.com"),
        ("custom-key", "custom-value"),
    ];
    assert_eq!(
        block(&mut encoder, &third, Indexing::Index),
        b"\x82\x87\x85\xbf\x40\x88\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f\x89\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf"
    );
    assert_eq!(encoder.table.size(), 164);
}

#[test]
fn the_second_request_of_a_call_is_a_byte_a_field() {
    let mut encoder = Encoder::new();
    let request = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/echo.Echo/Unary"),
        (":authority", "localhost:50051"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("user-agent", "grpc-rust-farcall/0.1.0"),
    ];
    let first = block(&mut encoder, &request, Indexing::Index);
    let second = block(&mut encoder, &request, Indexing::Index);
    assert_eq!(second.len(), request.len());
    let mut decoder = Decoder::new(4096);
    let expected: Vec<Got> = request.iter().map(|(name, value)| got(name, value)).collect();
    assert_eq!(decode(&mut decoder, &first), Ok(expected.clone()));
    assert_eq!(decode(&mut decoder, &second), Ok(expected));
}

#[test]
fn a_plain_field_leaves_the_table_alone_but_uses_it() {
    let mut encoder = Encoder::new();
    assert_eq!(block(&mut encoder, &[("x-id", "\u{1}")], Indexing::Plain), b"\x00\x83\xf2\xb1\xa4\x01\x01".to_vec());
    assert_eq!(encoder.table.len(), 0);
    block(&mut encoder, &[("x-id", "1")], Indexing::Index);
    assert_eq!(block(&mut encoder, &[("x-id", "1")], Indexing::Plain), [0xbe]);
    assert_eq!(block(&mut encoder, &[("x-id", "\u{1}")], Indexing::Plain), [0x0f, 0x2f, 0x01, 0x01]);
}

//= RFC 7541 §6.2.3: a field that is never to be indexed is written as such a literal, whatever the tables hold
#[test]
fn a_secret_is_never_an_index_even_when_a_table_has_it() {
    let mut encoder = Encoder::new();
    block(&mut encoder, &[("x-key", "\u{1}")], Indexing::Index);
    assert_eq!(block(&mut encoder, &[("x-key", "\u{1}")], Indexing::Never), [0x1f, 0x2f, 0x01, 0x01]);
    assert_eq!(block(&mut encoder, &[(":method", "\u{1}")], Indexing::Never), [0x12, 0x01, 0x01]);
    let method = block(&mut encoder, &[(":method", "GET")], Indexing::Never);
    assert_eq!(method[0], 0x12);
    assert_eq!(encoder.table.len(), 1);
    let sent = block(&mut Encoder::new(), &[("authorization", "token")], Indexing::Never);
    let secret = Got { sensitive: true, ..got("authorization", "token") };
    assert_eq!(decode(&mut Decoder::new(4096), &sent), Ok(vec![secret]));
}

#[test]
fn huffman_code_is_used_only_when_it_is_shorter() {
    let mut encoder = Encoder::new();
    // Two bytes either way: plain.
    assert_eq!(block(&mut encoder, &[(":path", "XZ")], Indexing::Plain), [0x04, 0x02, b'X', b'Z']);
    assert_eq!(block(&mut encoder, &[(":path", "aaa")], Indexing::Plain), [0x04, 0x82, 0x18, 0xc7]);
    assert_eq!(block(&mut encoder, &[("age", "\u{0}")], Indexing::Plain), [0x0f, 0x06, 0x01, 0x00]);
}

#[test]
fn an_entry_larger_than_the_table_is_not_indexed() {
    let mut encoder = Encoder::new();
    block(&mut encoder, &[("x-kept", "1")], Indexing::Index);
    let fits = "v".repeat(4096 - 32 - 1);
    let large = "v".repeat(4096 - 32);
    assert_eq!(block(&mut encoder, &[("n", &large)], Indexing::Index)[0], 0x00);
    assert_eq!(encoder.table.len(), 1);
    assert_eq!(block(&mut encoder, &[("n", &fits)], Indexing::Index)[0], 0x40);
    assert_eq!((encoder.table.len(), encoder.table.size(), encoder.tags.len()), (1, 4096, 1));
    assert_eq!(block(&mut encoder, &[("n", &fits)], Indexing::Index), [0xbe]);
}

#[test]
fn settings_of_4096_and_above_are_not_answered() {
    let mut encoder = Encoder::new();
    for size in [4096, 4097, 65_536, u32::MAX] {
        encoder.set_peer_table_size(size);
        assert!(block(&mut encoder, &[], Indexing::Index).is_empty());
    }
}

//= RFC 9113 §4.3.1: a block after a smaller SETTINGS_HEADER_TABLE_SIZE begins with a table size update
//= RFC 7541 §4.2, §6.3: the table is never made larger than the peer allows
#[test]
fn a_smaller_table_is_signalled_once_at_the_next_block() {
    let mut encoder = Encoder::new();
    block(&mut encoder, &[("a", "1"), ("b", "2"), ("c", "3")], Indexing::Index);
    encoder.set_peer_table_size(70);
    assert_eq!(block(&mut encoder, &[("c", "3")], Indexing::Index), [0x3f, 0x27, 0xbe]);
    assert_eq!((encoder.table.len(), encoder.tags.len()), (2, 2));
    assert_eq!(block(&mut encoder, &[("b", "2")], Indexing::Index), [0xbf]);
    assert_eq!(block(&mut encoder, &[("a", "\u{1}")], Indexing::Plain), [0x00, 0x01, b'a', 0x01, 0x01]);
}

//= RFC 7541 §4.2: the smallest size since the last block is signalled, then the last
#[test]
fn a_table_that_fell_and_rose_is_signalled_twice() {
    let mut encoder = Encoder::new();
    block(&mut encoder, &[("a", "1")], Indexing::Index);
    for size in [100, 0, 2000] {
        encoder.set_peer_table_size(size);
    }
    let mut out = Vec::new();
    encoder.begin_block(&mut out);
    assert_eq!(out, [0x20, 0x3f, 0xb1, 0x0f]);
    assert_eq!((encoder.table.len(), encoder.tags.len(), encoder.table.max_size()), (0, 0, 2000));
    encoder.set_peer_table_size(4096);
    out.clear();
    encoder.begin_block(&mut out);
    assert_eq!(out, [0x3f, 0xe1, 0x1f]);
}

#[test]
fn a_table_of_zero_bytes_indexes_nothing() {
    let mut encoder = Encoder::new();
    encoder.set_peer_table_size(0);
    let first = block(&mut encoder, &[("a", "1"), (":method", "POST")], Indexing::Index);
    assert_eq!(first, [0x20, 0x00, 0x01, b'a', 0x01, b'1', 0x83]);
    assert_eq!(encoder.table.len(), 0);
}

#[test]
fn fields_with_equal_hashes_are_told_apart() {
    let mut encoder = Encoder::new();
    block(&mut encoder, &[("a", "1"), ("b", "2")], Indexing::Index);
    let same = encoder.tags[0];
    encoder.tags.iter_mut().for_each(|tag| *tag = same);
    let name = hash(0, b"b");
    let tag = Tag { name, field: hash(name, b"2") };
    assert_eq!((tag.name, tag.field), (same.name, same.field));
    assert_eq!(encoder.find_field(b"b", b"2", tag), Some(62));
    assert_eq!(encoder.find_field(b"a", b"1", tag), Some(63));
    assert_eq!(encoder.find_field(b"c", b"3", tag), None);
    assert_eq!(encoder.find_name(b"a", name), Some(63));
    assert_eq!(encoder.find_name(b"c", name), None);
}

#[test]
fn the_hash_sees_every_byte_and_the_length() {
    let text = b"a-header-value-of-some-length-0123456789";
    let mut seen = std::collections::HashSet::new();
    for length in 0..=text.len() {
        assert!(seen.insert(hash(0, &text[..length])));
        for place in 0..length {
            let mut changed = text[..length].to_vec();
            changed[place] ^= 1;
            assert!(seen.insert(hash(0, &changed)), "{length} {place}");
        }
    }
    assert_ne!(hash(1, b"x"), hash(2, b"x"));
}

#[test]
fn debug_shows_no_header() {
    let mut encoder = Encoder::default();
    block(&mut encoder, &[("key", "secret")], Indexing::Index);
    let text = format!("{encoder:?}");
    assert!(text.contains("entries: 1") && !text.contains("secret"), "{text}");
}
