//! Frames without end from a server: the counterparts of S3, S4, S5, S11, S12, S14, S17, S18, S33.

use crate::ambush::{Ambush, greet};
use crate::attack::Attack;
use crate::failure::Failure;
use crate::wire::{
    Block, CONTINUATION, ENHANCE_YOUR_CALM, FLOW_CONTROL_ERROR, Frames, HEADERS, INITIAL_WINDOW_SIZE, MOST,
    PROTOCOL_ERROR, PUSH_PROMISE, Raw,
};

pub(super) fn attacks() -> Vec<Attack> {
    let glitches = "`glitch_budget` 10,000";
    let calm = |lie, text| Ambush::unary(lie, &["RESOURCE_EXHAUSTED"], text).goaway(ENHANCE_YOUR_CALM);
    let broken = |lie, code| Ambush::unary(lie, &["INTERNAL"], "").goaway(code);
    vec![
        Attack::on_client(
            "client-s3-made-you-reset",
            "DATA before the head for 100 calls at a time, of 400",
            "`reset_budget` 200",
            Ambush::unary(data_first, &["INTERNAL", "RESOURCE_EXHAUSTED", "UNAVAILABLE"], "").calls(400),
        ),
        Attack::on_client(
            "client-s4-continuation-flood",
            "CONTINUATION of 1 KiB without end",
            "8 CONTINUATION frames a block",
            calm(continuation, "CONTINUATION"),
        ),
        Attack::on_client(
            "client-s5-empty-continuation",
            "CONTINUATION without bytes, without end",
            "8 CONTINUATION frames a block",
            calm(empty_continuation, "CONTINUATION"),
        ),
        Attack::on_client("client-s11-ping-flood", "1,000,000 × PING", glitches, calm(pings, "of no use")),
        Attack::on_client("client-s12-settings-flood", "100,000 × SETTINGS", glitches, calm(settings, "of no use")),
        Attack::on_client(
            "client-s12-settings-entries",
            "SETTINGS of 2,730 entries",
            "`settings_limit` 32",
            calm(entries, "entries"),
        ),
        Attack::on_client(
            "client-s14-empty-data",
            "1,000,000 × DATA without bytes",
            "`empty_frame_limit` 100 in a row",
            calm(empty_data, "say nothing"),
        ),
        Attack::on_client(
            "client-s14-interim-responses",
            "100,000 × a response 103",
            "`empty_frame_limit` 100 in a row",
            calm(interim, "say nothing"),
        ),
        Attack::on_client("client-s17-priority-flood", "1,000,000 × PRIORITY", glitches, calm(priority, "of no use")),
        Attack::on_client(
            "client-s18-window-flood",
            "1,000,000 × WINDOW_UPDATE of 1",
            glitches,
            calm(updates, "of no use"),
        ),
        Attack::on_client(
            "client-s18-window-overflow",
            "a window above 2^31-1",
            "RFC 9113 §6.9.1",
            broken(overflow, FLOW_CONTROL_ERROR),
        ),
        Attack::on_client("client-s21-push", "PUSH_PROMISE", "push is off", broken(push, PROTOCOL_ERROR)),
        Attack::on_client(
            "client-s21-stream-numbers",
            "a response on a stream that the client never opened",
            "RFC 9113 §5.1.1",
            broken(stranger, PROTOCOL_ERROR),
        ),
        Attack::on_client(
            "client-s33-unknown-frames",
            "1,000,000 × a frame of an unknown kind",
            glitches,
            calm(unknown, "of no use"),
        ),
    ]
}

fn data_first(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    let mut stream = greet(raw)?;
    let seen = |stream: u32| move |state: &crate::wire::State| state.replies.contains_key(&stream) || state.is_over();
    // As long as calls come: the last of them have gone to another connection, or have failed with this one.
    while stream < 800 && raw.wait("requests", seen(stream)).is_ok() && !raw.seen().is_over() {
        raw.send(&Frames::new().data(stream, b"x", false));
        stream += 2;
    }
    Ok(())
}

fn continuation(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    let stream = greet(raw)?;
    raw.send(&Frames::new().frame(HEADERS, 0, stream, Block::response().bytes()));
    let piece = Block::new().field("x", &"y".repeat(1_018));
    raw.flood(100_000, |_, frames| frames.frame(CONTINUATION, 0, stream, piece.bytes()));
    Ok(())
}

fn empty_continuation(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    let stream = greet(raw)?;
    raw.send(&Frames::new().frame(HEADERS, 0, stream, Block::response().bytes()));
    raw.flood(1_000_000, |_, frames| frames.frame(CONTINUATION, 0, stream, &[]));
    Ok(())
}

fn pings(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    greet(raw)?;
    raw.flood(1_000_000, |_, frames| frames.ping(7));
    Ok(())
}

fn settings(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    greet(raw)?;
    let mut window = 0;
    raw.flood(100_000, |_, frames| {
        window += 1;
        frames.settings(&[(INITIAL_WINDOW_SIZE, window)])
    });
    Ok(())
}

fn entries(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    greet(raw)?;
    raw.send(&Frames::new().settings(&[(0x99, 1); 2_730]));
    Ok(())
}

fn empty_data(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    let stream = greet(raw)?;
    raw.send(&Frames::new().headers(stream, &Block::response(), false));
    raw.flood(1_000_000, |_, frames| frames.data(stream, &[], false));
    Ok(())
}

fn interim(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    let stream = greet(raw)?;
    let block = Block::new().field(":status", "103").field("link", "</a>");
    raw.flood(100_000, |_, frames| frames.headers(stream, &block, false));
    Ok(())
}

fn priority(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    let stream = greet(raw)?;
    raw.flood(1_000_000, |_, frames| frames.priority(stream, 0));
    Ok(())
}

fn updates(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    greet(raw)?;
    raw.flood(1_000_000, |_, frames| frames.window_update(0, 1));
    Ok(())
}

fn overflow(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    greet(raw)?;
    raw.send(&Frames::new().window_update(0, MOST));
    Ok(())
}

fn push(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    let stream = greet(raw)?;
    let payload = [&[0, 0, 0, 2][..], Block::request("/abuse.Target/Echo").bytes()].concat();
    raw.send(&Frames::new().frame(PUSH_PROMISE, 4, stream, &payload));
    Ok(())
}

fn stranger(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    greet(raw)?;
    raw.send(&Frames::new().headers(1_001, &Block::response(), false));
    Ok(())
}

fn unknown(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    greet(raw)?;
    raw.flood(1_000_000, |_, frames| frames.frame(0xbb, 0xff, 0, b""));
    Ok(())
}
