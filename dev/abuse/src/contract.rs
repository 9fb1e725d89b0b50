//! The service that is attacked: plain bytes, written as generated code would be.

use bytes::Bytes;
use farcall::codec::{
    CodecError, Decoder, EncodeBuf, Encoder, Method, MethodDescriptor, Payload, ServiceDescriptor, Shape,
};

/// Any bytes.
pub(crate) struct Plain;

impl Encoder<Bytes> for Plain {
    fn encode(&self, message: &Bytes, out: &mut EncodeBuf) -> Result<(), CodecError> {
        out.put_shared(message.clone());
        Ok(())
    }
}

impl Decoder<Bytes> for Plain {
    fn decode(&self, payload: Payload) -> Result<Bytes, CodecError> {
        Ok(payload.into_bytes())
    }
}

/// Declares the methods and their table.
macro_rules! methods {
    ($( $(#[$doc:meta])* $name:ident, $text:literal, $shape:ident; )+) => {
        $( $(#[$doc])* pub(crate) static $name: Method<Bytes, Bytes> =
            Method::new(concat!("/abuse.Target/", $text), Shape::$shape, &Plain, &Plain); )+

        pub(crate) static DESCRIPTOR: ServiceDescriptor = ServiceDescriptor {
            name: "abuse.Target",
            methods: &[ $( MethodDescriptor {
                name: $text,
                path: concat!("/abuse.Target/", $text),
                shape: Shape::$shape,
            } ),+ ],
        };
    };
}

methods! {
    /// Sends the request back.
    ECHO, "Echo", Unary;
    /// Sends as many bytes as the request says.
    SIZE, "Size", Unary;
    /// Never ends by itself.
    WAIT, "Wait", Unary;
    /// Sends the metadata `x-probe` back.
    PROBE, "Probe", Unary;
    /// What the service has counted.
    COUNTS, "Counts", Unary;
    /// Sends messages of 16 KiB for ever.
    DOWNLOAD, "Download", ServerStreaming;
    /// Sends back how many messages and bytes came.
    UPLOAD, "Upload", ClientStreaming;
    /// Takes what comes and sends what it can, both at the same time.
    CHAT, "Chat", Bidi;
    /// Takes no message, and never ends by itself.
    HOLD, "Hold", ClientStreaming;
}
