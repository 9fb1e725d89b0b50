//! Inputs of the targets that are no conversations.

use farcall_wire::h2::Indexing;
use farcall_wire::h2::hpack::Encoder;

use crate::corpus::Entry;

fn entry(name: &str, pieces: &[&[u8]]) -> Entry {
    Entry { name: name.to_owned(), input: pieces.concat() }
}

/// A byte that tells the length, and the bytes.
fn counted(bytes: &[u8]) -> Vec<u8> {
    [&[u8::try_from(bytes.len()).unwrap_or(u8::MAX)], bytes].concat()
}

/// Header blocks, after a byte of settings.
pub(super) fn hpack() -> Vec<Entry> {
    let mut encoder = Encoder::new();
    let mut blocks = Vec::new();
    for turn in 0..3 {
        let mut block = Vec::new();
        encoder.begin_block(&mut block);
        for (name, value) in [(":method", "POST"), (":path", "/a.B/C"), ("x-turn", ["a", "b", "c"][turn])] {
            encoder.encode(name.as_bytes(), value.as_bytes(), Indexing::Index, &mut block);
        }
        blocks.extend_from_slice(&counted(&block));
    }
    let block = |name, options: u8, bytes: &[u8]| entry(name, &[&[options], &counted(bytes)]);
    vec![
        entry("connection", &[&[0], &blocks]),
        entry("connection-names", &[&[3 << 2], &blocks]),
        entry("connection-mixed", &[&[5 << 2], &blocks]),
        entry("smaller-table", &[&[0], &blocks, &[0xf0, 0, 50], &counted(&[0x3f, 0x13, 0x82]), &counted(&[0xbe])]),
        entry("smaller-table-missed", &[&[0], &blocks, &[0xf0, 0, 50], &counted(&[0x82])]),
        entry("peer-table", &[&[0], &blocks, &[0xe0, 0, 0], &blocks, &[0xe0, 0x10, 0], &blocks]),
        block("static", 0, &[0x82, 0x86, 0x84, 0xbd]),
        block("index-zero", 0, &[0x80]),
        block("index-far", 0, &[0xff, 0x80, 0x80, 1]),
        block("integer-long", 0, &[0xff, 0x80, 0x80, 0x80, 0x80, 0x80, 1]),
        block("size-late", 0, &[0x82, 0x20]),
        block("size-thrice", 0, &[0x20, 0x20, 0x20]),
        block("size-large", 0, &[0x3f, 0xe2, 0x7f]),
        block("truncated", 0, &[0x40, 5, b'a']),
        block("never", 0, &[0x10, 1, b'a', 1, b'b', 0x1f, 8, 1, b'c']),
        block("huffman", 0, &[0x40, 0x82, 0x1c, 0x7f, 0x83, 0x1c, 0x64, 0x5f]),
        block("huffman-padding", 0, &[0, 1, b'a', 0x81, 0]),
        block("huffman-end", 0, &[0, 1, b'a', 0x84, 0xff, 0xff, 0xff, 0xff]),
    ]
}

/// Small cases, one kind each.
pub(super) fn metadata() -> Vec<Entry> {
    let received = |number: u8, value: &[u8]| [&[0, number], &counted(value)[..]].concat();
    let one = |what: u8, value: &[u8]| [&[what], &counted(value)[..]].concat();
    let change = |what: u8, number: u8, value: &[u8]| [&[6, what, number], &counted(value)[..]].concat();
    vec![
        entry(
            "received",
            &[&received(0, b" plain\t"), &received(1, b"AAEC, _w==,"), &received(1, b"AAEC/w"), &received(3, b"")],
        ),
        entry("received-foreign-name", &[&[0, 99], &counted(b"x-other-bin"), &counted(b"AA")]),
        entry("percent", &[&one(2, b"plain"), &one(2, b"100%25 %E2%98%BA %zz %"), &one(2, b"\xff%FF")]),
        entry(
            "timeouts",
            &[b"1H", b"2M", b"3S", b"4m", b"5u", b"6n"].map(|text| one(3, text)).each_ref().map(Vec::as_slice),
        ),
        entry(
            "timeouts-odd",
            &[&one(3, b"99999999H"), &one(3, b"999999999n"), &one(3, b"n"), &one(3, b"+1S"), &one(3, &[255; 12])],
        ),
        entry("encodings", &[&one(4, b"identity, gzip ,br,,deflate"), &one(4, b"GZIP"), &one(4, b"zstd")]),
        entry("paths", &[&one(5, b"/a.B/C"), &one(5, b"a"), &one(5, b"//"), &one(5, b"/a/b/c")]),
        entry(
            "changes",
            &[
                &change(0, 0, b" text "),
                &change(0, 0, b"other"),
                &change(2, 1, &[0, 255]),
                &change(1, 0, b"new"),
                &change(3, 1, b""),
                &change(4, 1, b""),
                &change(0, 1, b"no"),
                &change(0, 4, b"\n"),
            ],
        ),
    ]
}

/// A limit, a plan, and messages.
pub(super) fn split() -> Vec<Entry> {
    vec![
        entry("messages", &[&[0, 9], &[0, 0, 0, 0, 3], b"abc", &[0, 0, 0, 0, 0], &[1, 0, 0, 0, 1, 7]]),
        entry("large", &[&[0, 12], &[0, 0, 0, 6, 0], &[5; 1_536]]),
        entry("flag", &[&[0, 1], &[2, 0, 0, 0, 0]]),
        entry("limit", &[&[1, 3], &[0, 0, 0, 0, 16], &[1; 16], &[0, 0, 0, 0, 17]]),
        entry("cut-prefix", &[&[0, 1], &[0, 0, 0]]),
        entry("cut-body", &[&[0, 4], &[0, 0, 0, 0, 9, 1, 2]]),
        entry("announced", &[&[0, 0], &[0, 255, 255, 255, 255, 1]]),
    ]
}

/// An encoding and items.
pub(super) fn inflate() -> Vec<Entry> {
    vec![
        entry("plain", &[&[0, 0], &counted(b"plain"), &[6], &counted(b"well compressed")]),
        entry("bomb", &[&[0, 2, 0, 0xff, 0xff]]),
        entry("at-the-limit", &[&[0, 2, 7, 1, 0xf4], &[2, 7, 1, 0xf5]]),
        entry("two-members", &[&[0, 3], &counted(b"one"), &counted(b"two")]),
        entry("no-gzip", &[&[0, 1], &counted(b"no gzip at all")]),
        entry("empty", &[&[0, 1, 0], &[6, 0]]),
        entry("changed", &[&[0, 4], &counted(b"some text"), &[12, 1]]),
        entry("cut", &[&[0, 5, 0, 100, 20]]),
        entry("cut-stream", &[&[0, 7], &counted(&[1, 0, 0, 0, 9, 1])]),
        entry("undeclared", &[&[7, 1], &counted(b"compressed, says nobody")]),
        entry("deflate", &[&[3, 6], &counted(b"zlib"), &[0], &counted(b"plain"), &[6], &counted(b"zlib")]),
        entry("deflate-two", &[&[3, 3], &counted(b"one"), &counted(b"two")]),
        entry("deflate-cut", &[&[3, 5, 0, 100, 10]]),
        entry("deflate-changed", &[&[3, 4], &counted(b"some text"), &[3, 1]]),
        entry("deflate-bomb", &[&[3, 2, 0, 0xff, 0xff]]),
        entry("deflate-limit", &[&[3, 2, 7, 1, 0xf4], &[2, 7, 1, 0xf5]]),
        entry("zstd", &[&[5, 6], &counted(b"zstd"), &[3], &counted(b"one"), &counted(b"two")]),
        entry("zstd-bomb", &[&[5, 2, 0, 0xff, 0xff]]),
        entry("zstd-limit", &[&[5, 2, 7, 1, 0xf4], &[2, 7, 1, 0xf5]]),
        entry("zstd-cut", &[&[5, 5, 0, 100, 12]]),
        entry("zstd-window", &[&[5, 1], &counted(&[0x28, 0xb5, 0x2f, 0xfd, 0, 0xa0, 0, 0, 0])]),
    ]
}
