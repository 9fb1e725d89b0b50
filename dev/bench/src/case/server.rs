//! CPU of a server: its process on one core, the load generator on the other.

use super::{Effort, Kind, Row, rounds};
use crate::child::{Server, Setup};
use crate::clock;
use crate::load::{Job, closed};
use crate::peer::Peer;

/// Fills the row's cells.
pub fn measure(row: &mut Row, effort: &Effort) {
    let Kind::Server { connections, calls, runtime, suspend, method } = row.case.kind else { return };
    let start = |peer| Server::start(Setup { peer, runtime, suspend, core: clock::MEASURED_CORE });
    rounds::run(row, effort, &Peer::ALL, start, |peer, server| {
        let job = Job { peer, address: server.address, connections, calls, method };
        closed::timed(&job, server.id(), effort.window)
    });
}
