//! Turns `.proto` contracts into Rust at build time, without protoc: messages, service traits, servers and clients.
//!
//! Nothing here runs in a user's program: what is written depends on `farcall` and `farcall-protobuf` alone.
//!
//! ```no_run
//! // build.rs
//! fn main() -> Result<(), farcall_build::Error> {
//!     farcall_build::compile(&["proto/users.proto"], &["proto"])
//! }
//! ```
//!
//! ```text
//! // src/main.rs: one module per package, so that `users.v1.User` is `proto::users::v1::User`
//! pub mod proto {
//!     farcall_protobuf::include_proto!();
//! }
//! ```
//!
//! Contracts in proto2 and proto3 are read in Rust. Those in an edition, 2023 or 2024, go through protoc: the one that the
//! environment variable `PROTOC` names, or the one that the feature `vendored-protoc` brings along.
//!
//! The same generator runs as a plugin of protoc and buf, `protoc-gen-farcall`; see [`plugin`].
//!
//! Handlers get owned messages. Those that [`Config::views`] names get theirs with strings and bytes where they were received.
//!
//! A package with several calls of [`compile`] gives each a [`Config::file_name`]; a crate that checks its generated code in
//! says where with [`Config::out_dir`].

mod config;
mod contract;
mod deprecation;
mod descriptor_set;
mod docs;
mod edition;
mod error;
mod messages;
mod names;
pub mod plugin;
#[cfg(feature = "prost")]
mod prost;
#[cfg(not(feature = "prost"))]
#[path = "without_prost.rs"]
mod prost;
mod protoc;
mod reach;
mod reserved;
mod runtime;
mod service;
mod shared_bytes;
mod sources;
mod stubs;
mod tree;
mod views;

pub use config::{Config, Runtime};
pub use error::Error;

use std::path::Path;

/// Compiles contracts for `farcall_protobuf::include_proto!()`: [`Config::compile`] with everything as it comes.
///
/// `files` are paths as seen from the package's folder, `includes` the folders in which imports are looked for (the well-known
/// types of `google/protobuf` need none). Services are written for `files`; messages for them and for all that they refer to.
///
/// # Errors
///
/// A file that cannot be read, a contract that is wrong (with file, line, column and the text of the line), or an output
/// folder that cannot be written.
pub fn compile(files: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> Result<(), Error> {
    Config::new().compile(files, includes)
}
