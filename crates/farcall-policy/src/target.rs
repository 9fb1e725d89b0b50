//! The name of a server as users write it, parsed: `dns:///users:50051`, `localhost:50051`, `ipv6:[::1]:50051`.
//!
//! Nobody here resolves a name. The law is gRPC's `naming.md`, with two differences: a scheme that is not known is an
//! error here and not the name of a host, and one target means one address.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use core::str::FromStr;

use problem::Problem;

mod problem;

/// Where a channel connects to, and what it calls the server there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    written: String,
    authority: String,
    address: Address,
}

/// The address within a [`Target`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Address {
    /// A name to be resolved.
    Dns {
        /// The name of the host.
        host: String,
        /// The port, 1 to 65535.
        port: u16,
    },
    /// An address that needs no resolver.
    Ip(SocketAddr),
    /// The path of a Unix socket.
    Unix(String),
    /// The name of a Unix socket in the abstract namespace, without its leading zero byte.
    UnixAbstract(String),
}

/// A target that cannot be understood; its text has the target, what is wrong, and how to write it instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidTarget {
    target: String,
    problem: Problem,
}

impl Target {
    /// Parses a target.
    ///
    /// # Errors
    ///
    /// For anything but one address in one of these forms, where the port is 443 if it is absent (80 for `http`):
    /// `dns:///host:port`, `dns:host:port`, `host:port`, `ipv4:1.2.3.4:port`, `ipv6:[::1]:port`, `http://host:port`,
    /// `unix:path`, `unix:///path`, `unix-abstract:name`.
    pub fn parse(target: &str) -> Result<Self, InvalidTarget> {
        match parse(target) {
            Ok((address, authority)) => Ok(Self { written: target.to_owned(), authority, address }),
            Err(problem) => Err(InvalidTarget { target: target.to_owned(), problem }),
        }
    }

    /// What goes into `:authority`: host and, where it was written, port; an IPv6 address in brackets.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Where to connect to.
    pub fn address(&self) -> &Address {
        &self.address
    }
}

impl FromStr for Target {
    type Err = InvalidTarget;

    fn from_str(target: &str) -> Result<Self, InvalidTarget> {
        Self::parse(target)
    }
}

/// As it was written.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl InvalidTarget {
    /// The text that was refused.
    pub fn target(&self) -> &str {
        &self.target
    }
}

impl fmt::Display for InvalidTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the target {:?} {}", self.target, self.problem)
    }
}

impl core::error::Error for InvalidTarget {}

/// The port of a target that names none.
//= gRPC naming.md: without a port, a name means port 443
const DEFAULT_PORT: u16 = 443;
/// The port of `http://host`, as in every other use of that scheme.
const HTTP_PORT: u16 = 80;
/// What a peer on a Unix socket is called: its path is no authority (RFC 3986 §3.2).
const UNIX_AUTHORITY: &str = "localhost";

type Parsed = Result<(Address, String), Problem>;

fn parse(target: &str) -> Parsed {
    if target.trim().is_empty() {
        return Err(Problem::Empty);
    }
    let Some((scheme, rest)) = target.split_once(':') else {
        return host_and_port(target, DEFAULT_PORT);
    };
    //= RFC 3986 §3.1: schemes are compared without regard to case
    match scheme.to_ascii_lowercase().as_str() {
        "dns" => host_and_port(without_authority("dns", rest)?, DEFAULT_PORT),
        "ipv4" => ip(rest, |ip| ip.is_ipv4(), Problem::NotIpv4),
        "ipv6" => ip(rest, |ip| ip.is_ipv6(), Problem::NotIpv6),
        "http" => match rest.strip_prefix("//") {
            Some(rest) => host_and_port(rest, HTTP_PORT),
            None => Err(Problem::HttpWithoutSlashes(rest.trim_start_matches('/').to_owned())),
        },
        "https" => Err(Problem::Https),
        "unix" => unix(rest),
        "unix-abstract" if rest.is_empty() || rest.contains('\0') => Err(Problem::UnixPath),
        "unix-abstract" => Ok((Address::UnixAbstract(rest.to_owned()), UNIX_AUTHORITY.to_owned())),
        _ if rest.starts_with("//") => Err(Problem::Scheme(scheme.to_owned())),
        _ if is_scheme(scheme) && !looks_like_port(rest) && !rest.contains(':') => {
            Err(Problem::SchemeOrPort(scheme.to_owned(), rest.to_owned()))
        }
        _ => host_and_port(target, DEFAULT_PORT),
    }
}

/// Takes the `//` and the empty authority off `dns:///host:port`; in `dns:host:port` there is neither.
fn without_authority<'a>(scheme: &'static str, rest: &'a str) -> Result<&'a str, Problem> {
    let Some(after) = rest.strip_prefix("//") else {
        return Ok(rest.strip_prefix('/').unwrap_or(rest));
    };
    match after.split_once('/') {
        Some(("", path)) => Ok(path),
        Some((authority, path)) if !path.is_empty() => Err(Problem::Authority(authority.to_owned(), path.to_owned())),
        _ => Err(Problem::TwoSlashes(scheme, after.trim_end_matches('/').to_owned())),
    }
}

fn unix(rest: &str) -> Parsed {
    let path = match rest.strip_prefix("//") {
        Some(path) if path.starts_with('/') => path,
        Some(path) => return Err(Problem::TwoSlashes("unix", path.to_owned())),
        None => rest,
    };
    if path.is_empty() || path.contains('\0') {
        return Err(Problem::UnixPath);
    }
    Ok((Address::Unix(path.to_owned()), UNIX_AUTHORITY.to_owned()))
}

fn ip(rest: &str, family: fn(&IpAddr) -> bool, otherwise: fn(String) -> Problem) -> Parsed {
    if rest.contains(',') {
        return Err(Problem::ManyAddresses);
    }
    //= gRPC naming.md: an IPv6 address needs its brackets only where a port follows
    if let Ok(bare) = rest.parse::<Ipv6Addr>()
        && family(&IpAddr::V6(bare))
    {
        return Ok((Address::Ip((bare, DEFAULT_PORT).into()), format!("[{bare}]")));
    }
    match host_and_port(rest, DEFAULT_PORT)? {
        (Address::Ip(address), authority) if family(&address.ip()) => Ok((Address::Ip(address), authority)),
        _ => Err(otherwise(rest.to_owned())),
    }
}

/// `host`, `host:port`, `[address]` or `[address]:port`, and nothing beside it.
fn host_and_port(text: &str, default: u16) -> Parsed {
    //= RFC 9113 §8.3.1: no user and no password stand in :authority
    if text.contains('@') {
        return Err(Problem::UserInfo(text.rsplit('@').next().unwrap_or_default().to_owned()));
    }
    if let Some((before, _)) = text.split_once(['/', '?', '#']) {
        return Err(if before.is_empty() { Problem::NoHost } else { Problem::Path(before.to_owned()) });
    }
    if text.contains(',') {
        return Err(Problem::ManyAddresses);
    }
    if text.starts_with('[') {
        return bracketed(text, default);
    }
    if text.parse::<Ipv6Addr>().is_ok() || text.split(':').count() > 2 {
        return Err(Problem::Brackets(text.to_owned()));
    }
    let (host, written) = match text.split_once(':') {
        Some((host, written)) => (host, Some(written)),
        None => (text, None),
    };
    let port = written.map_or(Ok(default), port)?;
    if host.is_empty() {
        return Err(Problem::NoHost);
    }
    let address = match host.parse::<Ipv4Addr>() {
        Ok(ip) => Address::Ip((ip, port).into()),
        Err(_) if host.bytes().all(is_host_byte) => Address::Dns { host: host.to_owned(), port },
        Err(_) => return Err(Problem::Host(host.to_owned())),
    };
    Ok((address, text.to_owned()))
}

fn bracketed(text: &str, default: u16) -> Parsed {
    let wrong = || Problem::Brackets(text.to_owned());
    let (inside, after) = text.strip_prefix('[').and_then(|text| text.split_once(']')).ok_or_else(wrong)?;
    let written = match after.strip_prefix(':') {
        Some(written) => Some(written),
        None if after.is_empty() => None,
        None => return Err(wrong()),
    };
    let port = written.map_or(Ok(default), port)?;
    // The standard parser knows numbered zones, `[fe80::1%2]`, in a whole socket address only.
    let Ok(address) = format!("[{inside}]:{port}").parse::<SocketAddrV6>() else {
        return Err(Problem::NotIpv6(inside.to_owned()));
    };
    //= RFC 6874 §1: a zone means something on this machine only, and stays here
    let authority = match written {
        Some(_) => format!("[{}]:{port}", address.ip()),
        None => format!("[{}]", address.ip()),
    };
    Ok((Address::Ip(address.into()), authority))
}

fn port(text: &str) -> Result<u16, Problem> {
    match text.parse::<u16>() {
        Ok(port) if port > 0 && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(port),
        _ => Err(Problem::Port(text.to_owned())),
    }
}

fn looks_like_port(text: &str) -> bool {
    let digits = text.split(['/', '?', '#']).next().unwrap_or_default();
    digits.is_empty() || digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// RFC 3986 §3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// What the names of hosts are made of; the underscore is not in RFC 1123, but in the names of containers.
fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
}

#[cfg(test)]
mod tests;
