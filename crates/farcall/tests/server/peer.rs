//! A client that is nothing but the engine and a socket: it sends what it is told, in one write where that matters.

use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use farcall_wire::Reason;
use farcall_wire::grpc::{CallId, Config, Connection, EncodeBuf, Event, RequestHead, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, ToSocketAddrs};

pub(crate) struct Peer {
    pub(crate) conn: Connection,
    io: TcpStream,
    bytes: BytesMut,
}

impl Peer {
    /// Connects, and waits until the server's settings are known.
    pub(crate) async fn connect(address: impl ToSocketAddrs) -> Self {
        let io = TcpStream::connect(address).await.unwrap();
        let conn = Connection::client(Config::default(), Instant::now());
        let mut peer = Self { conn, io, bytes: BytesMut::new() };
        while !matches!(peer.event().await, Some(Event::Ready)) {}
        peer
    }

    /// Opens a call; nothing leaves before [`Peer::flush`] or [`Peer::event`].
    pub(crate) fn open(&mut self, path: &str, timeout: Option<Duration>) -> CallId {
        let head = RequestHead {
            path: path.to_owned(),
            authority: "test".to_owned(),
            user_agent: "peer".to_owned(),
            timeout,
            ..RequestHead::default()
        };
        self.conn.open(&head, None).unwrap()
    }

    pub(crate) fn send(&mut self, call: CallId, message: &[u8]) {
        let mut buf = EncodeBuf::new(usize::MAX);
        buf.begin_message();
        buf.put_slice(message);
        buf.end_message(false).unwrap();
        self.conn.send(call, buf.take());
    }

    /// A whole unary request.
    pub(crate) fn ask(&mut self, path: &str, message: &[u8]) -> CallId {
        let call = self.open(path, None);
        self.send(call, message);
        self.conn.finish(call);
        call
    }

    pub(crate) fn cancel(&mut self, call: CallId) {
        self.conn.reset(call, Reason::Cancelled);
    }

    /// Writes all that waits, in as few writes as the socket takes.
    pub(crate) async fn flush(&mut self) {
        let mut all = Vec::new();
        loop {
            let outbox = self.conn.outbox();
            if outbox.is_empty() {
                break;
            }
            all.extend_from_slice(outbox.chunk());
            let length = outbox.chunk().len();
            outbox.advance(length);
        }
        self.io.write_all(&all).await.unwrap();
    }

    /// The next event, `None` when the connection is over.
    pub(crate) async fn event(&mut self) -> Option<Event> {
        loop {
            match self.conn.poll_event(Instant::now()) {
                Some(Event::Over { .. }) => return None,
                Some(Event::Incident(_)) => continue,
                Some(event) => return Some(event),
                None => {}
            }
            self.flush().await;
            match self.io.read_buf(&mut self.bytes).await {
                Ok(1..) => self.conn.handle_bytes(&mut self.bytes, Instant::now()),
                Ok(0) | Err(_) => self.conn.handle_eof(),
            }
        }
    }

    /// How the call ends; whatever comes before is consumed.
    pub(crate) async fn outcome(&mut self, wanted: CallId) -> Result<(), Status> {
        loop {
            match self.event().await.expect("the connection ended before the call") {
                Event::Done { call, outcome } if call == wanted => return outcome.status,
                Event::Message { call, credit, .. } => self.conn.release(call, credit),
                _ => {}
            }
        }
    }
}
