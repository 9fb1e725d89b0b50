//! Ends that somebody does not want to come: S32.

use crate::attack::{Attack, Setting};
use crate::contract::ECHO;
use crate::failure::{Failure, ensure};
use crate::scene::Scene;
use crate::wire::{Block, ENHANCE_YOUR_CALM, Frames};

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        Attack::on_server(
            "s32-drain-ignored",
            "50 connections that ignore the server's GOAWAY and PING, and do not close",
            "`drain_timeout` (2 s here), then 1 s for each socket",
            ignored,
        )
        .set(Setting::Hasty),
        Attack::on_server(
            "s32-goaway-and-stay",
            "50 connections that send GOAWAY, make calls after it, and stay",
            "`drain_timeout` (2 s here); `glitch_budget` 10,000",
            stay,
        )
        .set(Setting::Hasty),
        Attack::on_server(
            "s32-half-closed",
            "50 connections that send calls and close their half at once",
            "a connection ends with its socket",
            half_closed,
        ),
    ]
}

fn ignored(scene: &Scene) -> Result<String, Failure> {
    for _ in 0..50 {
        let mut raw = scene.client()?;
        super::is_alive(&mut raw)?;
        scene.keep(raw);
    }
    // Whether the server ends although they stay is seen when the scene is concluded.
    Ok("told to shut down, the server ended while all of them stayed".to_owned())
}

fn stay(scene: &Scene) -> Result<String, Failure> {
    let mut end = String::new();
    for turn in 0..50 {
        let mut raw = scene.client()?;
        raw.send(&Frames::new().goaway(0, 0));
        let status = raw.ask(&Block::request(ECHO.path()), b"x")?;
        ensure(status == "200/0", || format!("a call after GOAWAY ended with {status}"))?;
        if turn == 0 {
            raw.flood(100_000, |_, frames| frames.goaway(0, 0));
            end = raw.expect_goaway(ENHANCE_YOUR_CALM, "of no use")?;
        }
        scene.keep(raw);
    }
    Ok(format!("served; 100,000 × GOAWAY: {end}; the server ended while the others stayed"))
}

fn half_closed(scene: &Scene) -> Result<String, Failure> {
    let block = Block::request(crate::contract::WAIT.path());
    for _ in 0..50 {
        let mut raw = scene.client()?;
        let frames = (0..50).fold(Frames::new(), |frames, _| frames.call(raw.stream(), &block, b"x"));
        raw.send(&frames);
        raw.finish();
        raw.end()?;
    }
    let counts = scene.wait_for_counts(|counts| counts.running == 0)?;
    Ok(format!("{} handlers begun, none left", counts.started))
}
