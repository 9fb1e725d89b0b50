//! Bytes into one connection: as they are, in pieces and whole, with an application that answers and with one that does
//! not.
//!
//! An input is the two bytes of settings of the structured targets and then what the peer sends. A client has calls open.

use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::{Buf, BytesMut};
use farcall_wire::grpc::RequestHead;
use farcall_wire::h2::{Connection, Event, Fields, Indexing, Role};

use crate::frames::Options;
use crate::session::{Manners, Session, framed};
use crate::{Input, Reach, pieces};

/// Bytes into a server.
pub fn server(bytes: &[u8]) -> Reach {
    run(Role::Server, bytes)
}

/// Bytes into a client with calls open.
pub fn client(bytes: &[u8]) -> Reach {
    run(Role::Client, bytes)
}

fn run(role: Role, bytes: &[u8]) -> Reach {
    let mut input = Input::new(bytes);
    let options = Options(input.byte(), input.byte());
    let plan = options.1 & 63;
    let rest = input.rest();
    let (whole, cut) = (tell(role, options, rest, 0), tell(role, options, rest, plan.max(1)));
    assert!(whole == cut, "bytes in pieces mean the same as in one");
    // A passive application would be no news: its calls are what `tell` had.
    let manners = if options.manners() == Manners::Passive { Manners::Brisk } else { options.manners() };
    let mut session = Session::new(role, options.config(), manners);
    if role == Role::Client {
        open(&mut session);
    }
    for (turn, piece) in pieces(rest, plan).enumerate() {
        session.feed(piece);
        if options.1 & 32 == 0 || turn % 4 == 0 {
            session.write(usize::MAX);
        }
    }
    session.write(usize::MAX);
    if options.1 & 16 != 0 {
        // Every timer: a handshake, an acknowledgement, a window that stays shut.
        for _ in 0..12 {
            session.pass(std::time::Duration::from_secs(5));
        }
        session.write(usize::MAX);
    }
    session.finish()
}

/// Calls in several states: nothing sent, a body waiting, finished.
fn open(session: &mut Session) {
    for length in [None, Some(100), Some(100_000)] {
        session.act(|engine, known, now| known.begin(engine, &head(), None, now));
        let Some(call) = session.application.pick(u8::try_from(session.application.open() - 1).unwrap_or(0)) else {
            return;
        };
        if let Some(length) = length {
            session.act(|engine, _, _| {
                engine.send(call, framed(1, length).take());
                engine.finish(call);
            });
        }
    }
}

fn head() -> RequestHead {
    RequestHead { path: "/a.B/C".into(), ..RequestHead::default() }
}

/// What HTTP/2 alone, with nobody above it, tells, as one number, and writes. gRPC looks at events when it is asked for
/// its own, so that its answers come between other frames where the bytes are cut.
fn tell(role: Role, options: Options, bytes: &[u8], plan: u8) -> (u64, Vec<u8>) {
    // Any time will do: none passes.
    let (now, config) = (crate::session::beginning(), options.config().h2);
    let mut engine = match role {
        Role::Server => Connection::server(config, now),
        Role::Client => Connection::client(config, now),
    };
    if role == Role::Client {
        assert!((0..3).all(|_| engine.open(&request(), false).is_some()), "room for three calls");
    }
    let (mut told, mut here) = (DefaultHasher::new(), BytesMut::new());
    for piece in pieces(bytes, plan) {
        here.extend_from_slice(piece);
        engine.handle_bytes(&mut here, now);
        while let Some(event) = engine.poll_event() {
            match event {
                Event::Data { stream, bytes, end } => ("data", stream, bytes, end).hash(&mut told),
                other => format!("{other:?}").hash(&mut told),
            }
        }
    }
    let mut written = Vec::new();
    while !engine.outbox().is_empty() {
        let outbox = engine.outbox();
        written.extend_from_slice(outbox.chunk());
        outbox.advance(outbox.chunk().len());
    }
    (told.finish(), written)
}

fn request() -> Fields {
    let mut fields = Fields::new();
    for (name, value) in [(":method", "POST"), (":scheme", "http"), (":path", "/a.B/C")] {
        fields.push(name.as_bytes(), value.as_bytes(), Indexing::Plain);
    }
    fields
}
