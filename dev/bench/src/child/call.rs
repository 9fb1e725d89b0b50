//! A client process: many tasks on one channel, each making one call after the other.

use std::io::{BufRead, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::load::closed::Window;
use crate::peer::{Client, Peer};
use crate::proto;
use crate::runtime::Runtime;
use crate::{Failure, clock};

/// `call PEER RUNTIME IN_FLIGHT ADDRESS CORES`; each line of input asks for one measurement.
///
/// # Errors
/// When an argument is wrong, or a call fails.
pub fn run(words: &[String]) -> Result<(), Failure> {
    let [peer, runtime, in_flight, address, cores] = words else {
        return Err("call PEER RUNTIME IN_FLIGHT ADDRESS CORES".into());
    };
    clock::pin(&self::cores(cores)?)?;
    let (runtime, in_flight, address) = (runtime.parse()?, in_flight.parse()?, address.parse()?);
    match peer.parse()? {
        Peer::Farcall => serve_lines::<proto::farcall::bench::v1::BenchClient>(runtime, in_flight, address),
        Peer::Tonic => serve_lines::<Tonic>(runtime, in_flight, address),
        Peer::Connectrpc => serve_lines::<crate::peer::connectrpc::Connect>(runtime, in_flight, address),
        Peer::Floor => Err("the floor has no client".into()),
    }
}

/// tonic's client.
pub type Tonic = proto::tonic::bench_client::BenchClient<tonic::transport::Channel>;

/// Cores as the parent names them.
///
/// # Errors
/// When one is no number.
pub fn cores(words: &str) -> Result<Vec<usize>, Failure> {
    Ok(words.split(',').map(str::parse).collect::<Result<_, _>>()?)
}

fn serve_lines<C: Client>(runtime: Runtime, in_flight: usize, address: SocketAddr) -> Result<(), Failure> {
    let runtime = runtime.build()?;
    let mut client = runtime.block_on(C::connect(address))?;
    runtime.block_on(client.get())?;
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (warm, measured) = line.split_once(' ').ok_or("a line is WARM MEASURED, in nanoseconds")?;
        let [warm, measured] = [warm, measured].map(|number| number.parse().map(Duration::from_nanos));
        let window = Window { warm: warm?, measured: measured? };
        let (from, to) = runtime.block_on(measure(&client, in_flight, window))?;
        let (cpu, elapsed) = (to.cpu - from.cpu, to.at - from.at);
        println!("{} {} {}", to.calls - from.calls, cpu.as_nanos(), elapsed.as_nanos());
        std::io::stdout().flush()?;
    }
    Ok(())
}

async fn measure<C: Client>(client: &C, in_flight: usize, window: Window) -> Result<(Mark, Mark), Failure> {
    let shared = Arc::new(Shared::default());
    let tasks: Vec<_> = (0..in_flight)
        .map(|_| {
            let (mut client, shared) = (client.clone(), Arc::clone(&shared));
            tokio::spawn(async move {
                while !shared.stop.load(Ordering::Relaxed) {
                    client.get().await?;
                    shared.calls.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<(), Failure>(())
            })
        })
        .collect();
    tokio::time::sleep(window.warm).await;
    let from = shared.mark()?;
    tokio::time::sleep(window.measured).await;
    let to = shared.mark()?;
    shared.stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await??;
    }
    Ok((from, to))
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    calls: AtomicU64,
}

impl Shared {
    fn mark(&self) -> Result<Mark, Failure> {
        Ok(Mark { at: Instant::now(), cpu: clock::own()?, calls: self.calls.load(Ordering::Relaxed) })
    }
}

struct Mark {
    at: Instant,
    cpu: Duration,
    calls: u64,
}
