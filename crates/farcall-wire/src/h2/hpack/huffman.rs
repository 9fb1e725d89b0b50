//! Huffman coding of strings.
//!
//! The code itself is data and stands in `huffman_table`. The law is RFC 7541 §5.2.

use super::HpackError;
use super::huffman_table::{BY_CODE, CODES, END_OF_STRING, LONG_CODES, LONGEST, SHORT, SHORT_CODES};

/// Bytes that `text` takes when encoded.
pub(super) fn encoded_len(text: &[u8]) -> usize {
    text.iter().map(|&byte| code(byte).1 as usize).sum::<usize>().div_ceil(8)
}

/// Appends `text` encoded, padded with ones to a whole byte.
pub(super) fn encode(text: &[u8], out: &mut Vec<u8>) {
    let mut bits = 0u64;
    let mut count = 0;
    for &byte in text {
        let (code, length) = code(byte);
        bits = (bits << length) | u64::from(code);
        count += length;
        if count >= 32 {
            count -= 32;
            out.extend_from_slice(&((bits >> count) as u32).to_be_bytes());
        }
    }
    let padding = count.wrapping_neg() % 8;
    bits = (bits << padding) | ((1 << padding) - 1);
    count += padding;
    while count > 0 {
        count -= 8;
        out.push((bits >> count) as u8);
    }
}

/// Appends the text that `input` is the code of. After an error, what was appended is of no use.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> Result<(), HpackError> {
    // The shortest code has five bits.
    out.reserve(input.len().saturating_mul(8) / 5);
    let mut source = Bits { bits: 0, count: 0, rest: input };
    loop {
        source.fill();
        if source.count < LONGEST {
            break;
        }
        while source.count >= LONGEST {
            let (byte, length) = source.next_symbol().ok_or(HpackError::InvalidHuffman)?;
            out.push(byte);
            source.skip(length);
        }
    }
    while let Some((byte, length)) = source.next_symbol()
        && length <= source.count
    {
        out.push(byte);
        source.skip(length);
    }
    //= RFC 7541 §5.2: padding is less than a byte and the first bits of the end-of-string code, which are ones
    let ones = source.bits.leading_ones();
    if source.count < 8 && ones >= source.count { Ok(()) } else { Err(HpackError::InvalidHuffman) }
}

fn code(byte: u8) -> (u32, u32) {
    let code = CODES.get(usize::from(byte)).copied().unwrap_or_default();
    (code.bits, u32::from(code.length))
}

/// What is still to decode: the next bits at the top of a register, zeros after the end, then whole bytes.
struct Bits<'a> {
    bits: u64,
    /// Bits of the register that count, 63 at most.
    count: u32,
    rest: &'a [u8],
}

impl Bits<'_> {
    /// Brings the register to at least 56 bits, or to all that is left.
    #[inline]
    fn fill(&mut self) {
        if let Some(&word) = self.rest.first_chunk() {
            // Bits of a byte that does not fit whole are put in as well; the next fill puts in the same bits again.
            self.bits |= u64::from_be_bytes(word) >> self.count;
            let bytes = (63 - self.count) / 8;
            self.rest = self.rest.get(bytes as usize..).unwrap_or_default();
            self.count += bytes * 8;
            return;
        }
        while self.count <= 55
            && let Some((&byte, rest)) = self.rest.split_first()
        {
            self.bits |= u64::from(byte) << (56 - self.count);
            self.count += 8;
            self.rest = rest;
        }
    }

    /// The symbol at the top and its length, which may be beyond `count`. None is the end-of-string symbol.
    #[inline]
    fn next_symbol(&self) -> Option<(u8, u32)> {
        let entry = SHORT_CODES.get((self.bits >> (64 - SHORT)) as usize).copied().unwrap_or_default();
        let [byte, length] = entry.to_be_bytes();
        if length == 0 { self.next_long_symbol() } else { Some((byte, u32::from(length))) }
    }

    #[cold]
    fn next_long_symbol(&self) -> Option<(u8, u32)> {
        let top = (self.bits >> (64 - LONGEST)) as u32;
        let span = LONG_CODES.iter().find(|span| top < span.end)?;
        let place = top.checked_sub(span.first)? >> (LONGEST - span.length);
        let symbol = *BY_CODE.get(span.symbol + place as usize)?;
        //= RFC 7541 §5.2: the end-of-string symbol in a string is a decoding error
        if symbol == END_OF_STRING { None } else { Some((symbol.to_be_bytes()[1], span.length)) }
    }

    #[inline]
    fn skip(&mut self, length: u32) {
        self.bits <<= length;
        self.count -= length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        encode(text, &mut out);
        assert_eq!(out.len(), encoded_len(text));
        out
    }

    fn decoded(code: &[u8]) -> Result<Vec<u8>, HpackError> {
        let mut out = Vec::new();
        decode(code, &mut out).map(|()| out)
    }

    #[test]
    fn the_strings_of_appendix_c_hold() {
        let known: [(&[u8], &[u8]); 4] = [
            (b"www.example.com", b"\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"),
            (b"no-cache", b"\xa8\xeb\x10\x64\x9c\xbf"),
            (b"302", b"\x64\x02"),
            (b"gzip", b"\x9b\xd9\xab"),
        ];
        for (text, code) in known {
            assert_eq!(encoded(text), code);
            assert_eq!(decoded(code).as_deref(), Ok(text));
        }
    }

    #[test]
    fn an_empty_string_is_no_bytes() {
        assert_eq!(encoded(b""), b"");
        assert_eq!(decoded(b""), Ok(Vec::new()));
    }

    #[test]
    fn every_byte_survives_at_every_place() {
        for byte in 0..=255u8 {
            for before in 0..24 {
                let mut text = vec![b'0'; before];
                text.push(byte);
                text.extend_from_slice(b"?tail");
                assert_eq!(decoded(&encoded(&text)), Ok(text));
            }
        }
        let all: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
        assert_eq!(decoded(&encoded(&all)), Ok(all));
    }

    #[test]
    fn every_byte_survives_as_the_last() {
        for byte in 0..=255u8 {
            for before in 0..9 {
                let mut text = vec![b'o'; before];
                text.push(byte);
                assert_eq!(decoded(&encoded(&text)), Ok(text));
            }
        }
    }

    //= RFC 7541 §5.2: padding is less than a byte and the first bits of the end-of-string code, which are ones
    #[test]
    fn a_whole_byte_of_padding_is_refused() {
        assert_eq!(decoded(b"\xff"), Err(HpackError::InvalidHuffman));
        let mut code = encoded(b"gzip");
        code.push(0xff);
        assert_eq!(decoded(&code), Err(HpackError::InvalidHuffman));
        let mut long = encoded(&[b'x'; 100]);
        long.extend([0xff; 2]);
        assert_eq!(decoded(&long), Err(HpackError::InvalidHuffman));
    }

    //= RFC 7541 §5.2: padding is less than a byte and the first bits of the end-of-string code, which are ones
    #[test]
    fn padding_that_is_not_all_ones_is_refused() {
        // 'a' is 00011; the padding is three bits.
        assert_eq!(decoded(&[0b0001_1111]), Ok(b"a".to_vec()));
        for padding in 0..7 {
            assert_eq!(decoded(&[0b0001_1000 | padding]), Err(HpackError::InvalidHuffman));
        }
    }

    #[test]
    fn seven_bits_of_padding_are_allowed() {
        // '0' to '2' are five bits; five of them leave seven bits of four bytes.
        assert_eq!(encoded(b"01201").len(), 4);
        assert_eq!(decoded(&encoded(b"01201")).as_deref(), Ok(&b"01201"[..]));
    }

    //= RFC 7541 §5.2: the end-of-string symbol in a string is a decoding error
    #[test]
    fn the_end_of_string_symbol_is_refused() {
        assert_eq!(decoded(b"\xff\xff\xff\xff"), Err(HpackError::InvalidHuffman));
        assert_eq!(decoded(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), Err(HpackError::InvalidHuffman));
        // The symbol, then 'a' and padding: 30 ones, 00011, 11111.
        assert_eq!(decoded(&[0xff, 0xff, 0xff, 0xfc, 0b0111_1111]), Err(HpackError::InvalidHuffman));
        // After a byte: 'a', 30 ones, five bits of padding.
        assert_eq!(decoded(&[0x1f, 0xff, 0xff, 0xff, 0xff]), Err(HpackError::InvalidHuffman));
    }

    #[test]
    fn a_long_code_that_is_cut_is_refused() {
        let code = encoded(&[10]);
        assert_eq!(code.len(), 4);
        for end in 1..code.len() {
            assert_eq!(decoded(&code[..end]), Err(HpackError::InvalidHuffman));
        }
    }
}
