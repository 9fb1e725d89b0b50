//! Serving: a [`Router`] of services, handlers that run where it is cheapest, connections that end in order.
//!
//! ```text
//!   builder ─▶ bind ─▶ accept ──▶ connection: pump + driver ──▶ router ─▶ service ─▶ handler
//!                        ▲            (one task each)            first poll in place, then on the
//!                     shutdown                                   connection's task, or spawned
//! ```

mod accept;
mod bound;
mod builder;
mod call;
mod connection;
mod driver;
mod pace;
mod raw;
mod router;
mod run;
mod service;
mod shutdown;
#[cfg(test)]
mod tests;

pub use bound::{Bound, ServerError};
pub use builder::{Server, ServerBuilder};
pub use call::Call;
pub use raw::RawMessage;
pub use router::Router;
pub use service::{Finished, Handle, Handling, Io, Request, Service};
pub use shutdown::Shutdown;

pub(crate) use builder::Settings;
pub(crate) use connection::connection;
pub(crate) use run::Ended;

/// What only a server's tasks say to the owner of a connection.
#[derive(Debug)]
pub(crate) enum ServerCommand {
    /// A spawned handler has ended.
    Ended(Ended),
    /// No new calls: finish those that are open, then end.
    ShutDown,
}
