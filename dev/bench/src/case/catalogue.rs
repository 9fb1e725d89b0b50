//! The list of cases: first those with a gate, then those that stand beside them.

use super::{Case, Gate, Kind};
use crate::load::Method;
use crate::runtime::Runtime;

/// The gates, in the order of the table.
pub fn gates() -> Vec<Case> {
    let mut cases = vec![
        times("server c1 m1", 1.5, "the floor", unary(1, 1, Runtime::Current)),
        times("server c64 m1", 1.9, "2.2", unary(64, 1, Runtime::Current)),
        times("server c1 m10", 3.0, "4", unary(1, 10, Runtime::Current)),
        times("server c10 m10", 5.0, "9", unary(10, 10, Runtime::Current)),
        times("server c1 m100", 6.0, "12", unary(1, 100, Runtime::Current)),
        times("server c1 m100, multi_thread", 10.0, "25", unary(1, 100, Runtime::Multi(1))),
        times("client, 64 in flight", 5.0, "9", Kind::Client { in_flight: 64, runtime: Runtime::Current }),
    ];
    let streams = [
        ("stream server, 1 KiB", 1.8, "2.3", 20_000, 1024),
        ("stream server, 64 KiB", 1.6, "1.9", 1000, 64 * 1024),
        ("stream server, 1 MiB", 2.0, "2.6", 64, 1024 * 1024),
    ];
    for (name, gate, aim, chunks, size) in streams {
        let method = Method::Download { chunks, size };
        let kind = Kind::Server { connections: 1, calls: 1, runtime: Runtime::Current, suspend: false, method };
        cases.push(Case { unit: "µs/message", ..times(name, gate, aim, kind) });
    }
    cases.extend([
        limit("instructions, c1 m100", "a call", 6000.0, "3,000", Kind::Instructions { calls: 100 }),
        limit("allocations, both sides", "a call", 12.0, "8", Kind::Allocations),
        limit("heap, idle connection", "bytes", 8192.0, "4,096", Kind::Idle),
    ]);
    cases
}

/// The rows without a gate.
pub fn others() -> Vec<Case> {
    let server = |connections, calls, runtime, suspend, metadata| Kind::Server {
        connections,
        calls,
        runtime,
        suspend,
        method: Method::Get { metadata },
    };
    vec![
        row("deadline and metadata, c1 m100", server(1, 100, Runtime::Current, false, true)),
        row("suspends once, c1 m1", server(1, 1, Runtime::Current, true, false)),
        row("suspends once, c64 m1", server(64, 1, Runtime::Current, true, false)),
        row("suspends once, c1 m10", server(1, 10, Runtime::Current, true, false)),
        row("suspends once, c10 m10", server(10, 10, Runtime::Current, true, false)),
        row("suspends once, c1 m100", server(1, 100, Runtime::Current, true, false)),
        row("suspends once, c1 m100, multi_thread", server(1, 100, Runtime::Multi(1), true, false)),
        row("two workers, c1 m1", unary(1, 1, Runtime::Multi(2))),
        row("two workers, c64 m1", unary(64, 1, Runtime::Multi(2))),
        row("two workers, c1 m10", unary(1, 10, Runtime::Multi(2))),
        row("two workers, c10 m10", unary(10, 10, Runtime::Multi(2))),
        row("two workers, c1 m100", unary(1, 100, Runtime::Multi(2))),
        row("client, 1 in flight", Kind::Client { in_flight: 1, runtime: Runtime::Current }),
        row("client, 64 in flight, multi_thread", Kind::Client { in_flight: 64, runtime: Runtime::Multi(1) }),
        Case { unit: "a call", ..row("instructions, c1 m1", Kind::Instructions { calls: 1 }) },
    ]
}

/// How the cost of a call changes with the number of connections.
pub fn scaling() -> Vec<Case> {
    vec![
        row("scaling c1 m10", unary(1, 10, Runtime::Current)),
        row("scaling c10 m10", unary(10, 10, Runtime::Current)),
        row("scaling c100 m10", unary(100, 10, Runtime::Current)),
        row("scaling c1000 m10", unary(1000, 10, Runtime::Current)),
    ]
}

fn unary(connections: usize, calls: usize, runtime: Runtime) -> Kind {
    Kind::Server { connections, calls, runtime, suspend: false, method: Method::Get { metadata: false } }
}

fn times(name: &'static str, gate: f64, aim: &'static str, kind: Kind) -> Case {
    Case { name, unit: CALL, kind, gate: Some(Gate::Times(gate)), aim }
}

fn limit(name: &'static str, unit: &'static str, most: f64, aim: &'static str, kind: Kind) -> Case {
    Case { name, unit, kind, gate: Some(Gate::AtMost(most)), aim }
}

fn row(name: &'static str, kind: Kind) -> Case {
    Case { name, unit: CALL, kind, gate: None, aim: "" }
}

const CALL: &str = "µs/call";
