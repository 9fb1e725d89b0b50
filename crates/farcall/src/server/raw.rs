//! Messages that nobody decodes, for calls of any path: what a proxy or a gateway is made of.

use std::future::Future;
use std::sync::Arc;

use farcall_wire::grpc::{EncodeBuf, Encoding, Payload, Status};

use super::Call;
use super::service::{Handling, Io, Service};
use crate::call::Received;
use crate::codec::ServiceDescriptor;
use crate::stream::{Close, Inbound, Open, Outbound};

/// A message as it travels, without its prefix.
#[derive(Debug, Clone, Default)]
pub struct RawMessage {
    /// Whether the payload is compressed.
    pub compressed: bool,
    /// With what, as the head of its direction says; ignored when sending, where [`Call::set_compression`] sets it.
    pub encoding: Encoding,
    /// The bytes.
    pub payload: Payload,
}

/// A closure that answers every path that no service has.
pub(super) struct Fallback<F>(pub(super) F);

impl<F, Fut> Service for Fallback<F>
where
    F: Fn(Call, Inbound<RawMessage>, Outbound<RawMessage>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), Status>> + Send + 'static,
{
    fn descriptor(&self) -> &'static ServiceDescriptor {
        &ServiceDescriptor { name: "", methods: &[] }
    }

    fn start(&self, _: usize, call: Call, _: Io) -> Handling {
        let replies = Outbound::new(Arc::clone(call.state()), Close::Raw(write));
        let requests = Inbound::new(Arc::clone(call.state()), Open::Raw(open));
        Handling::streaming(self.0(call, requests, replies))
    }
}

fn open(received: Received) -> RawMessage {
    let Received { message, encoding, .. } = received;
    RawMessage { compressed: message.compressed, encoding, payload: message.payload }
}

fn write(message: &RawMessage, out: &mut EncodeBuf) -> Result<(), Status> {
    out.begin_message();
    message.payload.segments().cloned().for_each(|piece| out.put_shared(piece));
    out.end_message(message.compressed)?;
    Ok(())
}
