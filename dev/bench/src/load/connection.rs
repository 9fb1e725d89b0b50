//! One connection of the load generator: a socket that does not block, and its buffers.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use mio::net::TcpStream;

use super::Protocol;
use crate::Failure;

/// A connection that speaks `P`.
pub struct Connection<P> {
    /// The socket, for the poll to register.
    pub stream: TcpStream,
    protocol: P,
    input: Vec<u8>,
    filled: usize,
    output: Vec<u8>,
    sent: usize,
    /// Calls that wait for the server's window.
    owed: usize,
}

impl<P: Protocol> Connection<P> {
    /// Connects, and writes what a connection begins with.
    ///
    /// # Errors
    /// When the server does not accept.
    pub fn open(address: SocketAddr, mut protocol: P, buffer: usize) -> Result<Self, Failure> {
        let stream = std::net::TcpStream::connect_timeout(&address, CONNECT_TIMEOUT)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut output = Vec::new();
        protocol.open(&mut output);
        let input = vec![0; buffer];
        Ok(Self { stream: TcpStream::from_std(stream), protocol, input, filled: 0, output, sent: 0, owed: 0 })
    }

    /// Makes a call, now or when the server's window allows it.
    pub fn submit(&mut self) {
        if self.owed > 0 || self.protocol.call(&mut self.output).is_none() {
            self.owed += 1;
        }
    }

    /// Makes a call and returns its number, if the server's window allows it.
    pub fn call(&mut self) -> Option<u32> {
        self.protocol.call(&mut self.output)
    }

    /// Reads all that came, and notes the calls that ended.
    ///
    /// # Errors
    /// When the connection is lost, or the server did what it should not.
    pub fn receive(&mut self, ended: &mut Vec<u32>) -> Result<(), Failure> {
        loop {
            let room = &mut self.input[self.filled..];
            let asked = room.len();
            let count = match self.stream.read(room) {
                Ok(0) => return Err("the server closed the connection".into()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            };
            self.filled += count;
            let taken = self.protocol.receive(&self.input[..self.filled], &mut self.output, ended)?;
            self.input.copy_within(taken..self.filled, 0);
            self.filled -= taken;
            // A short read has emptied the socket; the poll tells when there is more.
            if count < asked {
                break;
            }
        }
        while self.owed > 0 && self.protocol.call(&mut self.output).is_some() {
            self.owed -= 1;
        }
        Ok(())
    }

    /// Writes what is to be written, as far as the socket takes it.
    ///
    /// # Errors
    /// When the connection is lost.
    pub fn flush(&mut self) -> Result<(), Failure> {
        while self.sent < self.output.len() {
            match self.stream.write(&self.output[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        self.output.clear();
        self.sent = 0;
        Ok(())
    }

    /// Bytes of messages that came so far.
    pub fn payload(&self) -> u64 {
        self.protocol.payload()
    }
}

/// Connecting on one machine takes no time, unless the server is stuck.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
