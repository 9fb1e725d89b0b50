//! What has come whole is taken in one step: the one message of a small request, or of a small reply with its end.
//!
//! Most calls are like that, and most of them are in one piece of the peer's bytes. They pass by the splitter, by its
//! accounts and by the queue of events: nothing of them is unfinished at any time. Where anything is not as usual there
//! is nothing to take, and the events that follow tell it all.

use bytes::{Buf, Bytes};

use super::call::{Call, Phase};
use super::message::PREFIX;
use super::{CallId, Connection, Message};

impl Connection {
    /// Server: the one message of the request that was told last, if all of it is here and nothing follows it. Then
    /// neither [`super::Event::Message`] nor [`super::Event::End`] comes, and no credit is due. For methods that take
    /// one request.
    pub fn take_request(&mut self, call: CallId) -> Option<Message> {
        let limit = self.expects_message(call, |phase| matches!(phase, Phase::Asked { .. }))?;
        let bytes = self.h2.take_body(call.0, |bytes| is_whole(bytes, limit))?;
        Some(message(bytes))
    }

    /// Client: the one message of the reply whose headers were told last, if all of it is here, and behind it OK without
    /// metadata. Then the call is over: neither [`super::Event::Message`] nor [`super::Event::Done`] comes. For methods
    /// that have one reply.
    pub fn take_reply(&mut self, call: CallId) -> Option<Message> {
        let limit = self.expects_message(call, |phase| matches!(phase, Phase::Receiving))?;
        let Self { h2, seen, .. } = self;
        let bytes = h2.take_body_and_trailers(call.0, |bytes| is_whole(bytes, limit), |list| seen.is_ok(list))?;
        self.finish_call(call);
        Some(message(bytes))
    }

    /// The longest message of a call of which nothing has come but its headers.
    fn expects_message(&self, call: CallId, phase: impl Fn(&Phase) -> bool) -> Option<u32> {
        let untouched = |call: &&Call| phase(&call.phase) && call.delivered == 0 && call.splitter.is_untouched();
        let known = self.calls.get(call).filter(untouched).filter(|_| self.events.is_empty());
        known.map(|_| self.config.receive_limit)
    }
}

/// Whether these bytes are one message that is not compressed and not too long, and nothing else.
fn is_whole(bytes: &[u8], limit: u32) -> bool {
    //= gRPC PROTOCOL-HTTP2 "Length-Prefixed-Message": a flag of 0 or 1, the length in four bytes, the message
    let Some(([0, length @ ..], body)) = bytes.split_first_chunk::<PREFIX>() else { return false };
    let length = u32::from_be_bytes(*length);
    length as usize == body.len() && length <= limit
}

fn message(mut bytes: Bytes) -> Message {
    let wire_len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    bytes.advance(PREFIX);
    Message { compressed: false, payload: bytes.into(), wire_len }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_message_that_is_not_compressed_is_whole() {
        for (bytes, whole) in [
            (&b"\0\0\0\0\x02ab"[..], true),
            (b"\0\0\0\0\0", true),
            (b"\0\0\0\0\x03abc", false),
            (b"\0\0\0\0\x02a", false),
            (b"\0\0\0\0\x01ab", false),
            (b"\x01\0\0\0\x02ab", false),
            (b"\x02\0\0\0\x02ab", false),
            (b"\0\0\0\0", false),
            (b"", false),
        ] {
            assert_eq!(is_whole(bytes, 2), whole, "{bytes:?}");
        }
    }
}
