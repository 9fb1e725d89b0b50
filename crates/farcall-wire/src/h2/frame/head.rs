//! The nine bytes before every frame, and the checks that several kinds share.
//!
//! What is said of one kind only belongs in that kind's file. Law: RFC 9113 §4.1 and §4.2.

use core::ops::Range;

use crate::error::{Fault, Reason};

/// The length of a frame's head in bytes (RFC 9113 §4.1).
pub const FRAME_HEAD: usize = 9;

/// The longest payload that a length of 24 bits can express, in bytes (RFC 9113 §4.2).
pub(super) const MAX_LENGTH: u32 = 0xff_ffff;

/// All bits of a 31-bit number; the bit above is reserved and means nothing.
const MASK: u32 = 0x7fff_ffff;

/// What stands before a frame's payload (RFC 9113 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHead {
    /// The length of the payload in bytes, padding included; 24 bits.
    pub length: u32,
    /// What the frame is; see [`kind`].
    pub kind: u8,
    /// Bits whose meaning depends on the kind; see [`flag`].
    pub flags: u8,
    /// The stream, or 0 for the connection; 31 bits.
    pub stream: u32,
}

impl FrameHead {
    /// Reads a head. Any nine bytes are one.
    pub fn parse(bytes: &[u8; FRAME_HEAD]) -> Self {
        let &[high, middle, low, kind, flags, ref stream @ ..] = bytes;
        //= RFC 9113 §4.1: the reserved bit is ignored by a receiver
        Self { length: u32::from_be_bytes([0, high, middle, low]), kind, flags, stream: number(stream) }
    }

    /// The head as nine bytes. Bits of `length` above the 24th and of `stream` above the 31st are lost.
    pub fn to_bytes(self) -> [u8; FRAME_HEAD] {
        let [_, high, middle, low] = self.length.to_be_bytes();
        //= RFC 9113 §4.1: the reserved bit is never set
        let [s0, s1, s2, s3] = (self.stream & MASK).to_be_bytes();
        [high, middle, low, self.kind, self.flags, s0, s1, s2, s3]
    }

    /// Appends the head, as [`Self::to_bytes`] writes it.
    pub fn encode(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_bytes());
    }

    /// Whether a [`flag`] is set.
    pub const fn has(self, flag: u8) -> bool {
        //= RFC 9113 §4.1: flags that mean nothing are ignored
        self.flags & flag != 0
    }

    /// Holds the frame to the SETTINGS_MAX_FRAME_SIZE of this side, before its payload is awaited.
    ///
    /// # Errors
    ///
    /// [`Reason::FrameTooLarge`], always of the connection: skipping the payload would mean to receive it.
    pub fn check_length(self, max_frame: u32) -> Result<(), Fault> {
        //= RFC 9113 §4.2: a frame longer than SETTINGS_MAX_FRAME_SIZE is a FRAME_SIZE_ERROR
        if self.length > max_frame {
            return Err(Fault::connection(Reason::FrameTooLarge { length: self.length, limit: max_frame }));
        }
        Ok(())
    }

    /// For the kinds that belong to a stream.
    pub(super) fn needs_stream(self) -> Result<(), Fault> {
        if self.stream == 0 {
            return Err(Fault::connection(Reason::StreamZero { kind: self.kind }));
        }
        Ok(())
    }

    /// For the kinds that belong to the connection.
    pub(super) fn needs_connection(self) -> Result<(), Fault> {
        if self.stream != 0 {
            return Err(Fault::connection(Reason::StreamNotZero { kind: self.kind, stream: self.stream }));
        }
        Ok(())
    }

    /// What a length means that the kind does not allow.
    pub(super) fn wrong_size(self) -> Reason {
        Reason::FrameSize { kind: self.kind, length: self.length }
    }

    /// The part of the payload that is not padding, for the kinds that can be padded.
    pub(super) fn without_padding(self, payload: &[u8]) -> Result<Range<usize>, Fault> {
        if !self.has(flag::PADDED) {
            return Ok(0..payload.len());
        }
        //= RFC 9113 §4.2: a frame too short for a field it must have is a FRAME_SIZE_ERROR
        let Some((&padding, rest)) = payload.split_first() else {
            return Err(Fault::connection(self.wrong_size()));
        };
        //= RFC 9113 §6.1, §6.2, §6.6: padding as long as the payload, or longer, is a connection error
        match rest.len().checked_sub(usize::from(padding)) {
            Some(kept) => Ok(1..1 + kept),
            None => Err(Fault::connection(Reason::Padding { kind: self.kind })),
        }
    }
}

/// Reads a 31-bit number: a stream, or the increment of a window.
pub(super) fn number(bytes: &[u8; 4]) -> u32 {
    u32::from_be_bytes(*bytes) & MASK
}

/// Appends a frame whose payload is at hand; it is at most [`MAX_LENGTH`] bytes long.
pub(super) fn encode_frame(kind: u8, flags: u8, stream: u32, payload: &[u8], out: &mut Vec<u8>) {
    FrameHead { length: payload.len() as u32, kind, flags, stream }.encode(out);
    out.extend_from_slice(payload);
}

/// The kinds of frame (RFC 9113 §6). Frames of any other kind are skipped.
pub mod kind {
    /// The body of a message.
    pub const DATA: u8 = 0x0;
    /// Opens a stream, or ends it with trailers.
    pub const HEADERS: u8 = 0x1;
    /// Deprecated; checked and ignored.
    pub const PRIORITY: u8 = 0x2;
    /// Ends a stream at once.
    pub const RST_STREAM: u8 = 0x3;
    /// What its sender is ready to receive.
    pub const SETTINGS: u8 = 0x4;
    /// Announces a stream that a server begins.
    pub const PUSH_PROMISE: u8 = 0x5;
    /// Asks for a sign of life.
    pub const PING: u8 = 0x6;
    /// Says that no more streams are taken.
    pub const GOAWAY: u8 = 0x7;
    /// Allows more DATA.
    pub const WINDOW_UPDATE: u8 = 0x8;
    /// More of a header block.
    pub const CONTINUATION: u8 = 0x9;
}

/// The flags of frames (RFC 9113 §6). One bit can mean different things in different kinds.
pub mod flag {
    //= RFC 9113 §4.1: flags that mean nothing are never set
    /// DATA and HEADERS: the sender sends nothing more on this stream.
    pub const END_STREAM: u8 = 0x1;
    /// SETTINGS and PING: an answer.
    pub const ACK: u8 = 0x1;
    /// HEADERS, PUSH_PROMISE and CONTINUATION: the header block ends here.
    pub const END_HEADERS: u8 = 0x4;
    /// DATA, HEADERS and PUSH_PROMISE: the payload begins with the length of the padding at its end.
    pub const PADDED: u8 = 0x8;
    /// HEADERS: a dependency and a weight stand before the header block.
    pub const PRIORITY: u8 = 0x20;
}

#[cfg(test)]
mod tests {
    use super::*;

    const PADDED_DATA: FrameHead = FrameHead { length: 0, kind: kind::DATA, flags: flag::PADDED, stream: 1 };

    #[test]
    fn a_head_is_nine_bytes_in_network_order() {
        let head = FrameHead { length: 0x01_0203, kind: 0x04, flags: 0x05, stream: 0x0607_0809 };
        let mut out = vec![0xee];
        head.encode(&mut out);
        assert_eq!(out, [0xee, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(out.last_chunk().map(FrameHead::parse), Some(head));
    }

    //= RFC 9113 §4.1: the reserved bit is never set
    #[test]
    fn the_reserved_bit_is_dropped_when_read_and_never_written() {
        let head = FrameHead::parse(&[0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(head.stream, 0x7fff_ffff);
        let mut out = Vec::new();
        FrameHead { stream: u32::MAX, ..head }.encode(&mut out);
        assert_eq!(out, [0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff]);
    }

    #[test]
    fn flags_are_asked_one_by_one() {
        let head = FrameHead { flags: flag::END_HEADERS | flag::PRIORITY, ..PADDED_DATA };
        assert!(head.has(flag::END_HEADERS) && head.has(flag::PRIORITY));
        assert!(!head.has(flag::END_STREAM) && !head.has(flag::PADDED));
    }

    #[test]
    fn a_frame_may_be_as_long_as_the_limit_and_no_longer() {
        let head = FrameHead { length: 16_384, ..PADDED_DATA };
        assert_eq!(head.check_length(16_384), Ok(()));
        let fault = Fault::connection(Reason::FrameTooLarge { length: 16_385, limit: 16_384 });
        assert_eq!(FrameHead { length: 16_385, ..head }.check_length(16_384), Err(fault));
        assert_eq!(FrameHead { length: MAX_LENGTH, ..head }.check_length(MAX_LENGTH), Ok(()));
    }

    #[test]
    fn without_the_flag_nothing_is_padding() {
        let head = FrameHead { flags: !flag::PADDED, ..PADDED_DATA };
        assert_eq!(head.without_padding(&[9, 9, 9]), Ok(0..3));
        assert_eq!(head.without_padding(&[]), Ok(0..0));
    }

    #[test]
    fn padding_may_fill_the_frame_up_to_its_length_byte() {
        assert_eq!(PADDED_DATA.without_padding(&[0]), Ok(1..1));
        assert_eq!(PADDED_DATA.without_padding(&[0, 7]), Ok(1..2));
        assert_eq!(PADDED_DATA.without_padding(&[1, 0]), Ok(1..1));
        assert_eq!(PADDED_DATA.without_padding(&[1, 7, 0]), Ok(1..2));
    }

    #[test]
    fn padding_of_the_length_of_the_frame_is_a_connection_error() {
        let fault = Fault::connection(Reason::Padding { kind: kind::DATA });
        for payload in [&[1u8][..], &[2, 0], &[255, 0, 0]] {
            assert_eq!(PADDED_DATA.without_padding(payload), Err(fault));
        }
    }

    #[test]
    fn a_padded_frame_without_a_padding_length_has_a_wrong_size() {
        let fault = Fault::connection(Reason::FrameSize { kind: kind::DATA, length: 0 });
        assert_eq!(PADDED_DATA.without_padding(&[]), Err(fault));
    }
}
