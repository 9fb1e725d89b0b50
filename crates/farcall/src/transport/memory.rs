//! Byte streams within one process: for tests without sockets, and for services that live beside their callers.

use tokio::io::DuplexStream;

/// The two ends of a byte stream in memory; each direction holds at most 256 KiB that nobody has read.
pub fn pair() -> (DuplexStream, DuplexStream) {
    tokio::io::duplex(CAPACITY)
}

/// Bytes that one direction holds: a few turns of the engine.
const CAPACITY: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn what_one_end_writes_the_other_reads_and_an_end_is_seen() {
        let (mut left, mut right) = pair();
        left.write_all(b"hello").await.unwrap();
        drop(left);
        let mut read = String::new();
        right.read_to_string(&mut read).await.unwrap();
        assert_eq!(read, "hello");
    }
}
