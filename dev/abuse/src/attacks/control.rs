//! Frames that the server has to answer: S11, S12.

use crate::attack::{Attack, Setting};
use crate::contract::{DOWNLOAD, ECHO};
use crate::failure::{Failure, ensure};
use crate::scene::Scene;
use crate::wire::{
    Block, ENHANCE_YOUR_CALM, FRAME_SIZE_ERROR, Frames, INITIAL_WINDOW_SIZE, MOST, MOST_BUFFERED, SETTINGS,
};

pub(super) fn attacks() -> Vec<Attack> {
    let pings = "`ping_interval` 5 min, 2 h without calls; `ping_strikes` 2";
    vec![
        Attack::on_server("s11-ping-flood", "1,000,000 × PING", pings, pings_read),
        Attack::on_server("s11-ping-flood-unread", "1,000,000 × PING, nothing is read", pings, pings_unread),
        Attack::on_server("s12-settings-flood", "100,000 × SETTINGS", "`glitch_budget` 10,000", settings),
        Attack::on_server(
            "s12-settings-entries",
            "SETTINGS of 2,730 entries; of 10,000",
            "`settings_limit` 32, `max_frame_size` 16 KiB",
            entries,
        ),
        Attack::on_server(
            "s12-control-unread",
            "20 downloads, then SETTINGS and PRIORITY; nothing is read",
            "`control_limit` 1,000, `control_timeout` (2 s here)",
            unread,
        )
        .set(Setting::Hasty),
    ]
}

fn pings_read(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    raw.flood(1_000_000, |_, frames| frames.ping(7));
    raw.expect_goaway(ENHANCE_YOUR_CALM, "too_many_pings")
}

fn pings_unread(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.deaf(&[])?;
    let frames = (0..1_000_000).fold(Frames::new(), |frames, _| frames.ping(7));
    raw.write_for(frames.bytes(), std::time::Duration::from_millis(300));
    raw.listen()?;
    raw.expect_goaway(ENHANCE_YOUR_CALM, "too_many_pings")
}

fn settings(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    let mut window = 0;
    raw.flood(100_000, |_, frames| {
        window += 1;
        frames.settings(&[(INITIAL_WINDOW_SIZE, window)])
    });
    raw.expect_goaway(ENHANCE_YOUR_CALM, "of no use")
}

fn entries(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    raw.send(&Frames::new().settings(&[(0x99, 1); 2_730]));
    let many = raw.expect_goaway(ENHANCE_YOUR_CALM, "entries")?;
    let mut raw = scene.client()?;
    raw.send(&Frames::new().frame(SETTINGS, 0, 0, &[0; 60_000]));
    let large = raw.expect_goaway(FRAME_SIZE_ERROR, "limit")?;
    Ok(format!("{many}; {large}"))
}

fn unread(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.deaf(&[(INITIAL_WINDOW_SIZE, MOST)])?;
    let mut frames = Frames::new().window_update(0, MOST - 65_535);
    for _ in 0..20 {
        frames = frames.call(raw.stream(), &Block::request(DOWNLOAD.path()), b"");
    }
    raw.send(&frames);
    scene.wait_for_counts(|counts| counts.running == 20)?;
    // Once the socket is full, each acknowledgement waits; then the server reads no more.
    scene.honest_calls(100)?;
    let flood = (0..9_000).fold(Frames::new(), |frames, _| frames.settings(&[]));
    raw.send(&flood);
    let more = (0..10_000).fold(Frames::new(), |frames, _| frames.priority(1, 0));
    let taken = raw.press(&more, MOST_BUFFERED)?;
    let counts = scene.wait_for_counts(|counts| counts.running == 0)?;
    raw.listen()?;
    let end = raw.expect_goaway(ENHANCE_YOUR_CALM, "control frames")?;
    ensure(counts.most == 20, || format!("{} handlers ran", counts.most))?;
    let mut other = scene.client()?;
    let status = other.ask(&Block::request(ECHO.path()), b"x")?;
    ensure(status == "200/0", || format!("another connection got {status}"))?;
    Ok(format!("reads no more after {} KiB, then {end}", taken >> 10))
}
