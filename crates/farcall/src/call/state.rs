//! What a call's handles and the owner of its connection share: one allocation and one short lock per call.
//!
//! The lock is held for queue operations and for encoding one message, never while anything is awaited, woken or sent
//! to the mailbox. Which task does what:
//!
//! ```text
//!            handles (any task)                        owner of the connection (pump)
//!  send:     encode into `outgoing`, push Flush   ──▶  take `outgoing`, Connection::send
//!            wait while quota <= 0                ◀──  Event::Room adds to quota
//!  receive:  take from `inbox`, push Release      ──▶  take `credit_due`, Connection::release
//!            wait while empty                     ◀──  Event::Message, End, Done
//! ```
//!
//! Bounds: `outgoing` holds at most the quota and one message; `inbox` holds what the flow-control window lets in.
//! At most one Flush and one Release of a call are queued at a time.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use farcall_wire::grpc::{CallId, EncodeBuf, Encoding, EncodingSet, Metadata, ReplyHead, RequestHead, Status};

pub(crate) use super::cancel::Links;
use super::inbox::Inbox;
use crate::transport::Peer;
use crate::transport::mailbox::Mailbox;

/// Which side of a call this process is. In memory both are in one process, with a state each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It called.
    Client,
    /// It was called.
    Server,
}

/// One call; see the picture above.
pub(crate) struct CallState {
    pub(super) role: Role,
    pub(super) peer: Peer,
    pub(super) mailbox: Arc<Mailbox>,
    /// Server: what the call asks for.
    head: Option<Arc<RequestHead>>,
    pub(super) shared: Mutex<Shared>,
}

/// What stands behind the lock.
#[derive(Default)]
pub(crate) struct Shared {
    /// The call's name on the connection that it is on at the moment.
    pub(crate) id: Option<CallId>,
    /// Messages that came in.
    pub(crate) receive: Receive,
    /// Messages that go out.
    pub(crate) send: Send,
    /// Why the call was cut off: by the peer, the deadline, the connection, its context or its user.
    pub(crate) cut: Option<Status>,
    /// Who is told of the cut.
    pub(crate) links: Links,
    /// The owner of the connection has no more to do with the call.
    pub(crate) over: bool,
    /// Somebody has had the lock since the call began.
    touched: bool,
}

/// The receiving half.
#[derive(Default)]
pub(crate) struct Receive {
    pub(crate) inbox: Inbox,
    /// Nothing follows what is in the inbox.
    pub(crate) ended: bool,
    /// Client: how the call ended, from the wire; `None` until then.
    pub(crate) outcome: Option<Result<(), Status>>,
    /// Nobody wants messages any more: they are dropped as they come.
    pub(crate) abandoned: bool,
    /// How compressed messages are compressed, from the head.
    pub(crate) encoding: Encoding,
    /// The longest message, inflated, in bytes.
    pub(crate) limit: u32,
    /// Client: the response headers.
    pub(crate) headers: Option<Arc<ReplyHead>>,
    /// Client: the trailers.
    pub(crate) trailers: Metadata,
    /// Server: the request of a shape with one came compressed.
    pub(crate) request_compressed: bool,
    pub(super) waker: Option<Waker>,
    /// Client: whoever waits does so for the end of the call, and is not woken before.
    pub(super) waits_for_outcome: bool,
    pub(super) credit_due: u32,
    pub(super) release_queued: bool,
}

/// The sending half.
pub(crate) struct Send {
    /// Framed messages that the owner has not taken yet.
    pub(crate) outgoing: EncodeBuf,
    /// How much was queued when the owner came the last time, in bytes: so much room is made at once.
    pub(super) usual: usize,
    /// Bytes that may still be queued before the sender waits.
    pub(crate) quota: i64,
    /// Bytes of `outgoing` that the connection's backlog counts.
    pub(super) counted: usize,
    pub(super) flush_queued: bool,
    /// Nothing follows what is queued.
    pub(crate) finished: bool,
    pub(super) waker: Option<Waker>,
    /// How messages are compressed, as the head says.
    pub(crate) encoding: Encoding,
    /// Server: the response head, until it has left.
    pub(crate) head: ReplyHead,
    /// Server: the head has left, or may leave at any time.
    pub(crate) head_left: bool,
    /// Server: the engine has the head.
    pub(super) head_given: bool,
    /// Server: the trailing metadata.
    pub(crate) trailers: Metadata,
}

impl Default for Send {
    fn default() -> Self {
        Self {
            outgoing: EncodeBuf::new(usize::MAX),
            usual: 0,
            quota: SEND_QUOTA,
            counted: 0,
            flush_queued: false,
            finished: false,
            waker: None,
            encoding: Encoding::Identity,
            head: ReplyHead::default(),
            head_left: false,
            head_given: false,
            trailers: Metadata::new(),
        }
    }
}

/// What is left to be sent of a server's call whose handler has ended.
pub(crate) struct Leftover {
    /// The call was cut off: nothing is sent.
    pub(crate) cut: bool,
    /// The head, if it has not left.
    pub(crate) head: ReplyHead,
    /// Framed messages that the owner has not taken.
    pub(crate) outgoing: EncodeBuf,
    pub(crate) encoding: Encoding,
    pub(crate) trailers: Metadata,
}

impl Leftover {
    fn of(send: &mut Send, cut: bool) -> Self {
        Self {
            cut,
            head: std::mem::take(&mut send.head),
            outgoing: std::mem::replace(&mut send.outgoing, EncodeBuf::new(usize::MAX)),
            encoding: send.encoding,
            trailers: std::mem::take(&mut send.trailers),
        }
    }
}

/// What a finished call leaves behind is cleared field by field: most calls touch few of them.
impl Shared {
    fn renew(&mut self) {
        let Self { id, receive, send, cut, links, over, touched } = self;
        (*id, *cut, *over, *touched) = (None, None, false, false);
        links.clear();
        receive.renew();
        send.renew();
    }
}

// Every field is named, so that a new one is not forgotten here.
impl Receive {
    /// The limit stays.
    #[rustfmt::skip]
    fn renew(&mut self) {
        let Self {
            inbox, ended, outcome, abandoned, encoding, limit: _, headers, trailers, request_compressed, waker,
            waits_for_outcome, credit_due, release_queued,
        } = self;
        inbox.clear();
        (*ended, *abandoned, *encoding) = (false, false, Encoding::Identity);
        (*outcome, *headers, *trailers) = (None, None, Metadata::new());
        (*request_compressed, *waits_for_outcome, *release_queued) = (false, false, false);
        (*waker, *credit_due) = (None, 0);
    }
}

impl Send {
    #[rustfmt::skip]
    fn renew(&mut self) {
        let Self {
            outgoing, usual, quota, counted, flush_queued, finished, waker, encoding, head, head_left, head_given, trailers,
        } = self;
        if !outgoing.is_empty() {
            *outgoing = EncodeBuf::new(usize::MAX);
        }
        (*usual, *quota, *counted, *flush_queued, *finished) = (0, SEND_QUOTA, 0, false, false);
        (*waker, *encoding, *head) = (None, Encoding::Identity, ReplyHead::default());
        (*head_left, *head_given, *trailers) = (false, false, Metadata::new());
    }
}

impl CallState {
    /// A call of which nothing has happened yet. `limit` bounds a received message after inflating, in bytes.
    pub(crate) fn new(role: Role, mailbox: Arc<Mailbox>, peer: Peer, limit: u32) -> Arc<Self> {
        Self::with(role, mailbox, peer, limit, false)
    }

    /// A client's call of which nothing has happened yet; `finished`: nothing follows its request.
    pub(crate) fn of_client(mailbox: Arc<Mailbox>, limit: u32, finished: bool) -> Arc<Self> {
        // Which peer it will be is not known before there is a connection, and clients do not ask.
        Self::with(Role::Client, mailbox, Peer::Memory, limit, finished)
    }

    fn with(role: Role, mailbox: Arc<Mailbox>, peer: Peer, limit: u32, finished: bool) -> Arc<Self> {
        let mut shared = Shared::default();
        (shared.receive.limit, shared.send.finished) = (limit, finished);
        Arc::new(Self { role, peer, mailbox, head: None, shared: Mutex::new(shared) })
    }

    /// Server: the call begins. Nothing happens to a state that others hold already.
    pub(crate) fn begin(self: &mut Arc<Self>, id: CallId, head: Arc<RequestHead>, compressed: bool) {
        if let Some(state) = Arc::get_mut(self) {
            let shared = state.shared.get_mut().unwrap_or_else(PoisonError::into_inner);
            shared.id = Some(id);
            shared.receive.encoding = head.encoding;
            shared.receive.request_compressed = compressed;
            state.head = Some(head);
        }
    }

    /// Server: what the call asks for.
    pub(crate) fn head(&self) -> &RequestHead {
        self.head.as_deref().unwrap_or(&NO_HEAD)
    }

    /// Server: what a call leaves behind whose handler has ended, if it has said or heard anything beside its messages.
    /// The call is over. A state that nobody else holds is as good as new and comes back; otherwise those who hold it are
    /// told.
    pub(crate) fn leave(mut self: Arc<Self>) -> (Option<Leftover>, Option<Arc<Self>>) {
        if let Some(state) = Arc::get_mut(&mut self) {
            let shared = state.shared.get_mut().unwrap_or_else(PoisonError::into_inner);
            // Most calls end as they began.
            let leftover = shared.touched.then(|| {
                let leftover = Leftover::of(&mut shared.send, shared.cut.is_some());
                state.mailbox.backlog.remove(shared.send.counted);
                shared.renew();
                leftover
            });
            state.head = None;
            return (leftover, Some(self));
        }
        let mut shared = self.lock();
        let cut = shared.cut.is_some();
        let leftover = Leftover::of(&mut shared.send, cut);
        self.uncount(&mut shared);
        drop(shared);
        self.close();
        (Some(leftover), None)
    }

    /// Which side this is.
    pub(crate) fn role(&self) -> Role {
        self.role
    }

    /// Who is at the other end of the connection.
    pub(crate) fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Where the owner of the connection listens.
    pub(crate) fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    /// The shared part. A codec that panicked while it encoded leaves at worst a torn message in a call that ends with
    /// its panic, so that a poisoned lock is used on.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Shared> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.touched = true;
        shared
    }

    /// The call's name on its connection, while it is on one.
    pub(crate) fn id(&self) -> Option<CallId> {
        self.lock().id
    }

    /// Owner: the call is on no connection any more.
    pub(crate) fn leave_connection(&self) {
        self.lock().id = None;
    }
}

/// What a call still holds is counted until then.
impl Drop for CallState {
    fn drop(&mut self) {
        let shared = self.shared.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.mailbox.backlog.forget(shared.send.counted);
    }
}

impl fmt::Debug for CallState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = self.lock();
        f.debug_struct("CallState")
            .field("role", &self.role)
            .field("id", &shared.id)
            .field("inbox", &shared.receive.inbox.len())
            .field("ended", &shared.receive.ended)
            .field("finished", &shared.send.finished)
            .field("cut", &shared.cut)
            .field("over", &shared.over)
            .finish_non_exhaustive()
    }
}

/// What a call asks for of which nothing is known: a client's, or one that has not begun.
static NO_HEAD: RequestHead = RequestHead {
    path: String::new(),
    authority: String::new(),
    secure: false,
    timeout: None,
    encoding: Encoding::Identity,
    accept: EncodingSet::new(),
    subtype: String::new(),
    user_agent: String::new(),
    metadata: Metadata::new(),
};

/// Bytes that a call may queue before its sender waits (requirements §8.1: send queue, 64 KiB a stream).
pub(crate) const SEND_QUOTA: i64 = 64 << 10;
