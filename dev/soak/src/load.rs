//! The clients: calls begin at a steady pace, whatever becomes of those before them, up to a number at a time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use farcall::Channel;
use farcall::client::BackoffConfig;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::call::{self, Trouble};
use crate::dice::Dice;
use crate::fate::{End, Fate};
use crate::plan::{FAR, Plan};
use crate::tally::Tally;
use crate::weather::Weather;
use crate::{Failure, broken};

/// All clients of a run.
pub(crate) struct Load {
    server: SocketAddr,
    channels: Vec<Channel>,
    permits: Arc<Semaphore>,
    dice: Dice,
    next: u64,
    record: Record,
}

/// Where calls are recorded.
#[derive(Clone)]
pub(crate) struct Record {
    pub(crate) tally: Arc<Tally>,
    pub(crate) weather: Arc<Weather>,
}

impl Load {
    /// Clients of this server.
    ///
    /// # Errors
    /// When no channel to it can be built.
    pub(crate) fn new(server: SocketAddr, seed: u64, record: Record) -> Result<Self, Failure> {
        let channels = (0..CHANNELS).map(|_| channel(server)).collect::<Result<_, _>>()?;
        let permits = Arc::new(Semaphore::new(AT_ONCE as usize));
        Ok(Self { server, channels, permits, dice: Dice::new(seed), next: 0, record })
    }

    /// Makes `rate` calls a second until `end`, and waits until all of them are over.
    ///
    /// # Errors
    /// When they are not over in their time.
    pub(crate) async fn run(mut self, rate: f64, end: Instant) -> Result<(), Failure> {
        let mut pace = tokio::time::interval(PACE);
        let (mut before, mut due) = (Instant::now(), 0.0_f64);
        while Instant::now() < end {
            pace.tick().await;
            let now = Instant::now();
            // What could not begin for a second is not made up for.
            due = (due + rate * (now - before).as_secs_f64()).min(rate);
            before = now;
            while due >= 1.0 {
                let permit = Arc::clone(&self.permits).acquire_owned().await?;
                due -= self.act(permit)? as f64;
            }
        }
        drop(self.channels);
        let all = timeout(2 * HUNG, self.permits.acquire_many(AT_ONCE)).await;
        let _all = all.map_err(|_| format!("calls were open {:?} after the last one began", 2 * HUNG))??;
        Ok(())
    }

    /// One call, or some on a channel of their own, or a connection that breaks off. Says how many.
    fn act(&mut self, permit: OwnedSemaphorePermit) -> Result<u64, Failure> {
        match self.dice.weighed(&[97, 1, 2]) {
            0 => {
                let plan = Plan::roll(self.number(), &mut self.dice);
                let place = self.dice.between(0, CHANNELS - 1) as usize;
                tokio::spawn(one(plan, self.channels[place].clone(), self.record.clone(), Arc::new(permit)));
                Ok(1)
            }
            1 => self.drop_channel(permit),
            _ => {
                let number = self.number();
                let dice = Dice::new(self.dice.roll());
                tokio::spawn(break_off(self.server, number, dice, self.record.clone(), permit));
                Ok(1)
            }
        }
    }

    fn drop_channel(&mut self, permit: OwnedSemaphorePermit) -> Result<u64, Failure> {
        let (channel, permit) = (channel(self.server)?, Arc::new(permit));
        let calls = self.dice.between(1, 6);
        let patience = Some(Duration::from_millis(self.dice.between(0, 50)));
        for _ in 0..calls {
            let plan = Plan { patience, ..Plan::of(Fate::Dropped, self.number(), &mut self.dice) };
            tokio::spawn(one(plan, channel.clone(), self.record.clone(), Arc::clone(&permit)));
        }
        Ok(calls)
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

/// Makes a call, and judges its end. The permit goes with its last holder.
async fn one(plan: Plan, channel: Channel, record: Record, permit: Arc<OwnedSemaphorePermit>) {
    let began = Instant::now();
    record.tally.begin(plan.fate);
    let made = timeout(plan.patience.unwrap_or(HUNG), call::make(&plan, channel)).await;
    let end = match made {
        Ok(Ok(())) => End::Ok,
        Ok(Err(Trouble::Status(status))) => {
            let end = End::Failed(status.code());
            let lost = status.code() == farcall::Code::Unavailable && record.weather.may_lose(began, plan.is_patient());
            if !lost && !plan.fate.allows(end, plan.fail) {
                record.tally.breach(format!("ended with {status}: {plan:?}"));
            }
            end
        }
        Ok(Err(Trouble::Wrong(text))) => {
            record.tally.breach(format!("{text}: {plan:?}"));
            End::Ok
        }
        Err(_) => End::Dropped,
    };
    if !matches!(end, End::Failed(_)) && !plan.fate.allows(end, plan.fail) {
        record.tally.breach(format!("{end} after {:?}: {plan:?}", began.elapsed()));
    }
    record.tally.end(plan.fate, end);
    drop(permit);
}

async fn break_off(server: SocketAddr, number: u64, mut dice: Dice, record: Record, permit: OwnedSemaphorePermit) {
    let began = Instant::now();
    record.tally.begin(Fate::Broken);
    if let Err(error) = broken::connect(server, number, &mut dice).await
        && error.kind() == std::io::ErrorKind::ConnectionRefused
        && !record.weather.may_lose(began, false)
    {
        record.tally.breach(format!("a server that is up does not accept: {error}"));
    }
    record.tally.end(Fate::Broken, End::Dropped);
    drop(permit);
}

fn channel(server: SocketAddr) -> Result<Channel, Failure> {
    let backoff = BackoffConfig {
        initial: Duration::from_millis(50),
        max: Duration::from_millis(500),
        ..BackoffConfig::default()
    };
    Ok(Channel::builder(&server.to_string()).backoff(backoff).build()?)
}

/// Channels that live as long as the run.
const CHANNELS: u64 = 4;
/// Calls at a time: fewer than one connection may have, so that none is refused, and few enough that each ends in its
/// time on a machine that has other work.
const AT_ONCE: u32 = 48;
/// Between two looks at what is due.
const PACE: Duration = Duration::from_millis(10);
/// After which a call has hung: its deadline, if it has one, is over by then.
const HUNG: Duration = FAR.saturating_add(Duration::from_secs(20));
