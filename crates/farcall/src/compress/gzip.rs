//! gzip (RFC 1952), in pure Rust.

use std::io::Write;

use bytes::Buf;
use farcall_wire::grpc::Payload;
use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::{Format, Inflated, read_within};

pub(super) const FORMAT: Option<Format> = Some(Format { inflate, deflate });

fn inflate(payload: Payload, limit: u32) -> Inflated {
    read_within(MultiGzDecoder::new(payload.reader()), limit)
}

fn deflate(pieces: &mut dyn Iterator<Item = &[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    for piece in pieces {
        // Writing to a vector does not fail.
        let written = encoder.write_all(piece);
        debug_assert!(written.is_ok());
    }
    encoder.finish().unwrap_or_default()
}
