//! Compiles the contract of the soak.

fn main() -> Result<(), farcall_build::Error> {
    farcall_build::compile(&["proto/soak.proto"], &["proto"])
}
