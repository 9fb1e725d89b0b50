//! Inflating up to a limit, so that a bomb costs no more memory than an honest message.

use std::io::Read;

use super::Inflated;

/// Everything that `inflater` gives; `None` above `limit` bytes.
pub(super) fn read_within(inflater: impl Read, limit: u32) -> Inflated {
    let limit = u64::from(limit);
    let mut inflated = Vec::new();
    let read = inflater.take(limit + 1).read_to_end(&mut inflated);
    if inflated.len() as u64 > limit {
        return Ok(None);
    }
    read.map(|_| Some(inflated)).map_err(|error| error.to_string())
}
