//! The settings of a gRPC connection, each with its default, its unit and the threat that it bounds.
//!
//! What is HTTP/2's alone stands in [`crate::h2::Config`].

use super::encoding::{Encoding, EncodingSet};
use crate::h2;

/// Settings of a [`super::Connection`]; plain values, so that a builder above can document them for its users.
#[derive(Debug, Clone)]
pub struct Config {
    /// Settings of the HTTP/2 connection below; their defaults, but [`h2::Config::strict_fields`] `false`.
    pub h2: h2::Config,
    /// The longest message that is received, in bytes as sent. Default 4 MiB (W25).
    pub receive_limit: u32,
    /// Bytes that unfinished messages may hold on the whole connection. Default 64 MiB.
    pub unfinished_limit: u64,
    /// Compressions that this side understands; sent as `grpc-accept-encoding`. Default identity alone.
    pub accept: EncodingSet,
}

impl Default for Config {
    fn default() -> Self {
        let mut accept = EncodingSet::default();
        accept.insert(Encoding::Identity);
        let h2 = h2::Config { strict_fields: false, ..h2::Config::default() };
        Self { h2, receive_limit: 4 << 20, unfinished_limit: 64 << 20, accept }
    }
}
