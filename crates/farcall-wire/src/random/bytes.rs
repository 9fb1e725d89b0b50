//! Streams of bytes that no peer means: none panics, none makes the engine hold or tell more than it was given.

use std::time::Instant;

use bytes::{Buf, BytesMut};

use super::Random;
use crate::grpc::{Config, Connection, EncodeBuf, Event, ReplyEnd, ReplyHead, RequestHead};
use crate::h2::frame::settings;
use crate::raw_peer::PREFACE;

/// Gives `bytes` to an engine in random pieces, answers what it asks, and holds it to its bounds.
fn feed(mut engine: Connection, bytes: &[u8], random: &mut Random, now: Instant) {
    let (mut here, mut rest) = (BytesMut::new(), bytes);
    let (mut events, mut begun, mut ended, mut over) = (0, 0, 0, false);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((1 + random.length()).min(rest.len()));
        rest = after;
        here.extend_from_slice(piece);
        engine.handle_bytes(&mut here, now);
        while let Some(event) = engine.poll_event(now) {
            events += 1;
            match event {
                Event::Request { call, .. } => {
                    assert!(!over);
                    begun += 1;
                    if random.one_in(2) {
                        let mut body = EncodeBuf::new(0);
                        engine.reply(call, &ReplyHead::default(), &mut body, &ReplyEnd::OK);
                        ended += 1;
                    }
                }
                Event::Cancelled { call, .. } => {
                    engine.close(call);
                    ended += 1;
                }
                Event::Over { .. } => over = true,
                _ => {}
            }
        }
        if random.one_in(3) {
            let length = engine.outbox().chunk().len();
            engine.outbox().advance(length);
        }
    }
    let length = bytes.len();
    assert!(events <= 3 * length / 9 + 20, "{events} events for {length} bytes");
    assert!(engine.outbox().len() <= 16 * length + 1_000, "{} for {length} bytes", engine.outbox().len());
    engine.handle_eof();
    while let Some(event) = engine.poll_event(now) {
        if let Event::Cancelled { call, .. } = event {
            engine.close(call);
            ended += 1;
        }
    }
    assert_eq!((begun, engine.open_calls(), engine.unfinished()), (ended, 0, 0));
}

/// Both roles, each with its handshake behind it if `greeted`.
fn feed_both(bytes: &[u8], greeted: bool, random: &mut Random) {
    let now = Instant::now();
    let mut greeting = Vec::new();
    if greeted {
        settings::encode(&[], &mut greeting);
    }
    let mut client = Connection::client(Config::default(), now);
    let head = RequestHead { path: "/a.B/C".into(), ..RequestHead::default() };
    for _ in 0..3 {
        client.open(&head, None).unwrap();
    }
    let preface = if greeted { PREFACE } else { &[] };
    feed_client(client, &[&greeting, bytes].concat(), random, now);
    let server = Connection::server(Config::default(), now);
    feed(server, &[preface, &greeting, bytes].concat(), random, now);
}

/// A client has calls of its own, each of which ends once.
fn feed_client(mut engine: Connection, bytes: &[u8], random: &mut Random, now: Instant) {
    let (mut here, mut rest, mut done) = (BytesMut::new(), bytes, 0);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((1 + random.length()).min(rest.len()));
        rest = after;
        here.extend_from_slice(piece);
        engine.handle_bytes(&mut here, now);
        done += ends(&mut engine, now);
    }
    engine.handle_eof();
    done += ends(&mut engine, now);
    assert_eq!((done, engine.open_calls(), engine.unfinished()), (3, 0, 0));
}

fn ends(engine: &mut Connection, now: Instant) -> usize {
    std::iter::from_fn(|| engine.poll_event(now)).filter(|event| matches!(event, Event::Done { .. })).count()
}

/// A frame of any kind that could mean something: small stream numbers, and payloads of likely lengths.
fn likely_frame(random: &mut Random, out: &mut Vec<u8>) {
    let kind = random.below(11) as u8;
    let usual = [0, 4, 5, 6, 8, 12, 30];
    let length = if random.one_in(10) { random.length() } else { random.pick(&usual).unwrap() };
    let flags = if random.one_in(3) { random.next().to_be_bytes()[7] } else { random.pick(&[0, 1, 4, 5]).unwrap() };
    let payload = match kind {
        // Indexed fields and short literals decode more often than noise does.
        1 | 9 if !random.one_in(3) => (0..length).map(|_| 0x82 + random.below(60) as u8).collect(),
        _ => random.bytes(length),
    };
    out.extend_from_slice(&(payload.len() as u32).to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&(random.below(8) as u32).to_be_bytes());
    out.extend_from_slice(&payload);
}

/// What a client and a server say in an ordinary conversation.
fn conversation() -> [Vec<u8>; 2] {
    let now = Instant::now();
    let mut peers = [Connection::client(Config::default(), now), Connection::server(Config::default(), now)];
    let head = RequestHead { path: "/a.B/C".into(), authority: "test".into(), ..RequestHead::default() };
    let mut body = EncodeBuf::new(usize::MAX);
    for length in [0, 5, 3_000] {
        let call = peers[0].open(&head, None).unwrap();
        body.begin_message();
        body.put_slice(&vec![9; length]);
        body.end_message(false).unwrap();
        peers[0].send(call, body.take());
        peers[0].finish(call);
    }
    let (mut said, mut read) = ([Vec::new(), Vec::new()], 0);
    for turn in [0, 1, 0, 1] {
        while !peers[turn].outbox().is_empty() {
            let length = peers[turn].outbox().chunk().len();
            said[turn].extend_from_slice(peers[turn].outbox().chunk());
            peers[turn].outbox().advance(length);
        }
        let mut bytes =
            BytesMut::from(&said[turn][if turn == 0 { std::mem::replace(&mut read, said[0].len()) } else { 0 }..]);
        peers[1 - turn].handle_bytes(&mut bytes, now);
        while let Some(event) = peers[1 - turn].poll_event(now) {
            if let Event::End { call } = event {
                peers[1].reply(call, &ReplyHead::default(), &mut EncodeBuf::new(0), &ReplyEnd::OK);
            }
        }
        if turn == 1 {
            break;
        }
    }
    said
}

#[test]
fn noise_is_survived() {
    for seed in 0..500 {
        let mut random = Random::new(seed);
        let length = random.length();
        let bytes = random.bytes(length);
        let greeted = random.one_in(2);
        feed_both(&bytes, greeted, &mut random);
    }
}

#[test]
fn likely_frames_in_any_order_are_survived() {
    for seed in 0..3_000 {
        let outcome = std::panic::catch_unwind(|| {
            let mut random = Random::new(seed);
            let mut bytes = Vec::new();
            for _ in 0..random.below(60) {
                likely_frame(&mut random, &mut bytes);
            }
            feed_both(&bytes, true, &mut random);
        });
        assert!(outcome.is_ok(), "seed {seed}");
    }
}

#[test]
fn an_ordinary_conversation_with_some_bytes_changed_is_survived() {
    let said = conversation();
    assert!(said[0].len() > 3_000 && said[1].len() > 30);
    for seed in 0..2_000 {
        let mut random = Random::new(seed);
        for bytes in &said {
            let mut bytes = bytes.clone();
            for _ in 0..1 + random.below(4) {
                // Most bytes are body: the beginning is where the frames are.
                let limit = if random.one_in(2) { bytes.len() } else { bytes.len().min(300) };
                let place = random.below(limit);
                match random.below(3) {
                    0 => bytes[place] = random.next().to_be_bytes()[7],
                    1 => bytes[place] ^= 1 << random.below(8),
                    _ => bytes.truncate(place + 1),
                }
            }
            feed_both(&bytes, false, &mut random);
        }
    }
}
