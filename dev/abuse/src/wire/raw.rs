//! One connection over a raw socket. A thread reads all the time, unless the peer is to find out what happens when
//! nobody does, so that nothing that is written here waits for something that should be read.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::seen::{State, code_name};
use super::{ACK, Frames, SETTINGS};
use crate::failure::{Failure, failure};

/// What an attack has sent, all connections together.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    frames: AtomicU64,
    bytes: AtomicU64,
}

impl Traffic {
    pub(crate) fn add(&self, frames: u64, bytes: u64) {
        self.frames.fetch_add(frames, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Frames and bytes.
    pub(crate) fn sum(&self) -> (u64, u64) {
        (self.frames.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}

/// One connection; closed when it is dropped.
pub(crate) struct Raw {
    stream: TcpStream,
    seen: Arc<Seen>,
    reader: Option<JoinHandle<()>>,
    traffic: Arc<Traffic>,
    /// The number of the next stream.
    next: u32,
}

struct Seen {
    state: Mutex<State>,
    changed: Condvar,
}

impl Seen {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Raw {
    /// A socket on which nothing was said, and nobody reads.
    pub(crate) fn bare(address: SocketAddr, traffic: &Arc<Traffic>) -> Result<Self, Failure> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        Self::over(stream, traffic, 0)
    }

    /// A client that has said its part of the handshake, with these settings, and on which nobody reads.
    pub(crate) fn deaf(address: SocketAddr, settings: &[(u16, u32)], traffic: &Arc<Traffic>) -> Result<Self, Failure> {
        let mut raw = Self::bare(address, traffic)?;
        raw.write(PREFACE, 0);
        raw.send(&Frames::new().settings(settings).frame(SETTINGS, ACK, 0, &[]));
        Ok(raw)
    }

    /// A client whose handshake is over.
    pub(crate) fn client(
        address: SocketAddr,
        settings: &[(u16, u32)],
        traffic: &Arc<Traffic>,
    ) -> Result<Self, Failure> {
        let mut raw = Self::deaf(address, settings, traffic)?;
        raw.listen()?;
        raw.wait("the server's SETTINGS", |state| state.greeted)?;
        Ok(raw)
    }

    /// A server for an accepted connection on which nothing was said; it reads.
    pub(crate) fn server(stream: TcpStream, traffic: &Arc<Traffic>) -> Result<Self, Failure> {
        let mut raw = Self::over(stream, traffic, PREFACE.len())?;
        raw.listen()?;
        Ok(raw)
    }

    fn over(stream: TcpStream, traffic: &Arc<Traffic>, skip: usize) -> Result<Self, Failure> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(STEP))?;
        let seen = Arc::new(Seen { state: Mutex::new(State::new(skip)), changed: Condvar::new() });
        Ok(Self { stream, seen, reader: None, traffic: Arc::clone(traffic), next: 1 })
    }

    /// Reads from now on.
    pub(crate) fn listen(&mut self) -> Result<(), Failure> {
        let (stream, seen) = (self.stream.try_clone()?, Arc::clone(&self.seen));
        self.reader = Some(std::thread::spawn(move || read(stream, &seen)));
        Ok(())
    }

    /// A stream number that was not used.
    pub(crate) fn stream(&mut self) -> u32 {
        let stream = self.next;
        self.next += 2;
        stream
    }

    /// Sends all of it; `false` when the peer does not take it any more.
    pub(crate) fn send(&mut self, frames: &Frames) -> bool {
        self.write(frames.bytes(), frames.count())
    }

    /// Sends any bytes.
    pub(crate) fn write(&mut self, bytes: &[u8], frames: u64) -> bool {
        self.write_for(bytes, PATIENCE) == bytes.len() && {
            self.traffic.add(frames, 0);
            true
        }
    }

    /// Sends until the peer has taken nothing for so long; how many bytes it took.
    pub(crate) fn write_for(&mut self, bytes: &[u8], patience: Duration) -> usize {
        let (mut sent, mut last) = (0, Instant::now());
        while sent < bytes.len() && last.elapsed() < patience {
            match (&self.stream).write(&bytes[sent..]) {
                Ok(count) if count > 0 => (sent, last) = (sent + count, Instant::now()),
                Err(error) if is_a_pause(&error) => {}
                _ => break,
            }
        }
        self.traffic.add(0, sent as u64);
        sent
    }

    /// Sends the same frames again and again, until the peer takes nothing for a second; how many bytes it took.
    ///
    /// # Errors
    /// When it has taken `most`: it reads on.
    pub(crate) fn press(&mut self, frames: &Frames, most: usize) -> Result<usize, Failure> {
        let mut taken = 0;
        while taken < most {
            let step = self.write_for(frames.bytes(), Duration::from_secs(1));
            taken += step;
            if step < frames.bytes().len() {
                return Ok(taken);
            }
        }
        Err(failure(format!("{taken} bytes were read, while nobody read the answers")))
    }

    /// Sends what `unit` makes, `count` times or until the connection is over; how often.
    pub(crate) fn flood(&mut self, count: u32, mut unit: impl FnMut(&mut Self, Frames) -> Frames) -> u32 {
        let (mut sent, mut made) = (0, 0);
        while made < count && !self.seen().is_over() {
            let mut frames = Frames::new();
            while made < count && frames.bytes().len() < BATCH {
                frames = unit(self, frames);
                made += 1;
            }
            if frames.is_empty() || !self.send(&frames) {
                break;
            }
            sent = made;
        }
        sent
    }

    /// What has come.
    pub(crate) fn seen(&self) -> MutexGuard<'_, State> {
        self.seen.lock()
    }

    /// Waits until what has come is enough.
    pub(crate) fn wait(&self, what: &str, mut enough: impl FnMut(&State) -> bool) -> Result<(), Failure> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.seen();
        while !enough(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || state.ended.is_some() {
                return Err(failure(format!("waited for {what}, but {}", outcome(&state))));
            }
            state = self.seen.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    /// Waits for the end of the byte stream, which must come.
    pub(crate) fn end(&self) -> Result<String, Failure> {
        self.wait("the end of the connection", |state| state.ended.is_some())?;
        Ok(outcome(&self.seen()))
    }

    /// Waits for a GOAWAY with this code, whose text has `text`, and for the end of the connection.
    pub(crate) fn expect_goaway(&self, code: u32, text: &str) -> Result<String, Failure> {
        self.wait("GOAWAY", |state| state.goaway.is_some() || state.ended.is_some())?;
        let end = self.end()?;
        match &self.seen().goaway {
            Some((seen, debug)) if *seen == code && debug.contains(text) => Ok(end),
            _ => Err(failure(format!("expected GOAWAY {} with {text:?}, got: {end}", code_name(code)))),
        }
    }

    /// Sends a call, waits for its end and says how it ended, as [`super::seen::Reply::status`] or by the reset's name.
    pub(crate) fn ask(&mut self, block: &super::Block, message: &[u8]) -> Result<String, Failure> {
        let stream = self.stream();
        self.send(&Frames::new().call(stream, block, message));
        self.answer(stream)
    }

    /// Waits for the end of a stream and says how it ended.
    pub(crate) fn answer(&self, stream: u32) -> Result<String, Failure> {
        let over = |state: &State| state.replies.get(&stream).is_some_and(|reply| reply.over);
        self.wait("an answer", |state| over(state) || state.resets.contains_key(&stream))?;
        let state = self.seen();
        Ok(match (over(&state), state.resets.get(&stream)) {
            (false, Some(code)) => format!("RST_STREAM {}", code_name(*code)),
            _ => state.replies[&stream].status(),
        })
    }

    /// Nothing more is sent.
    pub(crate) fn finish(&self) {
        // A socket that is gone has finished already.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// The socket itself.
    pub(crate) fn socket(&self) -> &TcpStream {
        &self.stream
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

fn read(mut stream: TcpStream, seen: &Seen) {
    let mut buffer = vec![0; BATCH];
    loop {
        let ended = match stream.read(&mut buffer) {
            Ok(0) => "closed".to_owned(),
            Ok(count) => {
                seen.lock().take(&buffer[..count]);
                seen.changed.notify_all();
                continue;
            }
            Err(error) if is_a_pause(&error) => continue,
            Err(error) => error.kind().to_string(),
        };
        seen.lock().ended = Some(ended);
        return seen.changed.notify_all();
    }
}

/// How the connection stands, for the table and for errors.
fn outcome(state: &State) -> String {
    let end = state.ended.as_deref().unwrap_or("open");
    match &state.goaway {
        Some((code, text)) if text.is_empty() => format!("GOAWAY {}, {end}", code_name(*code)),
        Some((code, text)) => format!("GOAWAY {} \"{text}\", {end}", code_name(*code)),
        None => format!("no GOAWAY, {end}"),
    }
}

fn is_a_pause(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// What a client sends first (RFC 9113 §3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How long anything may take: only a machine that stands still is slower.
pub(crate) const PATIENCE: Duration = Duration::from_secs(45);
/// How long one write may wait before it is looked at whether there is any sense in it.
const STEP: Duration = Duration::from_millis(100);
/// Bytes that are written or read at a time.
const BATCH: usize = 32 << 10;
