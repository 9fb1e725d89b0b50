//! What is written without looking: the connection's beginning and the header blocks of its calls.
//!
//! Header fields are put into the dynamic table by the first call and are one byte each from then on, as clients with a
//! good HPACK encoder do (gRPC C++ and farcall; h2 repeats the path).

use super::frame;
use super::{Job, Method};

/// The preface, SETTINGS and a window for the connection; RFC 9113 §3.4.
pub fn opening() -> Vec<u8> {
    let mut settings = Vec::new();
    for (identifier, value) in [(ENABLE_PUSH, 0), (INITIAL_WINDOW_SIZE, STREAM_WINDOW)] {
        settings.extend(identifier.to_be_bytes());
        settings.extend(value.to_be_bytes());
    }
    let mut output = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    frame::write(&mut output, frame::SETTINGS, 0, 0, &settings);
    let more: u32 = CONNECTION_WINDOW - 65_535;
    frame::write(&mut output, frame::WINDOW_UPDATE, 0, 0, &more.to_be_bytes());
    output
}

/// The header blocks of a connection's first call, and of all later ones; RFC 7541 §6.
pub fn blocks(job: &Job) -> (Vec<u8>, Vec<u8>) {
    let (mut first, mut later) = (vec![POST, HTTP], vec![POST, HTTP]);
    let authority = job.address.to_string();
    let indexed: [(u8, &str, &str); 5] = [
        (PATH, "", job.method.path()),
        (AUTHORITY, "", &authority),
        (0, "te", "trailers"),
        (CONTENT_TYPE, "", "application/grpc"),
        (USER_AGENT, "", "farcall-bench/1"),
    ];
    for (place, (name_index, name, value)) in indexed.into_iter().enumerate() {
        first.push(LITERAL_INDEXED | name_index);
        if name_index == 0 {
            string(&mut first, name);
        }
        string(&mut first, value);
        // The entry that was added last is the first of the dynamic table.
        later.push(INDEXED | (FIRST_DYNAMIC + (indexed.len() - 1 - place) as u8));
    }
    if matches!(job.method, Method::Get { metadata: true }) {
        for block in [&mut first, &mut later] {
            for (name, value) in METADATA {
                block.push(LITERAL);
                string(block, name);
                string(block, value);
            }
        }
    }
    (first, later)
}

/// RFC 7541 §5.2, not Huffman coded; all strings here are shorter than 127 bytes.
fn string(block: &mut Vec<u8>, text: &str) {
    block.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    block.extend_from_slice(text.as_bytes());
}

/// The stream's window: as tonic's client opens it, 2 MiB.
pub const STREAM_WINDOW: u32 = 2 * 1024 * 1024;
/// The connection's window: as tonic's client opens it, 5 MiB.
pub const CONNECTION_WINDOW: u32 = 5 * 1024 * 1024;

/// RFC 9113 §6.5.2.
const ENABLE_PUSH: u16 = 2;
/// RFC 9113 §6.5.2.
const INITIAL_WINDOW_SIZE: u16 = 4;

/// A deadline that never passes here, and two entries as applications send them.
const METADATA: [(&str, &str); 3] = [
    ("grpc-timeout", "5000000u"),
    ("x-request-id", "6f1c3b0e-8f1d-4f6e-9a57-1f0f3a2b4c5d"),
    ("x-tenant", "analytical-engines"),
];

/// `:method: POST` from the static table.
const POST: u8 = INDEXED | 3;
/// `:scheme: http` from the static table.
const HTTP: u8 = INDEXED | 6;
/// RFC 7541 §6.1.
const INDEXED: u8 = 0x80;
/// RFC 7541 §6.2.1.
const LITERAL_INDEXED: u8 = 0x40;
/// RFC 7541 §6.2.2, with a new name.
const LITERAL: u8 = 0;
/// Entry behind the static table.
const FIRST_DYNAMIC: u8 = 62;
/// Names from the static table; RFC 7541 appendix A.
const AUTHORITY: u8 = 1;
const PATH: u8 = 4;
const CONTENT_TYPE: u8 = 31;
const USER_AGENT: u8 = 58;
