//! Counts what frames say about flow control, from their bytes alone: no engine is asked.
//!
//! One counts what a side has begun to send, one what a side has taken in. What lies between is under way.

use std::collections::{HashMap, HashSet};

use farcall_wire::h2::frame::settings::{self, SettingsFrame, id};
use farcall_wire::h2::frame::{FRAME_HEAD, FrameHead, flag, goaway, kind, window_update};

/// Reads frames in one direction.
#[derive(Debug)]
pub(crate) struct Meter {
    /// The beginning of a frame that is not DATA.
    frame: Vec<u8>,
    /// Bytes to be passed over: the preface, or what is left of the payload of DATA.
    skip: usize,
    frames: u64,
    /// DATA payload for each stream; that of all streams under 0.
    data: HashMap<u32, u64>,
    /// Window updates for each stream, and for the connection under 0.
    updates: HashMap<u32, u64>,
    /// Streams that were reset.
    resets: HashSet<u32>,
    /// The last stream that GOAWAY has told.
    last_stream: u32,
    /// The last SETTINGS_INITIAL_WINDOW_SIZE.
    pub(crate) initial_window: u32,
    /// Acknowledgements of SETTINGS.
    pub(crate) acknowledged: u64,
}

impl Meter {
    /// Bytes of a client begin with the preface.
    pub(crate) fn new(has_preface: bool) -> Self {
        Self {
            frame: Vec::new(),
            skip: if has_preface { PREFACE } else { 0 },
            frames: 0,
            data: HashMap::new(),
            updates: HashMap::new(),
            resets: HashSet::new(),
            last_stream: u32::MAX,
            initial_window: 65_535,
            acknowledged: 0,
        }
    }

    /// Takes bytes, cut anywhere.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let step = self.until_boundary().min(bytes.len());
            let (piece, rest) = bytes.split_at(step);
            bytes = rest;
            if self.skip > 0 {
                self.skip -= step;
                continue;
            }
            self.frame.extend_from_slice(piece);
            let Some(head) = self.frame.first_chunk::<FRAME_HEAD>().map(FrameHead::parse) else { continue };
            if head.kind == kind::DATA {
                self.skip = head.length as usize;
            } else if self.frame.len() < FRAME_HEAD + head.length as usize {
                continue;
            }
            let frame = std::mem::take(&mut self.frame);
            self.note(head, &frame[FRAME_HEAD..]);
        }
    }

    /// Bytes up to the next place at which something is known: at most to the end of the frame.
    pub(crate) fn until_boundary(&self) -> usize {
        match self.frame.first_chunk::<FRAME_HEAD>().map(FrameHead::parse) {
            _ if self.skip > 0 => self.skip,
            None => FRAME_HEAD - self.frame.len(),
            Some(head) => FRAME_HEAD + head.length as usize - self.frame.len(),
        }
    }

    /// Whether the next byte begins a frame that is not the first.
    pub(crate) fn is_between(&self) -> bool {
        self.skip == 0 && self.frame.is_empty() && self.frames > 0
    }

    /// How many bytes of `inbox` an engine takes that takes whole frames only. The meter has been fed all before them.
    pub(crate) fn whole(&self, inbox: &[u8]) -> usize {
        let mut at = self.skip;
        if inbox.len() < at {
            return 0;
        }
        while let Some(head) = inbox[at..].first_chunk::<FRAME_HEAD>().map(FrameHead::parse) {
            let end = at + FRAME_HEAD + head.length as usize;
            if end > inbox.len() {
                break;
            }
            at = end;
        }
        at
    }

    /// DATA payload of a stream, or of all streams under 0.
    pub(crate) fn data(&self, stream: u32) -> u64 {
        self.data.get(&stream).copied().unwrap_or(0)
    }

    /// Window updates of a stream, or of the connection under 0.
    pub(crate) fn updates(&self, stream: u32) -> u64 {
        self.updates.get(&stream).copied().unwrap_or(0)
    }

    /// Whether a stream was reset.
    pub(crate) fn has_reset(&self, stream: u32) -> bool {
        self.resets.contains(&stream)
    }

    fn note(&mut self, head: FrameHead, payload: &[u8]) {
        self.frames += 1;
        match head.kind {
            kind::DATA => {
                *self.data.entry(0).or_default() += u64::from(head.length);
                *self.data.entry(head.stream).or_default() += u64::from(head.length);
            }
            kind::WINDOW_UPDATE => {
                let increment = window_update::parse(head, payload).expect("a window update that is legal");
                *self.updates.entry(head.stream).or_default() += u64::from(increment);
            }
            kind::GOAWAY => {
                let last = goaway::parse(head, payload).expect("a GOAWAY that is legal").last_stream;
                //= RFC 9113 §6.8: what was told as the last stream never grows
                assert!(last <= self.last_stream, "GOAWAY tells {last} after {}", self.last_stream);
                self.last_stream = last;
            }
            kind::RST_STREAM => _ = self.resets.insert(head.stream),
            kind::SETTINGS if head.has(flag::ACK) => self.acknowledged += 1,
            kind::SETTINGS => {
                let Ok(SettingsFrame::Entries(entries)) = settings::parse(head, payload) else {
                    panic!("SETTINGS that are not legal: {payload:?}")
                };
                for (_, value) in entries.filter(|(id, _)| *id == id::INITIAL_WINDOW_SIZE) {
                    self.initial_window = value;
                }
            }
            _ => {}
        }
    }
}

/// Length of what a client writes before its first frame (RFC 9113 §3.4).
const PREFACE: usize = 24;

#[cfg(test)]
mod tests {
    use farcall_wire::h2::ErrorCode;
    use farcall_wire::h2::frame::rst_stream;

    use super::*;

    fn bytes() -> Vec<u8> {
        let mut bytes = vec![b'P'; PREFACE];
        settings::encode(&[(id::INITIAL_WINDOW_SIZE, 7)], &mut bytes);
        settings::encode_ack(&mut bytes);
        FrameHead { length: 30, kind: kind::DATA, flags: 0, stream: 5 }.encode(&mut bytes);
        bytes.resize(bytes.len() + 30, 0);
        FrameHead { length: 0, kind: kind::DATA, flags: 1, stream: 7 }.encode(&mut bytes);
        window_update::encode(0, 100, &mut bytes);
        window_update::encode(5, 11, &mut bytes);
        rst_stream::encode(7, ErrorCode::Cancel, &mut bytes);
        bytes
    }

    #[test]
    fn frames_are_counted_however_their_bytes_are_cut() {
        let bytes = bytes();
        for step in [1, 2, 9, 10, 11, 500] {
            let mut meter = Meter::new(true);
            bytes.chunks(step).for_each(|piece| meter.feed(piece));
            assert_eq!((meter.data(0), meter.data(5), meter.data(7), meter.data(1)), (30, 30, 0, 0), "steps of {step}");
            assert_eq!((meter.updates(0), meter.updates(5)), (100, 11));
            assert_eq!((meter.initial_window, meter.acknowledged), (7, 1));
            assert!(meter.is_between() && meter.has_reset(7) && !meter.has_reset(5));
        }
    }

    #[test]
    #[should_panic(expected = "GOAWAY tells 7 after 5")]
    fn a_last_stream_that_grows_is_noticed() {
        let mut bytes = Vec::new();
        [9, 5, 7].into_iter().for_each(|last| goaway::encode(last, ErrorCode::NoError, b"", &mut bytes));
        Meter::new(false).feed(&bytes);
    }

    #[test]
    fn whole_frames_are_told_from_the_beginning_of_one() {
        let bytes = bytes();
        let first = PREFACE + FRAME_HEAD + 6;
        for (length, whole) in
            [(0, 0), (23, 0), (24, 24), (30, 24), (first, first), (first + 8, first), (first + 9, first + 9)]
        {
            assert_eq!(Meter::new(true).whole(&bytes[..length]), whole, "of {length} bytes");
        }
        assert_eq!(Meter::new(true).whole(&bytes), bytes.len());
    }
}
