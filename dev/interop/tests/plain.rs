//! `h2-server` and `h2-client`, against one another and against servers that are none.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};

fn get(url: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_h2-client")).arg(url).output().expect("the client runs")
}

/// A server process that ends with its owner.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

fn serve() -> (Server, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_h2-server"));
    let mut server = Server(command.args(["--port", "0"]).stdout(Stdio::piped()).spawn().expect("the server runs"));
    let mut line = String::new();
    let stdout = server.0.stdout.take().expect("it is piped");
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    let address = line.trim().strip_prefix("listening on ").expect("where it listens").to_owned();
    (server, address)
}

#[test]
fn a_get_is_answered_with_a_body() {
    let (_server, address) = serve();
    for path in ["", "/", "/some/path?and=query"] {
        let output = get(&format!("http://{address}{path}"));
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "200, 19 bytes\n");
    }
}

#[test]
fn what_is_no_answer_is_a_failure_with_its_reason() {
    let (listener, mut said) = (TcpListener::bind("127.0.0.1:0").expect("a port"), Vec::new());
    let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
    let server = std::thread::spawn(move || {
        for answer in [&b""[..], b"HTTP/1.1 200 OK\r\n\r\n", &[0, 0, 0, 4, 0, 0, 0, 0, 0]] {
            let (mut socket, _) = listener.accept().expect("a client");
            socket.write_all(answer).expect("the client reads");
        }
    });
    for _ in 0..3 {
        said.push(get(&url));
    }
    server.join().expect("three clients came");
    said.extend([get(&url), get("https://127.0.0.1/"), get("http:///path")]);
    for output in said {
        let reason = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && reason.starts_with("h2-client: "), "{output:?}");
    }
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for() {
    // The system takes the connection, nobody answers it.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let output = get(&format!("http://{}/", listener.local_addr().expect("it is bound")));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no whole answer within 4.5s"), "{output:?}");
}
