//! Messages with compression, through farcall's own server: what inflates, what does not, and what would not end.
//!
//! The bytes of a call travel over memory into a whole server, since inflating is none of the engine's business. An input
//! is a byte that says what the call declares, and then items: messages plain, compressed well, badly, twice, or with a
//! byte changed, and bytes that are none of these.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, BytesMut};
use farcall::codec::{CodecError, Decoder, Encoder, Method, MethodDescriptor, ServiceDescriptor, Shape};
use farcall::codec::{EncodeBuf, Payload};
use farcall::server::{Handling, Io, Service};
use farcall::transport::{Listener, Peer, memory};
use farcall::{Call, Code, Encoding, Inbound, Server};
use farcall_wire::grpc::{Config, Connection, Event, Outcome, RequestHead};
use flate2::read::MultiGzDecoder;
use flate2::write::{GzEncoder, ZlibEncoder};
use flate2::{Compression, Decompress, FlushDecompress, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::split::by_hand;
use crate::{Input, Reach};

/// Runs an input.
pub fn run(bytes: &[u8]) -> Reach {
    let mut reach = Reach::default();
    let mut input = Input::new(bytes);
    let encoding = match input.byte() % 8 {
        0..=2 => Encoding::Gzip,
        3 | 4 => Encoding::Deflate,
        5 | 6 => Encoding::Zstd,
        _ => Encoding::Identity,
    };
    let mut stream = Vec::new();
    while !input.is_empty() && stream.len() < LONGEST_STREAM {
        item(encoding, &mut input, &mut stream, &mut reach);
    }
    let (taken, outcome) = HOUSE.with(|house| house.call(encoding, &stream));
    for message in &taken {
        match message {
            Ok(bytes) => {
                assert!(bytes.len() <= LIMIT as usize, "{} bytes pass the limit of {LIMIT}", bytes.len());
                reach.note("taken", bytes.len().checked_ilog2().unwrap_or(0));
            }
            Err(code) => reach.note("refused", *code as u32),
        }
    }
    reach.note("outcome", outcome.status.as_ref().map_or_else(|status| status.code() as u32, |()| 0));
    compare(encoding, &stream, &taken, &outcome, &mut reach);
    reach
}

/// What the server took is what the bytes mean by the simplest means.
fn compare(encoding: Encoding, stream: &[u8], taken: &[Taken], outcome: &Outcome, reach: &mut Reach) {
    let (messages, fault) = by_hand(stream, LIMIT);
    let mut expected: Vec<Taken> = Vec::new();
    for (compressed, bytes) in messages {
        let opened = if compressed { unpack(encoding, &bytes) } else { Ok(bytes) };
        let ends = opened.is_err();
        expected.push(opened);
        if ends {
            break;
        }
    }
    let refused = expected.last().is_some_and(Result::is_err);
    reach.note("fault", u32::from(fault.is_some()) << 1 | u32::from(refused));
    if matches!(encoding, Encoding::Identity | Encoding::Zstd) {
        // The one refuses what is compressed; the other judges broken frames by the pieces they come in, as its library
        // does. What both take is the same.
        let differs = |(taken, expected): (&Taken, &Taken)| taken.is_ok() && expected.is_ok() && taken != expected;
        assert!(!taken.iter().zip(&expected).any(differs), "{taken:?} where {expected:?} was sent");
        return;
    }
    // A breach within the stream ends the call as soon as it is read, also before the handler has taken what came before.
    assert!(expected.starts_with(taken), "{taken:?} where {expected:?} was sent");
    assert!(fault.is_some() || taken == expected, "{taken:?} where {expected:?} was sent, without a fault");
    assert_eq!(outcome.status.is_ok(), fault.is_none() && !refused, "{outcome:?}, {fault:?}, {expected:?}");
}

/// One item of an input becomes bytes of the call.
fn item(encoding: Encoding, input: &mut Input<'_>, stream: &mut Vec<u8>, reach: &mut Reach) {
    let what = input.byte() % 8;
    reach.note("item", what.into());
    let pack = |bytes: &[u8]| pack(encoding, bytes);
    match what {
        0 => message(0, input.counted(), stream),
        1 => message(1, input.counted(), stream),
        2 => message(1, &pack(&vec![input.byte(); usize::from(input.short()) * 20]), stream),
        3 => message(1, &[pack(input.counted()), pack(input.counted())].concat(), stream),
        4 => {
            let mut bytes = pack(input.counted());
            let (place, value) = (usize::from(input.byte()) % bytes.len().max(1), input.byte());
            bytes.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= value);
            message(1, &bytes, stream);
        }
        5 => {
            let mut bytes = pack(&vec![3; usize::from(input.short())]);
            bytes.truncate(usize::from(input.byte()) % bytes.len().max(1));
            message(1, &bytes, stream);
        }
        6 => message(1, &pack(input.counted()), stream),
        _ => stream.extend_from_slice(input.counted()),
    }
}

fn message(flag: u8, bytes: &[u8], stream: &mut Vec<u8>) {
    stream.push(flag);
    stream.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    stream.extend_from_slice(bytes);
}

/// A message compressed well.
fn pack(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
    let packed = match encoding {
        Encoding::Identity => Ok(bytes.to_vec()),
        Encoding::Gzip => packed(GzEncoder::new(Vec::new(), Compression::fast()), bytes, GzEncoder::finish),
        Encoding::Deflate => packed(ZlibEncoder::new(Vec::new(), Compression::fast()), bytes, ZlibEncoder::finish),
        Encoding::Zstd => zstd::bulk::compress(bytes, 1),
    };
    packed.expect("writing to a vector does not fail")
}

fn packed<W: Write>(mut encoder: W, bytes: &[u8], finish: fn(W) -> io::Result<Vec<u8>>) -> io::Result<Vec<u8>> {
    encoder.write_all(bytes)?;
    finish(encoder)
}

/// What a compressed message means, with room for one byte more than the limit.
fn unpack(encoding: Encoding, bytes: &[u8]) -> Taken {
    let most = LIMIT as usize;
    match encoding {
        Encoding::Identity => Err(Code::Internal),
        Encoding::Gzip => {
            let mut out = Vec::new();
            let read = MultiGzDecoder::new(bytes).take(u64::from(LIMIT) + 1).read_to_end(&mut out);
            if out.len() > most { Err(Code::ResourceExhausted) } else { read.map(|_| out).map_err(|_| Code::Internal) }
        }
        Encoding::Deflate => {
            let (mut inflater, mut out) = (Decompress::new(true), vec![0; most + 1]);
            let end = inflater.decompress(bytes, &mut out, FlushDecompress::Finish);
            out.truncate(usize::try_from(inflater.total_out()).unwrap_or(usize::MAX));
            if out.len() > most {
                return Err(Code::ResourceExhausted);
            }
            let whole = matches!(end, Ok(Status::StreamEnd)) && inflater.total_in() == bytes.len() as u64;
            if whole { Ok(out) } else { Err(Code::Internal) }
        }
        Encoding::Zstd => zstd::bulk::decompress(bytes, most).map_err(|_| Code::Internal),
    }
}

/// A message as the handler took it, or why it could not.
type Taken = Result<Vec<u8>, Code>;

/// A server with its runtime: one for each thread, since making them takes longer than a call.
struct House {
    runtime: Runtime,
    connections: UnboundedSender<DuplexStream>,
    taken: Arc<Mutex<Vec<Taken>>>,
}

thread_local! {
    static HOUSE: House = House::open();
}

impl House {
    fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (connections, accepted) = unbounded_channel();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let builder = Server::builder().service(Collector(Arc::clone(&taken))).receive_limit(LIMIT);
        runtime.spawn(builder.serve_on(Door(accepted)));
        Self { runtime, connections, taken }
    }

    /// Makes one call with these bytes as its requests; what the handler took, and how the call ended.
    fn call(&self, encoding: Encoding, stream: &[u8]) -> (Vec<Taken>, Outcome) {
        let (ours, theirs) = memory::pair();
        self.connections.send(theirs).expect("the server runs");
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let outcome = self.runtime.block_on(converse(ours, encoding, stream));
        let taken = std::mem::take(&mut *self.taken.lock().unwrap_or_else(PoisonError::into_inner));
        (taken, outcome)
    }
}

async fn converse(mut io: DuplexStream, encoding: Encoding, stream: &[u8]) -> Outcome {
    let now = crate::session::beginning();
    let mut engine = Connection::client(Config::default(), now);
    let head = RequestHead { path: COLLECT.path().to_owned(), encoding, ..RequestHead::default() };
    let call = engine.open(&head, None).expect("room for a call");
    engine.send(call, Payload::from(stream.to_vec()));
    engine.finish(call);
    let mut bytes = BytesMut::new();
    loop {
        while !engine.outbox().is_empty() {
            let length = io.write(engine.outbox().chunk()).await.expect("the server listens");
            engine.outbox().advance(length);
        }
        while let Some(event) = engine.poll_event(now) {
            if let Event::Done { outcome, .. } = event {
                drop(io);
                // The server's end of the connection sees its end.
                tokio::task::yield_now().await;
                return outcome;
            }
        }
        assert!(io.read_buf(&mut bytes).await.expect("the server speaks") > 0, "the server hangs up on an honest peer");
        engine.handle_bytes(&mut bytes, now);
    }
}

/// Accepts what is sent to it.
struct Door(UnboundedReceiver<DuplexStream>);

impl Listener for Door {
    type Io = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, Peer)> {
        match self.0.recv().await {
            Some(io) => Ok((io, Peer::Memory)),
            None => std::future::pending().await,
        }
    }
}

/// A service that takes messages and remembers them.
struct Collector(Arc<Mutex<Vec<Taken>>>);

impl Service for Collector {
    fn descriptor(&self) -> &'static ServiceDescriptor {
        &DESCRIPTOR
    }

    fn start(&self, _: usize, call: Call, io: Io) -> Handling {
        let (requests, taken) = (io.inbound(&COLLECT, &call), Arc::clone(&self.0));
        Handling::unary(&COLLECT, remember(requests, taken))
    }
}

/// Takes all messages; the lock is held at no await.
async fn remember(mut requests: Inbound<Vec<u8>>, taken: Arc<Mutex<Vec<Taken>>>) -> Result<Vec<u8>, farcall::Status> {
    loop {
        let message = requests.next().await;
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        match message {
            Ok(Some(message)) => taken.push(Ok(message)),
            Ok(None) => return Ok(Vec::new()),
            Err(status) => {
                taken.push(Err(status.code()));
                return Err(status);
            }
        }
    }
}

/// Bytes as they are.
struct Plain;

impl Encoder<Vec<u8>> for Plain {
    fn encode(&self, message: &Vec<u8>, out: &mut EncodeBuf) -> Result<(), CodecError> {
        out.put_slice(message);
        Ok(())
    }
}

impl Decoder<Vec<u8>> for Plain {
    fn decode(&self, payload: Payload) -> Result<Vec<u8>, CodecError> {
        Ok(payload.into_bytes().to_vec())
    }
}

static COLLECT: Method<Vec<u8>, Vec<u8>> = Method::new("/fuzz.Inflate/Collect", Shape::ClientStreaming, &Plain, &Plain);
static DESCRIPTOR: ServiceDescriptor = ServiceDescriptor {
    name: "fuzz.Inflate",
    methods: &[MethodDescriptor { name: "Collect", path: "/fuzz.Inflate/Collect", shape: Shape::ClientStreaming }],
};

/// The receive limit of the server, in bytes.
const LIMIT: u32 = 10_000;
/// Bytes of one call at most.
const LONGEST_STREAM: usize = 100_000;
