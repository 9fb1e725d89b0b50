//! gRPC over HTTP/2, as much of it as a load generator needs.

use super::frame::{self, Head};
use super::{Job, Protocol, prelude};
use crate::Failure;

/// One connection's state.
pub struct Grpc {
    first: Vec<u8>,
    later: Vec<u8>,
    request: Vec<u8>,
    /// The first reply's beginning, and how much of it has been seen.
    expected: Vec<u8>,
    seen: usize,
    next_stream: u32,
    /// Bytes that the server takes on the connection.
    window: i64,
    /// Bytes that came since a window was given back: on the connection, and on the stream of the last DATA frame.
    taken: u32,
    taken_on_stream: u32,
    /// Bytes of a frame's payload that are still to come and need no looking at.
    skip: usize,
    payload: u64,
}

impl Protocol for Grpc {
    fn new(job: &Job) -> Self {
        let (first, later) = prelude::blocks(job);
        Self {
            first,
            later,
            request: job.method.request(),
            expected: job.method.expected(),
            seen: 0,
            next_stream: 1,
            window: 65_535,
            taken: 0,
            taken_on_stream: 0,
            skip: 0,
            payload: 0,
        }
    }

    fn open(&mut self, output: &mut Vec<u8>) {
        output.extend(prelude::opening());
    }

    fn call(&mut self, output: &mut Vec<u8>) -> Option<u32> {
        let length = self.request.len() as i64;
        if self.window < length {
            return None;
        }
        self.window -= length;
        let stream = self.next_stream;
        self.next_stream += 2;
        let block = if stream == 1 { &self.first } else { &self.later };
        frame::write(output, frame::HEADERS, frame::END_HEADERS, stream, block);
        frame::write(output, frame::DATA, frame::END_STREAM, stream, &self.request);
        Some(stream / 2)
    }

    fn receive(&mut self, input: &[u8], output: &mut Vec<u8>, ended: &mut Vec<u32>) -> Result<usize, Failure> {
        let mut rest = input;
        loop {
            let skipped = self.skip.min(rest.len());
            rest = &rest[skipped..];
            self.skip -= skipped;
            let Some(head) = Head::read(rest) else { break };
            let body = &rest[Head::LENGTH..];
            match head.kind {
                frame::DATA => self.data(head, body, output)?,
                frame::HEADERS if head.flags & frame::END_STREAM != 0 => {
                    self.taken_on_stream = 0;
                    ended.push(head.stream / 2);
                }
                frame::HEADERS => {}
                // All others are short: their payload is waited for.
                _ if body.len() < head.length => break,
                _ => self.control(head, &body[..head.length], output)?,
            }
            rest = body;
            self.skip = head.length;
        }
        Ok(input.len() - rest.len())
    }

    fn payload(&self) -> u64 {
        self.payload
    }
}

impl Grpc {
    fn data(&mut self, head: Head, body: &[u8], output: &mut Vec<u8>) -> Result<(), Failure> {
        if head.flags & frame::END_STREAM != 0 {
            return Err(format!("the server ended stream {} without trailers", head.stream).into());
        }
        if head.stream == 1 && self.seen < self.expected.len() {
            let expected = &self.expected[self.seen..];
            let compared = expected.len().min(head.length).min(body.len());
            if expected[..compared] != body[..compared] {
                return Err(format!("the first reply is not what it should be: {:?}", &body[..compared]).into());
            }
            self.seen += compared;
        }
        let length = u32::try_from(head.length)?;
        self.payload += u64::from(length);
        self.taken += length;
        self.taken_on_stream += length;
        // Half of a window is given back at a time; only downloads, one call at a time, need it on their stream.
        if self.taken >= prelude::CONNECTION_WINDOW / 2 {
            frame::write(output, frame::WINDOW_UPDATE, 0, 0, &std::mem::take(&mut self.taken).to_be_bytes());
        }
        if self.taken_on_stream >= prelude::STREAM_WINDOW / 2 {
            let taken = std::mem::take(&mut self.taken_on_stream);
            frame::write(output, frame::WINDOW_UPDATE, 0, head.stream, &taken.to_be_bytes());
        }
        Ok(())
    }

    fn control(&mut self, head: Head, body: &[u8], output: &mut Vec<u8>) -> Result<(), Failure> {
        match head.kind {
            frame::SETTINGS if head.flags & frame::ACK == 0 => {
                frame::write(output, frame::SETTINGS, frame::ACK, 0, &[])
            }
            frame::PING if head.flags & frame::ACK == 0 => frame::write(output, frame::PING, frame::ACK, 0, body),
            frame::WINDOW_UPDATE if head.stream == 0 => {
                let more = body.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
                self.window += i64::from(more);
            }
            frame::RST_STREAM => return Err(format!("the server reset stream {}: {body:?}", head.stream).into()),
            frame::GOAWAY => {
                return Err(format!("the server sent GOAWAY: {:?}", String::from_utf8_lossy(body)).into());
            }
            _ => {}
        }
        Ok(())
    }
}
