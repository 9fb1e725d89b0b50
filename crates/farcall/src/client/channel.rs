//! [`Channel`]: the handle on the connection to one server, from which calls are made.
//!
//! A handle only queues: connecting, waiting and sending are the driver's, see `driver.rs`.

use std::fmt;
use std::sync::Arc;

use farcall_policy::State;
use farcall_wire::grpc::{Encoding, Status};

use super::builder::ChannelBuilder;
use super::draft::Draft;
use super::memory::TARGET;
use super::opening::{ClientCommand, Opening};
use super::settings::InvalidChannel;
use super::shared::Handles;
use super::{BidiCall, ClientStreamingCall, ServerStreamingCall, UnaryCall};
use crate::call::CallState;
use crate::codec::{Method, Shape};
use crate::server::Router;
use crate::stream;

/// A connection to one server that is made when the first call needs it, and made again when it is lost.
///
/// Cheap to clone, and used by `&self`: all clones share one connection, which any number of calls use at a time. It is
/// closed when the last clone and the last call are gone.
///
/// While the server cannot be reached (TRANSIENT_FAILURE), calls fail with UNAVAILABLE and the cause that the system
/// gave, except those that [`wait_for_ready`](UnaryCall::wait_for_ready). Before the first attempt has failed, they wait.
#[derive(Clone)]
pub struct Channel {
    handles: Arc<Handles>,
}

impl Channel {
    /// A channel to `target`: `dns:///host:port`, `host:port`, `http://host:port`, `ipv4:1.2.3.4:port`,
    /// `ipv6:[::1]:port`, `unix:path`, `unix:///path`, and on Linux `unix-abstract:name`. Nothing is connected before the
    /// first call.
    ///
    /// # Errors
    /// A target that cannot be understood, with the way to write it.
    pub fn new(target: &str) -> Result<Self, InvalidChannel> {
        Self::builder(target).build()
    }

    /// A channel with settings of its own.
    pub fn builder(target: &str) -> ChannelBuilder {
        ChannelBuilder::new(target)
    }

    /// A channel to services in this process, over memory instead of a socket: what tests use. The server's side runs
    /// on the runtime of the first call, also while its clock is paused.
    pub fn over(router: impl Into<Arc<Router>>) -> Self {
        match Self::builder(TARGET).build_over(router) {
            Ok(channel) => channel,
            Err(error) => unreachable!("the default settings are valid: {error}"),
        }
    }

    pub(super) fn of(handles: Handles) -> Self {
        Self { handles: Arc::new(handles) }
    }

    /// Calls a method with one request and one reply.
    pub fn unary<Q, R>(&self, method: &'static Method<Q, R>, request: Q) -> UnaryCall<R> {
        UnaryCall::new(self.draft_with(method, Shape::Unary, &request), method)
    }

    /// Calls a method with one request and any number of replies.
    pub fn server_streaming<Q, R>(&self, method: &'static Method<Q, R>, request: Q) -> ServerStreamingCall<R> {
        ServerStreamingCall::new(self.draft_with(method, Shape::ServerStreaming, &request), method)
    }

    /// Calls a method with any number of requests and one reply.
    pub fn client_streaming<Q, R>(&self, method: &'static Method<Q, R>) -> ClientStreamingCall<Q, R> {
        ClientStreamingCall::new(Draft::new(self.clone(), method.path(), Shape::ClientStreaming), method)
    }

    /// Calls a method with any number of messages in both directions.
    pub fn bidi<Q, R>(&self, method: &'static Method<Q, R>) -> BidiCall<Q, R> {
        BidiCall::new(Draft::new(self.clone(), method.path(), Shape::Bidi), method)
    }

    /// What is known of the connection now.
    pub fn state(&self) -> State {
        self.handles.shared.standing.borrow().state
    }

    /// Waits until the connection is in another state than `from`, and says in which.
    pub async fn state_after(&self, from: State) -> State {
        let mut standing = self.handles.shared.standing.subscribe();
        match standing.wait_for(|standing| standing.state != from).await {
            Ok(standing) => standing.state,
            // The sender lives as long as this handle does.
            Err(_) => State::Shutdown,
        }
    }

    fn draft_with<Q, R>(&self, method: &'static Method<Q, R>, shape: Shape, request: &Q) -> Draft {
        let path = method.path();
        let write = |out: &mut _| stream::encode(method.request(), path, request, Default::default(), out);
        Draft::new(self.clone(), path, shape).with_message(write)
    }

    /// The state of a call that begins; `finished`: nothing follows its request.
    pub(super) fn new_state(&self, finished: bool) -> Arc<CallState> {
        let shared = &self.handles.shared;
        CallState::of_client(Arc::clone(&shared.mailbox), shared.settings.wire.receive_limit, finished)
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.handles.shared.settings.encoding
    }

    pub(super) fn open(&self, opening: Opening) -> Result<(), Status> {
        self.handles.open(opening)
    }

    /// Why a call that does not want to wait fails now. The driver hears that one would have liked a connection.
    pub(super) fn failure(&self) -> Option<Status> {
        let standing = self.handles.shared.standing.borrow();
        if standing.state != State::TransientFailure {
            return None;
        }
        self.handles.push(ClientCommand::Connect);
        standing.failure.clone()
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = &self.handles.shared;
        f.debug_struct("Channel").field("target", &shared.target).field("state", &self.state()).finish_non_exhaustive()
    }
}
