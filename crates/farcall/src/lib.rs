//! gRPC for Rust: client and server on an HTTP/2 engine of its own.
//!
//! Most programs need generated code (`farcall-build`), a codec (`farcall-protobuf`), and from here a [`Server`] or a
//! [`Channel`]. A handler gets plain messages and a [`Call`]; a call is a future with a builder's methods.
//!
//! **Handlers are dropped at an await when their call is cancelled**: by the caller, by its deadline, or by the loss of
//! the connection. What must be finished anyway belongs on a task of its own.
//!
//! The house below: [`farcall_wire`] knows what bytes mean, [`farcall_policy`] decides where and when; this crate alone
//! touches sockets and clocks.

mod call;
pub mod client;
pub mod codec;
mod compress;
mod context;
mod observe;
pub mod server;
mod stream;
pub mod transport;

pub use client::{Channel, Reply};
pub use context::{Context, Scope};
pub use farcall_wire::grpc::{Code, Encoding, Metadata, MetadataError, OrStatus, Status};
pub use server::{Call, Router, Server};
pub use stream::{Inbound, Messages, Outbound};
pub use transport::Peer;
