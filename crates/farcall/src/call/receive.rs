//! The receiving half of a call: messages in order, then the end; credit goes back as messages are taken.

use std::sync::Arc;
use std::task::{Poll, Waker};

use farcall_wire::grpc::{Encoding, Message, Metadata, Outcome, ReplyHead, Status};

use super::inbox::Item;
use super::state::{CallState, Role, Shared};
use crate::transport::mailbox::Command;

/// A message as it came, and what is needed to open it.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) message: Message,
    pub(crate) encoding: Encoding,
    /// The longest message, inflated, in bytes.
    pub(crate) limit: u32,
}

/// What came for a call that has one reply.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pub(crate) headers: Option<Arc<ReplyHead>>,
    /// The message, and its credit.
    pub(crate) message: Option<Item>,
}

impl CallState {
    /// Owner: a message came. Says how much credit goes back at once, because nobody wants it.
    pub(crate) fn deliver(&self, mut message: Message, credit: u32) -> u32 {
        let mut shared = self.lock();
        if shared.receive.abandoned || shared.over || shared.cut.is_some() {
            return credit;
        }
        // What may wait long must not hold a whole read buffer for the sake of a few bytes.
        if !shared.receive.inbox.is_empty() {
            message.payload.compact(SMALL_BEHIND_OTHERS);
        } else if self.role == Role::Server {
            message.payload.compact(SMALL_AND_WAITING);
        }
        shared.receive.inbox.push_back((message, credit));
        if !shared.receive.waits_for_outcome {
            wake_receiver(shared);
        }
        0
    }

    /// Owner, server: the peer has sent its last message.
    pub(crate) fn deliver_end(&self) {
        let mut shared = self.lock();
        shared.receive.ended = true;
        wake_receiver(shared);
    }

    /// Owner, client: the response headers.
    pub(crate) fn deliver_headers(&self, head: Arc<ReplyHead>) {
        let mut shared = self.lock();
        shared.receive.encoding = head.encoding;
        shared.receive.headers = Some(head);
        if !shared.receive.waits_for_outcome {
            wake_receiver(shared);
        }
    }

    /// Owner, client: the call is over; `held` is what the owner has kept until now. Messages stay for the receiver.
    pub(crate) fn deliver_outcome(&self, outcome: Outcome, held: Held) {
        let mut shared = self.lock();
        if let Some(head) = held.headers {
            shared.receive.encoding = head.encoding;
            shared.receive.headers = Some(head);
        }
        held.message.into_iter().for_each(|item| shared.receive.inbox.push_back(item));
        shared.over = true;
        shared.id = None;
        shared.receive.ended = true;
        shared.receive.outcome = Some(outcome.status);
        shared.receive.trailers = outcome.trailers;
        if shared.receive.abandoned {
            shared.receive.inbox.clear();
        }
        shared.links = Default::default();
        let unsent = shared.take_unsent();
        let sender = shared.send.waker.take();
        wake_receiver(shared);
        // A handle that is kept must not hold up the senders of other calls with what nobody will send.
        self.mailbox.backlog.forget(unsent);
        sender.into_iter().for_each(Waker::wake);
    }

    /// Owner: credit of messages that were taken since the last time.
    pub(crate) fn take_credit(&self) -> u32 {
        let mut shared = self.lock();
        shared.receive.release_queued = false;
        std::mem::take(&mut shared.receive.credit_due)
    }

    /// The next message; `None` at a good end.
    ///
    /// # Errors
    /// The status with which the call failed, once the messages before it are taken; at once when this side cut it off.
    pub(crate) fn poll_message(self: &Arc<Self>, waker: &Waker) -> Poll<Result<Option<Received>, Status>> {
        let mut shared = self.lock();
        if let Some(status) = &shared.cut {
            return Poll::Ready(Err(status.clone()));
        }
        if let Some((message, credit)) = shared.receive.inbox.pop_front() {
            let received = Received { message, encoding: shared.receive.encoding, limit: shared.receive.limit };
            let release = shared.consume(credit);
            drop(shared);
            if release {
                self.mailbox.push(Command::Release(Arc::clone(self)));
            }
            return Poll::Ready(Ok(Some(received)));
        }
        if let Some(end) = shared.end_of_messages(self.role) {
            return Poll::Ready(end.map(|()| None));
        }
        shared.receive.wait(waker, false);
        Poll::Pending
    }

    /// Client: the response headers, or the outcome of a call that ended without them.
    pub(crate) fn poll_headers(&self, waker: &Waker) -> Poll<Result<Arc<ReplyHead>, Status>> {
        let mut shared = self.lock();
        if let Some(head) = &shared.receive.headers {
            return Poll::Ready(Ok(Arc::clone(head)));
        }
        if let Some(status) = &shared.cut {
            return Poll::Ready(Err(status.clone()));
        }
        match &shared.receive.outcome {
            Some(Err(status)) => Poll::Ready(Err(status.clone())),
            Some(Ok(())) => Poll::Ready(Ok(Arc::default())),
            None => {
                shared.receive.wait(waker, false);
                Poll::Pending
            }
        }
    }

    /// Client: the trailers, once the call has ended, however that was; messages that are left do not matter.
    pub(crate) fn poll_trailers(&self, waker: &Waker) -> Poll<Metadata> {
        let mut shared = self.lock();
        if shared.cut.is_some() {
            return Poll::Ready(Metadata::new());
        }
        if shared.receive.outcome.is_some() {
            return Poll::Ready(shared.receive.trailers.clone());
        }
        shared.receive.wait(waker, true);
        Poll::Pending
    }

    /// Client, of a call that has one reply: its end, whatever came of it, and its trailers, which are taken.
    ///
    /// # Errors
    /// The status with which the call failed.
    pub(crate) fn poll_reply(&self, waker: &Waker) -> Poll<Result<(Option<Received>, Metadata), Status>> {
        let mut shared = self.lock();
        if let Some(status) = &shared.cut {
            return Poll::Ready(Err(status.clone()));
        }
        match &shared.receive.outcome {
            Some(Err(status)) => return Poll::Ready(Err(status.clone())),
            Some(Ok(())) => {}
            None => {
                shared.receive.wait(waker, true);
                return Poll::Pending;
            }
        }
        // More than one message is the driver's to see.
        let receive = &mut shared.receive;
        let item = receive.inbox.pop_front();
        let (encoding, limit) = (receive.encoding, receive.limit);
        let received = item.map(|(message, _)| Received { message, encoding, limit });
        Poll::Ready(Ok((received, std::mem::take(&mut receive.trailers))))
    }

    /// Nobody will take messages any more: those in the inbox are dropped, and their credit goes back.
    pub(crate) fn abandon(self: &Arc<Self>) {
        let mut shared = self.lock();
        shared.receive.abandoned = true;
        let inbox = std::mem::take(&mut shared.receive.inbox);
        let credit: u32 = inbox.iter().map(|(_, credit)| credit).sum();
        shared.receive.credit_due += credit;
        let release = !shared.over && !shared.receive.release_queued && shared.receive.credit_due > 0;
        shared.receive.release_queued |= release;
        drop(shared);
        drop(inbox);
        if release {
            self.mailbox.push(Command::Release(Arc::clone(self)));
        }
    }
}

impl Shared {
    /// Books a taken message's credit; says whether the owner must be told now.
    fn consume(&mut self, credit: u32) -> bool {
        let receive = &mut self.receive;
        receive.credit_due += credit;
        let due = receive.inbox.is_empty() || receive.credit_due >= RELEASE_AT;
        let release = due && receive.credit_due > 0 && !receive.release_queued && !self.over;
        receive.release_queued |= release;
        release
    }

    fn end_of_messages(&self, role: Role) -> Option<Result<(), Status>> {
        match (role, &self.receive.outcome) {
            (Role::Client, outcome) => outcome.clone(),
            (Role::Server, _) if self.receive.ended => Some(Ok(())),
            (Role::Server, _) if self.over => Some(Err(Status::cancelled("the handler of this call has returned"))),
            (Role::Server, _) => None,
        }
    }
}

impl super::state::Receive {
    fn wait(&mut self, waker: &Waker, for_outcome: bool) {
        self.waits_for_outcome = for_outcome;
        match &mut self.waker {
            Some(old) => old.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }
}

fn wake_receiver(mut shared: std::sync::MutexGuard<'_, Shared>) {
    let waker = shared.receive.waker.take();
    drop(shared);
    waker.into_iter().for_each(Waker::wake);
}

/// Credit in bytes that is given back at the latest, so that a sender with a small window goes on.
const RELEASE_AT: u32 = 16 << 10;

/// Up to this length in bytes a message that waits behind another one is copied.
const SMALL_BEHIND_OTHERS: usize = 4 << 10;
/// Up to this length in bytes the first message of a server's stream is, and a request or a reply that waits for the end
/// behind it: others choose when that comes, and for how long the handler is busy.
pub(crate) const SMALL_AND_WAITING: usize = 1 << 10;
