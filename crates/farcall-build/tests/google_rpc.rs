//! The codec of `google.rpc` that `farcall-protobuf` has checked in is what is written from its contract.
//!
//! The test stands here, and not there, so that it can write the file anew when what is there does not compile.

use std::fs;
use std::path::Path;

use farcall_build::Config;

#[test]
fn writing_the_code_anew_changes_nothing() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = project.join("proto");
    let files = ["google/rpc/status.proto", "google/rpc/error_details.proto"].map(|file| root.join(file));
    let config = Config::new().client(false).server(false).descriptor_set(false);
    let written = config.generate(&files, &[root]).expect("the contract is right");
    let checked_in = project.join("crates/farcall-protobuf/src/generated/google_rpc.rs");
    if std::env::var_os("FARCALL_REGENERATE").is_some() {
        fs::write(&checked_in, &written).expect("the file can be written");
    }
    let there = fs::read_to_string(&checked_in).expect("the file can be read");
    assert!(there == written, "generated/google_rpc.rs is not what is written now: FARCALL_REGENERATE=1 writes it");
}
