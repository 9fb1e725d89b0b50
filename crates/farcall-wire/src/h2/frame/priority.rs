//! PRIORITY: a deprecated wish for the order of streams; checked, then ignored, and never sent.
//!
//! No order of sending is decided here. Law: RFC 9113 §6.3, and RFC 7540 §5.3.1 for the dependency.

use super::head::{FrameHead, number};
use crate::error::{Fault, Reason};

/// A dependency and a weight, as PRIORITY frames and HEADERS frames with the PRIORITY flag carry them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Priority {
    /// Whether the stream wants to be the only one that depends on the other.
    pub exclusive: bool,
    /// The stream that it depends on, or 0.
    pub dependency: u32,
    /// The weight as on the wire: one less than it means (0 for 1, 255 for 256).
    pub weight: u8,
}

impl Priority {
    /// Reads the five bytes. Any five bytes are a priority.
    pub fn decode(bytes: &[u8; 5]) -> Self {
        let &[ref dependency @ .., weight] = bytes;
        let &[first, ..] = dependency;
        Self { exclusive: first & 0x80 != 0, dependency: number(dependency), weight }
    }
}

/// Reads a PRIORITY frame.
///
/// # Errors
///
/// Stream 0 is a connection error; a length other than 5 and a dependency on itself are stream errors.
pub fn parse(head: FrameHead, payload: &[u8]) -> Result<Priority, Fault> {
    //= RFC 9113 §6.3: PRIORITY on stream 0 is a connection error
    head.needs_stream()?;
    //= RFC 9113 §6.3: a length other than 5 is a stream error
    let bytes = payload.try_into().map_err(|_| Fault::call(head.wrong_size()))?;
    let priority = Priority::decode(bytes);
    //= RFC 7540 §5.3.1: a stream that depends on itself is a stream error
    if priority.dependency == head.stream {
        return Err(Fault::call(Reason::SelfDependency { stream: head.stream }));
    }
    Ok(priority)
}

#[cfg(test)]
mod tests {
    use super::super::head::kind;
    use super::*;

    fn head(stream: u32, length: u32) -> FrameHead {
        FrameHead { length, kind: kind::PRIORITY, flags: 0, stream }
    }

    #[test]
    fn the_first_bit_says_exclusive_and_the_rest_is_the_dependency() {
        let priority = Priority { exclusive: false, dependency: 11, weight: 7 };
        assert_eq!(parse(head(9, 5), &[0, 0, 0, 11, 7]), Ok(priority));
        assert_eq!(parse(head(9, 5), &[0x80, 0, 0, 11, 7]), Ok(Priority { exclusive: true, ..priority }));
        let last = Priority { exclusive: true, dependency: 0x7fff_ffff, weight: 255 };
        assert_eq!(parse(head(9, 5), &[0xff; 5]), Ok(last));
    }

    //= RFC 9113 §6.3: PRIORITY on stream 0 is a connection error
    #[test]
    fn priority_on_stream_0_is_a_connection_error() {
        let fault = Fault::connection(Reason::StreamZero { kind: kind::PRIORITY });
        assert_eq!(parse(head(0, 5), &[0, 0, 0, 11, 7]), Err(fault));
        assert_eq!(parse(head(0, 4), &[0, 0, 0, 0]), Err(fault));
    }

    //= RFC 9113 §6.3: a length other than 5 is a stream error
    #[test]
    fn a_length_other_than_5_is_a_stream_error() {
        for length in [0, 4, 6, 8] {
            let fault = Fault::call(Reason::FrameSize { kind: kind::PRIORITY, length });
            assert_eq!(parse(head(9, length), &vec![0; length as usize]), Err(fault));
        }
    }

    #[test]
    fn a_stream_that_depends_on_itself_is_a_stream_error() {
        let fault = Fault::call(Reason::SelfDependency { stream: 9 });
        assert_eq!(parse(head(9, 5), &[0, 0, 0, 9, 7]), Err(fault));
        assert_eq!(parse(head(9, 5), &[0x80, 0, 0, 9, 7]), Err(fault));
    }
}
