//! Every block of the hpack-test-case corpus, as five implementations wrote them, and our own encoding of the same lists.
//!
//! No format of ours and no network here. The corpus (MIT) is looked for at `../shared/testdata/hpack` beside the
//! workspace; without it the tests pass and say so, except where the environment says `CI=true`.

#![expect(clippy::disallowed_methods, reason = "the environment says whether a missing corpus is forgiven")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use farcall_wire::h2::hpack::{Decoder, Encoder, FieldSink, Indexing};
use serde::Deserialize;

/// Folders with blocks, and how many each has.
const FOLDERS: [(&str, usize); 6] = [
    ("go-hpack", 3384),
    ("haskell-http2-linear-huffman", 3384),
    ("nghttp2", 3384),
    ("nghttp2-16384-4096", 3267),
    ("nghttp2-change-table-size", 3267),
    ("node-http2-hpack", 3384),
];

const BLOCKS: usize = 20_070;

/// What a decoder has before its first setting.
const INITIAL_TABLE_SIZE: u32 = 4096;

#[derive(Deserialize)]
struct Story {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    header_table_size: Option<u32>,
    /// Hexadecimal; the raw data has none.
    #[serde(default)]
    wire: String,
    /// Maps of one field each.
    headers: Vec<BTreeMap<String, String>>,
}

impl Case {
    fn fields(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.headers.iter().flatten().map(|(name, value)| (name.clone().into(), value.clone().into())).collect()
    }

    fn block(&self) -> Vec<u8> {
        let digits: Vec<u32> = self.wire.chars().map(|digit| digit.to_digit(16).expect("hex")).collect();
        digits.chunks_exact(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
    }
}

#[derive(Default)]
struct Fields(Vec<(Vec<u8>, Vec<u8>)>);

impl FieldSink for Fields {
    fn field(&mut self, name: &[u8], value: &[u8], _: bool) {
        self.0.push((name.to_vec(), value.to_vec()));
    }
}

fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata/hpack");
    if folder.is_dir() {
        return Some(folder);
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "no HPACK corpus at {}: fetch it first", folder.display());
    eprintln!("skipped: no HPACK corpus at {}", folder.display());
    None
}

/// The stories of a folder by name.
fn stories(folder: &Path) -> Vec<(PathBuf, Story)> {
    let entries = fs::read_dir(folder).expect("a folder of stories");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let read = |path: &PathBuf| serde_json::from_slice(&fs::read(path).expect("a story")).expect("a story in JSON");
    paths.iter().map(|path| (path.clone(), read(path))).collect()
}

#[test]
fn every_block_of_the_corpus_decodes_to_its_fields() {
    let Some(corpus) = corpus() else { return };
    let mut blocks = 0;
    for (folder, expected) in FOLDERS {
        let before = blocks;
        for (path, story) in stories(&corpus.join(folder)) {
            let mut decoder = Decoder::new(INITIAL_TABLE_SIZE);
            for (place, case) in story.cases.iter().enumerate() {
                if let Some(size) = case.header_table_size {
                    decoder.set_max_table_size(size);
                }
                let mut fields = Fields::default();
                let result = decoder.decode(&case.block(), &mut fields);
                assert_eq!(result, Ok(()), "{} case {place}", path.display());
                assert_eq!(fields.0, case.fields(), "{} case {place}", path.display());
                blocks += 1;
            }
        }
        assert_eq!(blocks - before, expected, "blocks in {folder}");
    }
    assert_eq!(blocks, BLOCKS);
}

#[test]
fn every_list_of_the_corpus_survives_our_encoder() {
    let Some(corpus) = corpus() else { return };
    let mut lists = 0;
    for (folder, _) in FOLDERS.into_iter().chain([("raw-data", 3384)]) {
        let (mut plain, mut encoded) = (0, 0);
        for (path, story) in stories(&corpus.join(folder)) {
            let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new(INITIAL_TABLE_SIZE));
            for (place, case) in story.cases.iter().enumerate() {
                if let Some(size) = case.header_table_size {
                    encoder.set_peer_table_size(size);
                    decoder.set_max_table_size(size);
                }
                let sent = case.fields();
                let mut block = Vec::new();
                encoder.begin_block(&mut block);
                for (name, value) in &sent {
                    encoder.encode(name, value, Indexing::Index, &mut block);
                    plain += name.len() + value.len();
                }
                let mut fields = Fields::default();
                assert_eq!(decoder.decode(&block, &mut fields), Ok(()), "{} case {place}", path.display());
                assert_eq!(fields.0, sent, "{} case {place}", path.display());
                encoded += block.len();
                lists += 1;
            }
        }
        assert!(encoded * 2 < plain, "{folder}: {encoded} bytes for {plain}");
    }
    assert_eq!(lists, BLOCKS + 3384);
}
