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
    // Services that no test implements: their requests have views because those are as hard to write.
    let hard = ["a.b.Cross", "docs.v1.Docs", "kw2.type", "kw.type.match.self.v1.KeywordService", "lower.foo_service"];
    let old = ["deprecated.v1.OldService", "legacy.OldService", "wkt.v1.Wkt"];
    Config::new().views(hard).views(old).compile(&files, &["proto", project])?;
    Config::new()
        .client(false)
        .views(["collide.v1.Echo"])
        .file_name("served.rs")
        .compile(&["proto/collide.proto"], &["proto"])?;
    Config::new().server(false).file_name("called.rs").compile(&["proto/collide.proto"], &["proto"])?;
    let asked = ["Upload", "Split", "Join", "Relay", "Nothing"].map(|method| format!("viewed.Files.{method}"));
    Config::new().views(asked).file_name("viewed.rs").compile(&["proto/viewed.proto"], &["proto"])?;
    Config::new().shared_bytes("viewed").file_name("shared.rs").compile(&["proto/viewed.proto"], &["proto"])
}
