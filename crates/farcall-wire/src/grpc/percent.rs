//! `grpc-message` on the wire: UTF-8 with every byte percent-encoded that is not plain ASCII text.
//!
//! Decoding never fails and never drops a message: what makes no sense stays as it came.
//! //= gRPC PROTOCOL-HTTP2 "Percent-Byte-Unencoded": 0x20 to 0x24 and 0x26 to 0x7E stand for themselves

use std::borrow::Cow;

/// Appends the message as it travels.
pub fn encode(message: &str, out: &mut Vec<u8>) {
    out.reserve(message.len());
    let mut rest = message.as_bytes();
    while let Some(at) = rest.iter().position(|byte| !is_plain(*byte)) {
        let (plain, special) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        out.extend_from_slice(plain);
        let Some((byte, after)) = special.split_first() else { return };
        out.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]);
        rest = after;
    }
    out.extend_from_slice(rest);
}

/// The message that was meant. A `%` without two hexadecimal digits stays as it is, and bytes that are not UTF-8 become
/// U+FFFD; a message without either is borrowed.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if !bytes.contains(&b'%') {
        return String::from_utf8_lossy(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        match escape(rest) {
            Some((byte, after)) => {
                out.push(byte);
                rest = after;
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    let text = String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    Cow::Owned(text)
}

/// The byte of an escape at the start, and what follows it.
fn escape(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let ([b'%', high, low], after) = bytes.split_first_chunk()? else { return None };
    let value = char::from(*high).to_digit(16)? << 4 | char::from(*low).to_digit(16)?;
    Some((u8::try_from(value).ok()?, after))
}

const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'$' | b'&'..=b'~')
}

/// An upper-case hexadecimal digit.
const fn digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'A' + value - 10 }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A seeded source of randomness for the tests of this folder (xorshift64*).
    pub(crate) struct Seeded(pub(crate) u64);

    impl Seeded {
        pub(crate) fn next(&mut self) -> u64 {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
        }

        /// A number below `end`.
        pub(crate) fn below(&mut self, end: usize) -> usize {
            (self.next() >> 16) as usize % end
        }

        /// Random bytes, fewer than `end`.
        pub(crate) fn bytes(&mut self, end: usize) -> Vec<u8> {
            let length = self.below(end);
            (0..length).map(|_| (self.next() >> 32) as u8).collect()
        }
    }

    fn encoded(message: &str) -> String {
        let mut out = Vec::new();
        encode(message, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn plain_text_stands_for_itself_and_is_borrowed_back() {
        let plain: String = (' '..='~').filter(|c| *c != '%').collect();
        assert_eq!(encoded(&plain), plain);
        assert!(matches!(decode(plain.as_bytes()), Cow::Borrowed(text) if text == plain));
        assert!(matches!(decode(b""), Cow::Borrowed("")));
    }

    #[test]
    fn everything_else_is_encoded_in_upper_case() {
        assert_eq!(encoded("100%"), "100%25");
        assert_eq!(encoded("\u{7f}\0\u{1f}"), "%7F%00%1F");
        assert_eq!(encoded("ü☺"), "%C3%BC%E2%98%BA");
    }

    #[test]
    fn encoding_appends() {
        let mut out = b"before ".to_vec();
        encode("a\nb", &mut out);
        assert_eq!(out, b"before a%0Ab");
    }

    #[test]
    fn the_special_message_of_the_interop_tests_survives() {
        let message = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";
        let wire = encoded(message);
        assert_eq!(wire, "%09%0Atest with whitespace%0D%0Aand Unicode BMP %E2%98%BA and non-BMP %F0%9F%98%88%09%0A");
        assert_eq!(decode(wire.as_bytes()), message);
        assert_eq!(decode(wire.to_lowercase().as_bytes()), message.to_lowercase());
    }

    #[test]
    fn bad_escapes_stay_as_they_are() {
        for text in ["%", "%%", "%4", "100% sure", "%zz", "%4g", "%g4", "a%"] {
            assert_eq!(decode(text.as_bytes()), text);
        }
        assert_eq!(decode(b"%%41%4"), "%A%4");
        assert_eq!(decode(b"%+1%-1"), "%+1%-1");
    }

    #[test]
    fn bytes_that_are_not_text_become_replacement_characters() {
        assert_eq!(decode(b"a%FFb"), "a\u{fffd}b");
        assert_eq!(decode(b"a\xffb"), "a\u{fffd}b");
        assert_eq!(decode("raw ☺".as_bytes()), "raw ☺");
    }

    #[test]
    fn random_text_survives_and_the_wire_form_is_plain() {
        let mut random = Seeded(7);
        for _ in 0..2_000 {
            let text: String =
                (0..random.below(20)).filter_map(|_| char::from_u32(random.next() as u32 % 0x11_0000)).collect();
            let wire = encoded(&text);
            assert!(wire.bytes().all(|byte| byte == b'%' || is_plain(byte)));
            assert_eq!(decode(wire.as_bytes()), text);
        }
    }

    #[test]
    fn random_bytes_never_fail() {
        let mut random = Seeded(8);
        for _ in 0..5_000 {
            let mut bytes = random.bytes(40);
            for byte in &mut bytes {
                if random.below(3) == 0 {
                    *byte = b'%';
                }
            }
            let _ = decode(&bytes);
        }
    }
}
