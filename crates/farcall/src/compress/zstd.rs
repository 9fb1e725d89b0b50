//! Zstandard (RFC 8878), by the reference library.
//!
//! A frame says how much of what it inflates to has to be kept at hand (its window). That is memory too, and bounded by
//! the receive limit, or by what every reader should have for every writer.

use std::io::Write;

use bytes::Buf;
use farcall_wire::grpc::Payload;
use zstd::stream::{Decoder, Encoder};
use zstd::zstd_safe::get_frame_content_size;

use super::{Format, Inflated, read_within};

pub(super) const FORMAT: Option<Format> = Some(Format { inflate, deflate });

fn inflate(payload: Payload, limit: u32) -> Inflated {
    let mut head = [0; LONGEST_HEAD];
    let mut start = payload.clone();
    let start = start.copy_to_bytes(payload.len().min(head.len()));
    head[..start.len()].copy_from_slice(&start);
    if start.is_empty() {
        return Err("it has no bytes".to_owned());
    }
    let announced = get_frame_content_size(&head[..start.len()]).ok().flatten();
    // A frame that says how long it is can be refused unread.
    if announced.is_some_and(|length| length > u64::from(limit)) {
        return Ok(None);
    }
    let mut inflater = Decoder::with_buffer(payload.reader()).map_err(|error| error.to_string())?;
    let window = (u32::BITS - limit.leading_zeros()).clamp(COMMON_WINDOW, LARGEST_WINDOW);
    inflater.window_log_max(window).map_err(|error| error.to_string())?;
    let inflated = read_within(inflater, limit)?;
    // The library holds only what has a last block to that.
    match (announced, &inflated) {
        (Some(length), Some(bytes)) if (bytes.len() as u64) < length => {
            Err(format!("it announces {length} bytes, but holds {}", bytes.len()))
        }
        _ => Ok(inflated),
    }
}

fn deflate(pieces: &mut dyn Iterator<Item = &[u8]>) -> Vec<u8> {
    let pieces: Vec<&[u8]> = pieces.collect();
    let length: usize = pieces.iter().map(|piece| piece.len()).sum();
    let compressed = Encoder::new(Vec::new(), LEVEL).and_then(|mut encoder| {
        // Known in advance, small messages take small tables, and their readers know what to expect.
        encoder.set_pledged_src_size(Some(length as u64))?;
        pieces.iter().try_for_each(|piece| encoder.write_all(piece))?;
        encoder.finish()
    });
    debug_assert!(compressed.is_ok(), "writing to a vector does not fail");
    compressed.unwrap_or_default()
}

/// The library's default, 3.
const LEVEL: i32 = 0;
/// Bytes of the longest head of a frame (RFC 8878 §3.1.1.1: magic number and all fields).
const LONGEST_HEAD: usize = 18;
//= RFC 8878 §3.1.1.1.2: a reader should have 8 MiB for a window, and a writer should not ask for more
const COMMON_WINDOW: u32 = 23;
/// What the library allows.
const LARGEST_WINDOW: u32 = 31;
