//! Messages that unfold, lie about their length, or never end: S23, S24.

use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::is_alive;
use crate::attack::Attack;
use crate::contract::{ECHO, HOLD, UPLOAD};
use crate::failure::{Failure, ensure};
use crate::scene::Scene;
use crate::wire::{Block, Frames, Raw, UNFINISHED, framed};

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        Attack::on_server(
            "s23-decompression-bomb",
            "20 × 1 GiB of zeros: gzip, as one member and as 1,024 of them; deflate; zstd in blocks of 4 bytes",
            "`receive_limit` 4 MiB, before and after inflating",
            bombs,
        )
        .memory(40)
        .per_kib(400),
        Attack::on_server(
            "s24-length-lie",
            "1,000 calls that announce 4 MiB and send nothing, and 100 that announce 4 GiB",
            "`receive_limit` 4 MiB; nothing is allocated for what is announced",
            lies,
        ),
        Attack::on_server(
            "s24-unfinished-messages",
            "100 messages of 4 MiB, each short of its last byte, as far as the windows let them in",
            "`unfinished_limit` 64 MiB a connection",
            unfinished,
        )
        .memory(96),
        Attack::on_server(
            "s24-pinned-buffers",
            "10 messages of 1 byte for each of 40 calls that take none, 50 KiB for another call between any two",
            "windows of 64 KiB; what waits is copied out of its read buffer up to 4 KiB, a call's first message up to 1 KiB",
            pinned,
        ),
        Attack::on_server(
            "s24-empty-messages",
            "13,000 empty messages for each of 100 calls that take none",
            "`stream_window` 64 KiB: 5 bytes a message",
            empty_messages,
        )
        .memory(128),
        Attack::on_server(
            "s24-tiny-frames",
            "a message of 1 MiB in frames of 1 byte, short of its last",
            "pieces below 4 KiB are copied out of their read buffer",
            tiny_frames,
        ),
    ]
}

/// So many zeros, written into what compresses them.
fn zeros(mut into: impl Write, bytes: usize) -> Result<(), Failure> {
    let block = vec![0; 1 << 20];
    for _ in 0..bytes >> 20 {
        into.write_all(&block)?;
    }
    Ok(())
}

fn gzip(bytes: usize) -> Result<Vec<u8>, Failure> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    zeros(&mut encoder, bytes)?;
    Ok(encoder.finish()?)
}

fn deflate(bytes: usize) -> Result<Vec<u8>, Failure> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    zeros(&mut encoder, bytes)?;
    Ok(encoder.finish()?)
}

/// A frame with this window descriptor, of blocks that repeat one byte 128 KiB times (RFC 8878 §3.1.1).
fn zstd(window: u8, bytes: usize) -> Vec<u8> {
    const REPEATED: u32 = 128 << 10;
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, window];
    for block in 1..=bytes as u32 / REPEATED {
        let last = u32::from(block == bytes as u32 / REPEATED);
        frame.extend_from_slice(&(last | 1 << 1 | REPEATED << 3).to_le_bytes()[..3]);
        frame.push(0);
    }
    frame
}

fn bombs(scene: &Scene) -> Result<String, Failure> {
    let bombs = [
        ("gzip", gzip(1 << 20)?.repeat(1 << 10)),
        ("gzip", gzip(1 << 30)?),
        ("deflate", deflate(1 << 30)?),
        // A window of 8 MiB, which every reader has.
        ("zstd", zstd(13 << 3, 1 << 30)),
        // One of 2 TiB, which none has.
        ("zstd", zstd(31 << 3, 1 << 30)),
    ];
    let mut raw = scene.client()?;
    for (turn, (name, bomb)) in bombs.iter().cycle().take(20).enumerate() {
        let stream = raw.stream();
        let block = Block::request(ECHO.path()).field("grpc-encoding", name);
        let message = [&[1][..], &(bomb.len() as u32).to_be_bytes(), bomb].concat();
        raw.send(&Frames::new().headers(stream, &block, false));
        upload_within_windows(&mut raw, stream, &message, true)?;
        let (status, endless) = (raw.answer(stream)?, turn % bombs.len() == 4);
        let expected = status == "200/8" || (endless && status == "200/13");
        ensure(expected, || format!("{name} of {} bytes, number {turn}, was answered by {status}", bomb.len()))?;
    }
    is_alive(&mut raw)?;
    Ok("20 × RESOURCE_EXHAUSTED, or INTERNAL for a zstd window of 2 TiB; the connection lives".to_owned())
}

/// Sends a body as the windows let it.
fn upload_within_windows(raw: &mut Raw, stream: u32, body: &[u8], end: bool) -> Result<(), Failure> {
    let mut sent = 0;
    while sent < body.len() {
        let room = |state: &crate::wire::State| {
            let granted = |stream| state.granted.get(&stream).copied().unwrap_or(0) + 65_535;
            (granted(stream) as usize).saturating_sub(sent)
        };
        raw.wait("room in a window", |state| room(state) > 0 || state.replies.contains_key(&stream))?;
        let step = room(&raw.seen()).min(body.len() - sent).min(16_384);
        if step == 0 {
            return Ok(());
        }
        let last = sent + step == body.len();
        raw.send(&Frames::new().data(stream, &body[sent..sent + step], last && end));
        sent += step;
    }
    Ok(())
}

fn lies(scene: &Scene) -> Result<String, Failure> {
    let block = Block::request(UPLOAD.path());
    for _ in 0..10 {
        let mut raw = scene.client()?;
        let begin = |frames: Frames, stream: u32| {
            frames.headers(stream, &block, false).data(stream, &[0, 0, 0x40, 0, 0], false)
        };
        let frames = (0..100).fold(Frames::new(), |frames, _| begin(frames, raw.stream()));
        raw.send(&frames);
        scene.keep(raw);
    }
    scene.wait_for_counts(|counts| counts.running == 1_000)?;
    let held = scene.grown()?;
    let mut raw = scene.client()?;
    for _ in 0..100 {
        let stream = raw.stream();
        raw.send(&Frames::new().headers(stream, &block, false).data(stream, &[0, 0xff, 0xff, 0xff, 0xff], false));
        let status = raw.answer(stream)?;
        ensure(status == "200/8", || format!("a message of 4 GiB was answered by {status}"))?;
    }
    is_alive(&mut raw)?;
    scene.let_go();
    Ok(format!("1,000 × 4 MiB announced hold {held} KiB; 100 × RESOURCE_EXHAUSTED"))
}

fn unfinished(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    let streams: Vec<u32> = (0..100).map(|_| raw.stream()).collect();
    let block = Block::request(HOLD.path());
    raw.send(&streams.iter().fold(Frames::new(), |frames, stream| frames.headers(*stream, &block, false)));
    // Whatever the server still has to say comes within a few honest calls.
    let sent = raw.fill_windows(&streams, &UNFINISHED, || scene.honest_calls(50))?;
    let failed = raw.seen().replies.values().filter(|reply| reply.over).count();
    let held = scene.grown()?;
    ensure(!raw.seen().is_over(), || "the connection ended".to_owned())?;
    Ok(format!(
        "{} MiB taken in, {failed} calls failed, {} MiB held; the rest waits in its windows",
        sent >> 20,
        held >> 10
    ))
}

fn pinned(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    let idle: Vec<u32> = (0..40).map(|_| raw.stream()).collect();
    let hold = Block::request(HOLD.path());
    raw.send(&idle.iter().fold(Frames::new(), |frames, stream| frames.headers(*stream, &hold, false)));
    let busy = raw.stream();
    raw.send(&Frames::new().headers(busy, &Block::request(UPLOAD.path()), false));
    let filler = framed(&vec![7; 50 << 10]);
    let mut sent = 0;
    for _ in 0..10 {
        for stream in &idle {
            sent += filler.len();
            raw.wait("room in the windows", |state| {
                let granted = |stream| state.granted.get(&stream).copied().unwrap_or(0) as usize + 65_535;
                granted(busy) >= sent && granted(0) >= sent + (1 << 15)
            })?;
            raw.send(&Frames::new().data(*stream, &framed(b"x"), false).data(busy, &filler, false));
        }
    }
    scene.honest_calls(50)?;
    Ok(format!("400 messages of 1 byte hold {} KiB", scene.grown()?))
}

fn empty_messages(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    let block = Block::request(HOLD.path());
    let messages = framed(b"").repeat(13_000);
    for turn in 1..=100 {
        let stream = raw.stream();
        raw.wait("room in the connection's window", |state| {
            state.granted.get(&0).copied().unwrap_or(0) as usize + 65_535 >= turn * messages.len()
        })?;
        raw.send(&Frames::new().headers(stream, &block, false).data(stream, &messages, false));
    }
    scene.honest_calls(50)?;
    let counts = scene.counts()?;
    ensure(counts.running == 100, || format!("{} handlers run, and 100 should", counts.running))?;
    let held = scene.grown()?;
    scene.keep(raw);
    scene.let_go();
    scene.wait_for_counts(|counts| counts.running == 0)?;
    Ok(format!("1,300,000 messages, {} KiB, hold {held} KiB", (100 * messages.len()) >> 10))
}

fn tiny_frames(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    let stream = raw.stream();
    raw.send(&Frames::new().headers(stream, &Block::request(UPLOAD.path()), false).data(
        stream,
        &[0, 0, 0x10, 0, 0],
        false,
    ));
    let mut left: usize = (1 << 20) - 1;
    while left > 0 {
        let batch = left.min(30_000);
        raw.send(&(0..batch).fold(Frames::new(), |frames, _| frames.data(stream, &[9], false)));
        left -= batch;
        let sent = (1_usize << 20) + 4 - left;
        raw.wait("room in the window", |state| {
            state.granted.get(&stream).copied().unwrap_or(0) as usize + 65_535 >= sent + 30_000
        })?;
    }
    scene.honest_calls(50)?;
    let held = scene.grown()?;
    raw.send(&Frames::new().data(stream, &[9], true));
    let status = raw.answer(stream)?;
    ensure(status == "200/0", || format!("the upload ended with {status}"))?;
    Ok(format!("{held} KiB held; completed, it is served"))
}
