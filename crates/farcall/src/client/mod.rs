//! The client's side: a [`Channel`] to one server, and calls as futures.
//!
//! Servers and codecs are elsewhere; the engine that sends is `farcall_wire`, the mind that decides when to connect is
//! `farcall_policy`.
//!
//! ```text
//!   UnaryCall, … ──Open──▶ mailbox ──▶ ChannelDriver ──▶ Lobby ──▶ Calls on a connection
//!        ▲                                                              │
//!        └────────────────── CallState ◀── messages, outcome ───────────┘
//! ```

mod builder;
mod calls;
mod channel;
mod draft;
mod driver;
#[cfg(feature = "gzip")]
mod gzip;
mod lobby;
mod memory;
mod opening;
mod settings;
mod shared;
mod streaming;
mod unary;
mod waiting;

pub use builder::ChannelBuilder;
pub use channel::Channel;
pub use farcall_policy::target::InvalidTarget;
pub use farcall_policy::{BackoffConfig, InvalidBackoff, State};
pub use settings::InvalidChannel;
pub use streaming::{BidiCall, ClientStreamingCall, Duplex, ServerStreamingCall, Upload};
pub use unary::{Reply, ReplyFuture, UnaryCall, UnaryReply, WholeReply};

pub(crate) use opening::ClientCommand;
