//! Bodies of a server: the counterparts of S16, S22, S23, S24.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::ambush::{Ambush, greet};
use crate::attack::Attack;
use crate::failure::Failure;
use crate::wire::{Block, DATA, Frames, INITIAL_WINDOW_SIZE, PADDED, PROTOCOL_ERROR, Raw, UNFINISHED, framed};

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        Attack::on_client(
            "client-s16-shut-window",
            "an upload whose window is never opened",
            "`send_stall_timeout` (1 s here); send queue 64 KiB a call",
            Ambush::unary(shut, &["UNAVAILABLE"], "window").shape("upload").options(&["stall=1000"]),
        ),
        Attack::on_client(
            "client-s22-padding",
            "padding longer than its frame",
            "RFC 9113 §6.1",
            Ambush::unary(padding, &["INTERNAL"], "padding").goaway(PROTOCOL_ERROR),
        ),
        Attack::on_client(
            "client-s23-decompression-bomb",
            "60 MiB of zeros in 60 KiB of gzip, for 20 calls",
            "`receive_limit` 4 MiB, before and after inflating",
            Ambush::unary(bomb, &["RESOURCE_EXHAUSTED"], "inflates beyond").calls(20),
        )
        .memory(64)
        .per_kib(1_000),
        Attack::on_client(
            "client-s24-length-lie",
            "100 replies that announce 4 GiB",
            "`receive_limit` 4 MiB; nothing is allocated for what is announced",
            Ambush::unary(lie, &["RESOURCE_EXHAUSTED"], "4294967295").calls(100),
        ),
        Attack::on_client(
            "client-s24-unfinished-messages",
            "100 replies of 4 MiB, each short of its last byte, as far as the windows let them in",
            "`unfinished_limit` 64 MiB a connection",
            Ambush::unary(unfinished, &["DEADLINE_EXCEEDED"], "").calls(100).options(&["deadline=3000"]),
        )
        .memory(96),
        Attack::on_client(
            "client-s24-second-reply",
            "1,000 messages where one is due",
            "one message a reply",
            Ambush::unary(second, &["UNIMPLEMENTED"], "second message"),
        ),
        Attack::on_client(
            "client-s24-foreign-body",
            "an answer of 600 KiB that is no gRPC",
            "1 KiB of it is kept",
            Ambush::unary(foreign, &["UNKNOWN", "INTERNAL", "UNAVAILABLE"], ""),
        ),
    ]
}

fn shut(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    raw.send(&Frames::new().settings(&[(INITIAL_WINDOW_SIZE, 0)]));
    greet(raw)?;
    raw.wait("the client's reset", |state| !state.resets.is_empty())
}

fn padding(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    let stream = greet(raw)?;
    raw.send(&Frames::new().headers(stream, &Block::response(), false).frame(DATA, PADDED, stream, &[200, 0]));
    Ok(())
}

/// Answers each of the calls that come first by this head and this body.
fn each(raw: &mut Raw, calls: usize, head: &Block, body: &[u8]) -> Result<(), Failure> {
    greet(raw)?;
    raw.wait("the requests", |state| state.replies.len() >= calls)?;
    let streams: Vec<u32> = raw.seen().replies.keys().copied().collect();
    for stream in streams {
        raw.send(&Frames::new().headers(stream, head, false).data(stream, body, false));
        raw.send(&Frames::new().headers(stream, &Block::trailers("0"), true));
    }
    Ok(())
}

fn bomb(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; 60 << 20])?;
    let zipped = encoder.finish()?;
    let message = [&[1][..], &(zipped.len() as u32).to_be_bytes(), &zipped].concat();
    each(raw, 20, &Block::response().field("grpc-encoding", "gzip"), &message)
}

fn lie(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    each(raw, 100, &Block::response(), &[0, 0xff, 0xff, 0xff, 0xff])
}

fn unfinished(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    greet(raw)?;
    raw.wait("the requests", |state| state.replies.len() == 100)?;
    let streams: Vec<u32> = raw.seen().replies.keys().copied().collect();
    let head = Block::response();
    raw.send(&streams.iter().fold(Frames::new(), |frames, stream| frames.headers(*stream, &head, false)));
    raw.fill_windows(&streams, &UNFINISHED, || {
        std::thread::sleep(Duration::from_millis(200));
        Ok(())
    })?;
    raw.wait("the client's resets", |state| state.resets.len() == 100)
}

fn second(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    each(raw, 1, &Block::response(), &framed(b"x").repeat(1_000))
}

fn foreign(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    let stream = greet(raw)?;
    let head = Block::new().field(":status", "200").field("content-type", "text/html");
    raw.send(&Frames::new().headers(stream, &head, false));
    for _ in 0..3 {
        raw.send(&Frames::new().data(stream, &[b'a'; 16 << 10], false));
    }
    raw.wait("the client's reset", |state| !state.resets.is_empty())?;
    raw.flood(600, |_, frames| frames.data(stream, &[b'a'; 1 << 10], false));
    Ok(())
}
