//! The cases of the interop tests, in a table: each is one function of a channel, and a failure is its reason.
//!
//! How long a case may take, and how its end is shown, is the caller's business; see [`Case::run`].
//! The law: `interop-test-descriptions.md`; `gzip_*` are our own (`peers/README.md`).

mod compression;
mod cut_off;
mod metadata;
mod requests;
mod status;
mod streaming;
mod unary;

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use farcall::Channel;

use crate::Failure;

type Run = fn(Channel) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// A case.
#[derive(Clone, Copy)]
pub struct Case {
    /// What `--test_case` calls it.
    pub name: &'static str,
    run: Run,
}

macro_rules! cases {
    ($($file:ident::$case:ident,)+) => {
        /// Every case that there is.
        pub const CASES: &[Case] = &[
            $(Case { name: stringify!($case), run: |channel| Box::pin($file::$case(channel)) },)+
        ];
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
}

/// How long a case may take: just below the 10 s of `dev/interop/run`, so that the reason is still told.
pub const CASE_LIMIT: Duration = Duration::from_secs(9);

impl Case {
    /// The case of this name.
    pub fn find(name: &str) -> Option<Self> {
        CASES.iter().copied().find(|case| case.name == name)
    }

    /// Runs the case against the service behind `channel`, for [`CASE_LIMIT`] at most.
    ///
    /// # Errors
    /// What was expected, and what came.
    pub async fn run(self, channel: Channel) -> Result<(), Failure> {
        match tokio::time::timeout(CASE_LIMIT, (self.run)(channel)).await {
            Ok(verdict) => verdict,
            Err(_) => Err(Failure::new(format!("expected an end within {CASE_LIMIT:?}, got none"))),
        }
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Case").field(&self.name).finish()
    }
}
