//! What messages say: bytes that follow from call, side and number, so that a message in the wrong place is noticed.

use std::sync::OnceLock;

use bytes::Bytes;
use farcall_wire::grpc::Payload;

use crate::{Dice, Side};

/// The bytes of a message; made once, and cut from then on.
pub(crate) fn bytes(call: usize, side: Side, number: usize, length: usize) -> Bytes {
    static ALL: OnceLock<Bytes> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let mut dice = Dice::new(2_026);
        (0..LENGTH / 8).flat_map(|_| dice.roll().to_le_bytes()).collect()
    });
    assert!(length <= MOST, "a message of {length} bytes; at most {MOST} are prepared");
    let place = Dice::new(((call as u64) << 32) ^ ((number as u64) << 1) ^ side as u64).below((LENGTH - MOST) as u64);
    all.slice(place as usize..place as usize + length)
}

/// Whether a message says this.
pub(crate) fn is(payload: &Payload, expected: &[u8]) -> bool {
    let mut rest = expected;
    let same = payload.segments().all(|segment| match rest.split_at_checked(segment.len()) {
        Some((first, later)) if first == &segment[..] => {
            rest = later;
            true
        }
        _ => false,
    });
    same && rest.is_empty()
}

/// Bytes that are prepared.
const LENGTH: usize = 1 << 20;
/// The longest message.
const MOST: usize = 512 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_says_something_else() {
        let mut all: Vec<Bytes> = Vec::new();
        for call in 0..10 {
            for number in 0..10 {
                all.extend([Side::Client, Side::Server].map(|side| bytes(call, side, number, 20)));
            }
        }
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
        assert_eq!(bytes(1, Side::Client, 2, 20), bytes(1, Side::Client, 2, 20));
    }

    #[test]
    fn a_message_in_pieces_is_compared_to_its_last_byte() {
        let mut payload = Payload::default();
        payload.push(vec![1; 2_000].into());
        payload.push(vec![2; 2_000].into());
        let whole: Vec<u8> = [vec![1; 2_000], vec![2; 2_000]].concat();
        assert!(is(&payload, &whole));
        assert!(!is(&payload, &whole[..3_999]) && !is(&payload, &[whole.clone(), vec![2]].concat()));
        assert!(!is(&payload, &[1; 4_000]) && is(&Payload::default(), b""));
    }
}
