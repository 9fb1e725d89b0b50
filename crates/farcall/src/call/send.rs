//! The sending half of a call: a message is queued whole or not at all, and waits for room before that.

use std::sync::{Arc, MutexGuard};
use std::task::{Poll, Waker};

use farcall_wire::grpc::{EncodeBuf, Encoding, Payload, ReplyHead, Status};

use super::state::{CallState, Role, Send, Shared};
use crate::transport::mailbox::Command;

/// Writes one message into the buffer, with its prefix; an error leaves the buffer as it was.
pub(crate) type Write<'a> = &'a mut dyn FnMut(&mut EncodeBuf, Encoding) -> Result<(), Status>;

impl CallState {
    /// Queues one message as soon as there is room, with `write`, which is called at most once and not before.
    ///
    /// # Errors
    /// Why nothing can be sent any more, or what `write` said. A client whose call ended well already gets `Ok`: the
    /// message is discarded.
    pub(crate) fn poll_send(self: &Arc<Self>, waker: &Waker, write: Write<'_>) -> Poll<Result<(), Status>> {
        let mut shared = self.lock();
        if let Some(end) = shared.end_of_sending(self.role) {
            return Poll::Ready(end);
        }
        // A call that waits for a connection takes no room from those on one: they may be what it waits for. Also whoever
        // waits for the connection's room hears of the end of his own call.
        let connected = shared.id.is_some();
        if shared.send.quota <= 0 || connected && self.mailbox.backlog.is_full(waker) {
            match &mut shared.send.waker {
                Some(old) => old.clone_from(waker),
                none => *none = Some(waker.clone()),
            }
            return Poll::Pending;
        }
        let send = &mut shared.send;
        let before = send.outgoing.len();
        if before == 0 {
            send.outgoing.tail().reserve(send.usual);
        }
        write(&mut send.outgoing, send.encoding)?;
        let queued = send.outgoing.len() - before;
        send.quota -= i64::try_from(queued).unwrap_or(i64::MAX);
        if connected {
            send.counted += queued;
            self.mailbox.backlog.add(queued);
        }
        send.head_left = true;
        self.push_flush(shared);
        Poll::Ready(Ok(()))
    }

    /// Client: nothing follows.
    pub(crate) fn finish(self: &Arc<Self>) {
        let mut shared = self.lock();
        if shared.send.finished || shared.over || shared.cut.is_some() {
            return;
        }
        shared.send.finished = true;
        drop(shared);
        self.mailbox.push(Command::Finish(Arc::clone(self)));
    }

    /// Whether the client has said its last word, or nobody listens any more.
    pub(crate) fn sending_is_finished(&self) -> bool {
        let shared = self.lock();
        shared.send.finished || shared.over || shared.cut.is_some()
    }

    /// Server: the head leaves now, before any message.
    pub(crate) fn send_head(self: &Arc<Self>) {
        let mut shared = self.lock();
        if !shared.send.head_left && !shared.over {
            shared.send.head_left = true;
            self.push_flush(shared);
        }
    }

    /// Owner: queued bytes have left.
    pub(crate) fn room(&self, bytes: u32) {
        let mut shared = self.lock();
        shared.send.quota += i64::from(bytes);
        let waker = if shared.send.quota > 0 { shared.send.waker.take() } else { None };
        drop(shared);
        waker.into_iter().for_each(Waker::wake);
    }

    /// Owner: takes what is queued, which may be nothing.
    pub(crate) fn take_outgoing(&self) -> Payload {
        let mut shared = self.lock();
        self.uncount(&mut shared);
        shared.take_outgoing()
    }

    /// Owner: what is queued leaves the call.
    pub(crate) fn uncount(&self, shared: &mut Shared) {
        self.mailbox.backlog.remove(std::mem::take(&mut shared.send.counted));
    }

    fn push_flush(self: &Arc<Self>, mut shared: MutexGuard<'_, Shared>) {
        let queued = std::mem::replace(&mut shared.send.flush_queued, true);
        drop(shared);
        if !queued {
            self.mailbox.push(Command::Flush(Arc::clone(self)));
        }
    }
}

/// The most room that is made at once, in bytes: what a quota lets in, and half of that again for the message that passes
/// it.
const USUAL: usize = 96 << 10;
/// Room that a stream keeps between two batches in any case, in bytes.
const KEPT: usize = 2 << 10;

impl Send {
    /// Owner, server: the head, the first time that it is asked for.
    pub(crate) fn take_head(&mut self) -> Option<ReplyHead> {
        let given = std::mem::replace(&mut self.head_given, true);
        (!given).then(|| std::mem::take(&mut self.head))
    }
}

impl Shared {
    /// Owner: takes what is queued, which may be nothing.
    pub(crate) fn take_outgoing(&mut self) -> Payload {
        self.send.flush_queued = false;
        let Send { outgoing, usual, .. } = &mut self.send;
        // What was copied there; large pieces are kept beside it.
        *usual = outgoing.tail().len().min(USUAL);
        let taken = outgoing.take();
        // A stream that has become slow does not keep the room that it needed before.
        if outgoing.tail().capacity() > KEPT.max(2 * *usual) {
            *outgoing = EncodeBuf::new(usize::MAX);
        }
        taken
    }

    /// Drops what is queued, since the call is over; how much of it the backlog counts.
    pub(super) fn take_unsent(&mut self) -> usize {
        self.send.outgoing = EncodeBuf::new(usize::MAX);
        std::mem::take(&mut self.send.counted)
    }

    /// What a sender is told when nothing can be sent any more.
    fn end_of_sending(&self, role: Role) -> Option<Result<(), Status>> {
        if let Some(status) = &self.cut {
            return Some(Err(status.clone()));
        }
        match (role, &self.receive.outcome) {
            (Role::Client, Some(outcome)) => Some(outcome.clone()),
            (Role::Server, _) if self.over => {
                Some(Err(Status::cancelled("the handler of this call has returned: nothing can be sent any more")))
            }
            _ if self.send.finished => {
                Some(Err(Status::internal("send was called after finish: send first, finish last")))
            }
            _ => None,
        }
    }
}
