//! Peers that take their time: S19.

use crate::attack::{Attack, Setting};
use crate::contract::UPLOAD;
use crate::failure::{Failure, ensure};
use crate::scene::Scene;
use crate::wire::{Block, Frames, HEADERS, PREFACE, REFUSED_STREAM, Raw, SETTINGS_TIMEOUT};

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        Attack::on_server(
            "s19-slow-handshake",
            "200 connections: silent, half a preface, no SETTINGS, half of them",
            "`handshake_timeout` (2 s here)",
            handshake,
        )
        .set(Setting::Hasty),
        Attack::on_server(
            "s19-settings-unacknowledged",
            "50 connections that never acknowledge SETTINGS",
            "`settings_timeout` (2 s here)",
            settings,
        )
        .set(Setting::Hasty),
        Attack::on_server(
            "s19-slow-post",
            "10 connections with 100 uploads each, byte by byte",
            "`max_concurrent_calls` 100, `unfinished_limit` 64 MiB",
            post,
        ),
        Attack::on_server(
            "s19-slow-headers",
            "100 connections that send a frame's head byte by byte",
            "`max_frame_size` 16 KiB",
            heads,
        ),
    ]
}

fn all_end(raws: &[Raw]) -> Result<String, Failure> {
    let mut end = String::new();
    for raw in raws {
        end = raw.expect_goaway(SETTINGS_TIMEOUT, "")?;
    }
    Ok(format!("each {end}"))
}

fn handshake(scene: &Scene) -> Result<String, Failure> {
    let beginnings: [&[u8]; 4] = [b"", b"PRI * HT", PREFACE, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x06\x04\0"];
    let mut raws = Vec::new();
    for beginning in beginnings.iter().cycle().take(200) {
        let mut raw = scene.bare()?;
        raw.write(beginning, 0);
        raw.listen()?;
        raws.push(raw);
    }
    all_end(&raws)
}

fn settings(scene: &Scene) -> Result<String, Failure> {
    let mut raws = Vec::new();
    for _ in 0..50 {
        let mut raw = scene.bare()?;
        raw.write(PREFACE, 0);
        raw.send(&Frames::new().settings(&[]));
        raw.listen()?;
        raws.push(raw);
    }
    all_end(&raws)
}

fn post(scene: &Scene) -> Result<String, Failure> {
    let block = Block::request(UPLOAD.path());
    let mut refused = 0;
    for _ in 0..10 {
        let mut raw = scene.client()?;
        let streams: Vec<u32> = (0..110).map(|_| raw.stream()).collect();
        raw.send(&streams.iter().fold(Frames::new(), |frames, stream| frames.headers(*stream, &block, false)));
        raw.wait("refusals", |state| state.resets_with(REFUSED_STREAM) == 10)?;
        for byte in [0, 0, 0x10, 0, 0, 7, 7, 7] {
            raw.send(&streams[..100].iter().fold(Frames::new(), |frames, stream| frames.data(*stream, &[byte], false)));
        }
        refused += raw.seen().resets_with(REFUSED_STREAM);
        scene.keep(raw);
    }
    let counts = scene.counts()?;
    scene.honest_calls(100)?;
    let held = scene.grown()?;
    ensure(counts.running == 1_000, || format!("{} handlers run, and 1,000 should", counts.running))?;
    scene.let_go();
    scene.wait_for_counts(|counts| counts.running == 0)?;
    Ok(format!("1,000 uploads hold {held} KiB, {refused} × REFUSED_STREAM; nothing is left once they are gone"))
}

fn heads(scene: &Scene) -> Result<String, Failure> {
    let mut raws = Vec::new();
    for _ in 0..100 {
        raws.push(scene.client()?);
    }
    for byte in [0, 0x40, 0, HEADERS, 4, 0, 0, 0, 1, 0x83, 0x86] {
        raws.iter_mut().for_each(|raw| {
            raw.write(&[byte], 0);
        });
        scene.honest_calls(5)?;
    }
    let held = scene.grown()?;
    Ok(format!("{held} KiB held; a connection may be as slow as it likes within its own limits"))
}
