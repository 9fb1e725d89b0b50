//! A call between the line that builds it and its first poll: what was asked for, and the step that sends it.
//!
//! The four kinds of call share it; what they wait for afterwards is in their own files.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use farcall_wire::grpc::{Code, EncodeBuf, Encoding, Metadata, Payload, Status};

use super::Channel;
use super::opening::Opening;
use super::shared::fail;
use crate::call::CallState;
use crate::codec::Shape;
use crate::{Context, compress};

/// A call of any kind that owns its channel; dropped after it was sent, it is cancelled unless it is over.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) channel: Channel,
    pub(super) state: Arc<CallState>,
    pub(super) path: &'static str,
    shape: Shape,
    /// The one message of a call that does not stream requests, framed.
    request: Payload,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Not polled yet.
    Built(Wishes),
    /// It cannot be sent; the await says why.
    Refused(Status),
    /// The driver knows of it, and this handle is responsible for it.
    Sent,
    /// Other handles are responsible for it, or it is over.
    HandedOver,
}

/// What was asked for.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    pub(super) metadata: Metadata,
    pub(super) timeout: Option<Duration>,
    pub(super) deadline: Option<Instant>,
    pub(super) wait_for_ready: bool,
    pub(super) encoding: Encoding,
    pub(super) context: Context,
}

impl Draft {
    pub(super) fn new(channel: Channel, path: &'static str, shape: Shape) -> Self {
        let state = channel.new_state(!shape.streams_requests());
        let wishes = Wishes { context: Context::current(), encoding: channel.encoding(), ..Wishes::default() };
        Self { channel, state, path, shape, request: Payload::default(), stage: Stage::Built(wishes) }
    }

    /// Encodes the one message of a call that does not stream requests.
    pub(super) fn with_message(mut self, write: impl FnOnce(&mut EncodeBuf) -> Result<(), Status>) -> Self {
        let mut scratch = SCRATCH.replace(EncodeBuf::new(usize::MAX));
        scratch.tail().reserve(SMALL);
        match write(&mut scratch) {
            Ok(()) => self.request = scratch.take(),
            Err(status) => self.stage = Stage::Refused(status),
        }
        scratch.clear();
        SCRATCH.set(scratch);
        self
    }

    /// Changes what is asked for; after the first poll, and after a first mistake, nothing is changed.
    pub(super) fn wish(&mut self, change: impl FnOnce(&mut Wishes) -> Result<(), Status>) {
        if let Stage::Built(wishes) = &mut self.stage
            && let Err(status) = change(wishes)
        {
            self.stage = Stage::Refused(status);
        }
    }

    /// Sends the call, unless it was sent already.
    pub(super) fn send(&mut self) -> Result<(), Status> {
        match std::mem::replace(&mut self.stage, Stage::Sent) {
            Stage::Built(wishes) => {
                self.stage = Stage::HandedOver;
                self.submit(wishes)?;
                self.stage = Stage::Sent;
            }
            Stage::Refused(status) => {
                self.stage = Stage::Refused(status.clone());
                return Err(status);
            }
            sent => self.stage = sent,
        }
        Ok(())
    }

    /// As [`Draft::send`], for a call whose handles come next: it fails at once where waiting is not wanted.
    pub(super) fn admit(&mut self) -> Result<(), Status> {
        if let Stage::Built(wishes) = &self.stage
            && !wishes.wait_for_ready
            && let Some(failure) = self.channel.failure()
        {
            self.stage = Stage::Refused(failure.clone());
            return Err(failure);
        }
        self.send()
    }

    /// The call is over, and its handle knows: there is nothing to cancel any more.
    pub(super) fn is_over(&mut self) {
        self.stage = Stage::HandedOver;
    }

    /// The state, for handles that are responsible for the call from now on.
    pub(super) fn hand_over(&mut self) -> Arc<CallState> {
        self.stage = Stage::HandedOver;
        Arc::clone(&self.state)
    }

    fn submit(&mut self, wishes: Wishes) -> Result<(), Status> {
        // Linked before it is sent: a cut in between reaches the driver as a cancelled call, and never too early.
        wishes.context.link(&self.state).map_err(|cut| inherited(&cut))?;
        if wishes.encoding != Encoding::Identity {
            self.compress(wishes.encoding);
        }
        let deadline = match (wishes.deadline, wishes.context.deadline()) {
            (Some(own), Some(inherited)) => Some(own.min(inherited)),
            (own, inherited) => own.or(inherited),
        };
        let opening = Opening {
            state: Arc::clone(&self.state),
            path: self.path,
            shape: self.shape,
            metadata: wishes.metadata,
            timeout: wishes.timeout,
            deadline,
            wait_for_ready: wishes.wait_for_ready,
            retried: false,
            request: std::mem::take(&mut self.request),
        };
        self.channel.open(opening).inspect_err(|status| fail(&self.state, status.clone()))
    }

    /// Says that messages of the call are compressed, and compresses the one that exists already.
    fn compress(&mut self, encoding: Encoding) {
        self.state.lock().send.encoding = encoding;
        if !self.request.is_empty() {
            let mut message = EncodeBuf::new(usize::MAX);
            self.request.segments().cloned().for_each(|piece| message.put_shared(piece));
            compress::compress_written(encoding, &mut message);
            self.request = message.take();
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if matches!(self.stage, Stage::Sent) {
            self.state.cancel(Status::cancelled("the call was dropped before its end"));
        }
    }
}

thread_local! {
    /// Where requests are encoded: a small one is copied out in its exact size, a large one takes the buffer with it.
    static SCRATCH: Cell<EncodeBuf> = const { Cell::new(EncodeBuf::new(usize::MAX)) };
}

/// What most requests need, in bytes: as long as they fit, the scratch buffer stays.
const SMALL: usize = 2048;

/// What a call is told that was made under a context that was cut off before.
fn inherited(cut: &Status) -> Status {
    match cut.code() {
        Code::DeadlineExceeded => Status::deadline_exceeded("the deadline of the call that makes this one has passed"),
        _ => Status::cancelled("the call that makes this one was cancelled"),
    }
}

/// The methods that every kind of call has before its first poll.
macro_rules! wishes {
    ($call:ident<$($message:ident),+>) => {
        impl<$($message),+> $call<$($message),+> {
            /// What the call may take from its start, waiting for a connection included; it then ends with
            /// DEADLINE_EXCEEDED on both sides. An earlier deadline of the context holds.
            pub fn timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.draft.wish(|wishes| {
                    wishes.timeout = Some(wishes.timeout.map_or(timeout, |other| other.min(timeout)));
                    Ok(())
                });
                self
            }

            /// When the call is over at the latest; `std`'s instant or tokio's. An earlier deadline of the context holds.
            pub fn deadline(mut self, deadline: impl Into<::std::time::Instant>) -> Self {
                let deadline = deadline.into();
                self.draft.wish(|wishes| {
                    wishes.deadline = Some(wishes.deadline.map_or(deadline, |other| other.min(deadline)));
                    Ok(())
                });
                self
            }

            /// Adds a text to the request's metadata. A name or value that cannot be sent fails the call at its await.
            pub fn metadata(mut self, name: &str, value: impl AsRef<str>) -> Self {
                self.draft.wish(|wishes| Ok(wishes.metadata.append(name, value)?));
                self
            }

            /// Adds bytes to the request's metadata; `name` ends in `-bin`. Another name fails the call at its await.
            pub fn metadata_bin(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
                self.draft.wish(|wishes| Ok(wishes.metadata.append_bin(name, value)?));
                self
            }

            /// Waits, within the deadline, while the server cannot be reached, instead of failing with UNAVAILABLE.
            pub fn wait_for_ready(mut self) -> Self {
                self.draft.wish(|wishes| {
                    wishes.wait_for_ready = true;
                    Ok(())
                });
                self
            }

            /// Compresses the messages of this call, or with [`Encoding::Identity`](crate::Encoding) does not. Which
            /// encodings there are is a matter of features; one that is not built in fails the call at its await.
            pub fn compress(mut self, encoding: $crate::Encoding) -> Self {
                self.draft.wish(|wishes| match $crate::compress::missing(encoding) {
                    Some(missing) => Err($crate::Status::internal(missing)),
                    None => {
                        wishes.encoding = encoding;
                        Ok(())
                    }
                });
                self
            }

            /// Inherits no deadline and no cancellation from the handler in which the call is built.
            pub fn detached(self) -> Self {
                self.context($crate::Context::detached())
            }

            /// Inherits from this context instead of the current one.
            pub fn context(mut self, context: $crate::Context) -> Self {
                self.draft.wish(|wishes| {
                    wishes.context = context;
                    Ok(())
                });
                self
            }
        }
    };
}
pub(super) use wishes;
