//! In place of prost's messages, where the feature `prost` is off.

use crate::config::Config;
use crate::contract::Contract;
use crate::error::Error;
use crate::messages::Written;

/// Refuses: the generator is not there.
pub(crate) fn messages(_: &Contract, _: &Config) -> Result<Written, Error> {
    Err(Error::new("Runtime::Prost was chosen, and farcall-build was built without prost")
        .help("enable the feature `prost` of farcall-build, and that of farcall-protobuf"))
}
