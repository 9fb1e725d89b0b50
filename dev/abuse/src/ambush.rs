//! A hostile server, and a client of ours that calls it while it makes honest calls to another one.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::caller;
use crate::failure::{Failure, ensure, failure};
use crate::process::Process;
use crate::report::Cost;
use crate::wire::{ACK, Frames, Raw, SETTINGS, Traffic, code_name};

/// What the hostile server does, and what is expected of the client.
pub(crate) struct Ambush {
    /// What the client calls: `unary`, `upload` or `download`.
    pub(crate) shape: &'static str,
    /// So many at once.
    pub(crate) calls: usize,
    /// Settings of the client, as `caller` reads them.
    pub(crate) options: &'static [&'static str],
    /// What is done with each connection; the number of the connection is told, from 0 on.
    pub(crate) lie: fn(&mut Raw, usize) -> Result<(), Failure>,
    /// Codes with which the calls may end.
    pub(crate) codes: &'static [&'static str],
    /// What stands in the text of one of them at least.
    pub(crate) text: &'static str,
    /// The code of the GOAWAY with which the client ends the first connection; `None`: it need not.
    pub(crate) goaway: Option<u32>,
    /// So many connections may be made.
    pub(crate) connections: usize,
}

impl Ambush {
    /// One unary call that is answered by `lie`, and ends so.
    pub(crate) const fn unary(
        lie: fn(&mut Raw, usize) -> Result<(), Failure>,
        codes: &'static [&'static str],
        text: &'static str,
    ) -> Self {
        Self { shape: "unary", calls: 1, options: &[], lie, codes, text, goaway: None, connections: 4 }
    }

    /// The same with so many calls at once.
    pub(crate) const fn calls(mut self, calls: usize) -> Self {
        self.calls = calls;
        self
    }

    /// The same with a call of another shape.
    pub(crate) const fn shape(mut self, shape: &'static str) -> Self {
        self.shape = shape;
        self
    }

    /// The same with these settings.
    pub(crate) const fn options(mut self, options: &'static [&'static str]) -> Self {
        self.options = options;
        self
    }

    /// The same, and the client ends the connection with this code.
    pub(crate) const fn goaway(mut self, code: u32) -> Self {
        self.goaway = Some(code);
        self
    }

    /// The same with so many connections at most.
    pub(crate) const fn connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// Carries it out; says how the calls ended, and what they cost the client.
    pub(crate) fn run(&self) -> Result<(String, Cost), Failure> {
        let mut good = Process::start(&["serve"], None)?;
        let address = good.line()?;
        let hostile = Hostile::listen(self.lie)?;
        let (calls, hostile_address) = (self.calls.to_string(), hostile.address.to_string());
        let words = ["call", &address, &hostile_address, self.shape, &calls];
        let mut client = Process::start(&[&words[..], self.options].concat(), None)?;
        let ready = client.line()?;
        let calls_before = ready.strip_prefix("ready ").and_then(|count| count.parse().ok());
        let calls_before: u64 = calls_before.ok_or_else(|| failure(format!("the client said {ready:?}")))?;
        client.forget_peak()?;
        let before = client.read()?;
        client.tell("go")?;
        let mut ends = Vec::new();
        let honest = loop {
            let line = client.line()?;
            match line.strip_prefix(caller::END) {
                Some(count) => break count.trim().parse::<u64>()?,
                None => ends.push(line),
            }
        };
        let after = client.read()?;
        let seen = self.judge(&ends)?;
        let made = hostile.connections.load(Ordering::Acquire);
        ensure(made <= self.connections, || format!("the client connected {made} times; {seen}"))?;
        let end = hostile.end(self.goaway)?;
        client.tell("end")?;
        client.stop(crate::wire::PATIENCE)?;
        good.stop(crate::wire::PATIENCE)?;
        let cost = Cost::between(before, after, &hostile.traffic, honest, honest.saturating_sub(calls_before));
        Ok((format!("{seen}{end}"), cost))
    }

    fn judge(&self, ends: &[String]) -> Result<String, Failure> {
        let code = |end: &String| end.split(' ').next().unwrap_or_default().to_owned();
        let strange = ends.iter().find(|end| !self.codes.contains(&code(end).as_str()));
        let told = ends.iter().find(|end| end.contains(self.text));
        match (strange, told) {
            (None, Some(told)) if ends.len() == 1 => Ok(short(told)),
            (None, Some(told)) => Ok(format!("{} calls: {}", ends.len(), short(told))),
            (Some(strange), _) => Err(failure(format!("expected {:?}, got: {strange}", self.codes))),
            (None, None) => Err(failure(format!("expected {:?} in one of {ends:?}", self.text))),
        }
    }
}

/// A text as far as it fits into a table.
fn short(text: &str) -> String {
    match text.char_indices().nth(SHORT) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// The thread that lies on one connection.
type Line = JoinHandle<Result<Raw, Failure>>;

/// A listener whose connections are all lied to.
struct Hostile {
    address: SocketAddr,
    traffic: Arc<Traffic>,
    connections: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    lines: Arc<Mutex<Vec<Line>>>,
}

impl Hostile {
    fn listen(lie: fn(&mut Raw, usize) -> Result<(), Failure>) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let hostile = Self {
            address: listener.local_addr()?,
            traffic: Arc::default(),
            connections: Arc::default(),
            stop: Arc::default(),
            lines: Arc::default(),
        };
        let (traffic, connections) = (Arc::clone(&hostile.traffic), Arc::clone(&hostile.connections));
        let (stop, lines) = (Arc::clone(&hostile.stop), Arc::clone(&hostile.lines));
        std::thread::spawn(move || {
            while !stop.load(Ordering::Acquire) {
                let Ok((stream, _)) = listener.accept() else {
                    std::thread::sleep(Duration::from_millis(1));
                    continue;
                };
                let (number, traffic) = (connections.fetch_add(1, Ordering::AcqRel), Arc::clone(&traffic));
                let line = std::thread::spawn(move || {
                    stream.set_nonblocking(false)?;
                    let mut raw = Raw::server(stream, &traffic)?;
                    lie(&mut raw, number)?;
                    Ok(raw)
                });
                lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        Ok(hostile)
    }

    /// Waits until the lies are told, and says how the client ended the first connection, if it had to.
    fn end(&self, goaway: Option<u32>) -> Result<String, Failure> {
        self.stop.store(true, Ordering::Release);
        let lines = std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner));
        let mut raws = Vec::new();
        for line in lines {
            raws.push(line.join().map_err(|_| failure("a thread of the hostile server panicked"))??);
        }
        let Some(code) = goaway else { return Ok(String::new()) };
        let first = raws.first().ok_or_else(|| failure("the client never connected"))?;
        first.expect_goaway(code, "")?;
        Ok(format!("; GOAWAY {}", code_name(code)))
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
    }
}

/// Characters of a status that are shown.
const SHORT: usize = 160;

/// Says the settings of a server, and waits for the first request; its stream.
pub(crate) fn greet(raw: &mut Raw) -> Result<u32, Failure> {
    raw.send(&Frames::new().settings(&[]).frame(SETTINGS, ACK, 0, &[]));
    raw.wait("a request", |state| !state.replies.is_empty())?;
    let first = raw.seen().replies.keys().next().copied();
    first.ok_or_else(|| failure("a request without a stream"))
}
