//! gRPC over HTTP/2: heads, messages, status, and the connection that joins them.
//!
//! The law is PROTOCOL-HTTP2.md of the gRPC project; `W` numbers in comments are the rules of the requirements map.

mod call;
mod client;
pub mod code;
pub mod config;
pub mod connection;
mod credit;
mod deadlines;
pub mod encode_buf;
pub mod encoding;
pub mod event;
pub mod head;
mod head_reading;
mod head_writing;
mod lists;
pub mod message;
pub mod metadata;
pub mod payload;
pub mod percent;
mod receive;
mod seen;
mod server;
pub mod status;
pub mod timeout;
pub mod user_agent;
mod view;
mod whole;

pub use code::Code;
pub use config::Config;
pub use connection::{Connection, Refused};
pub use encode_buf::EncodeBuf;
pub use encoding::{Encoding, EncodingSet};
pub use event::{CallId, Event, Incident, Outcome, Processed};
pub use head::{ReplyEnd, ReplyHead, RequestHead};
pub use message::{Message, Splitter};
pub use metadata::{Metadata, MetadataError};
pub use payload::Payload;
pub use status::{OrStatus, Status};
pub use view::CallView;
