//! What the application does in the course of a structured input.

use std::time::Duration;

use farcall_wire::Reason;
use farcall_wire::grpc::{Metadata, ReplyEnd, ReplyHead, RequestHead, Status};
use farcall_wire::h2::Role;

use super::Verb;
use crate::session::{Session, framed};

/// Does it; a verb that the role does not have does nothing, and neither does one without a call.
pub(super) fn run(session: &mut Session, verb: Verb, call: u8, size: u16, detail: u16) {
    let client = session.application.role() == Role::Client;
    match verb {
        Verb::Open if client => {
            return session.act(|engine, known, now| known.begin(engine, &head(detail), deadline(size), now));
        }
        Verb::ShutDown => return session.act(|engine, _, now| engine.shut_down(now)),
        Verb::Abort => return session.act(|engine, _, _| engine.abort(Reason::Broken)),
        _ => {}
    }
    let Some(call) = session.application.pick(call) else { return };
    match verb {
        Verb::Send => {
            let body = framed(usize::from(detail % 4), size.into()).take();
            session.act(|engine, _, _| engine.send(call, body));
        }
        Verb::Finish if client => session.act(|engine, _, _| engine.finish(call)),
        Verb::Reset => {
            let reason = if detail & 1 == 0 { Reason::Cancelled } else { ONE_MESSAGE };
            session.act(|engine, known, _| known.reset(engine, call, reason));
        }
        Verb::Release => session.act(|engine, known, _| known.release(engine, call, u32::from(size) << (detail % 16))),
        Verb::ReplyHead if !client => {
            let reply = ReplyHead { metadata: metadata(detail), ..ReplyHead::default() };
            session.act(|engine, _, _| engine.reply_head(call, &reply));
        }
        Verb::Reply if !client => {
            let status = if detail & 1 == 0 { Ok(()) } else { Err(Status::aborted("ümläut \u{1f600} %")) };
            let end = ReplyEnd { status, trailers: metadata(detail) };
            let mut body = framed(usize::from(detail >> 1 & 3), size.into());
            session.act(|engine, known, _| known.reply(engine, call, &mut body, &end));
        }
        Verb::Reject if !client => session.act(|engine, _, _| engine.reject(call, ONE_MESSAGE)),
        Verb::Close if !client => session.act(|engine, known, _| known.close(engine, call)),
        _ => {}
    }
}

const ONE_MESSAGE: Reason = Reason::Cardinality { expected: "one message" };

fn head(detail: u16) -> RequestHead {
    let timeout = (detail & 1 != 0).then(|| Duration::from_millis(detail.into()));
    RequestHead { path: "/a.B/C".into(), timeout, metadata: metadata(detail), ..RequestHead::default() }
}

/// A call's own deadline, in milliseconds.
fn deadline(size: u16) -> Option<Duration> {
    (size > 0).then(|| Duration::from_millis(size.into()))
}

/// None as a rule; some, or more than a careful peer takes.
fn metadata(detail: u16) -> Metadata {
    let mut metadata = Metadata::new();
    let large = if detail & 0x4000 != 0 { 17_000 } else { 40 };
    if detail & 0x8000 != 0 {
        for (name, length) in [("x-a", 3), ("x-b", large)] {
            metadata.append(name, "v".repeat(length)).expect("a legal name and value");
        }
        metadata.append_bin("x-c-bin", [0, 255, 7]).expect("a legal name");
    }
    metadata
}
