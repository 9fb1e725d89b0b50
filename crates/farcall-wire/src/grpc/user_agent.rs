//! What this library calls itself in `user-agent`.
//!
//! //= gRPC PROTOCOL-HTTP2 "User Agents": grpc-language-variant/version, and what an application adds goes in front

use std::borrow::Cow;

use super::metadata::MetadataError;

/// The user agent of a program that says nothing about itself.
pub const DEFAULT: &str = concat!("grpc-rust-farcall/", env!("CARGO_PKG_VERSION"));

/// The user agent of an application that names itself, such as `shop/2.1 grpc-rust-farcall/0.1.0`. An empty prefix, or
/// one of spaces, adds nothing.
///
/// # Errors
/// A prefix with a byte outside of printable ASCII, which no header may carry.
pub fn with_prefix(prefix: &str) -> Result<Cow<'static, str>, MetadataError> {
    let prefix = super::metadata::checked_text("user-agent", prefix)?;
    Ok(if prefix.is_empty() { Cow::Borrowed(DEFAULT) } else { Cow::Owned(format!("{prefix} {DEFAULT}")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_names_language_variant_and_version() {
        let version = DEFAULT.strip_prefix("grpc-rust-farcall/").unwrap();
        assert_eq!(version.split('.').count(), 3);
        assert!(DEFAULT.bytes().all(|byte| byte.is_ascii_graphic()));
    }

    #[test]
    fn an_application_stands_in_front() {
        assert_eq!(with_prefix("shop/2.1 (eu)").unwrap(), format!("shop/2.1 (eu) {DEFAULT}"));
        assert_eq!(with_prefix(" shop ").unwrap(), format!("shop {DEFAULT}"));
    }

    #[test]
    fn an_empty_prefix_adds_nothing() {
        for prefix in ["", "  "] {
            assert!(matches!(with_prefix(prefix).unwrap(), Cow::Borrowed(DEFAULT)));
        }
    }

    #[test]
    fn a_prefix_that_no_header_may_carry_is_refused() {
        for prefix in ["a\r\nx-evil: 1", "shöp", "a\0"] {
            assert!(with_prefix(prefix).unwrap_err().to_string().contains("user-agent"));
        }
    }
}
