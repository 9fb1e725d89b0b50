//! Streams that are opened only to be reset, by the client or because of it: S1, S2, S3, S13, S20.

use super::is_alive;
use crate::attack::Attack;
use crate::contract::{DOWNLOAD, ECHO, WAIT};
use crate::failure::{Failure, ensure};
use crate::scene::Scene;
use crate::wire::{
    Block, CANCEL, END_HEADERS, ENHANCE_YOUR_CALM, Frames, HEADERS, INITIAL_WINDOW_SIZE, MOST, MOST_BUFFERED, PRIORITY,
    REFUSED_STREAM, Raw, framed,
};

pub(super) fn attacks() -> Vec<Attack> {
    let budget = "`reset_budget` 200";
    vec![
        Attack::on_server("s1-rapid-reset", "100,000 × request, RST_STREAM", budget, rapid_reset),
        Attack::on_server("s1-rapid-reset-again", "the same on 40 connections, one after the other", budget, again),
        Attack::on_server(
            "s1-rapid-reset-within-budget",
            "20,000 × request, RST_STREAM, each two beside a call that is answered",
            "`reset_earned` 2, `max_concurrent_calls` 100",
            within_budget,
        )
        .per_frame(40),
        Attack::on_server(
            "s1-rapid-reset-with-deadlines",
            "19,000 × request with a deadline of 1 µs, RST_STREAM, each 19 beside a call that is answered",
            "`reset_budget` 200: a deadline excuses a reset once three quarters of it have passed",
            with_deadlines,
        )
        .per_frame(40),
        Attack::on_server(
            "s2-rapid-reset-unread",
            "50 downloads that nobody reads, then request, RST_STREAM without end",
            "`reset_budget` 200; send queue 1 MiB",
            unread,
        ),
        Attack::on_server(
            "s3-made-you-reset",
            "8 kinds of breach on a stream, 5,000 × each, and resets of both kinds in turns",
            budget,
            made_you_reset,
        ),
        Attack::on_server("s13-reset-flood", "100,000 malformed requests", budget, malformed),
        Attack::on_server(
            "s20-streams-before-settings",
            "10,000 requests before the server has said anything",
            "`max_concurrent_calls` 100, `reset_budget` 200",
            before_settings,
        ),
    ]
}

/// Opens a call that does not end, and resets it.
fn reset_one(raw: &mut Raw, frames: Frames, block: &Block) -> Frames {
    let stream = raw.stream();
    frames.call(stream, block, b"x").reset(stream, CANCEL)
}

fn flood(raw: &mut Raw) {
    let block = Block::request(WAIT.path());
    raw.flood(100_000, |raw, frames| reset_one(raw, frames, &block));
}

/// No more handlers at a time than one connection may have, and none of them left.
fn handlers_are_bounded(scene: &Scene) -> Result<u64, Failure> {
    let counts = scene.wait_for_counts(|counts| counts.running == 0)?;
    ensure(counts.most <= 100, || format!("{} handlers ran at a time, and 100 are allowed", counts.most))?;
    Ok(counts.most)
}

fn rapid_reset(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    flood(&mut raw);
    let end = raw.expect_goaway(ENHANCE_YOUR_CALM, "reset")?;
    Ok(format!("{end}; at most {} handlers at a time", handlers_are_bounded(scene)?))
}

fn again(scene: &Scene) -> Result<String, Failure> {
    let mut end = String::new();
    for _ in 0..40 {
        let mut raw = scene.client()?;
        flood(&mut raw);
        end = raw.expect_goaway(ENHANCE_YOUR_CALM, "reset")?;
    }
    Ok(format!("each time {end}; at most {} handlers at a time", handlers_are_bounded(scene)?))
}

fn within_budget(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    let (wait, echo) = (Block::request(WAIT.path()), Block::request(ECHO.path()));
    let mut asked = 0;
    for _ in 0..1_000 {
        let mut frames = Frames::new();
        for _ in 0..10 {
            frames = frames.call(raw.stream(), &echo, b"x");
            frames = reset_one(&mut raw, frames, &wait);
            frames = reset_one(&mut raw, frames, &wait);
        }
        raw.send(&frames);
        asked += 10;
        raw.wait("answers", |state| state.replies_with("200/0") >= asked)?;
    }
    is_alive(&mut raw)?;
    Ok(format!("served as before; at most {} handlers at a time", handlers_are_bounded(scene)?))
}

fn with_deadlines(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    let (wait, echo) = (Block::request(WAIT.path()).field("grpc-timeout", "1u"), Block::request(ECHO.path()));
    for asked in 1..=1_000 {
        let frames = (0..19).fold(Frames::new(), |frames, _| reset_one(&mut raw, frames, &wait));
        let frames = frames.call(raw.stream(), &echo, b"x");
        raw.send(&frames);
        raw.wait("answers", |state| state.is_over() || state.replies_with("200/0") >= asked)?;
        if raw.seen().is_over() {
            return raw.expect_goaway(ENHANCE_YOUR_CALM, "reset");
        }
    }
    is_alive(&mut raw)?;
    Ok(format!("served as calls are; at most {} handlers at a time", handlers_are_bounded(scene)?))
}

fn unread(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.deaf(&[(INITIAL_WINDOW_SIZE, MOST)])?;
    let mut frames = Frames::new().window_update(0, MOST - 65_535);
    for _ in 0..50 {
        frames = frames.call(raw.stream(), &Block::request(DOWNLOAD.path()), b"");
    }
    raw.send(&frames);
    scene.wait_for_counts(|counts| counts.running == 50)?;
    // By then they have filled the sockets, so that the end of the connection has to wait for its reader too.
    scene.honest_calls(200)?;
    let block = Block::request(WAIT.path());
    let frames = (0..10_000).fold(Frames::new(), |frames, _| reset_one(&mut raw, frames, &block));
    let taken = raw.press(&frames, MOST_BUFFERED)?;
    scene.honest_calls(50)?;
    raw.listen()?;
    let end = raw.expect_goaway(ENHANCE_YOUR_CALM, "reset")?;
    Ok(format!("{} KiB taken, then no more; once read: {end}", taken >> 10))
}

/// Makes the server reset a stream that was not answered.
type Breach = fn(Frames, u32, &Block) -> Frames;

const BREACHES: [(&str, Breach); 8] = [
    ("window update of 0", |frames, stream, block| frames.call(stream, block, b"x").window_update(stream, 0)),
    ("window overflow", |frames, stream, block| frames.call(stream, block, b"x").window_update(stream, MOST)),
    ("PRIORITY of 4 bytes", |frames, stream, block| {
        frames.call(stream, block, b"x").frame(PRIORITY, 0, stream, &[0; 4])
    }),
    ("own dependency", |frames, stream, block| frames.call(stream, block, b"x").priority(stream, stream)),
    ("own dependency in HEADERS", |frames, stream, block| {
        let payload = [&stream.to_be_bytes()[..], &[0], block.bytes()].concat();
        frames.frame(HEADERS, END_HEADERS | PRIORITY_FLAG, stream, &payload)
    }),
    ("HEADERS after the end", |frames, stream, block| frames.call(stream, block, b"x").headers(stream, block, true)),
    ("DATA after the end", |frames, stream, block| frames.call(stream, block, b"x").data(stream, b"more", false)),
    ("wrong content-length", |frames, stream, block| {
        let block = block.clone().field("content-length", "3");
        frames.headers(stream, &block, false).data(stream, &framed(b"longer than that"), true)
    }),
];

fn made_you_reset(scene: &Scene) -> Result<String, Failure> {
    let block = Block::request(WAIT.path());
    let mut end = String::new();
    for (what, breach) in BREACHES {
        let mut raw = scene.client()?;
        raw.flood(5_000, |raw, frames| breach(frames, raw.stream(), &block));
        end = raw.expect_goaway(ENHANCE_YOUR_CALM, "reset").map_err(|error| format!("{what}: {error}"))?;
    }
    // One budget for both kinds: each alone would be within it. Slowly, since what is refused while the handlers of reset
    // streams end costs nothing.
    let mut raw = scene.client()?;
    for _ in 0..10 {
        raw.flood(19, |raw, frames| {
            let frames = reset_one(raw, frames, &block);
            BREACHES[0].1(frames, raw.stream(), &block)
        });
        if is_alive(&mut raw).is_err() {
            break;
        }
    }
    raw.expect_goaway(ENHANCE_YOUR_CALM, "reset").map_err(|error| format!("190 of both kinds: {error}"))?;
    Ok(format!("each {end}; at most {} handlers at a time", handlers_are_bounded(scene)?))
}

fn malformed(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    let block = Block::request(ECHO.path()).field("X-Upper", "1");
    raw.flood(100_000, |raw, frames| frames.headers(raw.stream(), &block, true));
    raw.expect_goaway(ENHANCE_YOUR_CALM, "reset")
}

fn before_settings(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.deaf(&[])?;
    raw.listen()?;
    let block = Block::request(WAIT.path());
    raw.flood(10_000, |raw, frames| frames.call(raw.stream(), &block, b"x"));
    let end = raw.expect_goaway(ENHANCE_YOUR_CALM, "reset")?;
    let refused = raw.seen().resets_with(REFUSED_STREAM);
    ensure(refused >= 100, || format!("only {refused} streams were refused"))?;
    Ok(format!("{refused} × REFUSED_STREAM, then {end}; at most {} handlers at a time", handlers_are_bounded(scene)?))
}

/// HEADERS carries a priority (RFC 9113 §6.2).
const PRIORITY_FLAG: u8 = 0x20;
