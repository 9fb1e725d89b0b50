//! Frames: one file per kind, from bytes to fields and back.
//!
//! Nothing here knows a stream's state, a window or a header table: a frame is judged by its own bytes alone, and
//! whether it may come now is for the connection to say. Parsers borrow from the payload, encoders append whole frames
//! to a buffer of the caller. No input panics. Law: RFC 9113 §4 and §6.
//!
//! ```text
//!  bytes ── FrameHead::parse ── check_length ── <kind>::parse(head, payload) ── Ok(fields) | Err(Fault)
//!  fields ── <kind>::encode(…, &mut out) ── bytes
//! ```

pub mod continuation;
pub mod data;
pub mod goaway;
pub mod head;
pub mod headers;
pub mod ping;
pub mod priority;
pub mod push_promise;
pub mod rst_stream;
pub mod settings;
pub mod window_update;

pub use head::{FRAME_HEAD, FrameHead, flag, kind};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Fault;

    /// Parses a payload as its head says, and tells only whether it went well.
    fn judge(head: FrameHead, payload: &[u8]) -> Result<(), Fault> {
        match head.kind {
            kind::DATA => data::parse(head, payload).map(|body| assert!(payload.get(body).is_some())),
            kind::HEADERS => headers::parse(head, payload).map(drop),
            kind::PRIORITY => priority::parse(head, payload).map(drop),
            kind::RST_STREAM => rst_stream::parse(head, payload).map(drop),
            kind::SETTINGS => settings::parse(head, payload).map(|frame| {
                if let settings::SettingsFrame::Entries(entries) = frame {
                    entries.for_each(|(id, value)| _ = settings::check(id, value));
                }
            }),
            kind::PUSH_PROMISE => push_promise::parse(head, payload).map(drop),
            kind::PING => ping::parse(head, payload).map(drop),
            kind::GOAWAY => goaway::parse(head, payload).map(drop),
            kind::WINDOW_UPDATE => window_update::parse(head, payload).map(drop),
            kind::CONTINUATION => continuation::parse(head, payload).map(drop),
            _ => Ok(()),
        }
    }

    /// SplitMix64: enough randomness to throw at a parser, the same in every run.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        }

        fn bytes(&mut self, count: usize) -> Vec<u8> {
            (0..count).map(|_| self.roll() as u8).collect()
        }
    }

    #[test]
    fn random_bytes_never_panic() {
        let mut dice = Dice(0x0fa2_ca11);
        let (mut good, mut bad) = (0, 0);
        for _ in 0..200_000 {
            let count = (dice.roll() % 24) as usize;
            let stream = if dice.roll().is_multiple_of(3) { 0 } else { (dice.roll() % 4) as u32 };
            let kind = (dice.roll() % 11) as u8;
            let head = FrameHead { length: count as u32, kind, flags: dice.roll() as u8, stream };
            match judge(head, &dice.bytes(count)) {
                Ok(()) => good += 1,
                Err(_) => bad += 1,
            }
        }
        assert!(good > 1_000 && bad > 1_000, "the dice should reach both answers: {good} good, {bad} bad");
    }

    #[test]
    fn a_payload_that_is_not_as_long_as_its_head_says_never_panics() {
        let mut dice = Dice(7);
        for _ in 0..50_000 {
            let count = (dice.roll() % 24) as usize;
            let kind = (dice.roll() % 11) as u8;
            let length = (dice.roll() as u32) >> 8;
            let _ = judge(FrameHead { length, kind, flags: dice.roll() as u8, stream: 1 }, &dice.bytes(count));
        }
    }

    #[test]
    fn every_encoder_appends_frames_that_its_own_parser_takes() {
        let mut out = Vec::new();
        settings::encode(&[(settings::id::ENABLE_PUSH, 0)], &mut out);
        settings::encode_ack(&mut out);
        headers::encode(1, &[7; 50], false, 20, &mut out);
        data::encode_head(1, 3, true, &mut out);
        out.extend_from_slice(b"end");
        ping::encode([1; 8], true, &mut out);
        window_update::encode(0, 1, &mut out);
        rst_stream::encode(1, crate::h2::ErrorCode::Cancel, &mut out);
        goaway::encode(1, crate::h2::ErrorCode::NoError, b"bye", &mut out);

        let mut rest = out.as_slice();
        let mut kinds = Vec::new();
        while let Some((head, after)) = rest.split_first_chunk::<FRAME_HEAD>() {
            let head = FrameHead::parse(head);
            let (payload, after) = after.split_at_checked(head.length as usize).expect("a whole frame");
            assert_eq!(judge(head, payload), Ok(()), "{head:?}");
            kinds.push(head.kind);
            rest = after;
        }
        assert!(rest.is_empty());
        assert_eq!(kinds, [4, 4, 1, 9, 9, 0, 6, 8, 3, 7]);
    }
}
