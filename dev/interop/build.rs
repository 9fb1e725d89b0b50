//! Compiles the contract of the interop tests; the messages and stubs are what `src/lib.rs` includes.

fn main() -> Result<(), farcall_build::Error> {
    farcall_build::compile(&["../../proto/grpc/testing/test.proto"], &["../../proto"])
}
