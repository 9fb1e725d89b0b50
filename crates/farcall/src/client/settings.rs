//! What a channel can be told, with the defaults; checked when the channel is built.
//!
//! Settings of a single call are not here: those are methods of the call.

use std::fmt;

use farcall_policy::target::InvalidTarget;
use farcall_policy::{BackoffConfig, InvalidBackoff};
use farcall_wire::grpc::{Config, Encoding};

use crate::compress;

/// The settings that a channel's driver works with.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// What calls name in `:authority`; the target's own where nothing was set.
    pub(super) authority: Option<String>,
    /// What the application puts in front of the library's `user-agent`.
    pub(super) user_agent: String,
    /// When to try again to connect.
    pub(super) backoff: BackoffConfig,
    /// Calls that may wait at a time.
    pub(super) waiting_limit: usize,
    /// How calls compress without being asked.
    pub(super) encoding: Encoding,
    /// The engine's settings.
    pub(super) wire: Config,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            authority: None,
            user_agent: String::new(),
            backoff: BackoffConfig::default(),
            waiting_limit: WAITING_LIMIT,
            encoding: Encoding::Identity,
            wire: Config::default(),
        }
    }
}

impl Settings {
    /// Finds what no channel could work with.
    pub(super) fn validate(&self) -> Result<(), InvalidChannel> {
        self.backoff.validate().map_err(InvalidChannel::Backoff)?;
        if let Some(authority) = &self.authority
            && (authority.is_empty() || !authority.bytes().all(is_authority_byte))
        {
            return Err(InvalidChannel::Authority(authority.clone()));
        }
        if compress::missing(self.encoding).is_some() {
            return Err(InvalidChannel::Encoding(self.encoding));
        }
        if !self.user_agent.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(InvalidChannel::UserAgent(self.user_agent.clone()));
        }
        Ok(())
    }
}

/// A channel that cannot be built; the text has the value that was wrong, and what would be right.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum InvalidChannel {
    /// The target cannot be understood.
    Target(InvalidTarget),
    /// The target is a Unix socket, and the system has none.
    Socket(String),
    /// The authority is empty, or has characters that no authority has (RFC 3986 §3.2).
    Authority(String),
    /// The prefix of the user agent has characters that no header field has.
    UserAgent(String),
    /// Messages cannot be compressed like this in this build.
    Encoding(Encoding),
    /// The backoff has a number out of its range.
    Backoff(InvalidBackoff),
}

impl fmt::Display for InvalidChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target(error) => error.fmt(f),
            Self::Socket(target) => {
                write!(f, "the target {target:?} is a Unix socket, which this system does not have: write host:port")
            }
            Self::Authority(authority) => {
                write!(
                    f,
                    "the authority {authority:?} is none: write a host and, if it has one, a port, as in users.example:443"
                )
            }
            Self::UserAgent(prefix) => {
                write!(f, "the user agent {prefix:?} cannot be sent: use printable ASCII, as in my-program/1.0")
            }
            Self::Encoding(encoding) => {
                write!(f, "messages cannot be compressed with {encoding}: turn on the feature `{encoding}` of farcall")
            }
            Self::Backoff(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for InvalidChannel {}

impl From<InvalidTarget> for InvalidChannel {
    fn from(error: InvalidTarget) -> Self {
        Self::Target(error)
    }
}

/// RFC 3986 §3.2, without the user information that RFC 9113 §8.3.1 forbids.
fn is_authority_byte(byte: u8) -> bool {
    //= RFC 9113 §8.3.1: no user and no password stand in :authority
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:[]%".contains(&byte)
}

/// Calls that may wait: enough for any burst, and an end for a program that calls a dead server in a loop.
const WAITING_LIMIT: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(change: impl FnOnce(&mut Settings)) -> String {
        let mut settings = Settings::default();
        change(&mut settings);
        settings.validate().unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(Settings::default().validate(), Ok(()));
    }

    #[test]
    fn what_cannot_be_sent_is_refused_with_its_value_and_a_remedy() {
        let text = problem(|settings| settings.authority = Some("users example".into()));
        assert!(text.contains("\"users example\"") && text.contains("users.example:443"), "{text}");
        let text = problem(|settings| settings.user_agent = "line\nbreak".into());
        assert!(text.contains("line\\nbreak") && text.contains("my-program/1.0"), "{text}");
        let text = problem(|settings| settings.backoff.multiplier = 0.5);
        assert!(text.contains("0.5") && text.contains("1.6"), "{text}");
    }

    //= RFC 9113 §8.3.1: no user and no password stand in :authority
    #[test]
    fn an_authority_names_no_user_and_is_not_empty() {
        for authority in ["me@users.example", "me:secret@users.example:443", "@", ""] {
            let text = problem(|settings| settings.authority = Some(authority.into()));
            assert!(text.contains(&format!("{authority:?}")), "{text}");
        }
    }

    #[test]
    fn an_authority_may_be_a_name_or_an_address_with_a_port() {
        for authority in ["users", "users.example:443", "[::1]:50051", "127.0.0.1:1"] {
            let settings = Settings { authority: Some(authority.into()), ..Settings::default() };
            assert_eq!(settings.validate(), Ok(()), "{authority}");
        }
    }
}
