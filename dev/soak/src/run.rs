//! One run: the server's process, the clients, the restarts, the looks at memory, and the reckoning at the end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval_at, sleep};

use crate::arguments::Soak;
use crate::child::Server;
use crate::ledger::Counts;
use crate::load::{Load, Record};
use crate::report::Report;
use crate::sample::Sample;
use crate::serve::{CRASH, RESTART};
use crate::tally::Tally;
use crate::weather::{How, Weather};
use crate::{Failure, process};

/// Runs it; whether everything was as it must be.
///
/// # Errors
/// What kept it from running to its end.
pub(crate) async fn run(soak: Soak) -> Result<bool, Failure> {
    let mut server = Server::start().await?;
    let record = Record { tally: Arc::default(), weather: Arc::new(Weather::calm()) };
    let before = Outstanding::of(&mut server).await?;
    let (own, began) = (std::process::id(), Instant::now());
    let cpu = process::cpu(own)?;
    let load = Load::new(server.address, soak.seed, record.clone())?;
    let calls = tokio::spawn(load.run(f64::from(soak.rate), began + soak.length()));
    let (samples, restarts) = watch(&soak, &mut server, &record, calls, began).await?;
    let took = began.elapsed();
    before.reached(&mut server, &record.tally).await?;
    let counts = server.counts().await?;
    record.tally.compare(&counts);
    let cpu = (process::cpu(server.process)?, process::cpu(own)?.saturating_sub(cpu));
    server.stop().await?;
    Report { soak, samples, counts, restarts, cpu, took }.close(&record.tally)
}

/// Looks at memory and restarts the server, until the calls are over.
async fn watch(
    soak: &Soak,
    server: &mut Server,
    record: &Record,
    mut calls: tokio::task::JoinHandle<Result<(), Failure>>,
    began: Instant,
) -> Result<(Vec<Sample>, u32), Failure> {
    let (mut samples, mut restarts, mut told) = (Vec::new(), 0_u32, 0);
    let start = tokio::time::Instant::from_std(began);
    let mut looks = interval_at(start, soak.samples());
    let mut turns = interval_at(start + soak.restarts(), soak.restarts());
    for interval in [&mut looks, &mut turns] {
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    loop {
        tokio::select! {
            ended = &mut calls => {
                ended??;
                return Ok((samples, restarts));
            }
            _ = looks.tick() => {
                let sample = Sample::take(began, server.process, &record.tally)?;
                samples.push(sample);
                let minutes = (sample.seconds / 60.0) as u64;
                if minutes > told {
                    told = minutes;
                    let (server, client) = (sample.server >> 20, sample.client >> 20);
                    println!("{minutes} min: {} calls, server {server} MiB, client {client} MiB", sample.ended);
                }
            }
            // The last calls end in peace, so that nothing hides what is left of them.
            _ = turns.tick(), if began.elapsed() + soak.restarts() / 2 < soak.length() => {
                let (how, word) = if restarts % 2 == 0 { (How::Restart, RESTART) } else { (How::Crash, CRASH) };
                record.weather.turn(how);
                server.again(word).await?;
                record.weather.clear();
                restarts += 1;
            }
        }
    }
}

/// What a process holds while no call is open.
#[derive(Debug, PartialEq)]
struct Outstanding {
    server_sockets: usize,
    server_tasks: u64,
    client_sockets: usize,
    client_tasks: usize,
    handlers: u64,
}

impl Outstanding {
    async fn of(server: &mut Server) -> Result<Self, Failure> {
        let counts: Counts = server.counts().await?;
        Ok(Self {
            server_sockets: process::sockets(server.process)?,
            server_tasks: counts.tasks,
            client_sockets: process::sockets(std::process::id())?,
            client_tasks: tokio::runtime::Handle::current().metrics().num_alive_tasks(),
            handlers: counts.open(),
        })
    }

    /// Waits until everything is as it was, and breaks an invariant if that takes too long.
    async fn reached(&self, server: &mut Server, tally: &Tally) -> Result<(), Failure> {
        let end = Instant::now() + SETTLED;
        loop {
            let now = Self::of(server).await?;
            if now == *self {
                return Ok(());
            }
            if Instant::now() > end {
                tally.breach(format!("{SETTLED:?} after the last call there is {now:?}, at the start {self:?}"));
                return Ok(());
            }
            sleep(Duration::from_millis(100)).await;
        }
    }
}

/// How long connections may need to close.
const SETTLED: Duration = Duration::from_secs(15);
