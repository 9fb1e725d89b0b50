//! Changes an input a little, at random: bits, bytes, numbers, stretches, and pieces of other inputs.

use crate::Random;

/// A changed copy of `input`, at most `longest` bytes long; `other` lends pieces.
pub fn mutate(input: &[u8], other: &[u8], longest: usize, random: &mut Random) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..1 << random.below(3) {
        step(&mut bytes, other, random);
    }
    bytes.truncate(longest);
    bytes
}

fn step(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = random.below(bytes.len());
    match random.below(11) {
        0 => set(bytes, at, |byte| byte ^ 1 << (at % 8)),
        1 | 2 => {
            // Small values choose among few things more often than large ones do.
            let value = random.byte() >> random.pick(&[0, 0, 4]).unwrap_or(0);
            set(bytes, at, |_| value);
        }
        3 => {
            let by = random.below(16) as u8;
            set(bytes, at, |byte| byte.wrapping_add(by).wrapping_sub(8));
        }
        4 => {
            let number = random.pick(&NUMBERS).unwrap_or(0).to_be_bytes();
            let width = random.pick(&[1, 2, 4]).unwrap_or(1);
            for (place, byte) in bytes.iter_mut().skip(at).zip(&number[4 - width..]) {
                *place = *byte;
            }
        }
        5 => drop(bytes.splice(at..at, (0..=random.below(8)).map(|_| random.byte()))),
        6 => drop(stretch(bytes, random).map(|range| bytes.drain(range))),
        7 => {
            let Some(range) = stretch(bytes, random) else { return };
            let copy = bytes[range].to_vec();
            let to = aligned(random.below(bytes.len() + 1), random);
            bytes.splice(to.min(bytes.len())..to.min(bytes.len()), copy);
        }
        8 | 9 => {
            let Some(range) = stretch(other, random) else { return };
            let to = aligned(random.below(bytes.len() + 1), random).min(bytes.len());
            let over = if random.one_in(2) { (to + range.len()).min(bytes.len()) } else { to };
            bytes.splice(to..over, other[range].iter().copied());
        }
        _ => {
            let token = random.pick(&TOKENS).unwrap_or_default();
            bytes.splice(at..at, token.iter().copied());
        }
    }
}

fn set(bytes: &mut [u8], at: usize, change: impl Fn(u8) -> u8) {
    bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = change(*byte));
}

/// A stretch of what is there: often whole records of the structured targets.
fn stretch(bytes: &[u8], random: &mut Random) -> Option<std::ops::Range<usize>> {
    let from = aligned(random.below(bytes.len()), random);
    let length = match random.below(3) {
        0 => 1 + random.below(bytes.len()),
        1 => 8,
        _ => 8 * (1 + random.below(8)),
    };
    let to = (from + length).min(bytes.len());
    (from < to).then_some(from..to)
}

/// Half of the time the beginning of a record: two bytes of settings, then eight each.
fn aligned(at: usize, random: &mut Random) -> usize {
    if at < 2 || random.one_in(2) { at } else { 2 + (at - 2) / 8 * 8 }
}

/// Numbers at which something changes.
const NUMBERS: [u32; 16] =
    [0, 1, 2, 3, 4, 5, 9, 100, 255, 1_000, 16_384, 16_385, 65_535, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/// Words of the protocol.
const TOKENS: [&[u8]; 18] = [
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    &[0, 0, 0, 4, 0, 0, 0, 0, 0],
    &[0, 0, 0, 4, 1, 0, 0, 0, 0],
    &[0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8],
    &[0, 0, 0, 0, 1, 0, 0, 0, 1],
    &[0, 0, 5, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0],
    &[0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8],
    &[0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 1, 0, 0],
    &[0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88],
    &[0x83, 0x86, 0x84],
    &[0x3f, 0xe1, 0x1f],
    b"application/grpc",
    b"grpc-status",
    b"grpc-timeout",
    b"-bin",
    b"%E2%98",
    &[0, 0, 0, 0, 0],
    &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_anything_stay_within_their_length() {
        let mut random = Random::new(3);
        let mut bytes = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..20_000 {
            bytes = mutate(&bytes, b"other bytes of another input", 60, &mut random);
            assert!(bytes.len() <= 60);
            seen.insert(bytes.len());
        }
        assert!(seen.len() > 50, "all lengths come up");
    }
}
