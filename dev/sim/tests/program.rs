//! The program that runs seeds: what it says, and how it exits.

use std::process::{Command, Output};

fn sim(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sim")).args(arguments).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn seeds_are_run_and_counted() {
    let output = sim(&["--seeds", "20", "--from", "100", "--threads", "2"]);
    let said = text(&output.stdout);
    assert!(output.status.success() && said.contains("20 seeds from 100") && said.contains("; 0 failed"), "{said}");
}

#[test]
fn a_seed_can_be_watched() {
    let output = sim(&["--seeds", "1", "--from", "5", "--trace"]);
    assert!(output.status.success());
    let said = text(&output.stdout);
    assert!(said.contains("SETTINGS") && said.contains("Wait(") && said.contains("; 0 failed"), "{said}");
}

#[test]
fn help_is_given_and_bad_arguments_exit_with_two() {
    let help = sim(&["--help"]);
    assert!(help.status.success() && text(&help.stdout).contains("--seeds N"));
    let bad = sim(&["--seeds", "many"]);
    assert_eq!(bad.status.code(), Some(2));
    assert!(text(&bad.stderr).contains("`many`"));
}
