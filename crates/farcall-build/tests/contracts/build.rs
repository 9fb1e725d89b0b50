//! Compiles every contract in `proto`, and those of the project that farcall itself is tested with.

use std::path::PathBuf;

use farcall_build::Config;

fn main() -> Result<(), farcall_build::Error> {
    let project = "../../../../proto";
    let mut files: Vec<PathBuf> = std::fs::read_dir("proto")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "proto"))
        .collect();
    files.sort();
    files.push(PathBuf::from(project).join("users.proto"));
    files.push(PathBuf::from(project).join("grpc/testing/test.proto"));
    println!("cargo:rerun-if-changed=proto");
    farcall_build::compile(&files, &["proto", project])?;
    Config::new().client(false).file_name("served.rs").compile(&["proto/collide.proto"], &["proto"])?;
    Config::new().server(false).file_name("called.rs").compile(&["proto/collide.proto"], &["proto"])
}
