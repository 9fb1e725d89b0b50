//! Joins one byte stream with one engine: the only place where a connection's bytes, clock and wakers meet.
//!
//! No gRPC here: what events and commands mean is the [`Application`]'s business. A turn reads once, drains everything that
//! waits (commands, events, local handlers), then writes once; when a read brings nothing and nothing waits, it sleeps.
//!
//! ```text
//!   ┌▶ timers ─▶ read once ─▶ anything to do? ── no ─▶ arm the timer, sleep
//!   │                              │ yes
//!   │  ┌▶ commands ─▶ events ─▶ local handlers ─┐ until nothing new
//!   │  └──────────────◀─────────────────────────┘
//!   └─ write until empty, full or 128 KiB ─▶ drained? ─▶ done: Pump::close
//! ```

use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use farcall_wire::grpc::{Connection, Event};
use farcall_wire::outbox::Outbox;
use tokio::io::AsyncReadExt;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::time::Sleep;

use super::mailbox::{Command, Mailbox};
use super::{Io, read_buffer};
use crate::context::now;

/// What a connection's owner does besides moving bytes.
pub(crate) trait Application: Send {
    /// Something happened on the connection.
    fn handle_event(&mut self, conn: &mut Connection, event: Event, now: Instant);

    /// A handle wants something.
    fn handle_command(&mut self, conn: &mut Connection, command: Command, now: Instant);

    /// Runs what lives on the connection's own task, until all of it waits.
    fn poll_local(&mut self, conn: &mut Connection, cx: &mut Context<'_>, now: Instant);
}

/// One connection; a future in all but name: [`Pump::poll`] borrows the application, which may outlive the pump.
pub(crate) struct Pump<S> {
    io: S,
    conn: Connection,
    mailbox: Arc<Mailbox>,
    /// What the mailbox knows of the engine's queues, in bytes.
    published: usize,
    commands: Vec<Command>,
    bytes: BytesMut,
    /// The engine stopped taking bytes before `bytes` was used up.
    stalled: bool,
    flush_due: bool,
    /// When the last bytes came, or the turn began.
    now: Instant,
    timer: Option<Pin<Box<Sleep>>>,
    armed: Option<Instant>,
    /// More than one thread runs tasks, so that a completion's wake is worth waiting for its neighbours'.
    crowded: bool,
    deferred: bool,
    /// The peer sends nothing more.
    ended: bool,
    /// The stream is shut down on this side.
    lingers: bool,
    error: Option<io::Error>,
}

impl<S: Io> Pump<S> {
    /// Joins `io` and `conn`. Must be called on the runtime that will poll it.
    pub(crate) fn new(io: S, conn: Connection, mailbox: Arc<Mailbox>) -> Self {
        let flavor = Handle::try_current().map(|handle| handle.runtime_flavor());
        Self {
            io,
            conn,
            mailbox,
            published: 0,
            commands: Vec::new(),
            bytes: BytesMut::new(),
            stalled: false,
            flush_due: false,
            now: now(),
            timer: None,
            armed: None,
            crowded: !matches!(flavor, Ok(RuntimeFlavor::CurrentThread)),
            deferred: false,
            ended: false,
            lingers: false,
            error: None,
        }
    }

    /// The engine, for verbs between two polls; poll the pump afterwards.
    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.conn
    }

    /// Why the byte stream failed, if it did.
    pub(crate) fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }

    /// Runs the connection until it is over and everything is written; [`Pump::close`] does the rest.
    pub(crate) fn poll<A: Application>(&mut self, app: &mut A, cx: &mut Context<'_>) -> Poll<()> {
        let commanded = self.mailbox.begin_turn();
        // One turn of the scheduler lets other handlers finish too, and all their replies leave in one write. A lone
        // call has no company to wait for.
        if commanded && self.crowded && !self.deferred && self.conn.open_calls() > 1 {
            self.deferred = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.deferred = false;
        // Local handlers have their own ways to wake the task, so that they are looked at in any case.
        let mut due = true;
        self.look_at_the_clock();
        for _ in 0..ROUNDS {
            // Timers first: a deadline that has passed on both sides is told by status, and not taken for a reset.
            if self.conn.poll_timeout().is_some_and(|at| at <= self.now) {
                self.conn.handle_timeout(self.now);
                due = true;
            }
            due |= self.read(cx);
            // Since the last write, nothing was read and nothing has happened.
            if !(due || self.conn.has_events() || self.mailbox.has_commands()) {
                if self.sleep(cx) {
                    return Poll::Pending;
                }
                self.look_at_the_clock();
                continue;
            }
            self.drain(app, cx);
            if self.is_done() {
                return Poll::Ready(());
            }
            due = self.write(cx);
            self.publish(self.conn.queued());
            due |= self.is_done();
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn look_at_the_clock(&mut self) {
        self.now = now();
        self.conn.note_time(self.now);
    }

    /// Whether nothing can be read or written any more.
    fn is_done(&self) -> bool {
        self.error.is_some() || (self.conn.is_drained() && !self.flush_due)
    }

    /// Tells senders how much waits on this connection.
    fn publish(&mut self, queued: usize) {
        self.mailbox.backlog.publish(self.published, queued);
        self.published = queued;
    }

    /// Everything that waits, until nothing new comes of it.
    fn drain<A: Application>(&mut self, app: &mut A, cx: &mut Context<'_>) {
        let now = self.now;
        let mut commands = std::mem::take(&mut self.commands);
        loop {
            self.mailbox.take(&mut commands);
            for command in commands.drain(..) {
                app.handle_command(&mut self.conn, command, now);
            }
            while let Some(event) = self.conn.poll_event(now) {
                app.handle_event(&mut self.conn, event, now);
            }
            app.poll_local(&mut self.conn, cx, now);
            if !self.mailbox.has_commands() {
                break;
            }
        }
        self.commands = commands;
    }

    /// Writes until nothing is left, the stream takes no more, or it is time to read; says whether the last is so. A
    /// reader that keeps pace would otherwise be the only one who is heard for as long as a large body lasts.
    fn write(&mut self, cx: &mut Context<'_>) -> bool {
        let mut written = 0;
        let end = loop {
            if written >= MOST_AT_ONCE {
                return true;
            }
            let outbox = self.conn.outbox();
            if outbox.is_empty() {
                break self.poll_flush(cx);
            }
            match poll_write(&mut self.io, outbox, cx) {
                Poll::Ready(Ok(bytes)) => (self.flush_due, written) = (true, written + bytes),
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Pending => break Poll::Pending,
            }
        };
        if let Poll::Ready(Err(error)) = end {
            self.fail(error);
        }
        false
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.flush_due {
            ready!(Pin::new(&mut self.io).poll_flush(cx))?;
            self.flush_due = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once, unless too much waits to be written; says whether anything happened.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        if self.ended || self.error.is_some() || !self.conn.wants_bytes() {
            return false;
        }
        if !self.stalled {
            read_buffer::make_room(&mut self.bytes);
            match pin!(self.io.read_buf(&mut self.bytes)).poll(cx) {
                Poll::Pending => return false,
                Poll::Ready(Ok(0)) => {
                    self.ended = true;
                    self.conn.handle_eof();
                    return true;
                }
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => {
                    self.fail(error);
                    return true;
                }
            }
        }
        //= RFC 9113 §5.2.2: what has arrived is read and worked off at once
        self.now = now();
        self.conn.handle_bytes(&mut self.bytes, self.now);
        self.stalled = !self.bytes.is_empty() && !self.conn.wants_bytes();
        true
    }

    fn fail(&mut self, error: io::Error) {
        self.ended = true;
        self.error = Some(error);
        self.conn.handle_eof();
    }

    /// Makes sure that everything that matters wakes the task; `false` when something has come already.
    fn sleep(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.mailbox.sleep(cx) {
            return false;
        }
        if let Some(at) = self.conn.poll_timeout() {
            if self.armed.is_none_or(|armed| at < armed) {
                self.arm(at);
            }
            if let Some(timer) = &mut self.timer
                && timer.as_mut().poll(cx).is_ready()
            {
                self.armed = None;
                return false;
            }
        }
        read_buffer::give_back(&mut self.bytes);
        true
    }

    fn arm(&mut self, at: Instant) {
        self.armed = Some(at);
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(at.into()),
            None => self.timer = Some(Box::pin(tokio::time::sleep_until(at.into()))),
        }
    }

    /// Shuts the stream down in order, for a pump that is done. What the peer still sends is read and dropped for a
    /// while: a socket that is closed with bytes unread resets the connection, and that can overtake our last frames.
    pub(crate) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        //= RFC 9113 §5.4.1: after GOAWAY for an error the connection is closed
        if self.error.is_some() {
            return Poll::Ready(());
        }
        if !self.lingers {
            if ready!(Pin::new(&mut self.io).poll_shutdown(cx)).is_err() || self.ended {
                return Poll::Ready(());
            }
            (self.lingers, self.now) = (true, now());
            self.bytes = BytesMut::with_capacity(SCRAP);
            self.timer = Some(Box::pin(tokio::time::sleep(LINGER)));
        }
        loop {
            self.bytes.clear();
            match pin!(self.io.read_buf(&mut self.bytes)).poll(cx) {
                // One that never stops sending is not read for ever.
                Poll::Ready(Ok(1..)) if now().saturating_duration_since(self.now) < LINGER => {}
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return self.timer.as_mut().map_or(Poll::Ready(()), |timer| timer.as_mut().poll(cx)),
            }
        }
    }

    /// [`Pump::poll_close`] as a future.
    pub(crate) async fn close(mut self) {
        poll_fn(|cx| self.poll_close(cx)).await;
    }
}

/// What the engine held is gone with it.
impl<S> Drop for Pump<S> {
    fn drop(&mut self) {
        self.mailbox.backlog.publish(self.published, 0);
    }
}

/// One write of what the outbox holds.
fn poll_write<S: Io>(io: &mut S, outbox: &mut Outbox, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
    let mut slices = [IoSlice::new(&[]); SLICES];
    let io = Pin::new(io);
    let bytes = match outbox.chunks_vectored(&mut slices) {
        1 => ready!(io.poll_write(cx, &slices[0]))?,
        count => ready!(io.poll_write_vectored(cx, &slices[..count]))?,
    };
    if bytes == 0 {
        return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
    }
    outbox.advance(bytes);
    Poll::Ready(Ok(bytes))
}

/// Turns that a busy connection takes before it lets other tasks run.
const ROUNDS: usize = 32;
/// Bytes that are written before the peer is heard again: a small request that comes beside large replies waits for them,
/// and for what the system has buffered.
const MOST_AT_ONCE: usize = 128 << 10;
/// Slices of one `writev`: two for each of thirty messages.
const SLICES: usize = 64;
/// How long a peer may take to notice an orderly end.
const LINGER: Duration = Duration::from_secs(1);
/// Bytes read at a time only to be dropped.
const SCRAP: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use farcall_wire::grpc::{Config, RequestHead};
    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

    use super::*;

    /// A stream that takes everything, and has something to read at first only.
    #[derive(Default)]
    struct Greedy {
        incoming: BytesMut,
        /// Bytes written since the last read, the most of them, and all.
        since: usize,
        most: usize,
        all: usize,
    }

    impl AsyncRead for Greedy {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            self.since = 0;
            if self.incoming.is_empty() {
                return Poll::Pending;
            }
            out.put_slice(&self.incoming.split());
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Greedy {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            self.since += bytes.len();
            self.all += bytes.len();
            self.most = self.most.max(self.since);
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    struct Deaf;

    impl Application for Deaf {
        fn handle_event(&mut self, _: &mut Connection, _: Event, _: Instant) {}

        fn handle_command(&mut self, _: &mut Connection, _: Command, _: Instant) {}

        fn poll_local(&mut self, _: &mut Connection, _: &mut Context<'_>, _: Instant) {}
    }

    #[tokio::test]
    async fn a_large_body_does_not_keep_the_connection_from_reading() {
        const BODY: usize = 8 << 20;
        let mut config = Config::default();
        (config.h2.stream_window, config.h2.connection_window) = (16 << 20, 16 << 20);
        let mut server = Connection::server(config, now());
        let mut io = Greedy::default();
        while !server.outbox().is_empty() {
            let length = server.outbox().chunk().len();
            io.incoming.extend_from_slice(server.outbox().chunk());
            server.outbox().advance(length);
        }
        let mut pump = Pump::new(io, Connection::client(Config::default(), now()), Mailbox::new());
        let cx = &mut Context::from_waker(std::task::Waker::noop());
        assert!(pump.poll(&mut Deaf, cx).is_pending());
        let call = pump.conn.open(&RequestHead::default(), None).unwrap();
        pump.conn.send(call, Bytes::from(vec![0; BODY]).into());
        while pump.io.all < BODY {
            assert!(pump.poll(&mut Deaf, cx).is_pending());
        }
        assert!(pump.io.most < MOST_AT_ONCE + (64 << 10), "{} bytes between two reads", pump.io.most);
    }
}
