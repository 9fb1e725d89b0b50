//! Connections that a server breaks, delays or never lets go of: the counterparts of S1, S19, S32.

use std::time::Duration;

use crate::ambush::{Ambush, greet};
use crate::attack::Attack;
use crate::failure::Failure;
use crate::wire::{ACK, Frames, MAX_CONCURRENT_STREAMS, REFUSED_STREAM, Raw, SETTINGS};

pub(super) fn attacks() -> Vec<Attack> {
    let (soon, later) = (&["connect=500"], &["connect=500", "deadline=3000"]);
    vec![
        Attack::on_client(
            "client-s1-refused-streams",
            "every call of 100 is refused, on every connection",
            "one transparent retry a call",
            Ambush::unary(refuse, &["UNAVAILABLE"], "").calls(100),
        ),
        Attack::on_client(
            "client-s19-silent-server",
            "a server that takes the connection and says nothing",
            "`connect_timeout` (0.5 s here)",
            Ambush::unary(silent, &["UNAVAILABLE"], "no answer within").options(soon),
        ),
        Attack::on_client(
            "client-s19-no-http2",
            "a server that speaks HTTP/1.1",
            "the first frame must be SETTINGS",
            Ambush::unary(http1, &["UNAVAILABLE"], "does not speak HTTP/2").options(soon),
        ),
        Attack::on_client(
            "client-s19-no-reply",
            "a server that takes the call and never answers",
            "the call's deadline (3 s here)",
            Ambush::unary(no_reply, &["DEADLINE_EXCEEDED"], "").options(later),
        ),
        Attack::on_client(
            "client-s32-goaway",
            "GOAWAY before any call was looked at, on every connection",
            "one transparent retry a call; backoff",
            Ambush::unary(goaway, &["UNAVAILABLE"], "going away").options(soon).calls(20).connections(50),
        ),
        Attack::on_client(
            "client-s32-no-streams",
            "SETTINGS that allow no stream, then the end, on every connection",
            "3 connections that take no call, then backoff",
            Ambush::unary(no_streams, &["UNAVAILABLE"], "end before they take a call").options(soon),
        ),
        Attack::on_client(
            "client-s32-goaway-and-stay",
            "GOAWAY that lets the call end, which it never does",
            "the call's deadline (3 s here)",
            Ambush::unary(stay, &["DEADLINE_EXCEEDED"], "").options(later),
        ),
    ]
}

fn refuse(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    greet(raw)?;
    let mut next = 1;
    while next < 400 {
        let known = |state: &crate::wire::State| state.replies.contains_key(&next) || state.is_over();
        if raw.wait("another request", known).is_err() || raw.seen().is_over() {
            return Ok(());
        }
        raw.send(&Frames::new().reset(next, REFUSED_STREAM));
        next += 2;
    }
    Ok(())
}

fn silent(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    raw.end().map(drop)
}

fn http1(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    raw.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", 1);
    raw.end().map(drop)
}

fn no_reply(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    greet(raw)?;
    raw.wait("the client's reset", |state| !state.resets.is_empty())
}

fn goaway(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    greet(raw)?;
    raw.send(&Frames::new().goaway(0, 0));
    raw.end().map(drop)
}

fn no_streams(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    raw.send(&Frames::new().settings(&[(MAX_CONCURRENT_STREAMS, 0)]).frame(SETTINGS, ACK, 0, &[]));
    raw.wait("the client's SETTINGS", |state| state.greeted)?;
    std::thread::sleep(Duration::from_millis(1));
    raw.finish();
    Ok(())
}

fn stay(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    let stream = greet(raw)?;
    raw.send(&Frames::new().goaway(stream, 0));
    raw.wait("the client's reset", |state| !state.resets.is_empty())
}
