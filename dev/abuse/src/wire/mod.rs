//! A small HTTP/2 peer without manners: it writes what it is told, and notes what comes back.
//!
//! Nothing of the engine under attack writes here; only its HPACK decoder reads what the engine has written.

mod block;
mod fill;
mod frames;
mod raw;
mod seen;

pub(crate) use block::{Block, DYNAMIC};
pub(crate) use fill::UNFINISHED;
pub(crate) use frames::*;
pub(crate) use raw::{PATIENCE, PREFACE, Raw, Traffic};
pub(crate) use seen::{State, code_name};

/// Error codes of RFC 9113 §7.
pub(crate) const PROTOCOL_ERROR: u32 = 1;
pub(crate) const INTERNAL_ERROR: u32 = 2;
pub(crate) const FLOW_CONTROL_ERROR: u32 = 3;
pub(crate) const SETTINGS_TIMEOUT: u32 = 4;
pub(crate) const STREAM_CLOSED: u32 = 5;
pub(crate) const FRAME_SIZE_ERROR: u32 = 6;
pub(crate) const REFUSED_STREAM: u32 = 7;
pub(crate) const CANCEL: u32 = 8;
pub(crate) const COMPRESSION_ERROR: u32 = 9;
pub(crate) const ENHANCE_YOUR_CALM: u32 = 11;

/// Settings of RFC 9113 §6.5.2.
pub(crate) const MAX_CONCURRENT_STREAMS: u16 = 3;
pub(crate) const INITIAL_WINDOW_SIZE: u16 = 4;
pub(crate) const MAX_HEADER_LIST_SIZE: u16 = 6;

/// More than the sockets of both sides buffer together, in bytes: who sends that much has been read.
pub(crate) const MOST_BUFFERED: usize = 48 << 20;

/// The largest window.
pub(crate) const MOST: u32 = (1 << 31) - 1;
