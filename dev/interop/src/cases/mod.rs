//! The cases of the interop tests, in a table: each is one function of a channel, and a failure is its reason.
//!
//! How long a case may take, and how its end is shown, is the caller's business; see [`Case::run`].
//! The law: `interop-test-descriptions.md`, and `http2-interop-test-descriptions.md` for [`MISBEHAVIOUR`]; `gzip_*` and
//! `deflate_*` are our own (`peers/README.md`). What needs more than a channel is in `soak`.

mod any_server;
mod compression;
mod cut_off;
mod heavy;
mod metadata;
mod misbehaviour;
pub(crate) mod requests;
mod status;
mod streaming;
pub(crate) mod unary;

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
    ($($(#[$doc:meta])* $table:ident { $($file:ident::$case:ident,)+ })+) => { $(
        $(#[$doc])*
        pub const $table: &[Case] = &[
            $(Case { name: stringify!($case), run: |channel| Box::pin($file::$case(channel)) },)+
        ];
    )+ };
}

macro_rules! cases_of_any_server {
    ($($cases:tt)+) => {
        cases! {
            /// The cases that any server must pass.
            CASES { $($cases)+ }
        }
    };
}

any_server::any_server!(cases_of_any_server);

cases! {
    /// Those that a server must be prepared for: `very_large_request` passes the usual limit of a message.
    HEAVY {
        heavy::concurrent_large_unary,
        heavy::very_large_request,
    }
    /// Those for a server that misbehaves in the way of the same name: `bad-server`.
    MISBEHAVIOUR {
        misbehaviour::goaway,
        misbehaviour::rst_after_header,
        misbehaviour::rst_during_data,
        misbehaviour::rst_after_data,
        misbehaviour::ping,
        misbehaviour::max_streams,
    }
}

/// Every case that a channel is enough for.
pub fn all() -> impl Iterator<Item = Case> {
    [CASES, HEAVY, MISBEHAVIOUR].into_iter().flatten().copied()
}

/// How long a case may take: just below the 10 s of `dev/interop/run`, so that the reason is still told.
pub const CASE_LIMIT: Duration = Duration::from_secs(9);

impl Case {
    /// The case of this name.
    pub fn find(name: &str) -> Option<Self> {
        all().find(|case| case.name == name)
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
