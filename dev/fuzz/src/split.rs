//! Messages out of a stream of bytes: however they are cut, they are the same, and nothing is held beyond the limit.
//!
//! An input is a limit, a plan of pieces, and the bytes of one direction of a call.

use bytes::{Buf, Bytes};
use farcall_wire::Fault;
use farcall_wire::grpc::{Message, Splitter};

use crate::{Input, Reach, pieces};

/// Runs an input.
pub fn run(bytes: &[u8]) -> Reach {
    let mut reach = Reach::default();
    let mut input = Input::new(bytes);
    let limit = match input.byte() {
        0 => u32::MAX,
        small => u32::from(small) * 16,
    };
    let plan = input.byte();
    let stream = input.rest();
    let (expected, end) = by_hand(stream, limit);
    for plan in [0, plan] {
        let mut splitter = Splitter::new(limit);
        let mut got = Vec::new();
        let mut failed = None;
        for piece in pieces(stream, plan) {
            splitter.push(Bytes::copy_from_slice(piece));
            failed = drain(&mut splitter, &mut got, &mut reach).err();
            let most = (limit as usize).min(stream.len()) + 5;
            assert!(splitter.unfinished() <= most, "{} bytes are held", splitter.unfinished());
        }
        let last = failed.map_or_else(|| splitter.end(), Err).err();
        assert_eq!((&got, last.map(|fault| fault.reason.name())), (&expected, end), "plan {plan}");
        last.iter().for_each(|fault| reach.reason(fault.reason));
    }
    reach.note("messages", expected.len().checked_ilog2().map_or(0, |log| log + 1));
    reach
}

/// Takes all that is whole.
fn drain(splitter: &mut Splitter, got: &mut Vec<(bool, Vec<u8>)>, reach: &mut Reach) -> Result<(), Fault> {
    loop {
        match splitter.next() {
            Ok(Some(message)) => got.push(open(message, reach)),
            Ok(None) => return Ok(()),
            Err(fault) => {
                assert_eq!(splitter.next().err(), Some(fault), "asked again, the same");
                assert_eq!(splitter.unfinished(), 0, "what has failed holds nothing");
                return Err(fault);
            }
        }
    }
}

fn open(message: Message, reach: &mut Reach) -> (bool, Vec<u8>) {
    let mut payload = message.payload;
    assert_eq!(message.wire_len as usize, payload.len() + 5);
    assert_eq!(payload.segments().map(Bytes::len).sum::<usize>(), payload.len());
    assert!(payload.segments().all(|segment| !segment.is_empty()));
    reach.note("segments", payload.segments().count().min(9) as u32);
    let first = payload.len() / 3;
    let mut bytes = payload.copy_to_bytes(first).to_vec();
    payload.advance(0);
    bytes.extend_from_slice(&payload.into_bytes());
    reach.note("message", u32::from(message.compressed) << 8 | bytes.len().checked_ilog2().unwrap_or(0));
    (message.compressed, bytes)
}

/// The same by the simplest means: the messages, and the name of the fault at the end, if there is one.
pub(crate) fn by_hand(mut rest: &[u8], limit: u32) -> (Vec<(bool, Vec<u8>)>, Option<&'static str>) {
    let limit = limit.min(u32::MAX - 5);
    let mut messages = Vec::new();
    loop {
        let Some(([flag, length @ ..], after)) = rest.split_first_chunk::<5>() else {
            return (messages, (!rest.is_empty()).then_some("MessageTruncated"));
        };
        let length = u32::from_be_bytes(*length);
        if *flag > 1 {
            return (messages, Some("MessageFlag"));
        }
        if length > limit {
            return (messages, Some("MessageTooLarge"));
        }
        let Some((body, after)) = after.split_at_checked(length as usize) else {
            return (messages, Some("MessageTruncated"));
        };
        messages.push((*flag == 1, body.to_vec()));
        rest = after;
    }
}
