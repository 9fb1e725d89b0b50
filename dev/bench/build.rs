//! Compiles the contract for each implementation with its own generator; `protoc` is not needed.

use std::error::Error;
use std::path::{Path, PathBuf};

use buffa_codegen::{BytesRepr, CodeGenConfig};
use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={CONTRACT}");
    farcall_build::Config::new().shared_bytes(SHARED).compile(&[CONTRACT], &[FOLDER])?;

    let contract = protox::compile([CONTRACT], [FOLDER])?;
    let set = PathBuf::from(std::env::var("OUT_DIR")?).join("bench.fds");
    std::fs::write(&set, contract.encode_to_vec())?;
    tonic_prost_build::configure().bytes(format!(".{SHARED}")).compile_fds(contract)?;
    connectrpc(&set)
}

/// connectrpc's messages (buffa) and stubs, in a file for `connectrpc::include_generated!()`.
fn connectrpc(set: &Path) -> Result<(), Box<dyn Error>> {
    let mut messages = CodeGenConfig::default();
    messages.bytes_fields = vec![(format!(".{SHARED}"), BytesRepr::Bytes)];
    let config = connectrpc_build::Config::new().buffa_config(messages).generate_json(true).descriptor_set(set).files(&["bench.proto"]);
    Ok(config.include_file("_connectrpc.rs").compile()?)
}

/// A large content, reference-counted wherever the generator can do that: what is measured is the way of its bytes, and not
/// how the handler makes them.
const SHARED: &str = "bench.v1.Chunk.data";
const FOLDER: &str = "proto";
const CONTRACT: &str = "proto/bench.proto";
