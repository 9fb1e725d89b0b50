//! What can be wrong with a target, and the sentence for each: the value, and how to write it instead.
//!
//! Nothing is decided here. Each text continues "the target \"…\" ".

use core::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    Empty,
    NoHost,
    Scheme(String),
    SchemeOrPort(String, String),
    Https,
    HttpWithoutSlashes(String),
    TwoSlashes(&'static str, String),
    Authority(String, String),
    UserInfo(String),
    Path(String),
    ManyAddresses,
    Brackets(String),
    Port(String),
    Host(String),
    NotIpv4(String),
    NotIpv6(String),
    UnixPath,
}

/// The schemes that exist, as every message about an unknown one ends.
const KNOWN: &str = "known are dns, ipv4, ipv6, http, unix and unix-abstract, as in dns:///localhost:50051";

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty; write a host and a port, as in localhost:50051"),
            Self::NoHost => f.write_str("names no host; write one before the port, as in localhost:50051"),
            Self::Scheme(scheme) => write!(f, "has the unknown scheme `{scheme}`; {KNOWN}"),
            Self::SchemeOrPort(scheme, rest) => {
                write!(f, "has neither a known scheme (`{scheme}`) nor a port in digits (`{rest}`); {KNOWN}")
            }
            Self::Https => f.write_str("asks for TLS, which this version does not speak yet; use http:// or dns:///"),
            Self::HttpWithoutSlashes(rest) => write!(f, "lacks two slashes; write http://{rest}"),
            Self::TwoSlashes(scheme, rest) => {
                write!(f, "has two slashes where {scheme} needs three; write {scheme}:///{rest}")
            }
            Self::Authority(authority, path) => write!(
                f,
                "names the DNS server `{authority}`, which cannot be chosen here; write dns:///{path} to use the system's"
            ),
            Self::UserInfo(rest) => {
                write!(f, "holds a user name before `@`; write {rest}, and send credentials as metadata of the call")
            }
            Self::Path(before) => {
                write!(f, "has a path after its address; write {before}, since the method of each call is the path")
            }
            Self::ManyAddresses => {
                f.write_str("lists several addresses; this version connects to one address, so name one")
            }
            Self::Brackets(text) => write_brackets(f, text),
            Self::Port(port) => write!(f, "has the port `{port}`; a port is a number from 1 to 65535"),
            Self::Host(host) => write!(
                f,
                "has the host `{host}`; a host is made of letters, digits, `-`, `.` and `_` (others in their xn-- form)"
            ),
            Self::NotIpv4(text) => {
                write!(f, "has `{text}` where ipv4: needs an address such as 127.0.0.1:50051; for names use dns:///")
            }
            Self::NotIpv6(text) => {
                write!(
                    f,
                    "has `{text}` where an IPv6 address is due; write it as in [::1]:50051, for names use dns:///"
                )
            }
            Self::UnixPath => {
                f.write_str("has an empty path or a zero byte in it; write the socket as in unix:/run/users.sock")
            }
        }
    }
}

/// Brackets that are missing or misplaced, spelled right where it is clear what was meant.
fn write_brackets(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let is_address = |text: &str| text.parse::<core::net::Ipv6Addr>().is_ok();
    f.write_str("needs brackets around an IPv6 address; write ")?;
    match text.rsplit_once(':') {
        // `::1:50051` is an address as it stands, but was hardly meant as one.
        Some((host, port)) if is_address(host) && port.parse::<u16>().is_ok_and(|port| port > 0) => {
            write!(f, "[{host}]:{port}")
        }
        _ if is_address(text) => write!(f, "[{text}]:50051"),
        _ => f.write_str("it as in [::1]:50051"),
    }
}
