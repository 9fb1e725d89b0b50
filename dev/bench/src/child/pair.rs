//! Client and server in one process and on one thread, for what valgrind counts: one call after the other, then the end.

use std::net::SocketAddr;

use tokio::sync::oneshot;

use crate::peer::{Client, Manner, Peer};
use crate::runtime::Runtime;
use crate::{Failure, proto};

/// `pair PEER CALLS`.
///
/// # Errors
/// When an argument is wrong, or a call fails.
pub fn run(words: &[String]) -> Result<(), Failure> {
    let [peer, calls] = words else { return Err("pair PEER CALLS".into()) };
    let (peer, calls) = (peer.parse()?, calls.parse()?);
    Runtime::Current.build()?.block_on(async {
        let address = serve(peer).await?;
        match peer {
            Peer::Farcall => call::<proto::farcall::bench::v1::BenchClient>(address, calls).await,
            Peer::Tonic => call::<super::call::Tonic>(address, calls).await,
            Peer::Connectrpc => call::<crate::peer::connectrpc::Connect>(address, calls).await,
            Peer::Floor => Err("the floor has no client".into()),
        }
    })
}

async fn serve(peer: Peer) -> Result<SocketAddr, Failure> {
    let (announce, announced) = oneshot::channel();
    tokio::spawn(async move {
        let served = peer.serve(Manner { suspend: false, counted: true }, |address| {
            // Nobody listens only if the calls are over.
            let _ = announce.send(address);
        });
        if let Err(error) = served.await {
            eprintln!("{peer}: {error}");
        }
    });
    Ok(announced.await?)
}

async fn call<C: Client>(address: SocketAddr, calls: usize) -> Result<(), Failure> {
    let mut client = C::connect(address).await?;
    for _ in 0..calls {
        client.get().await?;
    }
    Ok(())
}
