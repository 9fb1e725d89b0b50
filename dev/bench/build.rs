//! Compiles the contract for each implementation with its own generator; `protoc` is not needed.

use std::error::Error;
use std::path::{Path, PathBuf};

use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={CONTRACT}");
    farcall_build::compile(&[CONTRACT], &[FOLDER])?;

    let contract = protox::compile([CONTRACT], [FOLDER])?;
    let set = PathBuf::from(std::env::var("OUT_DIR")?).join("bench.fds");
    std::fs::write(&set, contract.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(contract)?;
    connectrpc(&set)
}

/// connectrpc's messages (buffa) and stubs, in a file for `connectrpc::include_generated!()`.
fn connectrpc(set: &Path) -> Result<(), Box<dyn Error>> {
    let config = connectrpc_build::Config::new().descriptor_set(set).files(&["bench.proto"]);
    Ok(config.include_file("_connectrpc.rs").compile()?)
}

const FOLDER: &str = "proto";
const CONTRACT: &str = "proto/bench.proto";
