//! A server under attack, with honest calls beside the attack.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::attack::Setting;
use crate::contract::COUNTS;
use crate::failure::{Failure, failure};
use crate::honest::Honest;
use crate::process::{Process, Reading};
use crate::report::Cost;
use crate::wire::{Block, Raw, Traffic};

/// What an attack has at hand.
pub(crate) struct Scene {
    /// Where the server listens.
    pub(crate) address: SocketAddr,
    traffic: Arc<Traffic>,
    /// Connections that stay until the server has ended.
    kept: Mutex<Vec<Raw>>,
    process: Process,
    honest: Honest,
    before: Reading,
    calls_before: u64,
}

/// What handlers the server has begun for attackers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) started: u64,
    pub(crate) running: u64,
    /// The most that ran at a time.
    pub(crate) most: u64,
    pub(crate) fallback: u64,
}

impl Scene {
    /// A server, warm, and honest calls to it.
    pub(crate) fn set(setting: Setting) -> Result<Self, Failure> {
        let words: &[&str] = if setting == Setting::Hasty { &["serve", "hasty"] } else { &["serve"] };
        let mut process = Process::start(words, (setting == Setting::FewFiles).then_some(FILES))?;
        let address = process.line()?.parse()?;
        let honest = Honest::begin(address)?;
        process.forget_peak()?;
        let before = process.read()?;
        let calls_before = honest.answered();
        Ok(Self { address, traffic: Arc::default(), kept: Mutex::default(), process, honest, before, calls_before })
    }

    /// A client with its handshake done.
    pub(crate) fn client(&self) -> Result<Raw, Failure> {
        self.client_with(&[])
    }

    /// The same with settings of its own.
    pub(crate) fn client_with(&self, settings: &[(u16, u32)]) -> Result<Raw, Failure> {
        Raw::client(self.address, settings, &self.traffic)
    }

    /// A client that has said its preface, and reads nothing.
    pub(crate) fn deaf(&self, settings: &[(u16, u32)]) -> Result<Raw, Failure> {
        Raw::deaf(self.address, settings, &self.traffic)
    }

    /// A socket on which nothing was said.
    pub(crate) fn bare(&self) -> Result<Raw, Failure> {
        Raw::bare(self.address, &self.traffic)
    }

    /// The connection stays until the server has ended, or has not.
    pub(crate) fn keep(&self, raw: Raw) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(raw);
    }

    /// Closes what was kept.
    pub(crate) fn let_go(&self) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What the service has counted.
    pub(crate) fn counts(&self) -> Result<Counts, Failure> {
        let mut raw = self.client()?;
        let stream = raw.stream();
        raw.send(&crate::wire::Frames::new().call(stream, &Block::request(COUNTS.path()), b""));
        raw.answer(stream)?;
        let seen = raw.seen();
        let body = seen.replies[&stream].body.get(5..).unwrap_or_default();
        let numbers: Vec<u64> = String::from_utf8_lossy(body).split(' ').flat_map(str::parse).collect();
        match numbers.as_slice() {
            &[started, running, most, fallback] => Ok(Counts { started, running, most, fallback }),
            _ => Err(failure(format!("the counts of the service are {body:?}"))),
        }
    }

    /// Waits until the service has counted enough.
    pub(crate) fn wait_for_counts(&self, enough: impl Fn(Counts) -> bool) -> Result<Counts, Failure> {
        let start = std::time::Instant::now();
        loop {
            let counts = self.counts()?;
            if enough(counts) {
                return Ok(counts);
            }
            if start.elapsed() > crate::wire::PATIENCE {
                return Err(failure(format!("the service has counted {counts:?}")));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until honest calls have gone on for a while.
    pub(crate) fn honest_calls(&self, more: u64) -> Result<(), Failure> {
        self.honest.go_on(more)
    }

    /// Memory of the server beyond what it was before, now, in KiB.
    pub(crate) fn grown(&self) -> Result<u64, Failure> {
        Ok(self.process.read()?.resident.saturating_sub(self.before.resident))
    }

    /// Ends the server's process in order, within so long: an attack that wants to hinder that is still going on.
    pub(crate) fn conclude(self) -> Result<Cost, Failure> {
        let Self { traffic, process, honest, before, calls_before, kept, .. } = self;
        let honest = honest.end()?;
        let after = process.read()?;
        process.stop(crate::wire::PATIENCE)?;
        drop(kept);
        Ok(Cost::between(before, after, &traffic, honest, honest - calls_before))
    }
}

/// Open files of a server that should run out of them.
const FILES: u32 = 64;
