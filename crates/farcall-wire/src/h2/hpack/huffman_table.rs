//! The Huffman code as data: code lengths, and what follows from them at compile time.
//!
//! No input is read here. The law is RFC 7541 Appendix B. That code is canonical (codes count upwards through the lengths,
//! and within a length through the symbols), so the lengths say everything.

/// Symbols in all: 256 bytes and the end-of-string symbol.
pub(super) const SYMBOL_COUNT: usize = 257;

/// The end-of-string symbol, which must not stand in a string.
pub(super) const END_OF_STRING: u16 = 256;

/// Bits of the longest code.
pub(super) const LONGEST: u32 = 30;

/// Bits looked up at once. Longer codes are rare bytes (control characters, quotes, UTF-8).
pub(super) const SHORT: u32 = 10;

/// Bits of each symbol's code.
#[rustfmt::skip]
static LENGTHS: [u8; SYMBOL_COUNT] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

/// Symbols by rising length, then by value: the order in which canonical codes are given out.
#[allow(clippy::indexing_slicing, reason = "evaluated at compile time: a wrong index does not build")]
pub(super) static BY_CODE: [u16; SYMBOL_COUNT] = {
    let mut symbols = [0; SYMBOL_COUNT];
    let mut at = 0;
    let mut length = 1;
    while length <= LONGEST {
        let mut symbol = 0;
        while symbol < SYMBOL_COUNT {
            if LENGTHS[symbol] as u32 == length {
                symbols[at] = symbol as u16;
                at += 1;
            }
            symbol += 1;
        }
        length += 1;
    }
    assert!(at == SYMBOL_COUNT);
    symbols
};

/// A symbol's code, in the low bits.
#[derive(Clone, Copy, Default)]
pub(super) struct Code {
    /// The bits.
    pub(super) bits: u32,
    /// How many there are.
    pub(super) length: u8,
}

/// The code of each symbol.
#[allow(clippy::indexing_slicing, reason = "evaluated at compile time: a wrong index does not build")]
pub(super) static CODES: [Code; SYMBOL_COUNT] = {
    let mut codes = [Code { bits: 0, length: 0 }; SYMBOL_COUNT];
    let mut next = 0u32;
    let mut length = 0;
    let mut at = 0;
    while at < SYMBOL_COUNT {
        let symbol = BY_CODE[at] as usize;
        next <<= LENGTHS[symbol] - length;
        length = LENGTHS[symbol];
        codes[symbol] = Code { bits: next, length };
        next += 1;
        at += 1;
    }
    assert!(next == 1 << LONGEST, "the code fills its space");
    codes
};

/// For each possible [`SHORT`] bits: the symbol (high byte) and its length (low byte), or 0 if its code is longer.
#[allow(clippy::indexing_slicing, reason = "evaluated at compile time: a wrong index does not build")]
pub(super) static SHORT_CODES: [u16; 1 << SHORT] = {
    let mut table = [0; 1 << SHORT];
    let mut symbol = 0;
    while symbol < SYMBOL_COUNT {
        let code = CODES[symbol];
        if code.length as u32 <= SHORT {
            let free = SHORT - code.length as u32;
            let mut at = 0;
            while at < 1 << free {
                table[((code.bits as usize) << free) | at] = ((symbol as u16) << 8) | code.length as u16;
                at += 1;
            }
        }
        symbol += 1;
    }
    table
};

/// The codes of one length, as numbers of [`LONGEST`] bits (filled up with zeros at the right).
#[derive(Clone, Copy)]
pub(super) struct Span {
    /// The first code.
    pub(super) first: u32,
    /// The first number above the last code; equal to `first` if there is no code of this length.
    pub(super) end: u32,
    /// Where the symbol of the first code stands in [`BY_CODE`].
    pub(super) symbol: usize,
    /// Bits of each code.
    pub(super) length: u32,
}

/// The lengths above [`SHORT`], rising.
#[allow(clippy::indexing_slicing, reason = "evaluated at compile time: a wrong index does not build")]
pub(super) static LONG_CODES: [Span; (LONGEST - SHORT) as usize] = {
    let mut spans = [Span { first: 0, end: 0, symbol: 0, length: 0 }; (LONGEST - SHORT) as usize];
    let mut at = 0;
    let mut length = 1;
    let mut end = 0;
    while length <= LONGEST {
        let (first, symbol) = (end, at);
        while at < SYMBOL_COUNT && LENGTHS[BY_CODE[at] as usize] as u32 == length {
            at += 1;
            end += 1 << (LONGEST - length);
        }
        if length > SHORT {
            spans[(length - SHORT - 1) as usize] = Span { first, end, symbol, length };
        }
        length += 1;
    }
    spans
};

#[cfg(test)]
mod tests {
    use super::*;

    /// (symbol, code, length) from RFC 7541 Appendix B: the first and last of several lengths.
    const KNOWN: &[(usize, u32, u8)] = &[
        (b'0' as usize, 0x0, 5),
        (b't' as usize, 0x9, 5),
        (b' ' as usize, 0x14, 6),
        (b':' as usize, 0x5c, 7),
        (b'&' as usize, 0xf8, 8),
        (b'!' as usize, 0x3f8, 10),
        (b'|' as usize, 0x7fc, 11),
        (b'\\' as usize, 0x7fff0, 19),
        (0, 0x1ff8, 13),
        (10, 0x3ffffffc, 30),
        (22, 0x3ffffffe, 30),
        (127, 0xffffffc, 28),
        (255, 0x3ffffee, 26),
        (256, 0x3fffffff, 30),
    ];

    #[test]
    fn the_lengths_give_the_codes_of_appendix_b() {
        for &(symbol, bits, length) in KNOWN {
            assert_eq!((CODES[symbol].bits, CODES[symbol].length), (bits, length), "symbol {symbol}");
        }
    }

    #[test]
    fn no_code_is_the_start_of_another() {
        let filled = |code: &Code| u64::from(code.bits) << (LONGEST - u32::from(code.length));
        let mut starts: Vec<(u64, u64)> =
            CODES.iter().map(|code| (filled(code), filled(code) + (1 << (LONGEST - u32::from(code.length))))).collect();
        starts.sort_unstable();
        assert!(starts.windows(2).all(|pair| pair[0].1 == pair[1].0));
    }

    #[test]
    fn each_code_is_either_short_or_in_the_span_of_its_length() {
        for (symbol, code) in CODES.iter().enumerate() {
            let length = u32::from(code.length);
            if length <= SHORT {
                let entry = SHORT_CODES[(code.bits << (SHORT - length)) as usize];
                assert_eq!(entry, ((symbol as u16) << 8) | u16::from(code.length));
            } else {
                let span = LONG_CODES.iter().find(|span| span.length == length).expect("a span for each length");
                let filled = code.bits << (LONGEST - length);
                assert!((span.first..span.end).contains(&filled));
                let place = (filled - span.first) >> (LONGEST - length);
                assert_eq!(usize::from(BY_CODE[span.symbol + place as usize]), symbol);
            }
        }
    }
}
