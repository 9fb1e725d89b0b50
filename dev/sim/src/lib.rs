//! The network without a network: both peers of a gRPC connection in one thread, seeded, in virtual time.
//!
//! No thread, no socket and no sleep belongs here: an hour passes in a millisecond, and a run that failed fails again
//! in the same way. The tests in `tests/` are the stories; `tests/first_call.rs` is the one to read first.
//!
//! ```text
//!            ┌────────┐  outbox   ┌──────┐  pieces   ┌────────┐
//!   script ─▶│ client │──────────▶│ Link │──────────▶│ server │◀─ script
//!            │  Peer  │◀──────────│ Link │◀──────────│  Peer  │
//!            └────────┘           └──────┘           └────────┘
//!                     Pair: moves bytes, then the Clock to the next thing that is due
//! ```
//!
//! A [`world::World`] takes verbs instead of scripts, and holds laws against every step; the program of this package
//! runs worlds of random verbs by seed.

mod applications;
mod clock;
mod dice;
mod link;
mod log;
mod pair;
mod peer;
mod picture;
mod recording;
mod script;
pub mod world;

pub use clock::Clock;
pub use dice::Dice;
pub use link::{Link, Wire};
pub use log::Log;
pub use pair::{Pair, Side};
pub use peer::Peer;
pub use recording::{Frame, Recording};
pub use script::{Body, Reply, Script};
