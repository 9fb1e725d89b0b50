//! The load generator alone, for a server that was started by hand: under perf, callgrind or a debugger.

use crate::Failure;
use crate::clock;
use crate::load::{Job, Method, closed};
use crate::peer::Peer;

/// `load ADDRESS CONNECTIONS CALLS TOTAL [SIZE]`: so many calls in all of `Get`, or downloads of messages of `SIZE` bytes.
///
/// # Errors
/// When an argument is wrong, or a call fails.
pub fn run(words: &[String]) -> Result<(), Failure> {
    let [address, connections, calls, total, size @ ..] = words else {
        return Err("load ADDRESS CONNECTIONS CALLS TOTAL [SIZE]".into());
    };
    clock::pin(&[clock::OTHER_CORE])?;
    clock::raise_open_files()?;
    let method = match size.first() {
        None => Method::Get { metadata: false },
        Some(size) => Method::Download { chunks: 64, size: size.parse()? },
    };
    let (address, connections, calls) = (address.parse()?, connections.parse()?, calls.parse()?);
    closed::counted(&Job { peer: Peer::Farcall, address, connections, calls, method }, total.parse()?)
}
