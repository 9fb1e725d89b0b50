//! A server process: says where it listens, and ends when its standard input does.

use std::io::{Read, Write};

use crate::peer::{Manner, Peer};
use crate::runtime::Runtime;
use crate::{Failure, clock};

/// `serve PEER RUNTIME ready|suspend|counted CORES`.
///
/// # Errors
/// When an argument is wrong, or the server ends.
pub fn run(words: &[String]) -> Result<(), Failure> {
    let [peer, runtime, manner, cores] = words else {
        return Err("serve PEER RUNTIME ready|suspend|counted CORES".into());
    };
    clock::pin(&super::call::cores(cores)?)?;
    clock::raise_open_files()?;
    let (peer, runtime): (Peer, Runtime) = (peer.parse()?, runtime.parse()?);
    let manner = Manner { suspend: manner == "suspend", counted: manner == "counted" };
    // A parent that ends, however it ends, takes its servers with it.
    std::thread::spawn(|| {
        let mut rest = Vec::new();
        let read = std::io::stdin().read_to_end(&mut rest);
        std::process::exit(i32::from(read.is_err()));
    });
    runtime.build()?.block_on(peer.serve(manner, |address| {
        println!("{address}");
        let _ = std::io::stdout().flush();
    }))
}
