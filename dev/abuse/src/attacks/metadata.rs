//! Fields that gRPC gives a meaning, or that somebody remembers: S25, S26, S27, S29, S31.

use super::is_alive;
use crate::attack::Attack;
use crate::contract::ECHO;
use crate::failure::{Failure, ensure};
use crate::scene::Scene;
use crate::wire::{Block, DYNAMIC, Frames, MAX_HEADER_LIST_SIZE};

pub(super) fn attacks() -> Vec<Attack> {
    let call = "fails that call alone";
    vec![
        Attack::on_server("s25-bad-base64", "1,000 × `-bin` fields that are no base64", call, base64),
        Attack::on_server(
            "s26-odd-fields",
            "te, grpc-timeout, content-type and others as nobody sends them",
            call,
            odd,
        ),
        Attack::on_server(
            "s27-path",
            "10 paths that are none and 5 that resemble one, at a server with a fallback for every path",
            "checked before anything that authorizes",
            paths,
        ),
        Attack::no_surface("s27-policies", "policies that fail open", "there are no policies of authorization"),
        Attack::on_server(
            "s27-long-path",
            "2,000 × a path of 4,000 bytes, as 1 byte from the table",
            "`header_list_limit` 16 KiB",
            long_path,
        )
        .per_frame(40),
        Attack::on_server(
            "s29-tiny-header-list",
            "5,000 calls of a client that takes header lists of 1 byte",
            "the peer's own limit; the server's head is looked at before it is sent",
            tiny_list,
        )
        .per_frame(40),
        Attack::on_server(
            "s31-cache-poisoning",
            "20,000 requests, each with a path, a field and a value that none had before",
            "4 blocks of 256 bytes are remembered; nothing is interned",
            poisoning,
        )
        .per_frame(40),
    ]
}

fn base64(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    for bad in ["!!!!", "Q", "QUJD====", "QQ==QQ==", "Q\u{e9}"].iter().cycle().take(1_000) {
        let status = raw.ask(&Block::request(ECHO.path()).field("x-bin", bad), b"x")?;
        ensure(status == "200/13", || format!("{bad:?} was answered by {status}"))?;
    }
    is_alive(&mut raw)?;
    Ok("1,000 × INTERNAL, the connection lives".to_owned())
}

fn odd(scene: &Scene) -> Result<String, Failure> {
    let long = "9".repeat(8_000);
    let fields: [(&str, &str, &str); 24] = [
        ("te", "x", "RST_STREAM PROTOCOL_ERROR"),
        ("te", "", "RST_STREAM PROTOCOL_ERROR"),
        ("te", "trailers, deflate", "RST_STREAM PROTOCOL_ERROR"),
        ("connection", "close", "RST_STREAM PROTOCOL_ERROR"),
        ("transfer-encoding", "chunked", "RST_STREAM PROTOCOL_ERROR"),
        ("x-null", "a\0b", "RST_STREAM PROTOCOL_ERROR"),
        ("x-line", "a\r\nb: c", "RST_STREAM PROTOCOL_ERROR"),
        (":late", "1", "RST_STREAM PROTOCOL_ERROR"),
        ("content-length", "-1", "RST_STREAM PROTOCOL_ERROR"),
        ("content-length", "18446744073709551616", "RST_STREAM PROTOCOL_ERROR"),
        ("content-type", "application/grpc-web", "415/-"),
        ("content-type", "", "415/-"),
        ("grpc-timeout", "", "200/13"),
        ("grpc-timeout", "-1S", "200/13"),
        ("grpc-timeout", "999999999S", "200/13"),
        ("grpc-timeout", "1x", "200/13"),
        ("grpc-timeout", &long, "200/13"),
        ("grpc-timeout", "99999999H", "200/0"),
        ("grpc-timeout", "0n", "200/4"),
        ("grpc-encoding", "no-such", "200/12"),
        ("grpc-accept-encoding", &long, "200/0"),
        ("grpc-status", &long, "200/0"),
        ("grpc-message", "%", "200/0"),
        ("user-agent", "\u{fffd}%%%", "200/0"),
    ];
    for (name, value, expected) in fields {
        let mut raw = scene.client()?;
        let status = raw.ask(&Block::request(ECHO.path()).field(name, value), b"x")?;
        let shown: String = value.chars().take(20).collect();
        ensure(status == expected, || format!("{name}: {shown:?} was answered by {status}, expected {expected}"))?;
        is_alive(&mut raw)?;
    }
    Ok(format!("{} fields, each answered by the status that it should have, every connection lives", fields.len()))
}

fn paths(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    for path in MALFORMED {
        let status = raw.ask(&Block::request(path), b"x")?;
        ensure(status == "200/12", || format!("the path {path:?} was answered by {status}, expected UNIMPLEMENTED"))?;
    }
    let status = raw.ask(&Block::request(""), b"x")?;
    ensure(status == "RST_STREAM PROTOCOL_ERROR", || format!("the empty path was answered by {status}"))?;
    let reached = scene.counts()?.fallback;
    ensure(reached == 0, || format!("{reached} of the paths reached the fallback"))?;
    for (turn, path) in SIMILAR.iter().enumerate() {
        let stream = raw.stream();
        raw.send(&Frames::new().call(stream, &Block::request(path), b"x"));
        raw.answer(stream)?;
        let echoed = raw.seen().replies[&stream].length > 0;
        ensure(!echoed, || format!("{path:?} was taken for the method that it resembles"))?;
        ensure(scene.counts()?.fallback == turn as u64 + 1, || format!("{path:?} did not reach the fallback"))?;
    }
    let (none, other) = (MALFORMED.len() + 1, SIMILAR.len());
    Ok(format!(
        "{none} are refused before anything sees them; {other} that resemble a method reach the fallback as they are"
    ))
}

/// UNIMPLEMENTED, whoever listens.
const MALFORMED: [&str; 9] = [
    "abuse.Target/Echo",
    "*",
    "/",
    "//",
    "/abuse.Target",
    "/abuse.Target/",
    "http://abuse/abuse.Target/Echo",
    "./abuse.Target/Echo",
    "\\abuse.Target\\Echo",
];
/// Of the shape of a path, and the name of no method.
const SIMILAR: [&str; 5] = [
    "//abuse.Target/Echo",
    "/abuse.Target//Echo",
    "/./abuse.Target/Echo",
    "/abuse.Target/echo",
    "/abuse.Target%2f/Echo",
];

fn long_path(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    let path = "\u{e9}".repeat(1_990);
    let rest = Block::new().grpc();
    let first = Block::new().indexed(3).indexed(6).kept(":path", &path).raw(rest.bytes());
    let again = Block::new().indexed(3).indexed(6).indexed(DYNAMIC).raw(rest.bytes());
    raw.ask(&first, b"x")?;
    let before = raw.seen().received;
    for turn in 1..=40 {
        raw.flood(50, |raw, frames| frames.headers(raw.stream(), &again, true));
        raw.wait("answers", |state| state.finished() > 50 * turn)?;
    }
    let each = (raw.seen().received - before) / 2_000;
    Ok(format!("each answered by {each} bytes"))
}

/// Calls of a header block each, some at a time; how many ended.
fn many(
    scene: &Scene,
    settings: &[(u16, u32)],
    calls: usize,
    block: impl Fn(usize) -> Block,
) -> Result<crate::wire::Raw, Failure> {
    let mut raw = scene.client_with(settings)?;
    for turn in 0..calls / 50 {
        let begin = |frames: Frames, at: usize| frames.call(raw.stream(), &block(50 * turn + at), b"x");
        let frames = (0..50).fold(Frames::new(), begin);
        raw.send(&frames);
        raw.wait("answers", |state| state.finished() >= 50 * (turn + 1))?;
    }
    Ok(raw)
}

fn tiny_list(scene: &Scene) -> Result<String, Failure> {
    let raw = many(scene, &[(MAX_HEADER_LIST_SIZE, 1)], 5_000, |_| Block::request(ECHO.path()))?;
    let state = raw.seen();
    let reset = state.resets_with(crate::wire::INTERNAL_ERROR);
    ensure(reset == 5_000 && !state.is_over(), || format!("{reset} of 5,000 calls were reset with INTERNAL_ERROR"))?;
    Ok("5,000 × RST_STREAM INTERNAL_ERROR, no head is sent, the connection lives".to_owned())
}

fn poisoning(scene: &Scene) -> Result<String, Failure> {
    let mut raw = many(scene, &[], 20_000, |at| {
        Block::request(&format!("/none.Of{at}/Method{at}")).kept(&format!("x-{at}"), &format!("{at}").repeat(20))
    })?;
    is_alive(&mut raw)?;
    let held = scene.grown()?;
    Ok(format!("each answered; {held} KiB held afterwards"))
}
