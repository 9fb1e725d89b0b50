//! Credit of unfinished messages: who may have more before its message is whole.
//!
//! A message larger than its window needs credit before it can be consumed, so that its bytes are given back as they
//! come. Not for all at once: when what was given back and what all windows could still bring would pass the budget for
//! unfinished messages, one call at a time is let to its end, and the others wait in their windows. A thousand large
//! replies then arrive one after the other instead of failing.

use std::collections::VecDeque;

use super::{CallId, Connection};

/// Calls whose unfinished message waits for credit, and what was given to others.
#[derive(Debug, Default)]
pub(super) struct Hungry {
    /// Bytes of unfinished messages whose credit was given back: what is held beyond the windows.
    early: u64,
    line: VecDeque<CallId>,
    /// The one that is let to the end of its message.
    fed: Option<CallId>,
}

impl Hungry {
    /// Bytes of unfinished messages whose credit was given back.
    pub(super) fn early(&self) -> u64 {
        self.early
    }

    /// A message of this call is whole, or the call is over; `early` is what it was given.
    pub(super) fn done(&mut self, id: CallId, early: u64) {
        self.early = self.early.saturating_sub(early);
        self.fed = self.fed.filter(|fed| *fed != id);
    }
}

impl Connection {
    /// Gives the credit of a call's unfinished message back, or lets it wait for its turn. Nothing while a whole message
    /// of the call waits to be consumed: a slow reader holds its window and one message at most.
    pub(super) fn feed(&mut self, id: CallId) {
        let crowded = self.is_crowded();
        let Some(call) = self.calls.get_mut(id).filter(|call| call.delivered == 0 && call.partial > 0) else { return };
        if crowded && self.hungry.fed.is_some_and(|fed| fed != id) {
            if !std::mem::replace(&mut call.in_line, true) {
                self.hungry.line.push_back(id);
            }
            return;
        }
        if crowded {
            self.hungry.fed = Some(id);
        }
        let partial = std::mem::take(&mut call.partial);
        call.early += u64::from(partial);
        self.hungry.early += u64::from(partial);
        self.h2.release(id.0, partial);
    }

    /// Lets those in line have their turn, as far as there is room.
    pub(super) fn feed_next(&mut self) {
        while !self.hungry.line.is_empty() && (self.hungry.fed.is_none() || !self.is_crowded()) {
            let Some(id) = self.hungry.line.pop_front() else { return };
            if let Some(call) = self.calls.get_mut(id) {
                call.in_line = false;
                self.feed(id);
            }
        }
    }

    /// Whether the budget could be passed. An eighth of it is left for the message that is let to its end.
    fn is_crowded(&self) -> bool {
        let limit = self.config.unfinished_limit;
        self.hungry.early + self.h2.granted() > limit - limit / 8
    }
}
