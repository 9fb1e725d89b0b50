//! One call as its two sides in this process see it: the handles that users hold, and the task that owns the connection.
//!
//! Everything is shared by both roles; what only clients or only servers do stands in their own rooms.

mod cancel;
mod inbox;
mod receive;
mod send;
pub(crate) mod state;
#[cfg(test)]
mod tests;

pub(crate) use receive::{Held, Received, SMALL_AND_WAITING};
pub(crate) use state::{CallState, Role};
