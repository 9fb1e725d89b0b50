//! The cases that are run over messages of prost: those of `interop` that any server must pass.

#[path = "../../src/cases/any_server.rs"]
mod any_server;
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

any_server::any_server!(cases);
