//! Conversations with a client.

use super::{Program, data, headers};
use crate::corpus::Entry;
use crate::frames::{Body, List, Op, Options, Verb};

const END: u8 = Op::END;

/// Every conversation.
pub(super) fn all() -> Vec<Entry> {
    [faults(), messages(), traffic()].concat()
}

/// After the handshake, with a call that its peer has seen.
fn calling(options: Options) -> Program {
    Program::new(options).verb(Verb::Open, 0, 0).op(Op::Write(0))
}

fn called() -> Program {
    calling(Options::PLAIN)
}

/// A call whose response headers have come.
fn answered(options: Options) -> Program {
    calling(options).list(1, List::Answer, 0)
}

/// What a server does wrong.
fn faults() -> Vec<Entry> {
    vec![
        Program::new(Options::UNGREETED).raw(6, 0, 0, 8).named("SettingsFirst"),
        Program::new(Options::UNGREETED).setting(3, 100).pass(4).named("SettingsTimeout"),
        Program::new(Options::UNGREETED).verb(Verb::Open, 0, 0).pass(4).named("HandshakeTimeout"),
        called().op(Op::Push { stream: 1, promised: 2 }).named("Push"),
        called().op(Op::Push { stream: 1, promised: 0 }).named("PromisedStream"),
        called().setting(2, 1).named("SettingValue"),
        called().list(2, List::Answer, 0).named("StreamId"),
        called().data(1, Body::Nothing, 0, 0).named("MessageOrder"),
        called().list(1, List::UpperCase, 0).named("Malformed"),
        called().list(1, List::PromisedAnswer, 0).data(1, Body::Nothing, 0, END).named("ContentLength"),
        calling(Options::SMALL).detailed(1, List::Answer, 0, 0x0300).named("HeaderListTooLarge"),
        called().times(101, headers(1, List::Interim, 0)).named("interim-on-many"),
        Program::new(Options(0, 0)).setting(6, 10).verb(Verb::Open, 0, 0x8000).named("peer-header-list"),
        calling(Options::PLAIN).verb(Verb::Send, 60_000, 2).op(Op::Write(0)).pass(3).pass(5).pass(5).named("SendStall"),
        called().op(Op::GoAway { last: 0, code: 0, debug: 5 }).named("goaway-unprocessed"),
        called().op(Op::Reset { stream: 1, code: 7 }).named("refused"),
        called().op(Op::Reset { stream: 1, code: 11 }).data(1, Body::Message, 1, 0).named("reset-then-data"),
        called().window(1, 0x7fff_ffff).named("WindowOverflow"),
    ]
}

/// What a reply may be wrong in.
fn messages() -> Vec<Entry> {
    let small = || answered(Options::SMALL);
    let many = |program: Program| program.verb(Verb::Open, 0, 0).op(Op::Write(0)).list(3, List::Answer, 0);
    vec![
        small().data(1, Body::Flag, 0, 0).named("MessageFlag"),
        small().data(1, Body::Message, 1_001, 0).named("MessageTooLarge"),
        many(small()).data(1, Body::Begun, 900, 0).data(3, Body::Begun, 900, 0).named("UnfinishedMessages"),
        small().data(1, Body::Prefix, 0, END).named("MessageTruncated"),
        small().data(1, Body::Compressed, 0, 0).named("CompressedWithoutEncoding"),
        calling(Options::SMALL)
            .detailed(1, List::Answer, 0, 16)
            .data(1, Body::Compressed, 0, 0)
            .named("UnknownEncoding"),
        small().verb(Verb::Reset, 0, 1).named("Cardinality"),
        small().verb(Verb::Reset, 0, 0).named("Cancelled"),
        Program::new(Options::PLAIN).verb(Verb::Open, 5, 0).pass(1).named("DeadlineExceeded"),
        small().data(1, Body::Begun, 900, 0).list(1, List::Failure, END).named("cut-by-status"),
    ]
}

/// Ordinary traffic.
fn traffic() -> Vec<Entry> {
    vec![
        answered(Options::PLAIN)
            .verb(Verb::Send, 10, 1)
            .verb(Verb::Finish, 0, 0)
            .data(1, Body::Message, 10, 0)
            .verb(Verb::Release, 100, 0)
            .list(1, List::Trailers, END)
            .named("unary"),
        called().list(1, List::Failure, END).named("trailers-only"),
        called().list(1, List::Interim, 0).list(1, List::Foreign, 0).data(1, Body::Rest, 2_000, 0).named("foreign"),
        called().list(1, List::Foreign, 0).data(1, Body::Rest, 20, END).named("foreign-short"),
        called().list(1, List::NoStatus, 0).named("no-status"),
        Program::new(Options(0, 64 | 11))
            .times(3, Op::Verb { verb: Verb::Open, call: 0, size: 0, detail: 0x8000 })
            .times(3, Op::Headers { stream: 1, list: List::Answer, shape: Op::INDEXED, cut: 1, detail: 0x20 })
            .data(1, Body::Begun, 100, 0)
            .data(3, Body::Many, 50, 0)
            .data(5, Body::Message, 5_000, END)
            .data(1, Body::Rest, 1, 0)
            .detailed(1, List::Trailers, END, 64)
            .named("streams-brisk"),
        Program::new(Options(8, 0))
            .verb(Verb::Open, 0, 0)
            .list(1, List::Answer, 0)
            .times(12, data(1, Body::Message, 16_379, 0))
            .verb(Verb::Release, 60_000, 3)
            .ping(true, 0)
            .verb(Verb::Release, 60_000, 3)
            .named("probe"),
        called().verb(Verb::ShutDown, 0, 0).list(1, List::Answer, 0).list(1, List::Trailers, END).named("shutdown"),
        called().op(Op::GoAway { last: 1, code: 0, debug: 0 }).list(1, List::Trailers, END).named("goaway-drain"),
        Program::new(Options::PLAIN)
            .setting(3, 1)
            .times(3, Op::Verb { verb: Verb::Open, call: 0, size: 0, detail: 0 })
            .list(1, List::Trailers, END)
            .setting(3, 5)
            .verb(Verb::Open, 0, 0)
            .named("concurrency"),
        called()
            .setting(4, 0)
            .verb(Verb::Send, 60_000, 1)
            .window(1, 30_000)
            .op(Op::Write(0))
            .setting(4, 70_000)
            .op(Op::Write(0))
            .verb(Verb::Finish, 0, 0)
            .op(Op::Write(0))
            .named("windows"),
        called()
            .times(5, Op::Ping { ack: false, data: 9 })
            .ping(true, 7)
            .op(Op::Priority { stream: 1, on: 3, length: 0 })
            .named("pings"),
    ]
}
