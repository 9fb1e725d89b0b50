//! Takes connections, keeps their tasks, and ends them in order.
//!
//! An accept that fails never ends the server: what is missing (file descriptors) or gone (the peer) is waited for.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::task::{Id, JoinSet};

use super::{Router, ServerCommand, Settings, connection};
use crate::observe;
use crate::transport::mailbox::{Command, Mailbox};
use crate::transport::{Io, Listener, Peer};

/// The connections of a server. Dropping it ends them at once.
#[derive(Default)]
struct Connections {
    tasks: JoinSet<()>,
    mailboxes: HashMap<Id, Arc<Mailbox>>,
}

enum Next<S> {
    Accepted(io::Result<(S, Peer)>),
    Ended,
    Stop,
}

/// Serves until `stop` is ready and every call has ended.
pub(super) async fn serve<L: Listener>(
    mut listener: L,
    router: Arc<Router>,
    settings: Settings,
    stop: impl Future<Output = ()>,
) {
    let mut stop = pin!(stop);
    let mut connections = Connections::default();
    let mut pause = Pause::default();
    loop {
        match connections.next(&mut listener, stop.as_mut()).await {
            Next::Stop => break,
            Next::Ended => {}
            Next::Accepted(Ok((io, peer))) => {
                pause = Pause::default();
                connections.add(io, peer, &router, &settings);
            }
            Next::Accepted(Err(error)) if is_the_peers(&error) => observe::accept_failed(&error, Duration::ZERO),
            Next::Accepted(Err(error)) => {
                let pause = pause.next();
                observe::accept_failed(&error, pause);
                if connections.wait(pause, stop.as_mut()).await {
                    break;
                }
            }
        }
    }
    // Closed before the last calls end, so that nobody waits in its queue.
    drop(listener);
    connections.shut_down().await;
}

impl Connections {
    fn add<S: Io>(&mut self, io: S, peer: Peer, router: &Arc<Router>, settings: &Settings) {
        let mailbox = Mailbox::new();
        let task = connection(io, peer, Arc::clone(router), settings, Arc::clone(&mailbox));
        let id = self.tasks.spawn(task).id();
        self.mailboxes.insert(id, mailbox);
    }

    async fn next<L: Listener>(
        &mut self,
        listener: &mut L,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Next<L::Io> {
        let mut accept = pin!(listener.accept());
        poll_fn(|cx| {
            if stop.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Next::Stop);
            }
            if let Poll::Ready(Some(ended)) = self.tasks.poll_join_next_with_id(cx) {
                self.forget(ended);
                return Poll::Ready(Next::Ended);
            }
            accept.as_mut().poll(cx).map(Next::Accepted)
        })
        .await
    }

    /// Waits before the next accept; `true` when the server stops meanwhile.
    async fn wait(&mut self, pause: Duration, mut stop: Pin<&mut impl Future<Output = ()>>) -> bool {
        let mut sleep = pin!(tokio::time::sleep(pause));
        poll_fn(|cx| match stop.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending => sleep.as_mut().poll(cx).map(|()| false),
        })
        .await
    }

    async fn shut_down(&mut self) {
        for mailbox in self.mailboxes.values() {
            mailbox.push(Command::Server(ServerCommand::ShutDown));
        }
        while let Some(ended) = self.tasks.join_next_with_id().await {
            self.forget(ended);
        }
    }

    fn forget(&mut self, ended: Result<(Id, ()), tokio::task::JoinError>) {
        let id = match &ended {
            Ok((id, ())) => *id,
            Err(error) => error.id(),
        };
        self.mailboxes.remove(&id);
    }
}

/// Whether a peer went before it was accepted, which is nothing to wait for.
fn is_the_peers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// How long to wait after an accept that failed: 5 ms, then twice as long each time, up to a second.
struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(Duration::from_millis(5))
    }
}

impl Pause {
    fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(Duration::from_secs(1));
        pause
    }
}
