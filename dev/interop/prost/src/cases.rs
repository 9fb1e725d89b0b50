//! The cases that are run over messages of prost: those of `interop` that any server must pass.

#[path = "../../src/cases/compression.rs"]
mod compression;
#[path = "../../src/cases/cut_off.rs"]
mod cut_off;
#[path = "../../src/cases/metadata.rs"]
mod metadata;
#[path = "../../src/cases/requests.rs"]
pub mod requests;
#[path = "../../src/cases/status.rs"]
mod status;
#[path = "../../src/cases/streaming.rs"]
mod streaming;
#[path = "../../src/cases/unary.rs"]
mod unary;

use farcall::Channel;

use crate::Failure;

macro_rules! cases {
    ($($file:ident::$case:ident,)+) => {
        /// Their names.
        pub const NAMES: &[&str] = &[$(stringify!($case)),+];

        /// Runs the case of this name.
        ///
        /// # Errors
        /// What was expected, and what came.
        pub async fn run(name: &str, channel: Channel) -> Result<(), Failure> {
            match name {
                $(stringify!($case) => $file::$case(channel).await,)+
                other => Err(Failure::new(format!("there is no case {other:?}; there are {NAMES:?}"))),
            }
        }
    };
}

cases! {
    unary::empty_unary,
    unary::large_unary,
    streaming::client_streaming,
    streaming::server_streaming,
    streaming::ping_pong,
    streaming::empty_stream,
    metadata::custom_metadata,
    status::status_code_and_message,
    status::special_status_message,
    status::unimplemented_method,
    status::unimplemented_service,
    cut_off::cancel_after_begin,
    cut_off::cancel_after_first_response,
    cut_off::timeout_on_sleeping_server,
    compression::client_compressed_unary,
    compression::server_compressed_unary,
    compression::client_compressed_streaming,
    compression::server_compressed_streaming,
    compression::gzip_unary,
    compression::gzip_streaming,
    compression::deflate_unary,
    compression::deflate_streaming,
}
