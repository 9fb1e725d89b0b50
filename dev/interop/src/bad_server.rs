//! A server that misbehaves on purpose, in raw frames: what a client must survive, and what is then asked of the client.
//!
//! No engine of farcall's is in it, only the layout of frames: it keeps both windows by itself, and every request is
//! taken for a `UnaryCall`. What it does is a [`Behaviour`]'s script; the frames are in `connection.rs`.
//! The law: `http2-interop-test-descriptions.md` of the gRPC project.

mod connection;
mod script;

use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::Failure;
use crate::check::expect;
use connection::{Connection, Seen};
pub use script::Behaviour;

/// How long a server waits for its client to come and to go again.
pub const CLIENT_LIMIT: Duration = Duration::from_secs(20);

/// Serves one client until it has closed every connection that the behaviour makes it open.
///
/// # Errors
/// What the client did and should not have done: too many or too few connections or calls at a time, a ping without its
/// answer, an error of its own, or no end within [`CLIENT_LIMIT`].
pub async fn serve(listener: TcpListener, behaviour: Behaviour) -> Result<(), Failure> {
    let end = Instant::now() + CLIENT_LIMIT;
    let mut connections = JoinSet::new();
    let (mut opened, mut ended) = (0, Vec::new());
    while opened < behaviour.connections() || !connections.is_empty() {
        let turn = async {
            tokio::select! {
                accepted = listener.accept() => Turn::Opened(accepted),
                Some(seen) = connections.join_next() => Turn::Ended(seen),
            }
        };
        match timeout_at(end, turn).await {
            Ok(Turn::Opened(accepted)) => {
                let (io, _) = accepted.map_err(|error| Failure::new(format!("no connection: {error}")))?;
                connections.spawn(Connection::new(io, behaviour, opened == 0).run());
                opened += 1;
            }
            Ok(Turn::Ended(seen)) => {
                ended.push(seen.map_err(|error| Failure::new(format!("a connection's task: {error}")))??);
            }
            Err(_) => {
                let open = connections.len();
                return Err(Failure::new(format!(
                    "expected {} connections that the client ends within {CLIENT_LIMIT:?}, got {opened}, {open} of them open still",
                    behaviour.connections()
                )));
            }
        }
    }
    expect("connections", opened, behaviour.connections())?;
    ended.iter().try_for_each(|seen| judge(seen, behaviour))
}

enum Turn {
    Opened(std::io::Result<(tokio::net::TcpStream, std::net::SocketAddr)>),
    Ended(Result<Result<Seen, Failure>, tokio::task::JoinError>),
}

fn judge(seen: &Seen, behaviour: Behaviour) -> Result<(), Failure> {
    expect("pings without an answer at the end of the connection", seen.unanswered, 0)?;
    if seen.calls == 0 {
        return Err(Failure::new("expected a call on each connection, got one without"));
    }
    match behaviour.max_streams() {
        Some(limit) if seen.at_once > limit => Err(Failure::new(format!(
            "expected at most {limit} calls at a time after SETTINGS_MAX_CONCURRENT_STREAMS = {limit}, got {}",
            seen.at_once
        ))),
        _ => Ok(()),
    }
}
