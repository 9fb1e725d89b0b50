//! DATA and fields that say nothing: S14, S15, S22; and the honest traffic that looks like them.

use super::is_alive;
use crate::attack::Attack;
use crate::contract::{ECHO, UPLOAD};
use crate::failure::{Failure, ensure};
use crate::scene::Scene;
use crate::wire::{Block, DATA, END_STREAM, ENHANCE_YOUR_CALM, Frames, HEADERS, PADDED, PROTOCOL_ERROR, Raw, framed};

pub(super) fn attacks() -> Vec<Attack> {
    let empty = "`empty_frame_limit` 100 in a row";
    vec![
        Attack::on_server("s14-empty-data", "1,000,000 × DATA without bytes", empty, empty_data),
        Attack::on_server(
            "s14-honest-and-tiny",
            "200 calls that are read late, 100,000 empty messages, messages in frames of 1 byte",
            "none is spent",
            honest,
        ),
        Attack::on_server(
            "s15-empty-names",
            "fields without a name; 200 fields without a value",
            "`reset_budget` 200; `header_count_limit` 128",
            empty_names,
        ),
        Attack::on_server(
            "s22-padding",
            "padding longer than the frame; padding alone, 100,000 ×; 1 byte beside 255, 5,000 ×",
            "padding counts for windows, and is given back; `empty_frame_limit` 100",
            padding,
        ),
    ]
}

/// Opens an upload.
fn upload(raw: &mut Raw) -> u32 {
    let stream = raw.stream();
    raw.send(&Frames::new().headers(stream, &Block::request(UPLOAD.path()), false));
    stream
}

/// What the upload's reply says.
fn uploaded(raw: &Raw, stream: u32, expected: &str) -> Result<(), Failure> {
    let status = raw.answer(stream)?;
    let body = raw.seen().replies.get(&stream).map(|reply| reply.body.clone()).unwrap_or_default();
    let text = String::from_utf8_lossy(body.get(5..).unwrap_or_default()).into_owned();
    ensure(status == "200/0" && text == expected, || format!("an honest upload ended with {status}, {text:?}"))
}

fn empty_data(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    let stream = upload(&mut raw);
    raw.flood(1_000_000, |_, frames| frames.data(stream, &[], false));
    raw.expect_goaway(ENHANCE_YOUR_CALM, "say nothing")
}

fn honest(scene: &Scene) -> Result<String, Failure> {
    let mut late = [scene.deaf(&[])?, scene.deaf(&[])?];
    for raw in &mut late {
        let block = Block::request(ECHO.path());
        let frames = (0..100).fold(Frames::new(), |frames, _| frames.call(raw.stream(), &block, b"x"));
        raw.send(&frames);
    }
    let mut raw = scene.client()?;
    let stream = upload(&mut raw);
    raw.flood(1_000, |_, frames| frames.data(stream, &framed(b"").repeat(100), false));
    raw.send(&Frames::new().data(stream, &[], true));
    uploaded(&raw, stream, "100000 0")?;
    let stream = upload(&mut raw);
    let message = framed(&[3; 5_000]);
    let frames = message.iter().fold(Frames::new(), |frames, byte| frames.data(stream, &[*byte], false));
    raw.send(&frames.data(stream, &[], true));
    uploaded(&raw, stream, "1 5000")?;
    for raw in &mut late {
        raw.listen()?;
        raw.wait("late replies", |state| state.replies_with("200/0") == 100)?;
        is_alive(raw)?;
    }
    Ok("all of it answered with OK, every connection lives".to_owned())
}

fn empty_names(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    let many = (0..200).fold(Block::request(ECHO.path()), |block, _| block.field("x", ""));
    let status = raw.ask(&many, b"x")?;
    ensure(status == "431/8", || format!("200 fields without a value were answered by {status}"))?;
    is_alive(&mut raw)?;
    let nameless = Block::request(ECHO.path()).field("", "").field("", "x");
    raw.flood(100_000, |raw, frames| frames.headers(raw.stream(), &nameless, true));
    Ok(format!("431; {}", raw.expect_goaway(ENHANCE_YOUR_CALM, "reset")?))
}

fn padding(scene: &Scene) -> Result<String, Failure> {
    for (kind, flags) in [(DATA, PADDED), (HEADERS, PADDED | END_STREAM)] {
        let mut raw = scene.client()?;
        let stream = upload(&mut raw);
        raw.send(&Frames::new().frame(kind, flags, stream, &[200, 0, 0]));
        raw.expect_goaway(PROTOCOL_ERROR, "padding")?;
    }
    let mut raw = scene.client()?;
    let stream = upload(&mut raw);
    let alone = [&[255][..], &[0; 255]].concat();
    raw.flood(100_000, |_, frames| frames.frame(DATA, PADDED, stream, &alone));
    let end = raw.expect_goaway(ENHANCE_YOUR_CALM, "say nothing")?;
    let mut raw = scene.client()?;
    let stream = upload(&mut raw);
    for part in framed(&[3; 4_995]).chunks(100) {
        let padded =
            |frames: Frames, byte: &u8| frames.frame(DATA, PADDED, stream, &[&[255, *byte][..], &[0; 255]].concat());
        raw.send(&part.iter().fold(Frames::new(), padded));
        // The window of the stream is 64 KiB, and 25 KiB were just sent: most of it must have come back.
        scene.honest_calls(1)?;
    }
    raw.send(&Frames::new().data(stream, &[], true));
    uploaded(&raw, stream, "1 4995")?;
    Ok(format!("GOAWAY PROTOCOL_ERROR; {end}; an honest upload under padding is served"))
}
