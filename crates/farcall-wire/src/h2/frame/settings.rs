//! SETTINGS: what its sender is ready to receive.
//!
//! Values are checked here, one by one; they take effect elsewhere. Law: RFC 9113 §6.5.

use core::iter::FusedIterator;
use core::slice;

use super::head::{FrameHead, encode_frame, flag, kind};
use crate::error::{Fault, Reason};

/// The settings of RFC 9113 §6.5.2.
pub mod id {
    /// The largest HPACK table that the sender keeps for decoding, in bytes.
    pub const HEADER_TABLE_SIZE: u16 = 0x1;
    /// Whether the sender accepts pushed streams: 0 or 1.
    pub const ENABLE_PUSH: u16 = 0x2;
    /// How many streams the peer may have open at once.
    pub const MAX_CONCURRENT_STREAMS: u16 = 0x3;
    /// The window that each stream begins with, in bytes.
    pub const INITIAL_WINDOW_SIZE: u16 = 0x4;
    /// The longest payload of a frame that the sender takes, in bytes.
    pub const MAX_FRAME_SIZE: u16 = 0x5;
    /// The largest header list that the sender takes, in bytes before compression.
    pub const MAX_HEADER_LIST_SIZE: u16 = 0x6;
}

/// The largest window, in bytes (RFC 9113 §6.9.1).
const MAX_WINDOW: u32 = 0x7fff_ffff;

/// Where SETTINGS_MAX_FRAME_SIZE may lie, in bytes (RFC 9113 §6.5.2).
const FRAME_SIZES: core::ops::RangeInclusive<u32> = 0x4000..=0xff_ffff;

/// A SETTINGS frame.
#[derive(Debug, Clone)]
pub enum SettingsFrame<'a> {
    /// The peer has applied the oldest settings that it had not acknowledged yet.
    Ack,
    /// Settings of the peer, to be applied in this order and then acknowledged.
    Entries(Entries<'a>),
}

/// The entries of a SETTINGS frame as (id, value), in the order of the wire, unknown ids and repetitions included.
///
/// It knows its length, so that a flood can be refused before it is read.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    entries: slice::Iter<'a, [u8; 6]>,
}

impl Iterator for Entries<'_> {
    type Item = (u16, u32);

    fn next(&mut self) -> Option<Self::Item> {
        let &[i0, i1, v0, v1, v2, v3] = self.entries.next()?;
        Some((u16::from_be_bytes([i0, i1]), u32::from_be_bytes([v0, v1, v2, v3])))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

impl ExactSizeIterator for Entries<'_> {}
impl FusedIterator for Entries<'_> {}

/// Reads a SETTINGS frame; each of its values is still to be checked with [`check`].
///
/// # Errors
///
/// Connection errors: a stream other than 0, a length that is no multiple of 6, an acknowledgement with a payload.
pub fn parse(head: FrameHead, payload: &[u8]) -> Result<SettingsFrame<'_>, Fault> {
    //= RFC 9113 §6.5: SETTINGS on a stream is a connection error
    head.needs_connection()?;
    let (entries, rest) = payload.as_chunks::<6>();
    //= RFC 9113 §6.5: an acknowledgement with a payload is a FRAME_SIZE_ERROR of the connection
    //= RFC 9113 §6.5: a length that is no multiple of 6 is a FRAME_SIZE_ERROR of the connection
    //= RFC 9113 §6.5: SETTINGS that cannot be read end the connection
    //= RFC 9113 §4.2: a wrong size of a frame with a header block, or of the connection, ends the connection
    if !rest.is_empty() || (head.has(flag::ACK) && !entries.is_empty()) {
        return Err(Fault::connection(head.wrong_size()));
    }
    if head.has(flag::ACK) {
        return Ok(SettingsFrame::Ack);
    }
    Ok(SettingsFrame::Entries(Entries { entries: entries.iter() }))
}

/// Holds one entry to its range; unknown ids pass.
///
/// That a server may not send ENABLE_PUSH = 1 is for the connection to hold, which knows its role.
///
/// # Errors
///
/// Connection errors: [`Reason::SettingValue`], and [`Reason::InitialWindow`] for a window above 2^31-1.
pub fn check(id: u16, value: u32) -> Result<(), Fault> {
    match id {
        //= RFC 9113 §6.5.2: ENABLE_PUSH is 0 or 1, or else a PROTOCOL_ERROR
        id::ENABLE_PUSH if value > 1 => Err(Fault::connection(Reason::SettingValue { id, value })),
        //= RFC 9113 §6.5.2: an initial window above 2^31-1 is a FLOW_CONTROL_ERROR of the connection
        id::INITIAL_WINDOW_SIZE if value > MAX_WINDOW => Err(Fault::connection(Reason::InitialWindow { value })),
        //= RFC 9113 §6.5.2: a SETTINGS_MAX_FRAME_SIZE outside its range is a PROTOCOL_ERROR
        id::MAX_FRAME_SIZE if !FRAME_SIZES.contains(&value) => {
            Err(Fault::connection(Reason::SettingValue { id, value }))
        }
        //= RFC 9113 §5.5: unknown values are ignored wherever the protocol can be extended
        _ => Ok(()),
    }
}

/// Appends a SETTINGS frame with these entries of (id, value).
pub fn encode(entries: &[(u16, u32)], out: &mut Vec<u8>) {
    let length = entries.len() as u32 * 6;
    FrameHead { length, kind: kind::SETTINGS, flags: 0, stream: 0 }.encode(out);
    for (id, value) in entries {
        out.extend_from_slice(&id.to_be_bytes());
        out.extend_from_slice(&value.to_be_bytes());
    }
}

/// Appends an acknowledgement of the peer's settings.
pub fn encode_ack(out: &mut Vec<u8>) {
    //= RFC 9113 §6.5: an acknowledgement carries nothing
    encode_frame(kind::SETTINGS, flag::ACK, 0, &[], out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(flags: u8, stream: u32, length: u32) -> FrameHead {
        FrameHead { length, kind: kind::SETTINGS, flags, stream }
    }

    fn entries(head: FrameHead, payload: &[u8]) -> Vec<(u16, u32)> {
        match parse(head, payload) {
            Ok(SettingsFrame::Entries(entries)) => entries.collect(),
            other => panic!("entries expected, but got {other:?}"),
        }
    }

    #[test]
    fn entries_come_in_the_order_of_the_wire_repetitions_and_unknown_ids_included() {
        let payload = [0, 4, 0, 0, 0, 1, 0xab, 0xcd, 0xff, 0xff, 0xff, 0xff, 0, 4, 0, 0, 1, 0];
        assert_eq!(entries(head(0, 0, 18), &payload), [(4, 1), (0xabcd, u32::MAX), (4, 256)]);
        assert_eq!(entries(head(0, 0, 0), &[]), []);
    }

    #[test]
    fn the_count_of_entries_is_known_before_they_are_read() {
        let Ok(SettingsFrame::Entries(mut entries)) = parse(head(0, 0, 12), &[0; 12]) else { panic!("no entries") };
        assert_eq!(entries.len(), 2);
        entries.next();
        assert_eq!(entries.len(), 1);
    }

    //= RFC 9113 §6.5: SETTINGS on a stream is a connection error
    #[test]
    fn settings_on_a_stream_is_a_connection_error() {
        let fault = Fault::connection(Reason::StreamNotZero { kind: kind::SETTINGS, stream: 1 });
        assert_eq!(parse(head(0, 1, 6), &[0; 6]).err(), Some(fault));
        assert_eq!(parse(head(flag::ACK, 1, 0), &[]).err(), Some(fault));
    }

    //= RFC 9113 §6.5: a length that is no multiple of 6 is a FRAME_SIZE_ERROR of the connection
    #[test]
    fn a_length_that_is_no_multiple_of_6_is_a_connection_error() {
        for length in [1, 5, 7, 8, 17] {
            let fault = Fault::connection(Reason::FrameSize { kind: kind::SETTINGS, length });
            assert_eq!(parse(head(0, 0, length), &vec![0; length as usize]).err(), Some(fault));
        }
    }

    //= RFC 9113 §6.5: an acknowledgement with a payload is a FRAME_SIZE_ERROR of the connection
    #[test]
    fn an_acknowledgement_with_a_payload_is_a_connection_error() {
        assert!(matches!(parse(head(flag::ACK, 0, 0), &[]), Ok(SettingsFrame::Ack)));
        for length in [1, 6, 12] {
            let fault = Fault::connection(Reason::FrameSize { kind: kind::SETTINGS, length });
            assert_eq!(parse(head(flag::ACK, 0, length), &vec![0; length as usize]).err(), Some(fault));
        }
    }

    #[test]
    fn push_is_0_or_1() {
        let fault = Fault::connection(Reason::SettingValue { id: id::ENABLE_PUSH, value: 2 });
        assert_eq!(check(id::ENABLE_PUSH, 0), Ok(()));
        assert_eq!(check(id::ENABLE_PUSH, 1), Ok(()));
        assert_eq!(check(id::ENABLE_PUSH, 2), Err(fault));
    }

    #[test]
    fn an_initial_window_above_31_bits_is_a_flow_control_error() {
        assert_eq!(check(id::INITIAL_WINDOW_SIZE, 0), Ok(()));
        assert_eq!(check(id::INITIAL_WINDOW_SIZE, 0x7fff_ffff), Ok(()));
        let fault = Fault::connection(Reason::InitialWindow { value: 0x8000_0000 });
        assert_eq!(check(id::INITIAL_WINDOW_SIZE, 0x8000_0000), Err(fault));
    }

    #[test]
    fn the_frame_size_lies_between_16384_and_16777215() {
        for value in [16_384, 16_777_215] {
            assert_eq!(check(id::MAX_FRAME_SIZE, value), Ok(()));
        }
        for value in [0, 16_383, 16_777_216, u32::MAX] {
            let fault = Fault::connection(Reason::SettingValue { id: id::MAX_FRAME_SIZE, value });
            assert_eq!(check(id::MAX_FRAME_SIZE, value), Err(fault));
        }
    }

    //= RFC 9113 §5.5: unknown values are ignored wherever the protocol can be extended
    #[test]
    fn other_settings_take_any_value() {
        for id in [0, id::HEADER_TABLE_SIZE, id::MAX_CONCURRENT_STREAMS, id::MAX_HEADER_LIST_SIZE, 7, 8, u16::MAX] {
            assert_eq!(check(id, 0), Ok(()));
            assert_eq!(check(id, u32::MAX), Ok(()));
        }
    }

    #[test]
    fn written_entries_read_back() {
        let all = [(id::HEADER_TABLE_SIZE, 4096), (id::ENABLE_PUSH, 0), (id::MAX_HEADER_LIST_SIZE, u32::MAX)];
        for count in 0..=all.len() {
            let mut out = Vec::new();
            encode(&all[..count], &mut out);
            let (bytes, payload) = out.split_first_chunk().unwrap();
            assert_eq!(FrameHead::parse(bytes), head(0, 0, 6 * count as u32));
            assert_eq!(entries(FrameHead::parse(bytes), payload), &all[..count]);
        }
    }

    //= RFC 9113 §6.5: an acknowledgement carries nothing
    #[test]
    fn an_acknowledgement_is_a_head_alone() {
        let mut out = Vec::new();
        encode_ack(&mut out);
        assert_eq!(out, [0, 0, 0, 4, 1, 0, 0, 0, 0]);
    }
}
