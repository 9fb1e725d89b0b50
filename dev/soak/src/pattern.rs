//! The bytes that payloads are cut from: both sides make the same, so that each can check what the other sent.

use std::sync::LazyLock;

use crate::dice::Dice;

/// Places at which a piece may begin.
pub(crate) const STARTS: u64 = 4096;
/// The longest piece: a message of more than 4 MiB, the default of `receive_limit`.
pub(crate) const LONGEST: usize = (4 << 20) + 1;

/// Sixteen letters in random order: half of it is what gzip leaves.
static PATTERN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut dice = Dice::new(SEED);
    let bytes = std::iter::repeat_with(|| dice.roll().to_le_bytes()).flatten();
    bytes.map(|byte| b'a' + byte % 16).take(STARTS as usize + LONGEST).collect()
});

/// The piece of so many bytes from `start` on; an empty one where there is no such piece.
pub(crate) fn piece(start: u32, size: usize) -> &'static [u8] {
    PATTERN.get(start as usize..).and_then(|rest| rest.get(..size)).unwrap_or_default()
}

const SEED: u64 = 0x50a_c0de;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_that_is_asked_for_is_there_and_pieces_differ() {
        assert_eq!(piece(STARTS as u32, LONGEST).len(), LONGEST);
        assert_ne!(piece(0, 100), piece(1, 100));
        assert_eq!(piece(u32::MAX, 1), b"");
    }
}
