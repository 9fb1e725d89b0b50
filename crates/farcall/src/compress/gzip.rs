//! gzip (RFC 1952), in pure Rust.
//!
//! Inflating stops at the limit, so that a bomb costs no more memory than an honest message.

use std::io::{Read, Write};

use bytes::Buf;
use farcall_wire::grpc::{EncodeBuf, Encoding, Payload, Status};
use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;

pub(super) const ENCODINGS: &[Encoding] = &[Encoding::Gzip];

/// The bytes of one message, if they are at most `limit`.
pub(super) fn inflate(encoding: Encoding, payload: Payload, limit: u32) -> Result<Vec<u8>, Status> {
    if encoding != Encoding::Gzip {
        return Err(super::not_built_in(encoding));
    }
    let (length, limit) = (payload.len(), u64::from(limit));
    let mut inflated = Vec::new();
    let read = MultiGzDecoder::new(payload.reader()).take(limit + 1).read_to_end(&mut inflated);
    if inflated.len() as u64 > limit {
        return Err(Status::resource_exhausted(format!(
            "a message of {length} compressed bytes inflates beyond the receive limit of {limit} bytes: raise the \
             limit, or send less"
        )));
    }
    read.map(|_| inflated).map_err(|error| {
        Status::internal(format!("a message of {length} bytes compressed with {encoding} does not inflate: {error}"))
    })
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
