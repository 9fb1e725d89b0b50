//! The server from outside: over sockets and in memory, against this crate's client and against the bare engine.

mod calls;
mod ends;
mod law;
mod listens;
mod load;
mod peer;
#[path = "../probe/mod.rs"]
mod probe;
