//! `protoc-gen-farcall` under protoc: the same text as a build script would get, and errors that protoc shows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use farcall_build::Config;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto")
}

/// An empty folder of the test's own.
fn folder(test: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("plugin").join(test);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("the folder can be made");
    path
}

fn protoc(include: &Path, file: &str, out: &Path, parameter: &str) -> Output {
    Command::new(protoc_bin_vendored::protoc_bin_path().expect("there is a protoc for this system"))
        .arg(format!("--plugin=protoc-gen-farcall={}", env!("CARGO_BIN_EXE_protoc-gen-farcall")))
        .arg(format!("--proto_path={}", include.display()))
        .arg(format!("--farcall_out={}", out.display()))
        .arg(format!("--farcall_opt={parameter}"))
        .arg(file)
        .output()
        .expect("protoc can be run")
}

#[test]
fn protoc_writes_what_a_build_script_would() {
    let out = folder("same");
    let output = protoc(&root(), "users.proto", &out, "client=false,file_name=users.rs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let written = fs::read_to_string(out.join("users.rs")).expect("the file was written");
    let config = Config::new().client(false);
    assert_eq!(config.generate(&[root().join("users.proto")], &[root()]).expect("the contract is right"), written);
}

#[test]
fn an_edition_is_no_obstacle() {
    let out = folder("edition");
    fs::write(out.join("a.proto"), "edition = \"2024\";\npackage a;\nmessage A { int32 n = 1; }\n").expect("written");
    let output = protoc(&out, "a.proto", &out, "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read_to_string(out.join("farcall.rs")).expect("the file was written");
    assert!(text.contains("pub n: ::core::option::Option<i32>"), "{text}");
}

#[test]
fn protoc_shows_our_error() {
    let output = protoc(&root(), "users.proto", &folder("error"), "clients=false");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && errors.contains("--farcall_out: `clients=false` is not an option"), "{errors}");
}
