//! A user's crate whose contracts are written in editions: it is tested by being compiled, and called in `tests`.

/// What was written for both.
pub mod proto {
    farcall_protobuf::include_proto!();
}
