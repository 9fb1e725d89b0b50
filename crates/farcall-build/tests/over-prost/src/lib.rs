//! A user's crate with messages of prost: it is tested by being compiled, and called in `tests`.

/// What was told about a contract for which prost has no Rust.
pub const REFUSAL: &str = include_str!(concat!(env!("OUT_DIR"), "/refusal.txt"));

/// What was written.
pub mod proto {
    farcall_protobuf::include_proto!();
}
