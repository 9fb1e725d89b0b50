//! The names of the message compressions, and sets of them.
//!
//! Only names and choices: nothing is compressed here, and which encodings a program has is known elsewhere.
//! //= gRPC PROTOCOL-HTTP2 "Message-Encoding", "Message-Accept-Encoding"

use core::fmt;

/// How a message is compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Encoding {
    /// Not at all, which is what a head without `grpc-encoding` says.
    #[default]
    Identity,
    /// gzip (RFC 1952).
    Gzip,
    /// zlib, which HTTP calls deflate (RFC 1950).
    Deflate,
    /// Zstandard (RFC 8878).
    Zstd,
}

impl Encoding {
    /// Every encoding that has a name here.
    pub const ALL: [Self; 4] = [Self::Identity, Self::Gzip, Self::Deflate, Self::Zstd];

    /// The name in `grpc-encoding`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Zstd => "zstd",
        }
    }

    /// The encoding with this name, in any case (RFC 9110 §8.4.1); `None` for one that is not known here.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.name().as_bytes().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A set of encodings, such as those a peer accepts.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct EncodingSet(u8);

impl EncodingSet {
    /// The empty set.
    pub const fn new() -> Self {
        Self(0)
    }

    /// Adds an encoding.
    pub const fn insert(&mut self, encoding: Encoding) {
        self.0 |= Self::bit(encoding);
    }

    /// Adds what one line of `grpc-accept-encoding` lists; names that are not known here are passed over. Of several
    /// lines, each adds its own.
    pub fn parse_accept(&mut self, line: &[u8]) {
        for name in line.split(|byte| *byte == b',') {
            if let Some(encoding) = Encoding::from_name(name.trim_ascii()) {
                self.insert(encoding);
            }
        }
    }

    /// Appends the names, as in `identity,gzip`; nothing for the empty set.
    pub fn write_list(&self, out: &mut Vec<u8>) {
        for (index, encoding) in self.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(encoding.name().as_bytes());
        }
    }

    /// Whether the encoding is in the set.
    pub const fn contains(&self, encoding: Encoding) -> bool {
        self.0 & Self::bit(encoding) != 0
    }

    /// Whether the set is empty.
    pub const fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// What is in the set, in the order of [`Encoding::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = Encoding> + use<> {
        let set = *self;
        Encoding::ALL.into_iter().filter(move |encoding| set.contains(*encoding))
    }

    const fn bit(encoding: Encoding) -> u8 {
        1 << encoding as u8
    }
}

impl FromIterator<Encoding> for EncodingSet {
    fn from_iter<I: IntoIterator<Item = Encoding>>(encodings: I) -> Self {
        let mut set = Self::new();
        encodings.into_iter().for_each(|encoding| set.insert(encoding));
        set
    }
}

impl fmt::Debug for EncodingSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::percent::tests::Seeded;
    use super::*;

    fn list(set: EncodingSet) -> String {
        let mut out = Vec::new();
        set.write_list(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn names_and_encodings_are_inverse() {
        for encoding in Encoding::ALL {
            assert_eq!(Encoding::from_name(encoding.name().as_bytes()), Some(encoding));
        }
        assert_eq!(Encoding::from_name(b"GZIP"), Some(Encoding::Gzip));
        for unknown in [&b""[..], b"br", b"snappy", b"gzip ", b"gzi", b"\xff"] {
            assert_eq!(Encoding::from_name(unknown), None);
        }
        assert_eq!(Encoding::Zstd.to_string(), "zstd");
        assert_eq!(Encoding::default(), Encoding::Identity);
    }

    #[test]
    fn a_set_holds_what_was_inserted_and_nothing_else() {
        let mut set = EncodingSet::new();
        assert!(set.is_empty() && !set.contains(Encoding::Identity));
        set.insert(Encoding::Gzip);
        set.insert(Encoding::Gzip);
        assert!(set.contains(Encoding::Gzip) && !set.contains(Encoding::Deflate) && !set.is_empty());
        assert!(set.iter().eq([Encoding::Gzip]));
        assert_eq!(format!("{set:?}"), "{Gzip}");
        assert_eq!(size_of::<EncodingSet>(), 1);
    }

    #[test]
    fn a_list_is_written_in_a_fixed_order() {
        assert_eq!(list(EncodingSet::new()), "");
        assert_eq!(list(EncodingSet::from_iter([Encoding::Gzip, Encoding::Identity])), "identity,gzip");
        assert_eq!(list(Encoding::ALL.into_iter().collect()), "identity,gzip,deflate,zstd");
    }

    #[test]
    fn accept_lists_are_read_with_spaces_unknown_names_and_several_lines() {
        let mut set = EncodingSet::new();
        set.parse_accept(b" identity ,\tdeflate,br,,x;q=1,");
        assert_eq!(list(set), "identity,deflate");
        set.parse_accept(b"gzip");
        assert_eq!(list(set), "identity,gzip,deflate");
        set.parse_accept(b"");
        assert_eq!(list(set), "identity,gzip,deflate");
    }

    #[test]
    fn every_set_survives_its_list_and_random_bytes_never_fail() {
        for bits in 0..16 {
            let mut back = EncodingSet::new();
            back.parse_accept(list(EncodingSet(bits)).as_bytes());
            assert_eq!(back, EncodingSet(bits));
        }
        let mut random = Seeded(5);
        for _ in 0..2_000 {
            EncodingSet::new().parse_accept(&random.bytes(30));
        }
    }
}
