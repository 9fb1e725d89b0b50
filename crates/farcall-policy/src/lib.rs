//! The client's mind: which address, when, and again? Pure objects without I/O.
//!
//! Nobody here reads a clock, opens a socket, takes a lock or knows a runtime: time and seeds are passed in, decisions
//! come out by `poll_output`, and the shell (`farcall`) carries them out. `Instant` and `core::net` addresses are plain
//! values and therefore welcome.
//!
//! ```text
//!   "dns:///users:50051" ──► Target ──► address ──► Subchannel ──► Output::Connect, Output::State
//!                                                     │   ▲
//!                                             Backoff ┘   └ handle_connected, handle_failed, handle_timeout, …
//! ```

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]
// A test needs some instant to count from, and there is no other way to make one.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

pub mod backoff;
pub mod subchannel;
pub mod target;

pub use backoff::{Backoff, BackoffConfig, InvalidBackoff};
pub use subchannel::{Admission, Output, State, Subchannel};
pub use target::{Address, InvalidTarget, Target};
