//! Compiles one contract of each edition, by the protoc of the feature `vendored-protoc`.

fn main() -> Result<(), farcall_build::Error> {
    farcall_build::compile(&["proto/of_2023.proto", "proto/of_2024.proto"], &["proto"])
}
