//! The interop tests over messages of prost. Service and cases are the sources of `interop`, compiled a second time here.
//!
//! What differs between the two kinds of messages is in `shape`; details of failures are not tried again.

// A message of prost has the fields of the contract and no others, which the shared sources do not count on.
#![allow(clippy::needless_update, reason = "the shared sources end each message in `..default()`")]

pub mod cases;
#[path = "../../src/check.rs"]
mod check;
#[path = "../../src/service/mod.rs"]
pub mod service;
mod shape;

pub use check::Failure;

/// The contract, with messages of prost.
pub mod proto {
    farcall_protobuf::include_proto!();
}

/// The services alone, over the messages of [`proto`]: what is written for messages that exist already.
pub mod stubs {
    farcall_protobuf::include_proto!("stubs");
}

/// The request metadata that the service sends back before its messages.
pub const ECHO_INITIAL: &str = "x-grpc-test-echo-initial";
/// The request metadata that the service sends back after its messages.
pub const ECHO_TRAILING: &str = "x-grpc-test-echo-trailing-bin";
