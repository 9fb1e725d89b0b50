//! What breaks, or is meant to break, the table that both sides share: S8, S9, S10.

use super::is_alive;
use crate::attack::Attack;
use crate::contract::{ECHO, PROBE};
use crate::failure::{Failure, ensure};
use crate::scene::Scene;
use crate::wire::{Block, COMPRESSION_ERROR, DYNAMIC, Frames};

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        Attack::on_server(
            "s8-hpack-desync",
            "50 × a list above the limit that fills the table, then a request that uses the entry",
            "refused lists are decoded all the same",
            desync,
        ),
        Attack::on_server(
            "s9-hpack-integers",
            "integers and string lengths without end, and blocks cut short",
            "5 bytes an integer; lengths are held against the block",
            integers,
        ),
        Attack::on_server(
            "s10-table-size",
            "updates above the limit, late and too many ones; then 2,000 legal ones",
            "4,096 bytes of table",
            table_size,
        ),
    ]
}

fn desync(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    let request = Block::request(PROBE.path());
    for turn in 0..50 {
        let large = request.clone().kept("a", "b").repeated(DYNAMIC, 1_000).kept("x-probe", &format!("right {turn}"));
        let status = raw.ask(&large, b"")?;
        ensure(status == "431/8", || format!("a list above the limit was answered by {status}"))?;
        let stream = raw.stream();
        raw.send(&Frames::new().call(stream, &request.clone().indexed(DYNAMIC), b""));
        let status = raw.answer(stream)?;
        let body = raw.seen().replies[&stream].body.clone();
        let right = status == "200/0" && body.ends_with(format!("right {turn}").as_bytes());
        ensure(right, || {
            format!("the request after it was answered by {status}, {:?}", String::from_utf8_lossy(&body))
        })?;
    }
    is_alive(&mut raw)?;
    Ok("431 and RESOURCE_EXHAUSTED; every request after it has the right fields".to_owned())
}

/// Each block alone on a connection, which it must end.
fn each(scene: &Scene, blocks: &[(&str, Block)]) -> Result<String, Failure> {
    let mut end = String::new();
    for (what, block) in blocks {
        let mut raw = scene.client()?;
        let stream = raw.stream();
        raw.send(&Frames::new().headers(stream, block, true));
        end = raw.expect_goaway(COMPRESSION_ERROR, "").map_err(|error| format!("{what}: {error}"))?;
    }
    Ok(format!("each {end}"))
}

fn integers(scene: &Scene) -> Result<String, Failure> {
    let request = || Block::request(ECHO.path());
    let endless = [&[0xff_u8][..], &[0x80; 10_000], &[1]].concat();
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    each(
        scene,
        &[
            ("an index without end", request().raw(&endless)),
            ("an index of 70 bits", request().raw(&huge)),
            ("a length without end", request().raw(&[0, 0x7f]).raw(&[0x80; 10_000])),
            ("a string of 4 GiB", request().raw(&[0]).announced(u64::from(u32::MAX))),
            ("a string that is cut off", request().raw(&[0]).announced(100).raw(b"short")),
            ("Huffman code of 16 KiB that means nothing", request().raw(&[0, 0xff, 0xa1, 0x7c]).raw(&[0xff; 16_000])),
            ("an index of no entry", request().indexed(DYNAMIC + 5)),
            ("index 0", request().raw(&[0x80])),
        ],
    )
}

fn table_size(scene: &Scene) -> Result<String, Failure> {
    let request = Block::request(ECHO.path());
    let end = each(
        scene,
        &[
            ("above the limit", Block::new().resize(4_097).raw(request.bytes())),
            ("4 GiB", Block::new().resize(u64::from(u32::MAX)).raw(request.bytes())),
            ("three of them", Block::new().resize(0).resize(4_096).resize(0).raw(request.bytes())),
            ("after a field", request.clone().resize(0)),
        ],
    )?;
    let mut raw = scene.client()?;
    let emptied = Block::new().resize(0).resize(4_096).raw(request.bytes()).kept("a", &"b".repeat(2_000));
    for turn in 1..=40 {
        raw.flood(50, |raw, frames| frames.call(raw.stream(), &emptied, b"x"));
        raw.wait("answers", |state| state.replies_with("200/0") >= 50 * turn)?;
    }
    is_alive(&mut raw)?;
    Ok(format!("{end}; legal ones are served"))
}
