//! One connection from inside: what its tables hold after a storm, how often it writes, what it logs.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;
use farcall_wire::Reason;
use farcall_wire::grpc::{CallId, Config, Connection, EncodeBuf, Event, Message, RequestHead, Status};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};

use super::driver::ServerDriver;
use super::{Call, Handling, Io, Router, Service, Settings, connection};
use crate::client::Channel;
use crate::codec::{CodecError, Decoder, Encoder, Method, MethodDescriptor, Payload, ServiceDescriptor, Shape};
use crate::context::now;
use crate::transport::mailbox::Mailbox;
use crate::transport::pump::{Application, Pump};
use crate::transport::{Connector, Peer, memory};

/// One byte a message.
struct Byte;

impl Encoder<u8> for Byte {
    fn encode(&self, message: &u8, out: &mut EncodeBuf) -> Result<(), CodecError> {
        out.put_slice(&[*message]);
        Ok(())
    }
}

impl Decoder<u8> for Byte {
    fn decode(&self, payload: Payload) -> Result<u8, CodecError> {
        payload.into_bytes().first().copied().ok_or(CodecError::new("no byte"))
    }
}

static ASK: Method<u8, u8> = Method::new("/test.Bytes/Ask", Shape::Unary, &Byte, &Byte);
static DESCRIPTOR: ServiceDescriptor = ServiceDescriptor {
    name: "test.Bytes",
    methods: &[MethodDescriptor { name: "Ask", path: "/test.Bytes/Ask", shape: Shape::Unary }],
};

/// Answers 0 at once, 1 after a while, 2 never, and panics at 3.
struct Bytes;

impl Service for Bytes {
    fn descriptor(&self) -> &'static ServiceDescriptor {
        &DESCRIPTOR
    }

    fn start(&self, _: usize, _call: Call, io: Io) -> Handling {
        let request = io.request(&ASK);
        Handling::unary(&ASK, async move {
            match request.await? {
                1 => tokio::task::yield_now().await,
                2 => std::future::pending::<()>().await,
                3 => panic!("the secret of three"),
                _ => {}
            }
            Ok::<u8, Status>(9)
        })
    }
}

/// A byte stream that counts writes.
struct Counted {
    io: DuplexStream,
    writes: Arc<AtomicUsize>,
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// A served connection whose insides can be seen, and the engine of its client.
struct Bench {
    pump: Pump<Counted>,
    driver: ServerDriver,
    writes: Arc<AtomicUsize>,
    io: DuplexStream,
    client: Connection,
    bytes: BytesMut,
}

impl Bench {
    fn new() -> Self {
        let (io, other) = memory::pair();
        let (mailbox, writes) = (Mailbox::new(), Arc::new(AtomicUsize::new(0)));
        let router = Arc::new(Router::new().service(Bytes));
        let settings = Settings::default();
        let driver = ServerDriver::new(router, Arc::clone(&mailbox), Peer::Memory, &settings);
        let other = Counted { io: other, writes: Arc::clone(&writes) };
        let pump = Pump::new(other, Connection::server(settings.wire, now()), mailbox);
        let client = Connection::client(Config::default(), now());
        Self { pump, driver, writes, io, client, bytes: BytesMut::new() }
    }

    fn ask(&mut self, byte: u8, timeout: Option<Duration>) -> CallId {
        let head = RequestHead { path: ASK.path().to_owned(), timeout, ..RequestHead::default() };
        let call = self.client.open(&head, None).unwrap();
        let mut buf = EncodeBuf::new(usize::MAX);
        buf.begin_message();
        buf.put_slice(&[byte]);
        buf.end_message(false).unwrap();
        self.client.send(call, buf.take());
        self.client.finish(call);
        call
    }

    /// Lets the server run until it waits.
    async fn serve(&mut self) {
        let Self { pump, driver, .. } = self;
        std::future::poll_fn(|cx| {
            assert!(pump.poll(driver, cx).is_pending(), "the connection ended");
            Poll::Ready(())
        })
        .await;
        // Handlers that were spawned, because this machine was slow, have their turn too.
        tokio::task::yield_now().await;
    }

    /// Moves bytes both ways until nothing moves; what the client heard.
    async fn settle(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            let mut waiting = BytesMut::new();
            while let Some(event) = self.client.poll_event(now()) {
                events.push(event);
            }
            let outbox = self.client.outbox();
            while !outbox.is_empty() {
                let length = bytes::Buf::chunk(outbox).len();
                waiting.extend_from_slice(bytes::Buf::chunk(outbox));
                bytes::Buf::advance(outbox, length);
            }
            self.io.write_all(&waiting).await.unwrap();
            self.serve().await;
            self.serve().await;
            let read = std::pin::pin!(self.io.read_buf(&mut self.bytes));
            match futures_util::future::poll_immediate(read).await {
                Some(read) => assert!(read.unwrap() > 0),
                None if waiting.is_empty() => return events,
                None => {}
            }
            self.client.handle_bytes(&mut self.bytes, now());
        }
    }
}

#[tokio::test]
async fn the_replies_of_one_turn_leave_in_one_write() {
    let mut bench = Bench::new();
    bench.settle().await;
    let calls: Vec<_> = (0..50).map(|_| bench.ask(0, None)).collect();
    bench.writes.store(0, Ordering::SeqCst);
    let events = bench.settle().await;
    let done = events.iter().filter(|event| matches!(event, Event::Done { outcome, .. } if outcome.status.is_ok()));
    assert_eq!(done.count(), calls.len());
    // One for the replies; one more if a slow first poll made the rest of them spawn; one for a window update.
    assert!(bench.writes.load(Ordering::SeqCst) <= 3, "{} writes", bench.writes.load(Ordering::SeqCst));
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_reset_and_expired_calls_leave_every_table_empty() {
    let mut bench = Bench::new();
    bench.settle().await;
    for round in 0..1_000_u32 {
        let timeout = (round % 2 == 1).then_some(Duration::from_millis(5));
        let calls: Vec<_> = (0..100).map(|_| bench.ask(2, timeout)).collect();
        if round % 4 == 0 {
            // Seen by the server before they are reset.
            bench.settle().await;
        }
        if timeout.is_some() {
            bench.settle().await;
            tokio::time::advance(Duration::from_millis(6)).await;
        } else {
            calls.iter().for_each(|call| bench.client.reset(*call, Reason::Cancelled));
            // The engine takes no more than a burst of resets: rounds are spread over time.
            tokio::time::advance(Duration::from_secs(4)).await;
        }
        bench.settle().await;
    }
    let (conn, driver) = (bench.pump.connection(), &bench.driver);
    assert_eq!((conn.open_calls(), conn.unfinished()), (0, 0));
    assert_eq!(driver.busy(), 0);
    let last = bench.ask(0, None);
    let events = bench.settle().await;
    let good =
        |event: &Event| matches!(event, Event::Done { call, outcome } if *call == last && outcome.status.is_ok());
    assert!(events.iter().any(good), "{events:?}");
}

#[test]
fn a_small_request_that_waits_for_its_end_holds_no_read_buffer() {
    let mut bench = Bench::new();
    let call = bench.ask(0, None);
    let buffer = bytes::Bytes::from(vec![0; 64 << 10]);
    let message = |length| Message { compressed: false, payload: buffer.slice(..length).into(), wire_len: 5 };
    let head = Arc::new(RequestHead { path: ASK.path().to_owned(), ..RequestHead::default() });
    for (length, free) in [(10, true), (20_000, false)] {
        let events = [
            Event::Request { call, head: Arc::clone(&head) },
            Event::Message { call, message: message(length), credit: 0 },
        ];
        events.into_iter().for_each(|event| bench.driver.handle_event(bench.pump.connection(), event, now()));
        assert_eq!(buffer.is_unique(), free, "{length} bytes");
    }
}

thread_local! {
    /// The text of all events of a thread that wants it.
    static HEARD: RefCell<Option<String>> = const { RefCell::new(None) };
}

struct Log;

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "farcall"
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        struct Visit<'a>(&'a mut String);
        impl tracing::field::Visit for Visit<'_> {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.0.push_str(&format!("{field}={value:?} "));
            }
        }
        HEARD.with_borrow_mut(|heard| {
            if let Some(heard) = heard {
                event.record(&mut Visit(heard));
            }
        });
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn resets_goaways_and_panics_are_logged_with_their_reasons() {
    tracing::subscriber::set_global_default(Log).unwrap();
    HEARD.set(Some(String::new()));
    let mut bench = Bench::new();
    bench.settle().await;
    bench.ask(3, None);
    let waiting = bench.ask(2, None);
    bench.settle().await;
    bench.client.reset(waiting, Reason::Cancelled);
    bench.settle().await;
    // A DATA frame on stream 0 (RFC 9113 §6.1).
    bench.io.write_all(&[0, 0, 1, 0, 0, 0, 0, 0, 0, 0]).await.unwrap();
    let Bench { mut pump, mut driver, .. } = bench;
    std::future::poll_fn(|cx| pump.poll(&mut driver, cx)).await;
    let log = HEARD.take().unwrap();
    for wanted in ["the secret of three", "/test.Bytes/Ask", "reset received", "goaway sent", "StreamZero"] {
        assert!(log.contains(wanted), "{wanted} is not in: {log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handlers_that_wait_are_answered_wherever_they_are_woken() {
    let mut bench = Bench::new();
    bench.settle().await;
    for _ in 0..50 {
        bench.ask(1, None);
    }
    let Bench { mut pump, mut driver, mut io, mut client, mut bytes, .. } = bench;
    let serving = tokio::spawn(async move { std::future::poll_fn(|cx| pump.poll(&mut driver, cx)).await });
    let mut done = 0;
    while done < 50 {
        while let Some(event) = client.poll_event(now()) {
            done += usize::from(matches!(event, Event::Done { outcome, .. } if outcome.status.is_ok()));
        }
        let outbox = client.outbox();
        io.write_all_buf(outbox).await.unwrap();
        if done < 50 {
            assert!(io.read_buf(&mut bytes).await.unwrap() > 0);
            client.handle_bytes(&mut bytes, now());
        }
    }
    drop(io);
    serving.await.unwrap();
}

static IN_PLACE: Method<u8, u8> = Method::new("/test.Nothing/InPlace", Shape::Bidi, &Byte, &Byte);
static SPAWNED: Method<u8, u8> = Method::new("/test.Nothing/Spawned", Shape::Bidi, &Byte, &Byte);

/// Connects once, to what is given.
struct Line(std::sync::Mutex<Option<DuplexStream>>);

impl Connector for Line {
    type Io = DuplexStream;

    async fn connect(&self, _: &str) -> io::Result<(DuplexStream, Peer)> {
        let line = self.0.lock().unwrap().take();
        line.map(|io| (io, Peer::Memory)).ok_or_else(|| io::ErrorKind::ConnectionRefused.into())
    }
}

/// Of two handlers, one on the connection's task and one spawned, which notices the loss when the connection is gone.
#[tokio::test]
async fn a_lost_connection_leaves_no_call_and_no_mailbox_behind() {
    let router = Router::new().fallback(|call, mut requests, mut replies| async move {
        if call.path() == SPAWNED.path() {
            // Longer than a first poll may take.
            std::thread::sleep(2 * Settings::default().first_poll);
        }
        let first = requests.next().await?.unwrap_or_default();
        replies.send(first).await?;
        std::future::pending().await
    });
    let ((client, mut near), (mut far, server)) = (memory::pair(), memory::pair());
    let wire = tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
    let mailbox = Mailbox::new();
    let left = Arc::downgrade(&mailbox);
    let served = connection(server, Peer::Memory, Arc::new(router), &Settings::default(), mailbox);
    let served = tokio::spawn(served);
    let channel = Channel::builder("test").build_with(Line(Some(client).into())).unwrap();
    let mut chats = Vec::new();
    // The answer to the last one says that everything before it has come.
    for method in [&IN_PLACE, &SPAWNED, &IN_PLACE] {
        let mut chat = channel.bidi(method).await.unwrap();
        chat.send(1).await.unwrap();
        assert_eq!(chat.next().await.unwrap(), Some(1));
        // What a handler has not read goes back to its connection when the handler ends.
        chat.send(2).await.unwrap();
        chats.push(chat);
    }
    wire.abort();
    served.await.unwrap();
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(left.strong_count(), 0);
}

/// Panics when it is dropped, having said in which context.
struct Fragile(std::sync::mpsc::Sender<bool>);

impl Drop for Fragile {
    fn drop(&mut self) {
        self.0.send(crate::Context::current().cut_off().is_some()).unwrap();
        panic!("dropped");
    }
}

#[tokio::test]
async fn handlers_that_panic_when_their_connections_task_is_dropped_harm_no_other_and_end_in_their_context() {
    let (say, dropped) = std::sync::mpsc::channel();
    let router = Router::new().fallback(move |_, mut requests, mut replies| {
        let fragile = Fragile(say.clone());
        async move {
            let _fragile = fragile;
            replies.send(requests.next().await?.unwrap_or_default()).await?;
            std::future::pending().await
        }
    });
    let (client, server) = memory::pair();
    let served = connection(server, Peer::Memory, Arc::new(router), &Settings::default(), Mailbox::new());
    let served = tokio::spawn(served);
    let channel = Channel::builder("test").build_with(Line(Some(client).into())).unwrap();
    let mut chats = Vec::new();
    for _ in 0..3 {
        let mut chat = channel.bidi(&IN_PLACE).await.unwrap();
        chat.send(1).await.unwrap();
        assert_eq!(chat.next().await.unwrap(), Some(1));
        chats.push(chat);
    }
    served.abort();
    assert!(served.await.unwrap_err().is_cancelled(), "and no panic");
    let mut heard = 0;
    while heard < 3 {
        heard += dropped.try_iter().inspect(|cut| assert!(cut, "the context is the call's")).count();
        // Those that a slow machine has spawned have their turn.
        tokio::task::yield_now().await;
    }
}
