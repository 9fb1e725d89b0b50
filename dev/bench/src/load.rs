//! The load generator: one thread, raw HTTP/2, prepared bytes, so that the server is what is measured.
//!
//! It understands as much of HTTP/2 as the servers here need: it counts the streams that ended and the bytes in their
//! DATA frames, gives windows back, and answers PING and SETTINGS. It never decodes a header block; that a reply is right is
//! known from its bytes, and from a real client that calls every server before it is measured.

pub mod closed;
mod connection;
pub mod echo;
mod frame;
mod grpc;
pub mod open;
pub mod pool;
mod prelude;

use std::net::SocketAddr;

use crate::peer::Peer;
use crate::{Failure, sample};

/// What the generator does.
#[derive(Debug, Clone, Copy)]
pub struct Job {
    /// Who is called; it decides between gRPC and plain bytes.
    pub peer: Peer,
    /// Where it listens.
    pub address: SocketAddr,
    /// Connections.
    pub connections: usize,
    /// Calls in flight on each connection.
    pub calls: usize,
    /// What is called.
    pub method: Method,
}

/// What is called.
#[derive(Debug, Clone, Copy)]
pub enum Method {
    /// `Get`; with a deadline and two entries of metadata if so.
    Get { metadata: bool },
    /// `Download` of so many messages of so many bytes.
    Download { chunks: u32, size: u32 },
}

/// What a connection speaks.
pub trait Protocol {
    /// Speaks to the server for this job.
    fn new(job: &Job) -> Self;

    /// Writes what a connection begins with.
    fn open(&mut self, output: &mut Vec<u8>);

    /// Writes a call and returns its number; `None` while the server's window has no room.
    fn call(&mut self, output: &mut Vec<u8>) -> Option<u32>;

    /// Takes what came, answers what needs an answer, and notes the calls that ended. Returns how many bytes it took.
    ///
    /// # Errors
    /// When the server ended a call or the connection in a way that it should not.
    fn receive(&mut self, input: &[u8], output: &mut Vec<u8>, ended: &mut Vec<u32>) -> Result<usize, Failure>;

    /// Bytes of messages that came so far.
    fn payload(&self) -> u64;
}

impl Method {
    /// The request's DATA frame payload.
    pub fn request(self) -> Vec<u8> {
        match self {
            Self::Get { .. } => sample::request(),
            Self::Download { chunks, size } => sample::download(chunks, size),
        }
    }

    /// Bytes of one message of the reply in DATA frames.
    pub fn message_length(self) -> usize {
        match self {
            Self::Get { .. } => sample::reply().len(),
            Self::Download { size, .. } => sample::chunk_length(size),
        }
    }

    /// Messages of one reply.
    pub fn messages(self) -> u64 {
        match self {
            Self::Get { .. } => 1,
            Self::Download { chunks, .. } => u64::from(chunks),
        }
    }

    /// The path as it is in `:path`.
    pub fn path(self) -> &'static str {
        match self {
            Self::Get { .. } => "/bench.v1.Bench/Get",
            Self::Download { .. } => "/bench.v1.Bench/Download",
        }
    }

    /// How the first reply begins, as far as it is known in advance.
    pub fn expected(self) -> Vec<u8> {
        match self {
            Self::Get { .. } => sample::reply(),
            Self::Download { .. } => Vec::new(),
        }
    }
}
