//! What stands in a DATA frame: messages whole and cut, and what no message begins with.

/// Declares [`Body`] with its numbers.
macro_rules! bodies {
    ($( $(#[$doc:meta])* $name:ident; )+) => {
        /// What a DATA frame carries.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Body { $( $(#[$doc])* $name, )+ }

        impl Body {
            /// Every body.
            pub(crate) const ALL: &'static [Self] = &[$( Self::$name ),+];
        }
    };
}

bodies! {
    /// One whole message.
    Message;
    /// Nothing.
    Nothing;
    /// The beginning of a message: its prefix and some bytes.
    Begun;
    /// Bytes that go on with a message, or are a bad prefix.
    Rest;
    /// A compressed message that is no gzip.
    Compressed;
    /// Many empty messages.
    Many;
    /// A message with a flag that is not defined.
    Flag;
    /// A part of a prefix.
    Prefix;
}

impl Body {
    /// The body of a number; there is one for each.
    pub(crate) fn from_number(number: u8) -> Self {
        Self::ALL[usize::from(number) % Self::ALL.len()]
    }

    /// Its number.
    pub(crate) fn number(self) -> u8 {
        self as u8
    }

    /// Its bytes; at most as many as fit in the smallest largest frame.
    pub(crate) fn bytes(self, length: u16, detail: u8) -> Vec<u8> {
        let message = |flag, announced: u32, have: usize| {
            let mut bytes = vec![flag];
            bytes.extend_from_slice(&announced.to_be_bytes());
            bytes.resize(5 + have, detail);
            bytes
        };
        let length = length % 16_380;
        let (announced, have) = (u32::from(length), usize::from(length));
        match self {
            Self::Message => message(0, announced, have),
            Self::Nothing => Vec::new(),
            Self::Begun => message(0, announced + 1 + u32::from(detail) * 2_000, have),
            Self::Rest => vec![detail; have],
            Self::Compressed => message(1, announced, have),
            Self::Many => vec![0; have / 5 * 5],
            Self::Flag => message(detail | 2, announced, have),
            Self::Prefix => vec![0; 1 + usize::from(detail % 4)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_body_has_its_number_and_fits_in_a_frame() {
        for body in Body::ALL {
            assert_eq!(Body::from_number(body.number()), *body);
            assert!([0, 1, 16_379, u16::MAX].iter().all(|length| body.bytes(*length, 255).len() <= 16_384));
        }
    }
}
