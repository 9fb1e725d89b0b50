//! A user's crate with the strictest lints, around contracts that are hard to write in Rust: it is tested by being compiled.
//!
//! What is hard stands in the comments of `proto/*.proto`; `tests` use what was written.

/// Every contract in `proto`, the users of the first example, and the service of gRPC's interop tests.
pub mod proto {
    farcall_protobuf::include_proto!();
}

/// One contract without clients.
pub mod served {
    farcall_protobuf::include_proto!("served");
}

/// The same without servers, and not for others: nothing in it is used.
mod called {
    farcall_protobuf::include_proto!("called");
}

/// One whose handlers take views.
pub mod viewed {
    farcall_protobuf::include_proto!("viewed");
}

/// One whose bytes share their buffers.
pub mod shared {
    farcall_protobuf::include_proto!("shared");
}
