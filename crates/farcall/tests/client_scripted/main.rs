//! The client against a peer that does what the test says, frame by frame where needed, over memory and mostly on
//! tokio's paused clock.
//!
//! The peer is the engine in the server's role without any server above it; what a real server does is in the other
//! tests.

mod calls;
mod connecting;
mod crowds;
mod deadlines;
mod line;
mod streams;
mod text;
