//! `h2-client URL`: one GET over plain HTTP/2, for conformance suites that play the server. No gRPC.
//!
//! Exit code 0 for a well-formed answer, whatever its status; else 1 and the reason, within five seconds.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use farcall_wire::h2::event::Cause;
use farcall_wire::h2::{Config, Connection, ErrorCode, Event};
use interop::plain;
use tokio::net::TcpStream;

/// Makes one GET request by HTTP/2 (prior knowledge, no TLS).
#[derive(Debug, Parser)]
struct Flags {
    /// `http://host[:port][/path]`.
    url: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let url = Flags::parse().url;
    let answer = match tokio::time::timeout(LIMIT, get(&url)).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("no whole answer within {LIMIT:?}")),
    };
    match answer {
        Ok((status, length)) => {
            println!("{status}, {length} bytes");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("h2-client: {url}: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// What came of the request.
#[derive(Default)]
struct Answer {
    status: Option<String>,
    length: usize,
    outcome: Option<Result<(), String>>,
}

async fn get(url: &str) -> Result<(String, usize), String> {
    let (authority, path) = parse(url)?;
    let address = if authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        authority.to_owned()
    } else {
        format!("{authority}:80")
    };
    let socket = TcpStream::connect(&address).await.map_err(|error| format!("{address}: {error}"))?;
    let request = plain::fields(&[(":method", "GET"), (":scheme", "http"), (":authority", authority), (":path", path)]);
    let mut connection = Connection::client(Config::default(), Instant::now());
    let mut answer = Answer::default();
    connection.open(&request, true).ok_or("no stream can be opened")?;
    let handle = |connection: &mut Connection, event| {
        answer.handle(connection, event);
        true
    };
    plain::drive(socket, connection, handle).await.map_err(|error| error.to_string())?;
    match answer.outcome {
        Some(Ok(())) => Ok((answer.status.unwrap_or_default(), answer.length)),
        Some(Err(reason)) => Err(reason),
        None => Err("the connection ended before the answer".to_owned()),
    }
}

/// The authority and the path of a URL.
fn parse(url: &str) -> Result<(&str, &str), String> {
    let rest = url.strip_prefix("http://").ok_or("the URL must begin with http://")?;
    let at = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    match authority.is_empty() {
        true => Err("the URL names no host".to_owned()),
        false => Ok((authority, if path.is_empty() { "/" } else { path })),
    }
}

impl Answer {
    fn handle(&mut self, connection: &mut Connection, event: Event) {
        match event {
            Event::Headers { stream, trailers, fields, end } => {
                if !trailers {
                    let status = fields.get(b":status").unwrap_or_default();
                    self.status = Some(String::from_utf8_lossy(status).into_owned());
                }
                self.end_if(connection, stream, end);
            }
            Event::Data { stream, bytes, end } => {
                self.length += bytes.len();
                connection.release(stream, u32::try_from(bytes.len()).unwrap_or(u32::MAX));
                self.end_if(connection, stream, end);
            }
            Event::Reset { stream, cause } => {
                let reason = match cause {
                    Cause::Peer(code) => format!("the server reset the stream with {code}"),
                    Cause::Unprocessed => "the server is going away and did not look at the request".to_owned(),
                    Cause::Fault(reason) => reason.to_string(),
                };
                self.outcome.get_or_insert(Err(reason));
                connection.forget(stream);
                connection.shut_down(Instant::now());
            }
            Event::Over { fault: Some(fault) } => _ = self.outcome.get_or_insert(Err(fault.to_string())),
            _ => {}
        }
    }

    fn end_if(&mut self, connection: &mut Connection, stream: farcall_wire::h2::StreamKey, end: bool) {
        if end {
            self.outcome.get_or_insert(Ok(()));
            connection.reset(stream, ErrorCode::NoError, None);
            connection.forget(stream);
            connection.shut_down(Instant::now());
        }
    }
}

/// How long all of it may take.
const LIMIT: Duration = Duration::from_millis(4_500);
