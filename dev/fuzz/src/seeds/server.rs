//! Conversations with a server.

use super::{Program, data, headers};
use crate::corpus::Entry;
use crate::frames::{Body, List, Op, Options, Verb};

const END: u8 = Op::END;

/// Every conversation.
pub(super) fn all() -> Vec<Entry> {
    [frames(), states(), budgets(), traffic()].concat()
}

/// After the handshake, with a call open.
fn called() -> Program {
    Program::new(Options::PLAIN).list(1, List::Call, 0)
}

fn small() -> Program {
    Program::new(Options::SMALL).list(1, List::Call, 0)
}

/// Frames that are wrong in themselves.
fn frames() -> Vec<Entry> {
    vec![
        called().raw(0, 0, 1, 16_385).named("FrameTooLarge"),
        called().raw(6, 0, 0, 7).named("FrameSize"),
        called().data(1, Body::Message, 3, Op::OVERFULL).named("Padding"),
        called().data(0, Body::Nothing, 0, 0).named("StreamZero"),
        called().raw(6, 0, 1, 8).named("StreamNotZero"),
        called().op(Op::Priority { stream: 1, on: 1, length: 0 }).named("SelfDependency"),
        called().setting(2, 2).named("SettingValue"),
        called().setting(4, u32::MAX).named("InitialWindow"),
        called().window(1, 0).named("ZeroIncrement"),
        called().window(0, 0x7fff_ffff).named("WindowOverflow"),
        called().times(5, data(1, Body::Rest, 16_379, 0)).named("WindowExceeded"),
        called().op(Op::Push { stream: 1, promised: 2 }).named("Push"),
        called().list(3, List::Call, Op::OPEN_ENDED).data(1, Body::Nothing, 0, 0).named("ContinuationExpected"),
        called().op(Op::Continuation { stream: 1, end: true, length: 1 }).named("ContinuationUnexpected"),
        called()
            .list(3, List::Call, Op::OPEN_ENDED)
            .times(9, Op::Continuation { stream: 3, end: false, length: 0 })
            .named("TooManyContinuations"),
        called().op(Op::Raw { kind: 1, flags: 4, stream: 3, length: 1, fill: 0x80 }).named("HeaderCompression"),
        called().op(Op::Settings { ack: false, count: 33, id: 0x99, value: 0 }).named("SettingsFlood"),
    ]
}

/// Frames that are wrong here and now, and what the application does.
fn states() -> Vec<Entry> {
    vec![
        Program::new(Options::UNGREETED).op(Op::Noise(*b"GET / ")).named("Preface"),
        Program::new(Options::UNGREETED).pass(4).named("HandshakeTimeout"),
        called().data(3, Body::Nothing, 0, 0).named("IdleStream"),
        called().list(2, List::Call, 0).named("StreamId"),
        called().data(1, Body::Nothing, 0, END).data(1, Body::Nothing, 0, END).named("ClosedStream"),
        Program::new(Options::SMALL).times(4, headers(1, List::Call, 0)).named("TooManyStreams"),
        called().named("Disconnected"),
        called().verb(Verb::Abort, 0, 0).named("Broken"),
        called().list(3, List::NoMethod, END).named("Malformed"),
        Program::new(Options::PLAIN).list(1, List::Promise, END).named("ContentLength"),
        called().list(1, List::Trailers, 0).named("MessageOrder"),
        Program::new(Options::PLAIN).setting(6, 1).detailed(1, List::Call, END, 1).named("PeerHeaderList"),
        called().verb(Verb::Reset, 0, 1).named("Cardinality"),
        called().verb(Verb::Reset, 0, 0).named("Cancelled"),
    ]
}

/// What is legal, but not without end.
fn budgets() -> Vec<Entry> {
    vec![
        small().times(30, Op::Settings { ack: false, count: 0, id: 0, value: 0 }).pass(4).named("ControlFlood"),
        small().times(11, headers(3, List::NoMethod, END)).named("ResetFlood"),
        called().times(101, data(1, Body::Nothing, 0, 0)).named("EmptyFrames"),
        small().times(51, Op::Raw { kind: 0xee, flags: 0, stream: 0, length: 0, fill: 0 }).named("Glitches"),
        called().times(4, Op::Ping { ack: false, data: 7 }).named("TooManyPings"),
        called().verb(Verb::Reply, 60_000, 6).op(Op::Write(0)).pass(3).pass(5).pass(5).named("SendStall"),
        called().op(Op::Reset { stream: 1, code: 8 }).times(9, headers(3, List::Call, 0)).named("rapid-reset"),
    ]
}

/// Ordinary traffic.
fn traffic() -> Vec<Entry> {
    vec![
        called().data(1, Body::Message, 10, END).verb(Verb::Release, 100, 0).verb(Verb::Reply, 10, 2).named("unary"),
        Program::new(Options(0, 64 | 9))
            .times(3, Op::Headers { stream: 1, list: List::Call, shape: Op::INDEXED, cut: 2, detail: 2 })
            .data(1, Body::Message, 700, 0)
            .data(3, Body::Begun, 100, 0)
            .data(1, Body::Many, 100, END)
            .data(3, Body::Rest, 1, END)
            .data(5, Body::Nothing, 0, END)
            .named("streams-brisk"),
        Program::new(Options(0, 128)).times(4, headers(1, List::Call, 0)).window(0, 100_000).named("replies-hasty"),
        called()
            .verb(Verb::ReplyHead, 0, 0x8000)
            .verb(Verb::Send, 50_000, 2)
            .window(1, 50_000)
            .op(Op::Write(0))
            .verb(Verb::Reply, 5, 3)
            .named("streaming-reply"),
        called().detailed(3, List::Call, END, 2).pass(2).detailed(5, List::Call, END, 4).named("deadlines"),
        called()
            .detailed(3, List::Call, 0, 8)
            .data(3, Body::Compressed, 5, END)
            .detailed(5, List::Call, 0, 16)
            .data(5, Body::Compressed, 5, 0)
            .data(1, Body::Compressed, 5, 0)
            .named("encodings"),
        called()
            .detailed(3, List::Call, END, 32)
            .detailed(5, List::Call, END, 0xf040)
            .detailed(7, List::Call, END, 0x0f00)
            .named("metadata"),
        small().detailed(3, List::Call, 0, 0xf000).detailed(5, List::Call, END, 0x0300).named("large-headers"),
        called().data(1, Body::Flag, 5, 0).verb(Verb::Close, 0, 0).named("bad-flag"),
        small()
            .data(1, Body::Message, 1_001, 0)
            .verb(Verb::Close, 0, 0)
            .list(3, List::Call, 0)
            .data(3, Body::Begun, 900, 0)
            .named("limits"),
        called()
            .data(1, Body::Prefix, 0, END)
            .list(3, List::Unsupported, END)
            .list(5, List::Sloppy, END)
            .list(7, List::Get, END)
            .named("not-grpc"),
        called()
            .verb(Verb::ShutDown, 0, 0)
            .op(Op::Write(0))
            .list(3, List::Call, 0)
            .ping(true, 1)
            .list(5, List::Call, 0)
            .verb(Verb::Reply, 0, 0)
            .verb(Verb::Reply, 0, 0)
            .named("shutdown"),
        called()
            .op(Op::GoAway { last: 0, code: 0, debug: 3 })
            .verb(Verb::Reject, 0, 0)
            .verb(Verb::Close, 0, 0)
            .named("goaway"),
        called()
            .setting(4, 0)
            .verb(Verb::Send, 100, 1)
            .setting(4, 50)
            .op(Op::Write(0))
            .setting(1, 0)
            .setting(5, 20_000)
            .verb(Verb::Reply, 60_000, 2)
            .setting(1, 4_096)
            .op(Op::Write(0))
            .named("settings-change"),
        Program::new(Options(8, 0))
            .list(1, List::Call, 0)
            .times(12, data(1, Body::Message, 16_379, 0))
            .verb(Verb::Release, 60_000, 3)
            .ping(true, 0)
            .verb(Verb::Release, 60_000, 3)
            .named("probe"),
    ]
}
