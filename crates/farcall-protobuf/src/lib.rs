//! Protobuf for farcall: the codec that generated code uses, the types in generated messages, and the well-known types.
//!
//! The message runtime is buffa; users meet it only through the names below, so that it can be exchanged or updated
//! without a change to their crates. `farcall-build` writes the messages:
//!
//! ```text
//! pub mod proto {
//!     farcall_protobuf::include_proto!(); // what farcall_build::compile wrote in build.rs
//! }
//! use proto::users::v1::{User, UserServiceClient};
//! ```
//!
//! | in the contract | in Rust |
//! |---|---|
//! | `string`, `bytes` | `String`, `Vec<u8>` |
//! | a scalar with `optional` | `Option` |
//! | a message | [`MessageField`]: reads as the message, [`MessageField::some`] to set it, `is_set` to ask |
//! | an enum | [`EnumValue`], which keeps numbers that this contract does not know; proto2 enums are plain |
//! | `repeated`, `map` | `Vec`, [`HashMap`] |
//! | `oneof` | `Option` of an enum |
//!
//! A server's handler that only reads its request can ask for a [`View`], whose strings and bytes lie where they were received.
//!
//! Failures with typed details, as every gRPC library can read them, are in [`errors`].

// Generated code names this crate as any other would.
extern crate self as farcall_protobuf;

mod codec;
pub mod errors;
#[path = "generated/google_rpc.rs"]
mod generated;
#[cfg(feature = "prost")]
mod prost_codec;
mod view;

pub use buffa::__private::HashMap;
pub use buffa::{DecodeError, EnumValue, Enumeration, HasMessageView, Message, MessageField, MessageName};
pub use codec::Buffa;
#[cfg(feature = "prost")]
pub use prost_codec::{Prost, prost, prost_types};
pub use view::View;

/// The types of `google/protobuf/*.proto`: `Timestamp`, `Duration`, `Empty`, `Any`, `Struct`, the wrappers.
pub mod well_known {
    #[doc(inline)]
    pub use buffa_types::google::protobuf::*;
}

/// Includes what `farcall_build` wrote: one module per package.
///
/// Stands alone in a module: `pub mod proto { farcall_protobuf::include_proto!(); }` makes `proto::users::v1::User` of
/// `users.v1.User`. With a name, `include_proto!("admin")`, it reads what was written with
/// `Config::new().file_name("admin.rs")`.
#[macro_export]
macro_rules! include_proto {
    () => {
        $crate::include_proto!("farcall");
    };
    ($name:literal) => {
        ::core::include!(::core::concat!(::core::env!("OUT_DIR"), "/", $name, ".rs"));
    };
}

/// What generated code names. Not for users: it changes with the message runtime.
#[doc(hidden)]
pub mod __private {
    pub use buffa;
    pub use buffa_types;
}
