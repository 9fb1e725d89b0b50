//! Honest calls on other connections, all the time: none of them may be lost.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use farcall::Channel;

use crate::contract::ECHO;
use crate::failure::{Failure, ensure, failure};

/// Two channels that call in turns from a thread of their own.
pub(crate) struct Honest {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    sent: AtomicU64,
    answered: AtomicU64,
    failed: Mutex<Option<String>>,
    stop: AtomicBool,
}

impl Honest {
    /// Begins to call `server`, and comes back when both channels have had their answers.
    pub(crate) fn begin(server: SocketAddr) -> Result<Self, Failure> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            if let Err(error) = run(server, &theirs) {
                theirs.fail(error.to_string());
            }
        });
        let honest = Self { shared, thread: Some(thread) };
        honest.go_on(WARM)?;
        Ok(honest)
    }

    /// Waits until so many more calls are answered.
    pub(crate) fn go_on(&self, more: u64) -> Result<(), Failure> {
        let (from, start) = (self.answered(), Instant::now());
        while self.answered() < from + more {
            if let Some(error) = self.shared.failed.lock().unwrap_or_else(PoisonError::into_inner).clone() {
                return Err(failure(format!("an honest call was lost: {error}")));
            }
            ensure(start.elapsed() < super::wire::PATIENCE, || "honest calls stand still".to_owned())?;
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// Calls that were answered.
    pub(crate) fn answered(&self) -> u64 {
        self.shared.answered.load(Ordering::Acquire)
    }

    /// Lets the last calls end; how many there were, if all of them were answered.
    pub(crate) fn end(mut self) -> Result<u64, Failure> {
        self.go_on(AFTERWARDS)?;
        self.shared.stop.store(true, Ordering::Release);
        let joined = self.thread.take().map(JoinHandle::join);
        ensure(matches!(joined, Some(Ok(()))), || "the thread of the honest calls panicked".to_owned())?;
        let (sent, answered) = (self.shared.sent.load(Ordering::Acquire), self.answered());
        ensure(sent == answered, || format!("of {sent} honest calls {answered} were answered"))?;
        Ok(answered)
    }
}

impl Drop for Honest {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
    }
}

impl Shared {
    fn fail(&self, error: String) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

fn run(server: SocketAddr, shared: &Shared) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let channels = [Channel::new(&server.to_string())?, Channel::new(&server.to_string())?];
        let request = Bytes::from(vec![5; 1 << 10]);
        for channel in channels.iter().cycle() {
            if shared.stop.load(Ordering::Acquire) {
                break;
            }
            shared.sent.fetch_add(1, Ordering::AcqRel);
            match channel.unary(&ECHO, request.clone()).timeout(super::wire::PATIENCE).await {
                Ok(reply) if reply == request => shared.answered.fetch_add(1, Ordering::AcqRel),
                Ok(reply) => return Err(failure(format!("{} bytes came back, and others", reply.len()))),
                Err(status) => return Err(status.into()),
            };
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    })
}

/// Calls before the attack.
const WARM: u64 = 40;
/// Calls after it.
const AFTERWARDS: u64 = 20;
/// Between two calls.
const PAUSE: Duration = Duration::from_millis(1);
