//! Compiles the contract of the interop tests, and the one that rich errors are tried with, for `src/lib.rs` to include.

fn main() -> Result<(), farcall_build::Error> {
    farcall_build::compile(&["../../proto/grpc/testing/test.proto", "../../proto/users.proto"], &["../../proto"])
}
