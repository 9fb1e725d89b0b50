//! The other end of a channel, in the hands of a test: it answers the channel's attempts to connect, and speaks the
//! server's part of the engine one step at a time.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use bytes::{Buf, BytesMut};
use farcall::client::ChannelBuilder;
use farcall::transport::{Connector, memory};
use farcall::{Channel, Metadata, Peer, Status};
use farcall_wire::grpc::{CallId, Config, Connection, EncodeBuf, Event, ReplyEnd, ReplyHead, RequestHead};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// The attempts to connect that a channel makes.
pub(crate) struct Exchange(mpsc::UnboundedReceiver<Attempt>);

type Attempt = oneshot::Sender<io::Result<DuplexStream>>;

/// A channel, and the exchange that it connects through.
pub(crate) fn channel() -> (Channel, Exchange) {
    channel_with(|builder| builder)
}

pub(crate) fn channel_with(settings: impl FnOnce(ChannelBuilder) -> ChannelBuilder) -> (Channel, Exchange) {
    let (attempts, exchange) = mpsc::unbounded_channel();
    let channel = settings(Channel::builder("line:1")).build_with(Dial(attempts)).unwrap();
    (channel, Exchange(exchange))
}

struct Dial(mpsc::UnboundedSender<Attempt>);

impl Connector for Dial {
    type Io = DuplexStream;

    async fn connect(&self, address: &str) -> io::Result<(DuplexStream, Peer)> {
        assert_eq!(address, "line:1");
        let (answer, answered) = oneshot::channel();
        self.0.send(answer).map_err(|_| io::Error::other("the test has hung up"))?;
        answered.await.map_err(|_| io::Error::other("the test has hung up"))?.map(|io| (io, Peer::Memory))
    }
}

impl Exchange {
    /// Waits for an attempt to connect.
    pub(crate) async fn attempt(&mut self) -> Attempt {
        self.0.recv().await.expect("the channel is gone")
    }

    /// Accepts the next attempt.
    pub(crate) async fn accept(&mut self) -> Line {
        self.accept_with(Config::default()).await
    }

    pub(crate) async fn accept_with(&mut self, config: Config) -> Line {
        let (theirs, ours) = memory::pair();
        self.attempt().await.send(Ok(theirs)).unwrap();
        Line::new(ours, config)
    }

    /// Refuses the next attempt as an operating system does.
    pub(crate) async fn refuse(&mut self) {
        self.attempt().await.send(Err(io::Error::from_raw_os_error(111))).unwrap();
    }

    /// Whether an attempt has been made that was not answered.
    pub(crate) fn is_ringing(&self) -> bool {
        !self.0.is_empty()
    }
}

/// A call of one request: its name, its head, its message.
pub(crate) type Asked = (CallId, Arc<RequestHead>, String);

/// One connection, seen by the server.
pub(crate) struct Line {
    pub(crate) conn: Connection,
    io: DuplexStream,
    bytes: BytesMut,
    ended: bool,
}

impl Line {
    pub(crate) fn new(io: DuplexStream, config: Config) -> Self {
        let conn = Connection::server(config, now());
        Self { conn, io, bytes: BytesMut::new(), ended: false }
    }

    /// The next event that is about a call, or the end.
    pub(crate) async fn event(&mut self) -> Event {
        loop {
            while let Some(event) = self.conn.poll_event(now()) {
                if !matches!(event, Event::Ready | Event::Incident(_) | Event::Room { .. }) {
                    return event;
                }
            }
            self.flush().await;
            self.read().await;
        }
    }

    /// Runs the connection beside `other` until that is ready; events about calls are lost.
    pub(crate) async fn run_until<T>(&mut self, other: impl Future<Output = T>) -> T {
        let mut other = pin!(other);
        loop {
            let event = {
                let mut event = pin!(self.event());
                poll_fn(|cx| match other.as_mut().poll(cx) {
                    Poll::Ready(output) => Poll::Ready(Ok(output)),
                    Poll::Pending => event.as_mut().poll(cx).map(Err),
                })
                .await
            };
            match event {
                Ok(output) => return output,
                Err(event) => drop(event),
            }
        }
    }

    /// A call begins.
    pub(crate) async fn request(&mut self) -> (CallId, Arc<RequestHead>) {
        match self.event().await {
            Event::Request { call, head } => (call, head),
            other => panic!("expected a request: {other:?}"),
        }
    }

    /// A message comes, and is consumed at once.
    pub(crate) async fn message(&mut self) -> String {
        match self.event().await {
            Event::Message { call, message, credit } => {
                self.conn.release(call, credit);
                String::from_utf8(message.payload.into_bytes().to_vec()).unwrap()
            }
            other => panic!("expected a message: {other:?}"),
        }
    }

    /// A call of one request: its head, and the message.
    pub(crate) async fn asked(&mut self) -> Asked {
        let (call, head) = self.request().await;
        let message = self.message().await;
        assert!(matches!(self.event().await, Event::End { .. }));
        (call, head, message)
    }

    /// As [`Line::asked`]; what comes of calls before is skipped.
    pub(crate) async fn asked_again(&mut self) -> Asked {
        loop {
            if let Event::Request { call, head } = self.event().await {
                let message = self.message().await;
                assert!(matches!(self.event().await, Event::End { .. }));
                return (call, head, message);
            }
        }
    }

    /// As [`Line::asked`], for several calls at once, whose frames may come in any order.
    pub(crate) async fn asked_by(&mut self, count: usize) -> Vec<Asked> {
        let mut asked = Vec::new();
        let mut ended = 0;
        while ended < count {
            match self.event().await {
                Event::Request { call, head } => asked.push((call, head, String::new())),
                Event::Message { call, message, credit } => {
                    self.conn.release(call, credit);
                    let text = std::str::from_utf8(&message.payload.into_bytes()).unwrap().to_owned();
                    asked.iter_mut().filter(|(id, ..)| *id == call).for_each(|asked| asked.2.push_str(&text));
                }
                Event::End { .. } => ended += 1,
                other => panic!("unexpected: {other:?}"),
            }
        }
        asked
    }

    /// Sends messages, and no end.
    pub(crate) fn say(&mut self, call: CallId, messages: &[&str]) {
        self.conn.reply_head(call, &ReplyHead::default());
        self.conn.send(call, framed(messages).take());
    }

    /// Ends a call with messages and OK.
    pub(crate) fn answer(&mut self, call: CallId, messages: &[&str]) {
        self.answer_with(call, messages, Metadata::new(), ReplyEnd::OK);
    }

    pub(crate) fn answer_with(&mut self, call: CallId, messages: &[&str], headers: Metadata, end: ReplyEnd) {
        let head = ReplyHead { metadata: headers, ..ReplyHead::default() };
        self.conn.reply(call, &head, &mut framed(messages), &end);
    }

    /// Ends a call with an error.
    pub(crate) fn refuse(&mut self, call: CallId, status: Status) {
        self.conn.reply(call, &ReplyHead::default(), &mut framed(&[]), &ReplyEnd::from(status));
    }

    /// Waits until the client cancels a call, and lets it go.
    pub(crate) async fn cancelled(&mut self) -> (CallId, Status) {
        loop {
            match self.event().await {
                Event::Cancelled { call, status } => {
                    self.conn.close(call);
                    return (call, status);
                }
                Event::Message { .. } | Event::End { .. } => {}
                other => panic!("expected the end of a call: {other:?}"),
            }
        }
    }

    /// Sends bytes that the engine knows nothing of.
    pub(crate) async fn inject(&mut self, bytes: &[u8]) {
        self.flush().await;
        self.io.write_all(bytes).await.unwrap();
    }

    /// RST_STREAM (RFC 9113 §6.4).
    pub(crate) async fn inject_reset(&mut self, call: CallId, code: u32) {
        let mut frame = vec![0, 0, 4, 3, 0];
        frame.extend_from_slice(&call.serial().to_be_bytes());
        frame.extend_from_slice(&code.to_be_bytes());
        self.inject(&frame).await;
    }

    /// GOAWAY (RFC 9113 §6.8).
    pub(crate) async fn inject_goaway(&mut self, last: u32, code: u32) {
        let mut frame = vec![0, 0, 8, 7, 0, 0, 0, 0, 0];
        frame.extend_from_slice(&last.to_be_bytes());
        frame.extend_from_slice(&code.to_be_bytes());
        self.inject(&frame).await;
    }

    /// Writes everything that waits.
    pub(crate) async fn flush(&mut self) {
        while !self.conn.outbox().is_empty() && !self.ended {
            let mut written = 0;
            let chunk = self.conn.outbox().chunk().to_vec();
            match self.io.write(&chunk).await {
                Ok(count) => written += count,
                Err(_) => self.ended = true,
            }
            self.conn.outbox().advance(written);
        }
    }

    async fn read(&mut self) {
        if self.ended {
            return self.conn.handle_eof();
        }
        let timeout = self.conn.poll_timeout();
        let read = self.io.read_buf(&mut self.bytes);
        let read = match timeout {
            Some(at) => match tokio::time::timeout_at(at.into(), read).await {
                Ok(read) => read,
                Err(_) => return self.conn.handle_timeout(now()),
            },
            None => read.await,
        };
        match read {
            Ok(0) | Err(_) => {
                self.ended = true;
                self.conn.handle_eof();
            }
            Ok(_) => self.conn.handle_bytes(&mut self.bytes, now()),
        }
    }
}

/// Polls a future once: whether it is ready.
pub(crate) async fn is_ready<F: Future + Unpin>(future: &mut F) -> bool {
    poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx).is_ready())).await
}

pub(crate) fn now() -> std::time::Instant {
    Instant::now().into_std()
}

fn framed(messages: &[&str]) -> EncodeBuf {
    let mut body = EncodeBuf::new(usize::MAX);
    for message in messages {
        body.begin_message();
        body.put_slice(message.as_bytes());
        body.end_message(false).unwrap();
    }
    body
}
