//! Integers with an N-bit prefix.
//!
//! No strings and no tables here. The law is RFC 7541 §5.1, with the bound that §7.4 asks an implementation to set.

use super::HpackError;

/// Continuation bytes taken at most: enough for every 32-bit value, and an endless run of 0x80 ends here.
const MAX_CONTINUATION: usize = 5;

/// Reads an integer whose prefix is the low `prefix` bits (1 to 8) of the first byte; gives it and what follows it.
pub(super) fn decode(input: &[u8], prefix: u32) -> Result<(usize, &[u8]), HpackError> {
    let (&first, rest) = input.split_first().ok_or(HpackError::Truncated)?;
    let full = full_prefix(prefix);
    let start = first & full;
    if start < full { Ok((usize::from(start), rest)) } else { decode_long(full, rest) }
}

#[cold]
fn decode_long(full: u8, input: &[u8]) -> Result<(usize, &[u8]), HpackError> {
    let mut value = u64::from(full);
    let mut rest = input;
    //= RFC 7541 §5.1: an integer that is too long or too large is a decoding error
    for shift in (0..).step_by(7).take(MAX_CONTINUATION) {
        let (&byte, tail) = rest.split_first().ok_or(HpackError::Truncated)?;
        rest = tail;
        value += u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let value = u32::try_from(value).map_err(|_| HpackError::IntegerTooLarge)?;
            return usize::try_from(value).map(|value| (value, rest)).map_err(|_| HpackError::IntegerTooLarge);
        }
    }
    Err(HpackError::IntegerTooLarge)
}

/// Writes `value` behind the bits of `pattern` that stand above the `prefix` low bits (1 to 8).
pub(super) fn encode(value: usize, prefix: u32, pattern: u8, out: &mut Vec<u8>) {
    let full = full_prefix(prefix);
    let mut rest = match value.checked_sub(usize::from(full)) {
        Some(rest) => rest,
        None => return out.push(pattern | low_byte(value)),
    };
    out.push(pattern | full);
    while rest >= 0x80 {
        out.push(0x80 | low_byte(rest));
        rest >>= 7;
    }
    out.push(low_byte(rest));
}

fn full_prefix(prefix: u32) -> u8 {
    u8::MAX.checked_shr(8 - prefix.min(8)).unwrap_or(0)
}

fn low_byte(value: usize) -> u8 {
    (value & 0xff) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: usize, prefix: u32, pattern: u8) -> Vec<u8> {
        let mut out = Vec::new();
        encode(value, prefix, pattern, &mut out);
        out
    }

    #[test]
    fn the_examples_of_appendix_c_1_hold() {
        assert_eq!(written(10, 5, 0xe0), [0xea]);
        assert_eq!(written(1337, 5, 0), [0x1f, 0x9a, 0x0a]);
        assert_eq!(written(42, 8, 0), [0x2a]);
        assert_eq!(decode(&[0xea, 7], 5), Ok((10, &[7][..])));
        assert_eq!(decode(&[0x1f, 0x9a, 0x0a, 7], 5), Ok((1337, &[7][..])));
        assert_eq!(decode(&[0x2a], 8), Ok((42, &[][..])));
    }

    #[test]
    fn every_prefix_carries_every_edge() {
        for prefix in 1..=8 {
            let full = usize::from(full_prefix(prefix));
            let edges = [0, full - 1, full, full + 127, full + 128, full + 16_383, full + 16_384, 0xffff_ffff];
            for value in edges {
                let bytes = written(value, prefix, 0);
                assert!(bytes.len() <= 1 + MAX_CONTINUATION);
                assert_eq!(decode(&bytes, prefix), Ok((value, &[][..])), "{value} in {prefix} bits");
                for end in 0..bytes.len() {
                    assert_eq!(decode(&bytes[..end], prefix), Err(HpackError::Truncated));
                }
            }
        }
    }

    //= RFC 7541 §5.1: an integer that is too long or too large is a decoding error
    #[test]
    fn a_value_above_32_bits_is_refused() {
        assert_eq!(decode(&[0x7f, 0x80, 0xff, 0xff, 0xff, 0x0f], 7), Ok((0xffff_ffff, &[][..])));
        assert_eq!(decode(&[0x7f, 0x81, 0xff, 0xff, 0xff, 0x0f], 7), Err(HpackError::IntegerTooLarge));
        assert_eq!(decode(&[0x7f, 0xff, 0xff, 0xff, 0xff, 0x7f], 7), Err(HpackError::IntegerTooLarge));
    }

    //= RFC 7541 §5.1: an integer that is too long or too large is a decoding error
    #[test]
    fn an_endless_integer_is_refused_after_five_continuation_bytes() {
        let mut bytes = vec![0xff];
        bytes.resize(60_000, 0x80);
        assert_eq!(decode(&bytes, 7), Err(HpackError::IntegerTooLarge));
        assert_eq!(decode(&[0xff, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00], 7), Err(HpackError::IntegerTooLarge));
        assert_eq!(decode(&[0xff, 0x80, 0x80, 0x80, 0x80, 0x00, 9], 7), Ok((127, &[9][..])));
    }
}
