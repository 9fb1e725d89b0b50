//! gzip (RFC 1952), in pure Rust.
//!
//! Inflating stops at the limit, so that a bomb costs no more memory than an honest message.

use std::io::{Read, Write};

use bytes::Buf;
use farcall_wire::grpc::{EncodeBuf, Encoding, Payload};
use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::Broken;

pub(super) const ENCODINGS: &[Encoding] = &[Encoding::Gzip];

pub(super) fn inflate(encoding: Encoding, payload: Payload, limit: u32) -> Result<Vec<u8>, Broken> {
    if encoding != Encoding::Gzip {
        return Err(Broken::Unknown);
    }
    let mut inflated = Vec::new();
    let decoder = MultiGzDecoder::new(payload.reader());
    decoder.take(u64::from(limit) + 1).read_to_end(&mut inflated).map_err(Broken::Damaged)?;
    if inflated.len() as u64 > u64::from(limit) {
        return Err(Broken::TooLarge);
    }
    Ok(inflated)
}

/// What was written of the message that was begun, compressed.
pub(super) fn deflate(out: &EncodeBuf) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    for piece in out.message() {
        // Writing to a vector does not fail.
        let written = encoder.write_all(piece);
        debug_assert!(written.is_ok());
    }
    encoder.finish().unwrap_or_default()
}
