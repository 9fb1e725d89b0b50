//! What both roles do with DATA: messages, their credit, their budget, and where the stream ends.

use std::time::Instant;

use bytes::Bytes;

use super::call::{Call, Phase};
use super::{CallId, Connection, Encoding, Event, Message};
use crate::error::{Fault, Reason};
use crate::h2::{ErrorCode, Role};

impl Connection {
    pub(super) fn handle_data(&mut self, id: CallId, bytes: Bytes, end: bool, now: Instant) {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        match self.calls.get_mut(id).map(|call| &mut call.phase) {
            // Nobody reads it any more: the credit goes back, so that the peer can come to its end.
            None | Some(Phase::Cancelled) => return self.h2.release(id.0, length),
            Some(Phase::Foreign { text, .. }) => {
                let room = FOREIGN_TEXT.saturating_sub(text.len());
                text.extend_from_slice(bytes.get(..room).unwrap_or(&bytes));
                let enough = text.len() >= FOREIGN_TEXT;
                if enough && !end {
                    // The rest of the answer is not wanted: NO_ERROR would say that it had come.
                    self.h2.reset(id.0, ErrorCode::Cancel, None);
                }
                if end || enough {
                    return self.done_foreign(id, None, now);
                }
                return self.h2.release(id.0, length);
            }
            Some(Phase::Asked { .. } | Phase::Replying | Phase::Waiting | Phase::Receiving) => {}
        }
        if let Err(fault) = self.split(id, bytes, length) {
            return self.fail_receiving(id, fault);
        }
        if end {
            self.handle_end(id);
        }
    }

    /// The peer has ended its half by DATA, or a client by trailers, which mean nothing in a request.
    pub(super) fn handle_end(&mut self, id: CallId) {
        let Some(call) = self.calls.get(id) else { return };
        if matches!(call.phase, Phase::Cancelled) {
            return;
        }
        if let Err(fault) = call.splitter.end() {
            return self.fail_receiving(id, fault);
        }
        match self.h2.role() {
            Role::Server => self.events.push_back(Event::End { call: id }),
            Role::Client => self.done_without_trailers(id),
        }
    }

    /// Feeds the splitter, delivers what is whole, and gives credit to what is not.
    fn split(&mut self, id: CallId, bytes: Bytes, length: u32) -> Result<(), Fault> {
        let Some(call) = self.calls.get_mut(id) else { return Ok(()) };
        call.partial = call.partial.saturating_add(length);
        call.splitter.push(bytes);
        while let Some(message) = call.splitter.next()? {
            check_encoding(call, &message, &self.config)?;
            let credit = call.partial.min(message.wire_len);
            call.partial -= credit;
            call.delivered += u64::from(credit);
            self.hungry.done(id, std::mem::take(&mut call.early));
            self.events.push_back(Event::Message { call: id, message, credit });
        }
        let unfinished = call.splitter.unfinished();
        self.unfinished = (self.unfinished + unfinished as u64).saturating_sub(call.unfinished as u64);
        call.unfinished = unfinished;
        self.feed(id);
        self.feed_next();
        let limit = self.config.unfinished_limit;
        if self.unfinished > limit && unfinished > 0 {
            return Err(Fault::call(Reason::UnfinishedMessages { limit }));
        }
        Ok(())
    }

    fn fail_receiving(&mut self, id: CallId, fault: Fault) {
        match self.h2.role() {
            // The client learns the status by trailers, the handler that its call is over.
            Role::Server => self.refuse(id, fault.into()),
            Role::Client => {
                self.h2.reset(id.0, fault.reason.http2(), Some(fault.reason));
                self.done(id, Err(fault.into()));
            }
        }
    }
}

/// W21, W23: a compressed message needs a compression that was announced, and that this side offered.
fn check_encoding(call: &Call, message: &Message, config: &super::Config) -> Result<(), Fault> {
    match call.encoding {
        _ if !message.compressed => Ok(()),
        Some(Encoding::Identity) => Err(Fault::call(Reason::CompressedWithoutEncoding)),
        Some(encoding) if config.accept.contains(encoding) => Ok(()),
        Some(_) | None => Err(Fault::call(Reason::UnknownEncoding)),
    }
}

/// Bytes of a non-gRPC answer that are kept for the status message.
const FOREIGN_TEXT: usize = 1_024;

#[cfg(test)]
mod tests;
