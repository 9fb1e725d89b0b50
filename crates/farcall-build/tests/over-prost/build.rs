//! Compiles the contracts of `../contracts`, and the users of the first example, over prost.

use std::path::{Path, PathBuf};

use farcall_build::{Config, Runtime};

/// Contracts with names for which prost has none.
const BEYOND_PROST: [&str; 2] = ["keywords.proto", "keyword_services.proto"];

fn main() -> Result<(), farcall_build::Error> {
    let (hard, project) = ("../contracts/proto", "../../../../proto");
    let mut files: Vec<PathBuf> = std::fs::read_dir(hard)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "proto"))
        .filter(|path| !BEYOND_PROST.iter().any(|name| path.ends_with(name)))
        .collect();
    files.sort();
    files.push(PathBuf::from(project).join("users.proto"));
    println!("cargo:rerun-if-changed={hard}");
    let config = Config::new().runtime(Runtime::Prost);
    // What is told about a contract that prost cannot write; a test reads it.
    let beyond = Path::new(hard).join(BEYOND_PROST[0]);
    let told = config.generate(&[beyond], &[hard]).map_or_else(|error| error.to_string(), |_| String::new());
    let out = std::env::var_os("OUT_DIR").map(PathBuf::from).unwrap_or_default();
    std::fs::write(out.join("refusal.txt"), told).expect("cargo's folder can be written to");
    config.compile(&files, &[hard, project])
}
