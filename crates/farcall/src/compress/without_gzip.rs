//! The build without the feature `gzip`: nothing is compressed, and nothing compressed is understood.

use farcall_wire::grpc::{EncodeBuf, Encoding, Payload, Status};

pub(super) const ENCODINGS: &[Encoding] = &[];

pub(super) fn inflate(encoding: Encoding, _: Payload, _: u32) -> Result<Vec<u8>, Status> {
    Err(super::not_built_in(encoding))
}

pub(super) fn deflate(_: &EncodeBuf) -> Vec<u8> {
    Vec::new()
}
