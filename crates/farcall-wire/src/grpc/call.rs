//! What a connection knows of one call, and all calls by their slot.

use std::time::Instant;

use super::{CallId, Encoding, Splitter};

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: CallId,
    pub(super) phase: Phase,
    pub(super) splitter: Splitter,
    /// What `grpc-encoding` of the peer's half says; `None` for a name that this side did not offer.
    pub(super) encoding: Option<Encoding>,
    pub(super) deadline: Option<Instant>,
    /// Credit of whole messages that the application has not given back.
    pub(super) delivered: u64,
    /// Credit of the unfinished message that has not been given back.
    pub(super) partial: u32,
    /// Bytes of the unfinished message, as the connection's budget counts them.
    pub(super) unfinished: usize,
    /// Credit of the unfinished message that was given back before it was whole.
    pub(super) early: u64,
    /// Whether it stands in the line of those that wait for credit.
    pub(super) in_line: bool,
}

/// How far a call has come, per role.
#[derive(Debug)]
pub(super) enum Phase {
    /// Server: no response headers have left.
    Asked {
        /// The subtype of the request's content-type, which the reply repeats.
        subtype: String,
    },
    /// Server: response headers have left.
    Replying,
    /// Server: over; the application has been told and has not closed it yet.
    Cancelled,
    /// Client: no response headers have come.
    Waiting,
    /// Client: gRPC response headers have come.
    Receiving,
    /// Client: something that is not gRPC answers; its status and the beginning of its text.
    Foreign {
        /// The HTTP status.
        status: u16,
        /// The content-type.
        content_type: String,
        /// What it says.
        text: Vec<u8>,
    },
}

impl Call {
    pub(super) fn new(id: CallId, phase: Phase, limit: u32) -> Self {
        Self {
            id,
            phase,
            splitter: Splitter::new(limit),
            encoding: Some(Encoding::Identity),
            deadline: None,
            delivered: 0,
            partial: 0,
            unfinished: 0,
            early: 0,
            in_line: false,
        }
    }
}

/// All calls of a connection.
#[derive(Debug, Default)]
pub(super) struct Calls {
    slots: Vec<Option<Call>>,
}

impl Calls {
    pub(super) fn insert(&mut self, call: Call) {
        let slot = call.id.slot();
        if slot >= self.slots.len() {
            // Most connections have one call at a time.
            self.slots.reserve_exact(usize::from(self.slots.is_empty()));
            self.slots.resize_with(slot + 1, || None);
        }
        if let Some(place) = self.slots.get_mut(slot) {
            *place = Some(call);
        }
    }

    pub(super) fn get(&self, id: CallId) -> Option<&Call> {
        self.slots.get(id.slot())?.as_ref().filter(|call| call.id == id)
    }

    pub(super) fn get_mut(&mut self, id: CallId) -> Option<&mut Call> {
        self.slots.get_mut(id.slot())?.as_mut().filter(|call| call.id == id)
    }

    pub(super) fn remove(&mut self, id: CallId) -> bool {
        let slot = self.slots.get_mut(id.slot());
        let slot = slot.filter(|slot| slot.as_ref().is_some_and(|call| call.id == id));
        slot.map(|slot| *slot = None).is_some()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.slots.iter().flatten().count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::h2::StreamKey;

    #[test]
    fn a_call_is_found_by_its_own_id_only() {
        let id = |slot, id| CallId(StreamKey { slot, id });
        let mut calls = Calls::default();
        calls.insert(Call::new(id(2, 5), Phase::Waiting, 1));
        assert_eq!(calls.len(), 1);
        assert!(calls.get(id(2, 5)).is_some() && calls.get(id(2, 3)).is_none() && calls.get(id(9, 5)).is_none());
        assert!(calls.get_mut(id(2, 5)).is_some() && !calls.remove(id(2, 3)));
        assert!(calls.remove(id(2, 5)) && !calls.remove(id(2, 5)));
        assert_eq!(calls.len(), 0);
    }
}
