//! Compiles the contract of the interop tests twice: everything over prost, and the services alone over those messages.

use farcall_build::{Config, Runtime};

fn main() -> Result<(), farcall_build::Error> {
    let files = ["../../../proto/grpc/testing/test.proto"];
    let includes = ["../../../proto"];
    let prost = Config::new().runtime(Runtime::Prost);
    prost.compile(&files, &includes)?;
    let stubs = prost.extern_path("grpc.testing", "crate::proto::grpc::testing").file_name("stubs.rs");
    stubs.compile(&files, &includes)
}
