//! What this crate tells `tracing`, all under the target `farcall`: the reason of every end that somebody may ask about.
//!
//! Texts of panics and sources of errors are logged here and never sent to a peer.

use std::any::Any;
use std::io;
use std::net::SocketAddr;

use farcall_wire::Fault;
use farcall_wire::grpc::Incident;
use tracing::{debug, error, info, warn};

use crate::transport::Peer;

const TARGET: &str = "farcall";

/// A GOAWAY or a reset, sent or received, or headers that were too large.
pub(crate) fn incident(peer: &Peer, incident: &Incident) {
    match incident {
        Incident::ResetSent { serial, code, reason } => {
            let reason = reason.map_or("the application's wish", |reason| reason.name());
            debug!(target: TARGET, %peer, stream = serial, %code, reason, "reset sent");
        }
        Incident::ResetReceived { serial, code } => {
            debug!(target: TARGET, %peer, stream = serial, %code, "reset received");
        }
        Incident::GoAwaySent { code, reason } => {
            let reason = reason.map_or("shutting down", |reason| reason.name());
            debug!(target: TARGET, %peer, %code, reason, "goaway sent");
        }
        Incident::GoAwayReceived { code, debug: text } => {
            debug!(target: TARGET, %peer, %code, text = %text.escape_ascii(), "goaway received");
        }
        Incident::LargeHeaders { serial, limit, refused } => {
            debug!(target: TARGET, %peer, stream = serial, limit, refused, "large header list");
        }
    }
}

/// A connection ended otherwise than in order.
pub(crate) fn connection_failed(peer: &Peer, fault: Option<&Fault>, error: Option<&io::Error>) {
    match (fault, error) {
        (_, Some(error)) => debug!(target: TARGET, %peer, %error, "connection lost"),
        (Some(fault), None) => {
            debug!(target: TARGET, %peer, reason = fault.reason.name(), "connection failed: {fault}")
        }
        (None, None) => {}
    }
}

/// A handler panicked. The peer hears UNKNOWN and nothing of the text.
pub(crate) fn handler_panicked(path: &str, panic: &(dyn Any + Send)) {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a value that is no text");
    error!(target: TARGET, method = path, panic = text, "the handler panicked");
}

/// A connection could not be accepted; the server goes on.
pub(crate) fn accept_failed(error: &io::Error, pause: std::time::Duration) {
    warn!(target: TARGET, %error, ?pause, "accepting a connection failed");
}

/// A server begins, or ends.
pub(crate) fn serving(address: Option<SocketAddr>, what: &str) {
    match address {
        Some(address) => info!(target: TARGET, %address, "{what}"),
        None => info!(target: TARGET, "{what}"),
    }
}
