//! Guided fuzzing of what the network can send: targets, a corpus, and a driver that runs on stable Rust.
//!
//! A target is a function over bytes that panics when a promise is broken, and says what it reached. Nothing here knows
//! why a promise holds; the engine is used through its public door alone. Nothing here is `unsafe`.
//!
//! **Which engine, and why two.** The targets are run by two drivers. The one in this crate ([`Explorer`]) keeps inputs
//! that reach something new, where "something" is what can be seen from outside ([`Reach`]): it needs no instrumented
//! build, gives the same run for the same seed on every machine, and therefore runs as a test. The other is libFuzzer, in
//! the folder `coverage` beside this crate: it sees every branch and every comparison of the code under test, and runs on
//! stable too, because coverage is asked of LLVM by `-C passes=sancov-module` and the address sanitizer, which needs
//! nightly, would find nothing in a house without `unsafe`. Both share targets and corpus.
//!
//! ```text
//!   corpus/*.txt ──▶ seeds ──▶ Explorer ─┬─▶ Target ──▶ Reach
//!                      │        mutate ◀─┘     ▲
//!                      └──▶ coverage (libFuzzer) ┘
//! ```

pub mod corpus;
pub mod explore;
pub mod frames;
pub mod hpack;
pub mod inflate;
mod input;
pub mod metadata;
pub mod mutate;
pub mod planted;
mod random;
mod reach;
pub mod seeds;
pub mod session;
pub mod split;
pub mod stream;

pub use explore::{Explorer, Finding, Guidance};
pub use input::{Input, pieces};
pub use random::Random;
pub use reach::{Outcome, Reach};

/// Something to fuzz.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, and its corpus's.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// Runs one input; panics when a promise is broken.
    pub run: fn(&[u8]) -> Reach,
    /// The longest input that is worth trying, in bytes.
    pub longest: usize,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "server", about: "bytes into a server's connection", run: stream::server, longest: 4_096 },
    Target {
        name: "client",
        about: "bytes into a client's connection with calls open",
        run: stream::client,
        longest: 4_096,
    },
    Target { name: "server-frames", about: "frames, verbs and time at a server", run: frames::server, longest: 1_026 },
    Target { name: "client-frames", about: "frames, verbs and time at a client", run: frames::client, longest: 1_026 },
    Target { name: "hpack", about: "header blocks, and round trips", run: hpack::run, longest: 1_024 },
    Target {
        name: "metadata",
        about: "metadata, messages of a status, timeouts, encodings",
        run: metadata::run,
        longest: 512,
    },
    Target { name: "split", about: "messages out of bytes in any pieces", run: split::run, longest: 2_048 },
    Target { name: "inflate", about: "compressed messages through a whole server", run: inflate::run, longest: 1_024 },
];

/// The target of this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
