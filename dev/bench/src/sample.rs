//! The messages that every implementation answers with, and their bytes as the load generator expects them.
//!
//! One user of 83 bytes with two strings, which is about what a small call carries in practice.

use prost::Message;
use prost::bytes::Bytes;

use crate::Failure;
use crate::proto::tonic::{Chunk, DownloadRequest, GetRequest, User};

/// Whom the calls ask for.
pub const ID: &str = "4711";
/// What the answer says.
pub const NAME: &str = "Augusta Ada King, Countess of Lovelace";
/// What the answer says.
pub const EMAIL: &str = "ada.lovelace@example.com";
/// What the answer says, in seconds.
pub const CREATED: i64 = 1_760_000_000;
/// What the answer says, in seconds.
pub const SEEN: i64 = 1_763_700_000;

/// The request of `Get` as it is in a DATA frame.
pub fn request() -> Vec<u8> {
    framed(&GetRequest { id: ID.to_owned() })
}

/// The reply of `Get` as it is in a DATA frame.
pub fn reply() -> Vec<u8> {
    framed(&User {
        number: number(ID),
        name: NAME.to_owned(),
        email: EMAIL.to_owned(),
        created_at_unix: CREATED,
        seen_at_unix: SEEN,
        active: true,
    })
}

/// The request of `Download` as it is in a DATA frame.
pub fn download(chunks: u32, size: u32) -> Vec<u8> {
    framed(&DownloadRequest { chunks, size })
}

/// Bytes that one message of a download takes in DATA frames.
pub fn chunk_length(size: u32) -> usize {
    PREFIX + Chunk { data: chunk(size) }.encoded_len()
}

/// The bytes of one message of a download.
pub fn chunk(size: u32) -> Bytes {
    vec![b'x'; size as usize].into()
}

/// What a handler makes of the request's id.
pub fn number(id: &str) -> u64 {
    id.parse().unwrap_or(0)
}

/// What a client makes of a reply: every one is looked at.
///
/// # Errors
/// When it is not the user that was asked for.
pub fn check(number: u64, name: &str, email: &str) -> Result<(), Failure> {
    if number == self::number(ID) && name == NAME && email == EMAIL {
        return Ok(());
    }
    Err(format!("asked for user {ID}, got {number}, {name:?}, {email:?}").into())
}

fn framed(message: &impl Message) -> Vec<u8> {
    let encoded = message.encode_to_vec();
    let mut framed = vec![0]; // not compressed
    framed.extend(u32::try_from(encoded.len()).unwrap_or(u32::MAX).to_be_bytes());
    framed.extend(encoded);
    framed
}

/// Bytes before each message: a flag and a length (gRPC over HTTP/2).
const PREFIX: usize = 5;
