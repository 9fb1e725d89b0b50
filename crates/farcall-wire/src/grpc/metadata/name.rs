//! Which names and values an application may set, and what it is told about the others.
//!
//! Only what is sent is judged here: a receiver takes every name that HTTP/2 lets through.
//! //= gRPC PROTOCOL-HTTP2 "Custom-Metadata": names of 0-9 a-z _ - . ; "grpc-" is reserved; values of 0x20 to 0x7E

use core::fmt;

use crate::grpc::status::Status;

/// A name or a value that an application cannot set as metadata.
///
/// The text names the header and the character that is wrong, but never a whole value: it may be a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataError {
    name: Box<str>,
    problem: Problem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Problem {
    EmptyName,
    UpperCase,
    NameCharacter {
        character: char,
        at: usize,
    },
    /// Not custom metadata; the text says what to do instead.
    Transport(&'static str),
    Reserved,
    Binary,
    NotBinary,
    ValueCharacter {
        character: char,
        at: usize,
    },
}

/// Headers that belong to HTTP/2 or to the library, and what to do instead of setting them.
const TRANSPORT: [(&str, &str); 11] = [
    ("connection", NOT_HTTP2),
    ("content-length", "the length of a call is not known when it begins; leave it out"),
    ("content-type", "the library sets it; leave it out"),
    ("host", "set the authority of the channel or the call instead"),
    ("http2-settings", NOT_HTTP2),
    ("keep-alive", NOT_HTTP2),
    ("proxy-connection", NOT_HTTP2),
    ("te", "the library sets it; leave it out"),
    ("transfer-encoding", NOT_HTTP2),
    ("upgrade", NOT_HTTP2),
    ("user-agent", "set the user agent of the channel instead"),
];

const NOT_HTTP2: &str = "HTTP/2 has no such header (RFC 9113 §8.2.2); leave it out";

/// Reserved names that an application has a use for all the same: a server tells when to retry (gRFC A6), and tracing
/// libraries send their context.
const OPEN: [&str; 3] = ["grpc-retry-pushback-ms", "grpc-tags-bin", "grpc-trace-bin"];

/// Whether values of this name are any bytes.
pub(super) fn is_binary(name: &str) -> bool {
    name.ends_with("-bin")
}

/// Whether an application may set this name, with a value of bytes or of text.
pub(super) fn check_name(name: &str, binary: bool) -> Result<(), MetadataError> {
    match name_problem(name, binary) {
        None => Ok(()),
        Some(problem) => Err(MetadataError { name: name.into(), problem }),
    }
}

fn name_problem(name: &str, binary: bool) -> Option<Problem> {
    if name.is_empty() {
        return Some(Problem::EmptyName);
    }
    if name.starts_with(':') {
        return Some(Problem::Transport("names with a colon belong to HTTP/2; leave it out"));
    }
    //= RFC 9113 §8.2: names are sent in lower case
    let illegal = |character: &char| !matches!(character, '0'..='9' | 'a'..='z' | '_' | '.' | '-');
    if let Some((at, character)) = name.char_indices().find(|(_, character)| illegal(character)) {
        let only_upper = name.chars().all(|character| !illegal(&character.to_ascii_lowercase()));
        return Some(if only_upper { Problem::UpperCase } else { Problem::NameCharacter { character, at } });
    }
    //= RFC 9113 §8.2.2: fields that speak of an HTTP/1 connection are not sent
    //= RFC 9113 §8.3.1: a client sends no host that differs from :authority
    if let Some((_, remedy)) = TRANSPORT.iter().find(|(transport, _)| *transport == name) {
        return Some(Problem::Transport(remedy));
    }
    if name.starts_with("grpc-") && !OPEN.contains(&name) {
        return Some(Problem::Reserved);
    }
    match (is_binary(name), binary) {
        (true, false) => Some(Problem::Binary),
        (false, true) => Some(Problem::NotBinary),
        _ => None,
    }
}

/// The value without outer spaces, if it is text that a header may carry.
pub(in crate::grpc) fn checked_text<'a>(name: &str, value: &'a str) -> Result<&'a str, MetadataError> {
    match value.char_indices().find(|(_, character)| !matches!(character, ' '..='~')) {
        None => Ok(value.trim_matches(' ')),
        Some((at, character)) => {
            Err(MetadataError { name: name.into(), problem: Problem::ValueCharacter { character, at } })
        }
    }
}

impl MetadataError {
    /// The name that was to be set.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.escape_debug();
        match &self.problem {
            Problem::EmptyName => write!(f, "metadata needs a name: use a-z, 0-9, `_`, `-` and `.`"),
            Problem::UpperCase => {
                write!(f, "metadata name `{name}` is not lower case: use `{}`", self.name.to_lowercase())
            }
            Problem::NameCharacter { character, at } => {
                write!(f, "metadata name `{name}` has {character:?} at byte {at}: use a-z, 0-9, `_`, `-` and `.`")
            }
            Problem::Transport(remedy) => write!(f, "`{name}` is not metadata: {remedy}"),
            Problem::Reserved => {
                write!(f, "metadata name `{name}` is reserved, as all that begin with `grpc-`: choose another prefix")
            }
            Problem::Binary => {
                write!(f, "metadata `{name}` ends in `-bin` and has bytes for a value: use append_bin or insert_bin")
            }
            Problem::NotBinary => {
                write!(
                    f,
                    "metadata `{name}` has a value of bytes: call it `{name}-bin`, or use append or insert for text"
                )
            }
            Problem::ValueCharacter { character, at } => {
                write!(f, "the value of `{name}` has {character:?} at byte {at}: use printable ASCII")?;
                if &*self.name == "user-agent" { Ok(()) } else { f.write_str(", or a name that ends in `-bin`") }
            }
        }
    }
}

impl core::error::Error for MetadataError {}

impl From<MetadataError> for Status {
    /// [`Code::Internal`](crate::grpc::Code::Internal): the mistake is in this program.
    fn from(error: MetadataError) -> Self {
        Self::internal(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grpc::Code;

    fn told(name: &str, binary: bool) -> String {
        check_name(name, binary).unwrap_err().to_string()
    }

    #[test]
    fn legal_names_pass() {
        for name in ["a", "x-request-id", "0_.-9", "authorization", "traceparent", "grpcish", "grpc"] {
            check_name(name, false).unwrap();
        }
        for name in ["a-bin", "x-request-id-bin", "0_.-9-bin", "-bin", "grpcish-bin"] {
            check_name(name, true).unwrap();
        }
    }

    //= RFC 9113 §8.2: names are sent in lower case
    #[test]
    fn upper_case_is_told_its_lower_case_spelling() {
        assert_eq!(told("X-Request-Id", false), "metadata name `X-Request-Id` is not lower case: use `x-request-id`");
        assert!(told("X ID", false).contains("'X' at byte 0"), "lower case would not be enough");
    }

    #[test]
    fn characters_that_no_name_has_are_shown() {
        assert!(told("a b", false).contains("' ' at byte 1"));
        assert!(told("größe", false).contains("'ö' at byte 2"));
        assert!(told("a\r\nb", false).contains(r"`a\r\nb` has '\r' at byte 1"));
        assert!(told("", false).contains("needs a name"));
    }

    //= RFC 9113 §8.2.2: fields that speak of an HTTP/1 connection are not sent
    //= RFC 9113 §8.3.1: a client sends no host that differs from :authority
    #[test]
    fn headers_of_the_transport_are_refused_with_the_remedy() {
        for (name, remedy) in TRANSPORT {
            assert!(told(name, false).ends_with(remedy));
        }
        assert!(told(":authority", false).contains("HTTP/2"));
        assert!(told("te", false).contains("leave it out"));
        assert!(told("user-agent", false).contains("channel"));
    }

    #[test]
    fn the_grpc_prefix_is_reserved_but_for_what_applications_send() {
        for name in ["grpc-status", "grpc-message", "grpc-timeout", "grpc-foo", "grpc-previous-rpc-attempts"] {
            assert!(told(name, false).contains("reserved"));
        }
        assert!(told("grpc-status-details-bin", true).contains("reserved"));
        check_name("grpc-retry-pushback-ms", false).unwrap();
        check_name("grpc-trace-bin", true).unwrap();
        check_name("grpc-tags-bin", true).unwrap();
    }

    #[test]
    fn text_and_bytes_have_different_names() {
        assert!(told("x-bin", false).contains("append_bin"));
        assert!(told("x", true).contains("`x-bin`"));
        check_name("x-bin", true).unwrap();
        check_name("binary", false).unwrap();
    }

    #[test]
    fn text_is_printable_ascii_and_loses_outer_spaces() {
        assert_eq!(checked_text("x", "  a b ~ ").unwrap(), "a b ~");
        assert_eq!(checked_text("x", "").unwrap(), "");
        for value in ["a\tb", "a\n", "\0", "a\u{7f}", "ä", "😈"] {
            checked_text("x", value).unwrap_err();
        }
    }

    #[test]
    fn a_bad_value_is_told_by_its_character_and_never_whole() {
        let error = checked_text("authorization", "Bearer secret\n").unwrap_err();
        let text = error.to_string();
        assert!(text.contains(r"`authorization` has '\n' at byte 13") && text.contains("-bin"), "{text}");
        assert!(!text.contains("secret") && !format!("{error:?}").contains("secret"));
        assert_eq!(error.name(), "authorization");
        assert_eq!(Status::from(error).code(), Code::Internal);
    }
}
