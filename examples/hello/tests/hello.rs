//! The example as a newcomer runs it.

use std::process::Command;

#[test]
fn it_greets_the_world() {
    let output = Command::new(env!("CARGO_BIN_EXE_hello")).output().expect("the example can be started");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "Hello, world!\n");
    assert!(output.status.success());
}
