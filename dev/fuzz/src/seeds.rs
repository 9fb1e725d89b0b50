//! The inputs to begin with: written as conversations, so that each says what it is for.
//!
//! A seed of the structured targets whose name is a reason's has to reach that reason; a test holds them to it, and holds
//! the table of reasons to having one each. What else is here is ordinary traffic.

mod client;
mod plain;
mod server;

use farcall_wire::h2::Role;

use crate::corpus::Entry;
use crate::frames::{self, Body, List, Op, Options, Verb};

/// The seeds of a target.
pub fn of(target: &str) -> Vec<Entry> {
    match target {
        "server-frames" => server::all(),
        "client-frames" => client::all(),
        "server" => said(Role::Server, server::all()),
        "client" => said(Role::Client, client::all()),
        "hpack" => plain::hpack(),
        "metadata" => plain::metadata(),
        "split" => plain::split(),
        "inflate" => plain::inflate(),
        _ => Vec::new(),
    }
}

/// What the peer says in the structured seeds, for the targets that take bytes; floods are left to the former.
fn said(role: Role, programs: Vec<Entry>) -> Vec<Entry> {
    let bytes = |entry: Entry| {
        let settings = entry.input.get(..2).unwrap_or(&[0, 0]).to_vec();
        Entry { name: entry.name, input: [settings, frames::said(role, &entry.input)].concat() }
    };
    programs.into_iter().map(bytes).filter(|entry| entry.input.len() < 2_000).collect()
}

/// A structured input that is being written.
struct Program(Vec<u8>);

impl Program {
    fn new(options: Options) -> Self {
        Self(vec![options.0, options.1])
    }

    fn op(mut self, op: Op) -> Self {
        self.0.extend_from_slice(&op.encode());
        self
    }

    fn times(self, count: u16, op: Op) -> Self {
        self.op(Op::Repeat(count)).op(op)
    }

    /// A header list in one frame.
    fn list(self, stream: u8, list: List, shape: u8) -> Self {
        self.op(headers(stream, list, shape))
    }

    /// A header list with fields added.
    fn detailed(self, stream: u8, list: List, shape: u8, detail: u16) -> Self {
        self.op(Op::Headers { stream, list, shape, cut: 0, detail })
    }

    fn data(self, stream: u8, body: Body, length: u16, shape: u8) -> Self {
        self.op(data(stream, body, length, shape))
    }

    fn window(self, stream: u8, increment: u32) -> Self {
        self.op(Op::Window { stream, increment })
    }

    fn setting(self, id: u8, value: u32) -> Self {
        self.op(Op::Settings { ack: false, count: 1, id, value })
    }

    fn ping(self, ack: bool, data: u8) -> Self {
        self.op(Op::Ping { ack, data })
    }

    fn raw(self, kind: u8, flags: u8, stream: u8, length: u16) -> Self {
        self.op(Op::Raw { kind, flags, stream, length, fill: 0 })
    }

    fn verb(self, verb: Verb, size: u16, detail: u16) -> Self {
        self.op(Op::Verb { verb, call: 0, size, detail })
    }

    fn pass(self, step: u8) -> Self {
        self.op(Op::Pass(step))
    }

    fn named(self, name: &str) -> Entry {
        Entry { name: name.to_owned(), input: self.0 }
    }
}

const fn headers(stream: u8, list: List, shape: u8) -> Op {
    Op::Headers { stream, list, shape, cut: 0, detail: 0 }
}

const fn data(stream: u8, body: Body, length: u16, shape: u8) -> Op {
    Op::Data { stream, shape, body, length, detail: 0 }
}
