//! CPU of a client: its process on one core, and on the other a server that is faster than any of the clients.

use super::{Effort, Kind, Row, rounds};
use crate::Failure;
use crate::child::{Caller, Server, Setup};
use crate::clock;
use crate::peer::Peer;
use crate::runtime::Runtime;

/// Fills the row's cells.
pub fn measure(row: &mut Row, effort: &Effort) {
    let Kind::Client { in_flight, runtime } = row.case.kind else { return };
    let setup = Setup { peer: Peer::Farcall, runtime: Runtime::Current, suspend: false, core: clock::OTHER_CORE };
    let start = |peer| -> Result<(Server, Caller), Failure> {
        let server = Server::start(setup)?;
        let caller = Caller::start(peer, runtime, in_flight, server.address, clock::MEASURED_CORE)?;
        Ok((server, caller))
    };
    rounds::run(row, effort, &Peer::GRPC, start, |_, (server, caller)| caller.measure(effort.window, server.id()));
}
