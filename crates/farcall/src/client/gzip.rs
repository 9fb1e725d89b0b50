//! Compression as callers ask for it: here for all kinds of call, so that the feature has one door.

use super::streaming::{BidiCall, ClientStreamingCall, ServerStreamingCall};
use super::unary::UnaryCall;

macro_rules! gzip {
    ($($call:ident<$($message:ident),+>),+) => { $(
        impl<$($message),+> $call<$($message),+> {
            /// Compresses the messages of this call with gzip.
            pub fn gzip(self) -> Self {
                self.compress(crate::Encoding::Gzip)
            }
        }
    )+ };
}
gzip!(UnaryCall<R>, ServerStreamingCall<R>, ClientStreamingCall<Q, R>, BidiCall<Q, R>);
