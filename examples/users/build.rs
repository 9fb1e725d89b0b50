//! Compiles the contract; `protoc` is not needed.

fn main() -> Result<(), farcall_build::Error> {
    farcall_build::compile(&["../../proto/users.proto"], &["../../proto"])
}
