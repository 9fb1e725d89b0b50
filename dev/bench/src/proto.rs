//! What `build.rs` made of `proto/bench.proto`, once for each implementation.

/// Messages of buffa, stubs of farcall.
pub(crate) mod farcall {
    farcall_protobuf::include_proto!();
}

/// Messages of prost, stubs of tonic.
pub(crate) mod tonic {
    #![allow(missing_docs, clippy::all, clippy::too_many_lines)]
    ::tonic::include_proto!("bench.v1");
}

/// Messages of buffa, stubs of connectrpc.
pub(crate) mod connectrpc {
    #![allow(missing_docs, clippy::all, clippy::too_many_lines)]
    ::connectrpc::include_generated!();
}
