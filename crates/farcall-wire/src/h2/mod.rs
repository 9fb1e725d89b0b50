//! HTTP/2 (RFC 9113) and HPACK (RFC 7541) for both roles, sans-IO. It knows nothing of gRPC.

mod budget;
pub mod config;
pub mod connection;
mod control;
mod error_code;
pub mod event;
pub mod fields;
mod flow;
pub mod frame;
mod goaway;
pub mod hpack;
mod index;
mod memo;
mod ping;
pub(crate) mod prepared;
mod recv;
mod recv_headers;
mod send;
mod send_reply;
mod settings;
mod stall;
pub mod state;
mod stream;
mod streams;
mod timer;
mod verdict;
pub mod view;
mod window;

pub use config::{Config, Role};
pub use connection::Connection;
pub use error_code::ErrorCode;
pub use event::{Event, StreamKey};
pub use fields::Fields;
pub use hpack::Indexing;
pub(crate) use prepared::{Part, Prepared};
pub use view::{Holdings, WindowView};
