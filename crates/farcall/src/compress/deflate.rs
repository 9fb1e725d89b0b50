//! deflate as gRPC and HTTP mean it: the zlib format (RFC 1950), in pure Rust. Bare DEFLATE (RFC 1951) is broken bytes here.
//!
//! Read by hand and not as a stream of bytes, because the library's reader takes a message that breaks off for one
//! that has ended.

use std::io::Write;

use farcall_wire::grpc::Payload;
use flate2::write::ZlibEncoder;
use flate2::{Compression, Decompress, FlushDecompress, Status};

use super::{Format, Inflated};

pub(super) const FORMAT: Option<Format> = Some(Format { inflate, deflate });

fn inflate(payload: Payload, limit: u32) -> Inflated {
    let mut inflater = Decompress::new(true);
    let mut inflated = Vec::new();
    let mut pieces = payload.segments();
    let mut rest: &[u8] = &[];
    loop {
        if rest.is_empty() {
            rest = pieces.next().map_or(&[][..], |piece| piece);
        }
        if inflated.len() == inflated.capacity() {
            inflated.reserve(inflated.len().max(FIRST));
        }
        let (taken, given) = (inflater.total_in(), inflated.len());
        let status = inflater.decompress_vec(rest, &mut inflated, FlushDecompress::None);
        let status = status.map_err(|error| error.to_string())?;
        let taken = usize::try_from(inflater.total_in() - taken).unwrap_or(usize::MAX);
        rest = rest.get(taken..).unwrap_or_default();
        if inflated.len() as u64 > u64::from(limit) {
            return Ok(None);
        }
        if status == Status::StreamEnd {
            let behind = rest.len() + pieces.map(|piece| piece.len()).sum::<usize>();
            return if behind == 0 { Ok(Some(inflated)) } else { Err(format!("{behind} bytes follow its end")) };
        }
        if taken == 0 && inflated.len() == given && rest.is_empty() {
            return Err("it breaks off before its end".to_owned());
        }
    }
}

fn deflate(pieces: &mut dyn Iterator<Item = &[u8]>) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    for piece in pieces {
        // Writing to a vector does not fail.
        let written = encoder.write_all(piece);
        debug_assert!(written.is_ok());
    }
    encoder.finish().unwrap_or_default()
}

/// Bytes that are made room for at first; then twice as many each time, and so at most twice the limit.
const FIRST: usize = 4 << 10;
