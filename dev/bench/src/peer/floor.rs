//! The floor: as many bytes over TCP as a gRPC call takes, and nothing done with them.
//!
//! What this costs, the kernel and the runtime cost; no server can be below it.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{ANYWHERE, Manner};
use crate::load::echo::{Record, reply_length};
use crate::{Failure, sample};

/// Serves until the process ends.
///
/// # Errors
/// When it cannot listen, or ends.
pub async fn serve(manner: Manner, announce: impl FnOnce(SocketAddr)) -> Result<(), Failure> {
    let listener = TcpListener::bind(ANYWHERE).await?;
    announce(listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            // A load generator that goes away is no failure.
            if let Err(error) = answer(stream, manner).await {
                eprintln!("floor: {error}");
            }
        });
    }
}

async fn answer(mut stream: TcpStream, manner: Manner) -> Result<(), Failure> {
    let (mut input, mut output) = (Vec::with_capacity(READ), Vec::new());
    let reply = vec![0; reply_length()];
    while stream.read_buf(&mut input).await? > 0 {
        let records = input.len() / Record::LENGTH;
        for bytes in input.drain(..records * Record::LENGTH).as_slice().chunks_exact(Record::LENGTH) {
            let record = Record::read(bytes)?;
            if record.chunks == 0 {
                manner.observe().await;
                output.extend_from_slice(&reply);
            } else {
                download(&mut stream, record).await?;
            }
        }
        stream.write_all(&output).await?;
        output.clear();
    }
    Ok(())
}

async fn download(stream: &mut TcpStream, record: Record) -> Result<(), Failure> {
    let bytes = vec![0; sample::chunk_length(record.size)];
    let batch = bytes.repeat((BATCH / bytes.len()).max(1));
    let mut left = record.chunks as usize * bytes.len();
    while left > 0 {
        let part = left.min(batch.len());
        stream.write_all(&batch[..part]).await?;
        left -= part;
    }
    Ok(())
}

/// Bytes read at a time, as servers do.
const READ: usize = 16 * 1024;
/// Bytes of a download written at a time: small messages share a write, as they do in a good server.
const BATCH: usize = 256 * 1024;
