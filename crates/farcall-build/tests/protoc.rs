//! Contracts in an edition, by a protoc that is named: what is written, and what a user reads when they are wrong.

use std::fs;
use std::path::{Path, PathBuf};

use farcall_build::Config;

/// A folder of its own for each test, with a few files.
fn folder(test: &str, files: &[(&str, &str)]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("protoc").join(test);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("the folder can be made");
    for (name, text) in files {
        fs::write(path.join(name), text).expect("the file can be written");
    }
    path
}

fn with_protoc() -> Config {
    Config::new().protoc(protoc_bin_vendored::protoc_bin_path().expect("there is a protoc for this system"))
}

fn error(config: &Config, folder: &Path) -> String {
    let error = config.generate(&[folder.join("a.proto")], &[folder]).expect_err("the contract is wrong");
    error.to_string().replace(&format!("{}/", folder.display()), "")
}

#[test]
fn a_contract_in_an_edition_is_written_with_its_proto3_imports() {
    let files = [
        (
            "a.proto",
            "edition = \"2023\";\npackage a;\nimport \"b.proto\";\nservice S { rpc Get(b.B) returns (A); }\nmessage A { int32 n = 1; }\n",
        ),
        ("b.proto", "syntax = \"proto3\";\npackage b;\nmessage B {}\n"),
    ];
    let folder = folder("edition", &files);
    let text = with_protoc().generate(&[folder.join("a.proto")], &[&folder]).expect("the contract is right");
    for part in ["pub n: ::core::option::Option<i32>", "pub struct B", "pub trait S"] {
        assert!(text.contains(part), "{part} is missing");
    }
}

#[test]
fn a_contract_without_an_edition_does_not_run_protoc() {
    let folder = folder("none", &[("a.proto", "syntax = \"proto3\";\nmessage A {}\n")]);
    let config = Config::new().protoc("/nonexistent/protoc");
    assert!(config.generate(&[folder.join("a.proto")], &[&folder]).is_ok());
}

#[test]
fn a_protoc_that_cannot_be_run_is_named() {
    let folder = folder("missing", &[("a.proto", "edition = \"2023\";\n")]);
    let text = error(&Config::new().protoc("/nonexistent/protoc"), &folder);
    assert!(text.starts_with("cannot run `/nonexistent/protoc`: ") && text.contains("help: set "), "{text}");
}

#[test]
fn the_faults_that_protoc_finds_are_shown_in_their_lines() {
    let folder = folder("faults", &[("a.proto", "edition = \"2023\";\nmessage A {\n\tFoo a = 1;\n  Bar b = 2;\n}\n")]);
    assert_eq!(
        error(&with_protoc(), &folder),
        "a.proto:3:2: \"Foo\" is not defined.\n  |\n3 | \tFoo a = 1;\n  | \t^^^ found here\n\n\
         a.proto:4:3: \"Bar\" is not defined.\n  |\n4 |   Bar b = 2;\n  |   ^^^ found here"
    );
}
