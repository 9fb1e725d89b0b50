//! The example as a newcomer runs it: from the command line, by what it prints.

use std::net::TcpListener;
use std::process::{Command, Output};

fn users(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_users")).args(arguments).output().expect("the example can be started")
}

#[test]
fn the_tour_shows_everything_and_ends_well() {
    let output = users(&["--once", "--listen", "127.0.0.1:0"]);
    let (printed, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{printed}{errors}");
    let expected = [
        "1. Unary",
        "get_user(\"1\") -> Ada <ada@example.com>, roles [\"admin\"]",
        "list_users(role: \"admin\") -> Grace",
        "create_users -> ids [\"4\", \"5\"]",
        "chat <- \"and goodbye\", -> \"you said: and goodbye\"",
        "-> DEADLINE_EXCEEDED",
        "(server) the chat was cancelled; messages answered until then: 1",
        "-> NOT_FOUND: there is no user with the id \"4711\"",
        "ResourceInfo: users.v1.User \"4711\": ListUsers has the ids that there are",
        "-> INVALID_ARGUMENT: user 1 has no name",
        "BadRequest: requests[0].name must not be empty",
        "header  x-request-id: Some(\"tour-8\")",
        "trailer x-served-by:  Some(\"farcall\")",
        "10000 bytes of text, compressed; -> 10010 bytes, compressed",
        "That was the tour.",
    ];
    let mut rest = printed.as_ref();
    for line in expected {
        let at = rest.find(line).unwrap_or_else(|| panic!("{line:?} is missing, or out of order, in:\n{printed}"));
        rest = &rest[at + line.len()..];
    }
}

#[test]
fn a_port_in_use_gets_an_error_that_says_so() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = users(&["--once", "--listen", &address]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(errors.contains(&address) && errors.contains("another program listens there"), "{errors}");
}

#[test]
fn a_wrong_argument_gets_an_error_that_names_it() {
    let output = users(&["--forever"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("\"--forever\""));
}
