//! The floor's protocol: records of as many bytes as a gRPC request takes, answered with as many as a reply takes.

use super::frame::Head;
use super::{Job, Method, Protocol};
use crate::{Failure, sample};

/// A request of the floor.
#[derive(Debug, Clone, Copy)]
pub struct Record {
    /// 0 for one reply, else the messages of a download.
    pub chunks: u32,
    /// Bytes of data in each of them.
    pub size: u32,
}

impl Record {
    /// Two frame heads, seven indexed fields, and the message: what `Get` takes from the second call on.
    pub const LENGTH: usize = 2 * Head::LENGTH + 7 + 11;

    /// Reads a record of [`Record::LENGTH`] bytes.
    ///
    /// # Errors
    /// When it is shorter than its two numbers.
    pub fn read(bytes: &[u8]) -> Result<Self, Failure> {
        let (chunks, rest) = bytes.split_first_chunk().ok_or("a record is cut short")?;
        let size = rest.first_chunk().ok_or("a record is cut short")?;
        Ok(Self { chunks: u32::from_be_bytes(*chunks), size: u32::from_be_bytes(*size) })
    }

    fn write(self, output: &mut Vec<u8>) {
        let end = output.len() + Self::LENGTH;
        output.extend_from_slice(&self.chunks.to_be_bytes());
        output.extend_from_slice(&self.size.to_be_bytes());
        output.resize(end, 0);
    }
}

/// Bytes of a reply: three frame heads, three indexed fields, and the message.
pub fn reply_length() -> usize {
    3 * Head::LENGTH + 3 + sample::reply().len()
}

/// One connection's state.
pub struct Echo {
    record: Record,
    /// Bytes of one answer.
    answer: usize,
    message: u64,
    received: u64,
    called: u32,
    answered: u32,
}

impl Protocol for Echo {
    fn new(job: &Job) -> Self {
        let message = job.method.message_length();
        let (record, answer) = match job.method {
            Method::Get { .. } => (Record { chunks: 0, size: 0 }, reply_length()),
            Method::Download { chunks, size } => (Record { chunks, size }, chunks as usize * message),
        };
        Self { record, answer, message: message as u64, received: 0, called: 0, answered: 0 }
    }

    fn open(&mut self, _output: &mut Vec<u8>) {}

    fn call(&mut self, output: &mut Vec<u8>) -> Option<u32> {
        self.record.write(output);
        self.called += 1;
        Some(self.called - 1)
    }

    fn receive(&mut self, input: &[u8], _output: &mut Vec<u8>, ended: &mut Vec<u32>) -> Result<usize, Failure> {
        self.received += input.len() as u64;
        while u64::from(self.answered + 1) * self.answer as u64 <= self.received {
            ended.push(self.answered);
            self.answered += 1;
        }
        Ok(input.len())
    }

    fn payload(&self) -> u64 {
        match self.record.chunks {
            0 => self.received / self.answer as u64 * self.message,
            _ => self.received,
        }
    }
}
