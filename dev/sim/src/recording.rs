//! The frames that both sides wrote, as a wiretap sees them: in order, with their time and their place in the bytes.
//!
//! It reads frame heads by itself and trusts neither engine. How frames are shown is in `picture`.

use std::time::Duration;

use farcall_wire::h2::frame::{FRAME_HEAD, FrameHead, kind};

use crate::Side;

/// One frame on the wire.
#[derive(Debug, Clone)]
pub struct Frame {
    /// When its last byte was written.
    pub at: Duration,
    /// Who wrote it.
    pub from: Side,
    /// Bytes that this side had written before it.
    pub position: u64,
    /// Its head.
    pub head: FrameHead,
    /// Its payload; of DATA the first 64 bytes.
    pub payload: Vec<u8>,
}

/// All frames of a run.
#[derive(Debug, Default)]
pub struct Recording {
    /// The frames, in the order in which their last bytes were written. Empty unless [`Self::start`] was called.
    pub frames: Vec<Frame>,
    taps: [Tap; 2],
    is_on: bool,
}

/// Reads what one side writes.
#[derive(Debug, Default)]
struct Tap {
    /// Bytes of the current frame, as far as they are kept.
    frame: Vec<u8>,
    /// Bytes of the current frame that are still to come, once its head is known.
    missing: Option<usize>,
    written: u64,
    /// DATA payload of all frames whose heads were written.
    data: u64,
}

impl Recording {
    /// Keeps frames from now on.
    pub fn start(&mut self) {
        self.is_on = true;
    }

    /// Bytes that a side has written.
    pub fn written(&self, side: Side) -> u64 {
        self.taps[side as usize].written
    }

    /// Bytes of DATA payload that a side has written, or begun to write.
    pub fn data(&self, side: Side) -> u64 {
        self.taps[side as usize].data
    }

    /// Frames of one kind that a side wrote.
    pub fn of_kind(&self, from: Side, kind: u8) -> impl Iterator<Item = &Frame> {
        self.frames.iter().filter(move |frame| frame.from == from && frame.head.kind == kind)
    }

    /// Takes bytes that a side writes.
    pub(crate) fn note(&mut self, from: Side, mut bytes: &[u8], at: Duration) {
        let tap = &mut self.taps[from as usize];
        if from == Side::Client && tap.written < PREFACE {
            let (preface, rest) = bytes.split_at(bytes.len().min((PREFACE - tap.written) as usize));
            tap.written += preface.len() as u64;
            bytes = rest;
        }
        while !bytes.is_empty() {
            let (taken, head) = tap.take(bytes);
            bytes = &bytes[taken..];
            let Some(head) = head else { continue };
            if self.is_on {
                let position = tap.written - u64::from(head.length) - FRAME_HEAD as u64;
                let payload = tap.frame.split_off(FRAME_HEAD);
                self.frames.push(Frame { at, from, position, head, payload });
            }
            tap.frame.clear();
            tap.missing = None;
        }
    }
}

impl Tap {
    /// Takes bytes up to the end of a head or of a frame; how many, and the head if the frame is whole.
    fn take(&mut self, bytes: &[u8]) -> (usize, Option<FrameHead>) {
        let wanted = self.missing.unwrap_or(FRAME_HEAD - self.frame.len().min(FRAME_HEAD));
        let taken = wanted.min(bytes.len());
        let room = if self.missing.is_some() { self.keeps().saturating_sub(self.frame.len()) } else { taken };
        self.frame.extend_from_slice(&bytes[..taken.min(room)]);
        self.written += taken as u64;
        match &mut self.missing {
            Some(missing) => *missing -= taken,
            None if self.frame.len() == FRAME_HEAD => {
                let head = self.head();
                self.missing = Some(head.length as usize);
                self.data += if head.kind == kind::DATA { u64::from(head.length) } else { 0 };
            }
            None => {}
        }
        (taken, (self.missing == Some(0)).then(|| self.head()))
    }

    fn head(&self) -> FrameHead {
        FrameHead::parse(self.frame.first_chunk().expect("nine bytes"))
    }

    fn keeps(&self) -> usize {
        FRAME_HEAD + if self.head().kind == kind::DATA { DATA_KEPT } else { self.head().length as usize }
    }
}

/// Length of what a client writes before its first frame (RFC 9113 §3.4).
const PREFACE: u64 = 24;
/// Bytes of DATA that are kept to be shown.
const DATA_KEPT: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_however_the_bytes_are_cut() {
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        let heads = [(0, kind::SETTINGS, 0), (100, kind::DATA, 1), (4, kind::WINDOW_UPDATE, 0)]
            .map(|(length, kind, stream)| FrameHead { length, kind, flags: 0, stream });
        for head in heads {
            head.encode(&mut bytes);
            bytes.resize(bytes.len() + head.length as usize, 7);
        }
        for step in [1, 2, 9, 10, 500] {
            let mut recording = Recording::default();
            recording.start();
            bytes.chunks(step).for_each(|piece| recording.note(Side::Client, piece, Duration::ZERO));
            let found: Vec<_> = recording.frames.iter().map(|frame| frame.head).collect();
            assert_eq!(found, heads, "in steps of {step}");
            assert_eq!(recording.frames.iter().map(|frame| frame.position).collect::<Vec<_>>(), [24, 33, 142]);
            assert_eq!(recording.frames.iter().map(|frame| frame.payload.len()).collect::<Vec<_>>(), [0, 64, 4]);
            assert_eq!((recording.data(Side::Client), recording.written(Side::Client)), (100, bytes.len() as u64));
        }
    }
}
