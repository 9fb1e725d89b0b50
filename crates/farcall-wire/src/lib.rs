//! farcall's memory: what the bytes of HTTP/2 and gRPC mean, for both roles, without I/O.
//!
//! Bytes and a clock reading go in; bytes, events and a deadline come out. Nothing here reads a clock, opens a socket,
//! spawns, locks or touches a global, so that two peers can be run in one thread in virtual time.
//!
//! [`h2`] is HTTP/2 (RFC 9113, RFC 7541) and knows nothing of gRPC; [`grpc`] is gRPC on top of it. An application of
//! gRPC needs [`grpc::Connection`] alone.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]
#![cfg_attr(test, allow(clippy::disallowed_methods))]

pub mod error;
pub mod grpc;
pub mod h2;
pub mod outbox;
#[cfg(test)]
mod random;
#[cfg(test)]
mod raw_peer;
mod transitions;

pub use error::{Blame, Fault, Reach, Reason};
