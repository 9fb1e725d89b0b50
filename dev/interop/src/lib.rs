//! farcall as a party of the gRPC project's interop tests: the test service, and the cases that are run against one.
//!
//! Flags and exit codes are the binaries' (`interop-server`, `interop-client`), foreign peers are in `peers/`.
//! The law: `interop-test-descriptions.md` of the gRPC project.

pub mod bad_server;
pub mod cases;
mod check;
pub mod details;
pub mod plain;
pub mod service;
mod shape;
pub mod soak;

pub use check::Failure;

/// The contract, as `farcall-build` writes it.
pub mod proto {
    farcall_protobuf::include_proto!();
}

/// The request metadata that the service sends back before its messages.
pub const ECHO_INITIAL: &str = "x-grpc-test-echo-initial";
/// The request metadata that the service sends back after its messages.
pub const ECHO_TRAILING: &str = "x-grpc-test-echo-trailing-bin";
