//! Plain HTTP/2 over the engine, without gRPC: the loop that moves a connection's bytes, for conformance suites.
//!
//! What a server answers and what a client asks is `bin/h2-server` and `bin/h2-client`. Nothing here bounds a peer:
//! the engine's own settings do.

use std::io;
use std::time::Instant;

use bytes::BytesMut;
use farcall_wire::h2::{Connection, Event, Fields, Indexing};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, sleep_until, timeout};

/// A header list of fields that HPACK may index.
pub fn fields(list: &[(&str, &str)]) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in list {
        fields.push(name.as_bytes(), value.as_bytes(), Indexing::Index);
    }
    fields
}

/// Moves bytes and time until the connection is over and everything is written, or `handle` says that it is enough.
///
/// # Errors
///
/// What the socket says when it fails.
pub async fn drive(
    mut socket: TcpStream,
    mut connection: Connection,
    mut handle: impl FnMut(&mut Connection, Event) -> bool,
) -> io::Result<()> {
    let mut bytes = BytesMut::with_capacity(READ);
    loop {
        while let Some(event) = connection.poll_event() {
            if !handle(&mut connection, event) {
                return Ok(());
            }
        }
        if connection.is_drained() {
            return linger(socket).await;
        }
        let timer = connection.poll_timeout().unwrap_or_else(|| Instant::now() + IDLE).into();
        let wants_bytes = connection.wants_bytes();
        let waiting = !connection.outbox().is_empty();
        let (mut reader, mut writer) = socket.split();
        tokio::select! {
            biased;
            written = writer.write_buf(connection.outbox()), if waiting => { written?; }
            read = reader.read_buf(&mut bytes), if wants_bytes => match read? {
                0 => connection.handle_eof(),
                _ => connection.handle_bytes(&mut bytes, Instant::now()),
            },
            () = sleep_until(timer) => connection.handle_timeout(Instant::now()),
        }
    }
}

/// Closes without a reset: a peer that still writes must be able to read the last words.
async fn linger(mut socket: TcpStream) -> io::Result<()> {
    socket.shutdown().await?;
    let mut rest = [0; 4_096];
    let read_all = async { while matches!(socket.read(&mut rest).await, Ok(1..)) {} };
    _ = timeout(LINGER, read_all).await;
    Ok(())
}

/// Bytes of one read.
const READ: usize = 16 << 10;
/// How long nothing is waited for where the engine names no time.
const IDLE: Duration = Duration::from_secs(3_600);
/// How long a peer may go on writing after the end.
const LINGER: Duration = Duration::from_secs(1);
