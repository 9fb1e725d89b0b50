//! Header blocks that do not end, and lists that unfold: S4, S5, S6, S7.

use super::is_alive;
use crate::attack::Attack;
use crate::contract::{ECHO, WAIT};
use crate::failure::{Failure, ensure};
use crate::scene::Scene;
use crate::wire::{
    Block, CONTINUATION, DYNAMIC, END_STREAM, ENHANCE_YOUR_CALM, Frames, HEADERS, INITIAL_WINDOW_SIZE, Raw,
};

pub(super) fn attacks() -> Vec<Attack> {
    let frames = "8 CONTINUATION frames a block, from `header_list_limit`";
    let list = "`header_list_limit` 16 KiB, `header_count_limit` 128";
    vec![
        Attack::on_server("s4-continuation-flood", "CONTINUATION of 1 KiB without end", frames, continuation),
        Attack::on_server(
            "s4-continuation-held",
            "100 connections that stop in the middle of a block of 144 KiB",
            frames,
            held_blocks,
        )
        .memory(48),
        Attack::on_server("s5-empty-continuation", "1,000,000 CONTINUATION without bytes", frames, empty),
        Attack::on_server(
            "s6-indexed-bomb",
            "100 × a block of 60,000 references to a small entry of the table",
            list,
            small_references,
        )
        .per_kib(100),
        Attack::on_server(
            "s6-indexed-bomb-held",
            "1,000 calls on 10 connections, each with 120 fields unfolded from 1 byte, held with a shut window",
            list,
            held_lists,
        )
        .memory(48)
        .per_frame(60),
        Attack::on_server(
            "s7-hpack-bomb",
            "100 × a block of 16,000 references to an entry as large as the table",
            list,
            large_references,
        )
        .per_kib(100),
    ]
}

/// A request whose block does not end.
fn begin(raw: &mut Raw, block: &Block) -> (u32, Frames) {
    let stream = raw.stream();
    (stream, Frames::new().frame(HEADERS, END_STREAM, stream, block.bytes()))
}

fn continuation(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    let (stream, frames) = begin(&mut raw, &Block::request(ECHO.path()));
    raw.send(&frames);
    let piece = Block::new().field("x", &"y".repeat(1_018));
    raw.flood(100_000, |_, frames| frames.frame(CONTINUATION, 0, stream, piece.bytes()));
    raw.expect_goaway(ENHANCE_YOUR_CALM, "CONTINUATION")
}

fn held_blocks(scene: &Scene) -> Result<String, Failure> {
    let mut raws = Vec::new();
    for _ in 0..100 {
        let mut raw = scene.client()?;
        let (stream, mut frames) = begin(&mut raw, &Block::new().raw(&[0; 16_384]));
        for _ in 0..8 {
            frames = frames.frame(CONTINUATION, 0, stream, &[0; 16_384]);
        }
        raw.send(&frames);
        raws.push(raw);
    }
    scene.honest_calls(100)?;
    let open = raws.iter().filter(|raw| !raw.seen().is_over()).count();
    Ok(format!("{open} connections held open, at 144 KiB at most each"))
}

fn empty(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    let (stream, frames) = begin(&mut raw, &Block::request(ECHO.path()));
    raw.send(&frames);
    raw.flood(1_000_000, |_, frames| frames.frame(CONTINUATION, 0, stream, &[]));
    raw.expect_goaway(ENHANCE_YOUR_CALM, "CONTINUATION")
}

/// Sends blocks that unfold beyond the limit; each is refused by itself, and the connection lives.
fn bomb(scene: &Scene, entry: &Block, references: usize) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    let first = raw.stream();
    raw.send(&Frames::new().call(first, &Block::request(ECHO.path()).raw(entry.bytes()), b"x"));
    raw.answer(first)?;
    let block = Block::request(ECHO.path()).repeated(DYNAMIC, references);
    for sent in 1..=100 {
        let stream = raw.stream();
        raw.send(&Frames::new().headers(stream, &block, true));
        raw.wait("refusals", |state| state.finished() > sent)?;
    }
    let refused = raw.seen().replies_with("431/8");
    ensure(refused == 100, || format!("{refused} of 100 were refused by 431 and RESOURCE_EXHAUSTED"))?;
    is_alive(&mut raw)?;
    Ok("100 × 431 and RESOURCE_EXHAUSTED, the connection lives".to_owned())
}

fn small_references(scene: &Scene) -> Result<String, Failure> {
    bomb(scene, &Block::new().kept("a", "b"), 60_000)
}

fn large_references(scene: &Scene) -> Result<String, Failure> {
    bomb(scene, &Block::new().kept("large", &"x".repeat(4_096 - 32 - 5)), 16_000)
}

fn held_lists(scene: &Scene) -> Result<String, Failure> {
    let value = "v".repeat(90);
    for _ in 0..10 {
        let mut raw = scene.client_with(&[(INITIAL_WINDOW_SIZE, 0)])?;
        let plain = Block::request(WAIT.path());
        let mut frames = Frames::new().call(raw.stream(), &plain.clone().kept("x", &value), b"x");
        for turn in 1..100 {
            // Each differs from the others, so that none is remembered.
            let block = plain.clone().field("turn", &turn.to_string()).repeated(DYNAMIC, 120);
            frames = frames.call(raw.stream(), &block, b"x");
        }
        raw.send(&frames);
        scene.keep(raw);
    }
    let counts = scene.wait_for_counts(|counts| counts.running == 1_000)?;
    let held = scene.grown()?;
    scene.let_go();
    scene.wait_for_counts(|counts| counts.running == 0)?;
    Ok(format!("{} calls hold {} KiB, and nothing once they are gone", counts.running, held))
}
