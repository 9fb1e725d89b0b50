//! Windows: dribbled, shut, overflowing, negative, and open with nobody reading behind them: S16, S18.

use super::is_alive;
use crate::attack::{Attack, Setting};
use crate::contract::{CHAT, DOWNLOAD, HOLD, SIZE};
use crate::failure::{Failure, ensure};
use crate::scene::Scene;
use crate::wire::{
    Block, CANCEL, DATA, ENHANCE_YOUR_CALM, FLOW_CONTROL_ERROR, Frames, INITIAL_WINDOW_SIZE, MOST, Raw, framed,
};

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        Attack::on_server(
            "s16-data-dribble",
            "a reply let out by windows of 1 byte: 2,000 × as it comes, then 100,000 × at once",
            "`glitch_earned` 10 for each frame sent; `glitch_budget` 10,000",
            dribble,
        )
        .per_frame(40),
        Attack::on_server(
            "s16-shut-windows",
            "100 downloads with windows of 0",
            "`send_stall_timeout` (2 s here); send queue 64 KiB a call, 1 MiB a connection",
            shut,
        )
        .set(Setting::Hasty),
        Attack::on_server(
            "s16-waiting-senders",
            "20 downloads fill the connection's send queue; 300,000 messages for a call that would send too",
            "send queue 1 MiB a connection; a call waits once",
            waiting_senders,
        )
        .memory(5),
        Attack::on_server(
            "s16-unread",
            "10 connections with 100 downloads each, windows open, the sockets never read",
            "send queue 1 MiB a connection; 20 s of the socket (TCP_USER_TIMEOUT)",
            unread,
        )
        .memory(48),
        Attack::on_server(
            "s16-large-replies",
            "100 unary calls with replies of 1 MiB, windows of 0",
            "`max_concurrent_calls` 100 × the largest reply; `send_stall_timeout` (2 s here)",
            large_replies,
        )
        .set(Setting::Hasty)
        .memory(260),
        Attack::on_server("s18-window-flood", "1,000,000 × WINDOW_UPDATE of 1", "`glitch_budget` 10,000", updates),
        Attack::on_server(
            "s18-window-overflow",
            "windows above 2^31-1: of the connection, by an increment and by SETTINGS",
            "RFC 9113 §6.9.1",
            overflow,
        ),
        Attack::on_server(
            "s18-data-beyond-window",
            "80 KiB for each of 50 calls that take none of it",
            "`stream_window` 64 KiB",
            beyond,
        ),
        Attack::on_server(
            "s18-negative-window",
            "SETTINGS that make the window of a reply negative, and then positive again",
            "RFC 9113 §6.9.2",
            negative,
        ),
    ]
}

fn size(raw: &mut Raw, bytes: &str) -> u32 {
    let stream = raw.stream();
    raw.send(&Frames::new().call(stream, &Block::request(SIZE.path()), bytes.as_bytes()));
    stream
}

fn dribble(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client_with(&[(INITIAL_WINDOW_SIZE, 1)])?;
    let stream = size(&mut raw, "200000");
    for byte in 1..=2_000 {
        raw.wait("a byte", |state| state.replies.get(&stream).is_some_and(|reply| reply.length >= byte))?;
        raw.send(&Frames::new().window_update(stream, 1));
    }
    let frames = raw.seen().frames.get(&DATA).copied().unwrap_or(0);
    raw.flood(100_000, |_, frames| frames.window_update(stream, 1));
    let end = raw.expect_goaway(ENHANCE_YOUR_CALM, "of no use")?;
    Ok(format!("{frames} DATA frames of 1 byte; then {end}"))
}

fn downloads(raw: &mut Raw, count: usize) {
    let block = Block::request(DOWNLOAD.path());
    let frames = (0..count).fold(Frames::new(), |frames, _| frames.call(raw.stream(), &block, b""));
    raw.send(&frames);
}

fn shut(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client_with(&[(INITIAL_WINDOW_SIZE, 0)])?;
    downloads(&mut raw, 100);
    scene.wait_for_counts(|counts| counts.running == 100)?;
    // Senders beyond the queue of the connection have nothing queued, so that their turn comes when others have ended.
    raw.wait("resets", |state| state.resets_with(CANCEL) == 100)?;
    scene.wait_for_counts(|counts| counts.running == 0)?;
    Ok("100 × RST_STREAM CANCEL".to_owned())
}

fn large_replies(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client_with(&[(INITIAL_WINDOW_SIZE, 0)])?;
    (0..100).for_each(|_| {
        size(&mut raw, "1048576");
    });
    raw.wait("heads of the replies", |state| state.replies.len() == 100)?;
    let held = scene.grown()?;
    raw.wait("resets", |state| state.resets_with(CANCEL) == 100)?;
    Ok(format!("{} MiB held, then 100 × RST_STREAM CANCEL", held >> 10))
}

fn waiting_senders(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client_with(&[(INITIAL_WINDOW_SIZE, 0)])?;
    downloads(&mut raw, 20);
    scene.wait_for_counts(|counts| counts.running == 20)?;
    scene.honest_calls(50)?;
    let stream = raw.stream();
    raw.send(&Frames::new().headers(stream, &Block::request(CHAT.path()), false));
    let mut sent = 0;
    for _ in 0..300 {
        // One message a frame, so that the handler is woken again and again.
        let frames = (0..1_000).fold(Frames::new(), |frames, _| frames.data(stream, &framed(b""), false));
        sent += 5_000;
        raw.wait("room in the window", |state| {
            state.granted.get(&stream).copied().unwrap_or(0) as usize + 65_535 >= sent
        })?;
        raw.send(&frames);
    }
    scene.honest_calls(20)?;
    let held = scene.grown()?;
    let counts = scene.counts()?;
    ensure(counts.running == 21, || format!("{} handlers run, and 21 should", counts.running))?;
    scene.keep(raw);
    scene.let_go();
    scene.wait_for_counts(|counts| counts.running == 0)?;
    Ok(format!("{held} KiB held while the call waits to send"))
}

fn unread(scene: &Scene) -> Result<String, Failure> {
    for _ in 0..10 {
        let mut raw = scene.deaf(&[(INITIAL_WINDOW_SIZE, MOST)])?;
        raw.send(&Frames::new().window_update(0, MOST - 65_535));
        downloads(&mut raw, 100);
        scene.keep(raw);
    }
    scene.wait_for_counts(|counts| counts.running >= 1_000)?;
    scene.honest_calls(200)?;
    let held = scene.grown()?;
    let start = std::time::Instant::now();
    scene.wait_for_counts(|counts| counts.running == 0)?;
    Ok(format!("{held} KiB held; every handler ended {} s later with its connection", start.elapsed().as_secs()))
}

fn updates(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    raw.flood(1_000_000, |_, frames| frames.window_update(0, 1));
    raw.expect_goaway(ENHANCE_YOUR_CALM, "of no use")
}

fn overflow(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    raw.send(&Frames::new().window_update(0, MOST));
    raw.expect_goaway(FLOW_CONTROL_ERROR, "")?;
    let mut raw = scene.client()?;
    raw.send(&Frames::new().settings(&[(INITIAL_WINDOW_SIZE, MOST + 1)]));
    raw.expect_goaway(FLOW_CONTROL_ERROR, "")?;
    let mut raw = scene.client()?;
    downloads(&mut raw, 1);
    raw.send(&Frames::new().window_update(1, 1 << 30).settings(&[(INITIAL_WINDOW_SIZE, MOST)]));
    raw.expect_goaway(FLOW_CONTROL_ERROR, "")
}

fn beyond(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    let block = Block::request(HOLD.path());
    for _ in 0..50 {
        let stream = raw.stream();
        // A first message that nobody takes: from then on nothing comes back of the window.
        let frames = Frames::new().headers(stream, &block, false).data(stream, &framed(b"first"), false);
        raw.send(&frames.data(stream, &framed(&[7; 80 << 10]), false));
        let status = raw.answer(stream)?;
        ensure(status == "RST_STREAM FLOW_CONTROL_ERROR", || format!("a call beyond its window ended with {status}"))?;
    }
    is_alive(&mut raw)?;
    Ok("50 × RST_STREAM FLOW_CONTROL_ERROR, the connection lives".to_owned())
}

fn negative(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client_with(&[(INITIAL_WINDOW_SIZE, 30_000)])?;
    let stream = size(&mut raw, "100000");
    let came = |least: u64| {
        move |state: &crate::wire::State| state.replies.get(&stream).is_some_and(|reply| reply.length >= least)
    };
    raw.wait("the first window", came(30_000))?;
    for _ in 0..500 {
        raw.send(&Frames::new().settings(&[(INITIAL_WINDOW_SIZE, 0)]).settings(&[(INITIAL_WINDOW_SIZE, 30_000)]));
    }
    raw.send(&Frames::new().settings(&[(INITIAL_WINDOW_SIZE, 0)]).window_update(stream, 40_000));
    raw.wait("10,000 bytes more", came(40_000))?;
    ensure(!came(40_001)(&raw.seen()), || "more came than the window allowed".to_owned())?;
    raw.send(&Frames::new().window_update(0, 100_000).settings(&[(INITIAL_WINDOW_SIZE, 200_000)]));
    let status = raw.answer(stream)?;
    ensure(status == "200/0", || format!("the reply ended with {status}"))?;
    is_alive(&mut raw)?;
    Ok("not a byte too much; the reply came to its end".to_owned())
}
