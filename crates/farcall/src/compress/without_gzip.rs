//! The build without the feature `gzip`: nothing is compressed, and nothing compressed is understood.

use farcall_wire::grpc::{EncodeBuf, Encoding, Payload};

use super::Broken;

pub(super) const ENCODINGS: &[Encoding] = &[];

pub(super) fn inflate(_: Encoding, _: Payload, _: u32) -> Result<Vec<u8>, Broken> {
    Err(Broken::Unknown)
}

pub(super) fn deflate(_: &EncodeBuf) -> Vec<u8> {
    Vec::new()
}
