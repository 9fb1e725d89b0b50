//! Connections written by hand that break off where it hurts: before the preface, within a frame, within a message.
//!
//! Bytes are as RFC 9113 and RFC 7541 have them; nothing of the engine is used, and nothing is read.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::dice::Dice;
use crate::fate::Fate;
use crate::ledger;

/// Opens a connection, writes the beginning of an upload, and breaks off somewhere.
///
/// # Errors
/// What the system says, which is right while the server is away.
pub(crate) async fn connect(server: SocketAddr, number: u64, dice: &mut Dice) -> io::Result<()> {
    let mut socket = TcpStream::connect(server).await?;
    let mut bytes = upload(number);
    if dice.percent(10) {
        bytes.iter_mut().for_each(|byte| *byte = dice.roll() as u8);
    }
    bytes.truncate(dice.between(0, bytes.len() as u64) as usize);
    socket.write_all(&bytes).await?;
    if dice.percent(50) {
        // Long enough, most often, for a handler to begin.
        tokio::time::sleep(Duration::from_millis(dice.between(1, 20))).await;
    }
    if dice.percent(50) {
        // Reset instead of closed.
        SockRef::from(&socket).set_linger(Some(Duration::ZERO))?;
    }
    Ok(())
}

/// Preface, SETTINGS, HEADERS, and a DATA frame that is shorter than it says.
fn upload(number: u64) -> Vec<u8> {
    let mut block = Vec::new();
    let number = number.to_string();
    let fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/soak.Mixed/Upload"),
        (":authority", "soak"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        (ledger::NUMBER, &number),
        (ledger::FATE, Fate::Broken.name()),
    ];
    for (name, value) in fields {
        //= RFC 7541 §6.2.2: a field that is not indexed, its name written out
        block.push(0);
        for text in [name, value] {
            block.push(text.len() as u8);
            block.extend_from_slice(text.as_bytes());
        }
    }
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    frame(&mut bytes, 4, 0, 0, 0);
    frame(&mut bytes, 1, END_HEADERS, 1, block.len());
    bytes.extend_from_slice(&block);
    // A message of 20,000 bytes in a frame of 16,384, of which 5,000 come.
    frame(&mut bytes, 0, 0, 1, 16_384);
    bytes.extend_from_slice(&[0, 0, 0, 0x4e, 0x20]);
    bytes.resize(bytes.len() + 5_000, b'x');
    bytes
}

/// The nine bytes before a frame.
fn frame(bytes: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, length: usize) {
    bytes.extend_from_slice(&(length as u32).to_be_bytes()[1..]);
    bytes.extend_from_slice(&[kind, flags]);
    bytes.extend_from_slice(&stream.to_be_bytes());
}

const END_HEADERS: u8 = 4;
