//! What is legal and of no use, what is out of order, and what is no HTTP/2: S17, S21, S33, S34.

use super::is_alive;
use crate::attack::Attack;
use crate::contract::{ECHO, WAIT};
use crate::failure::Failure;
use crate::scene::Scene;
use crate::wire::{
    Block, DATA, ENHANCE_YOUR_CALM, FRAME_SIZE_ERROR, Frames, PING, PROTOCOL_ERROR, PUSH_PROMISE, SETTINGS,
    STREAM_CLOSED,
};

pub(super) fn attacks() -> Vec<Attack> {
    let glitches = "`glitch_budget` 10,000, `glitch_refill` 330 a second";
    vec![
        Attack::on_server(
            "s17-priority-flood",
            "1,000,000 × PRIORITY, of idle and of open streams",
            glitches,
            priority,
        ),
        Attack::on_server("s21-stream-numbers", "even, falling and used stream numbers", "RFC 9113 §5.1.1", numbers),
        Attack::on_server("s33-unknown-frames", "1,000,000 × a frame of an unknown kind", glitches, unknown),
        Attack::on_server(
            "s33-frames-for-the-dead",
            "100,000 × RST_STREAM and WINDOW_UPDATE for a stream that is over",
            glitches,
            dead,
        ),
        Attack::on_server(
            "s33-frames-out-of-order",
            "10 frames that may not come where they come",
            "RFC 9113 §6",
            out_of_order,
        ),
        Attack::on_server("s34-no-http2", "HTTP/1.1, a TLS ClientHello, and noise", "the preface", wrong_protocol),
        Attack::no_surface(
            "s34-tls",
            "ALPN absent, slow ClientHello, SNI beside :authority",
            "there is no TLS in farcall",
        ),
    ]
}

fn priority(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    let open = raw.stream();
    raw.send(&Frames::new().call(open, &Block::request(WAIT.path()), b"x"));
    let mut turn = 0;
    raw.flood(1_000_000, |_, frames| {
        turn += 2;
        frames.priority(if turn % 4 == 0 { open } else { turn + 1_001 }, 0)
    });
    raw.expect_goaway(ENHANCE_YOUR_CALM, "of no use")
}

fn numbers(scene: &Scene) -> Result<String, Failure> {
    let echo = Block::request(ECHO.path());
    for (first, second, code) in [(1, 2, PROTOCOL_ERROR), (5, 3, PROTOCOL_ERROR), (1, 1, STREAM_CLOSED)] {
        let mut raw = scene.client()?;
        raw.send(&Frames::new().call(first, &echo, b"x"));
        raw.answer(first)?;
        raw.send(&Frames::new().headers(second, &echo, true));
        raw.expect_goaway(code, "").map_err(|error| format!("stream {second} after {first}: {error}"))?;
    }
    Ok("GOAWAY PROTOCOL_ERROR; STREAM_CLOSED for a number that was used".to_owned())
}

fn unknown(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    raw.flood(1_000_000, |_, frames| frames.frame(0xbb, 0xff, 0, b""));
    raw.expect_goaway(ENHANCE_YOUR_CALM, "of no use")
}

fn dead(scene: &Scene) -> Result<String, Failure> {
    let mut raw = scene.client()?;
    is_alive(&mut raw)?;
    raw.flood(100_000, |_, frames| frames.reset(1, 8).window_update(1, 1));
    raw.expect_goaway(ENHANCE_YOUR_CALM, "of no use")
}

fn out_of_order(scene: &Scene) -> Result<String, Failure> {
    let new = Frames::new;
    let cases: [(&str, Frames, u32); 10] = [
        ("DATA on an idle stream", new().data(1, b"x", false), PROTOCOL_ERROR),
        ("DATA on stream 0", new().data(0, b"x", false), PROTOCOL_ERROR),
        ("RST_STREAM on an idle stream", new().reset(1, 8), PROTOCOL_ERROR),
        ("WINDOW_UPDATE on an idle stream", new().window_update(1, 1), PROTOCOL_ERROR),
        ("CONTINUATION of nothing", new().frame(9, 4, 1, b""), PROTOCOL_ERROR),
        ("PUSH_PROMISE of a client", new().frame(PUSH_PROMISE, 4, 1, &[0, 0, 0, 2]), PROTOCOL_ERROR),
        ("PING on a stream", new().frame(PING, 0, 1, &[0; 8]), PROTOCOL_ERROR),
        ("PING of 7 bytes", new().frame(PING, 0, 0, &[0; 7]), FRAME_SIZE_ERROR),
        ("SETTINGS of 5 bytes", new().frame(SETTINGS, 0, 0, &[0; 5]), FRAME_SIZE_ERROR),
        ("a frame of 16 MiB that never comes", new().lie((1 << 24) - 1, DATA, 0, 1, b""), FRAME_SIZE_ERROR),
    ];
    for (what, frames, code) in &cases {
        let mut raw = scene.client()?;
        raw.send(frames);
        raw.expect_goaway(*code, "").map_err(|error| format!("{what}: {error}"))?;
    }
    Ok("GOAWAY PROTOCOL_ERROR or FRAME_SIZE_ERROR, as the RFC names it".to_owned())
}

fn wrong_protocol(scene: &Scene) -> Result<String, Failure> {
    let hello = [&[0x16, 3, 1, 0x02, 0, 1, 0, 1, 0xfc, 3, 3][..], &[0x5a; 500]].concat();
    let noise: Vec<u8> = (0_u32..50_000).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut end = String::new();
    for bytes in [&b"GET / HTTP/1.1\r\nHost: abuse\r\n\r\n"[..], &hello, &noise] {
        let mut raw = scene.bare()?;
        raw.listen()?;
        raw.write(bytes, 1);
        end = raw.expect_goaway(PROTOCOL_ERROR, "")?;
    }
    Ok(format!("each {end}"))
}
