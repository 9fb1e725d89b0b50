//! The one task of a channel: it reads the mailbox, connects when calls wait, and runs the connections.
//!
//! Usually there is one connection. After a GOAWAY its calls may finish beside a new one. What a call goes through is in
//! `lobby.rs` (before it is sent) and `calls.rs` (after); when to connect is the policy's decision.
//!
//! ```text
//!   commands ─▶ Lobby ── no connection ──▶ dial ──▶ Link { Pump, Calls } ── GOAWAY ──▶ the same, retired
//!                 └──────── room ──────────────────────▶┘ └── lost ──▶ gone
//! ```

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use farcall_wire::grpc::Connection;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::time::Sleep;

use super::calls::{Calls, OnLink, Phase};
use super::lobby::Lobby;
use super::opening::{ClientCommand, Opening};
use super::shared::Shared;
use crate::context::now;
use crate::observe;
use crate::transport::mailbox::Command;
use crate::transport::pump::Pump;
use crate::transport::{Connector, Peer};

/// The task.
pub(super) struct ChannelDriver<C: Connector> {
    connector: Arc<C>,
    address: String,
    lobby: Lobby,
    dial: Option<Dial<C::Io>>,
    links: Vec<Link<C::Io>>,
    commands: Vec<Command>,
    timer: Option<Pin<Box<Sleep>>>,
    armed: Option<Instant>,
    /// More than one thread runs tasks: see [`Pump::poll`], which does the same for servers.
    crowded: bool,
    deferred: bool,
    /// No handle is left.
    closed: bool,
}

type Dial<S> = Pin<Box<dyn Future<Output = io::Result<(S, Peer)>> + Send>>;

/// One connection with its calls.
struct Link<S> {
    pump: Pump<S>,
    calls: Calls,
}

impl<C: Connector> ChannelDriver<C> {
    pub(super) fn new(shared: Arc<Shared>, connector: Arc<C>, address: String) -> Self {
        let flavor = Handle::try_current().map(|handle| handle.runtime_flavor());
        Self {
            connector,
            address,
            lobby: Lobby::new(shared),
            dial: None,
            links: Vec::new(),
            commands: Vec::new(),
            timer: None,
            armed: None,
            crowded: !matches!(flavor, Ok(RuntimeFlavor::CurrentThread)),
            deferred: false,
            closed: false,
        }
    }

    /// Does everything that can be done now; `false` when there is more.
    fn turn(&mut self, cx: &mut Context<'_>) -> bool {
        let now = now();
        if let Some(timeout) = self.lobby.handle_time(now) {
            self.break_off(format_args!("no answer within {timeout:?}"), now);
        }
        self.drain(now);
        self.poll_dial(cx, now);
        self.wind_up(now);
        self.poll_links(cx);
        if self.lobby.follow(now) {
            let (connector, address) = (Arc::clone(&self.connector), self.address.clone());
            self.dial = Some(Box::pin(async move { connector.connect(&address).await }));
            return false;
        }
        true
    }

    fn drain(&mut self, now: Instant) {
        let mut commands = std::mem::take(&mut self.commands);
        self.lobby.shared.mailbox.take(&mut commands);
        for command in commands.drain(..) {
            match command {
                Command::Client(ClientCommand::Open(opening)) => self.begin(opening, now),
                Command::Client(ClientCommand::Connect) => self.lobby.want(now),
                Command::Client(ClientCommand::Closed) => self.closed = true,
                Command::Flush(ref state) | Command::Finish(ref state) | Command::Release(ref state) => {
                    if let Some(id) = state.id()
                        && let Some(link) = self.links.iter_mut().find(|link| link.calls.owns(id, state))
                    {
                        link.calls.command(link.pump.connection(), id, &command);
                    }
                }
                Command::Cancel(ref state) => match state.id() {
                    None => self.lobby.forget(state),
                    Some(id) => {
                        if let Some(link) = self.links.iter_mut().find(|link| link.calls.owns(id, state)) {
                            link.calls.command(link.pump.connection(), id, &command);
                        }
                    }
                },
                Command::Server(_) => {}
            }
        }
        self.commands = commands;
    }

    /// A call begins: on the connection, if that has room, else in the lobby.
    fn begin(&mut self, mut opening: Opening, now: Instant) {
        opening.begin(now);
        let serving = self.links.iter_mut().find(|link| link.calls.phase == Phase::Serving);
        let left = match serving {
            Some(Link { pump, calls }) => {
                OnLink { calls, lobby: &mut self.lobby }.try_open(pump.connection(), opening, now)
            }
            None => Some(opening),
        };
        if let Some(opening) = left {
            self.lobby.receive(opening, now);
        }
    }

    fn poll_dial(&mut self, cx: &mut Context<'_>, now: Instant) {
        let Some(dial) = &mut self.dial else { return };
        let Poll::Ready(dialled) = dial.as_mut().poll(cx) else { return };
        self.dial = None;
        match dialled {
            Ok((io, peer)) => {
                let conn = Connection::client(self.lobby.shared.settings.wire.clone(), now);
                // A mailbox of its own, which stays empty: the channel's outlives the connection, and is read above. What
                // waits to be sent is counted for the channel, since that is where its calls wait for room.
                let pump = Pump::new(io, conn, self.lobby.shared.mailbox.beside());
                self.links.push(Link { pump, calls: Calls::new(&self.lobby, peer) });
            }
            Err(error) => self.lobby.failed(error, now),
        }
    }

    /// Once nobody can make calls and none waits, the connections end with their last call.
    fn wind_up(&mut self, now: Instant) {
        if self.closed && self.lobby.waiting.is_empty() {
            self.dial = None;
            self.links.iter_mut().for_each(|link| link.pump.connection().shut_down(now));
        }
    }

    fn poll_links(&mut self, cx: &mut Context<'_>) {
        let mut at = 0;
        while let Some(Link { pump, calls }) = self.links.get_mut(at) {
            let mut app = OnLink { calls, lobby: &mut self.lobby };
            if pump.poll(&mut app, cx).is_pending() {
                at += 1;
                continue;
            }
            // In their order: the one that serves is the last, and finds what the others have put back.
            let link = self.links.remove(at);
            self.lost(link);
        }
    }

    /// A connection is over and everything is written.
    fn lost(&mut self, mut link: Link<C::Io>) {
        let (phase, fault, error) = (link.calls.phase, link.calls.fault, link.pump.error());
        observe::connection_failed(link.calls.peer(), fault.as_ref(), error);
        match (phase, error, &fault) {
            (Phase::Handshaking, Some(error), _) => self.lobby.failed(error, now()),
            (Phase::Handshaking, None, Some(fault)) => self.lobby.failed(fault, now()),
            (Phase::Handshaking, None, None) => {
                self.lobby.failed("it was closed before the server's first frame", now())
            }
            (Phase::Serving, ..) => self.lobby.disconnected(link.calls.is_used(), now()),
            (Phase::Retired, ..) => {}
        }
        link.calls.abandon();
        tokio::spawn(link.pump.close());
    }

    /// Gives up an attempt to connect.
    fn break_off(&mut self, cause: std::fmt::Arguments<'_>, now: Instant) {
        self.dial = None;
        self.links.retain(|link| link.calls.phase != Phase::Handshaking);
        self.lobby.failed(cause, now);
    }

    fn is_over(&self) -> bool {
        self.closed && self.links.is_empty() && self.dial.is_none() && self.lobby.waiting.is_empty()
    }

    /// Makes sure that commands and time wake the task; `false` when something has come already.
    fn sleep(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.lobby.shared.mailbox.sleep(cx) {
            return false;
        }
        let Some(at) = self.lobby.poll_timeout() else { return true };
        if self.armed.is_none_or(|armed| at < armed) {
            self.armed = Some(at);
            match &mut self.timer {
                Some(timer) => timer.as_mut().reset(at.into()),
                None => self.timer = Some(Box::pin(tokio::time::sleep_until(at.into()))),
            }
        }
        let fired = self.timer.as_mut().is_some_and(|timer| timer.as_mut().poll(cx).is_ready());
        if fired {
            self.armed = None;
        }
        !fired
    }

    /// Whether to let callers on other threads queue their calls too, before all are written at once.
    fn defers(&mut self, commanded: bool) -> bool {
        let mut open_calls = self.links.iter_mut().map(|link| link.pump.connection().open_calls());
        self.deferred = commanded && self.crowded && !self.deferred && open_calls.any(|open| open > 1);
        self.deferred
    }
}

impl<C: Connector> Future for ChannelDriver<C> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let commanded = this.lobby.shared.mailbox.begin_turn();
        if this.defers(commanded) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        for _ in 0..ROUNDS {
            let settled = this.turn(cx);
            if this.is_over() {
                return Poll::Ready(());
            }
            if settled && this.sleep(cx) {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<C: Connector> Drop for ChannelDriver<C> {
    /// The channel is gone, or its runtime is: then nobody may wait for ever.
    fn drop(&mut self) {
        let mut commands = std::mem::take(&mut self.commands);
        self.lobby.shared.driver_ended(&mut commands);
        self.lobby.abandon(commands);
        self.links.iter_mut().for_each(|link| link.calls.abandon());
    }
}

/// Turns before other tasks get theirs.
const ROUNDS: usize = 32;

#[cfg(test)]
mod tests;
