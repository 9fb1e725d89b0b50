//! `h2-server --port N`: plain HTTP/2 for conformance suites; says where it listens. No gRPC.
//!
//! Every request without a body is answered by 200 and a fixed body, every other one by its own body.

use std::process::ExitCode;

use clap::Parser;
use farcall_wire::h2::{Config, Connection, Event, Fields, StreamKey};
use interop::plain;
use tokio::net::TcpListener;

/// Answers HTTP/2 requests (prior knowledge, no TLS); prints "listening on ADDRESS" when it is ready.
#[derive(Debug, Parser)]
struct Flags {
    /// The port; 0 lets the system choose a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The address to listen on; :: for every address of the machine.
    #[arg(long, default_value = "127.0.0.1")]
    host: std::net::IpAddr,
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Flags::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("h2-server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(flags: Flags) -> std::io::Result<()> {
    let listener = TcpListener::bind((flags.host, flags.port)).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        tokio::spawn(async move {
            let connection = Connection::server(Config::default(), std::time::Instant::now());
            let answer = |connection: &mut Connection, event| {
                handle(connection, event);
                true
            };
            // A socket that fails ends its connection and nothing else.
            _ = plain::drive(socket, connection, answer).await;
        });
    }
}

fn handle(connection: &mut Connection, event: Event) {
    match event {
        Event::Headers { stream, trailers: false, end, fields } => begin(connection, stream, &fields, end),
        Event::Headers { stream, end, .. } => finish(connection, stream, end),
        Event::Oversize { stream, .. } => {
            connection.send_headers(stream, &plain::fields(&[(":status", "431")]), true);
            connection.forget(stream);
        }
        Event::Data { stream, bytes, end } => {
            connection.release(stream, u32::try_from(bytes.len()).unwrap_or(u32::MAX));
            connection.send_data(stream, bytes);
            finish(connection, stream, end);
        }
        Event::Reset { stream, .. } => connection.forget(stream),
        _ => {}
    }
}

fn begin(connection: &mut Connection, stream: StreamKey, request: &Fields, end: bool) {
    let no_body = end && request.get(b":method") == Some(b"HEAD");
    connection.send_headers(stream, &plain::fields(&[(":status", "200"), ("content-type", "text/plain")]), no_body);
    if end && !no_body {
        connection.send_data(stream, BODY.into());
        connection.end(stream);
    }
    if end {
        connection.forget(stream);
    }
}

fn finish(connection: &mut Connection, stream: StreamKey, end: bool) {
    if end {
        connection.end(stream);
        connection.forget(stream);
    }
}

/// The answer to a request without a body.
const BODY: &[u8] = b"Hello over HTTP/2.\n";
