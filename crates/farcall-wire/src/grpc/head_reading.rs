//! From a header list to the head of a call, or to the reason why it is none.
//!
//! The list is legal HTTP/2 already (`h2::verdict`); what is judged here is gRPC's part (W1–W16, W30–W35).

use super::{Code, Encoding, EncodingSet, Metadata, ReplyHead, RequestHead, Status, percent, timeout};
use crate::h2::Fields;

/// A request that is answered at once, without its method being looked for.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The HTTP status.
    pub(super) http: u16,
    /// The gRPC status; `None` for a peer that does not speak gRPC.
    pub(super) status: Option<Status>,
}

/// The beginning of a reply.
pub(super) struct Reply {
    pub(super) kind: ReplyKind,
    /// `None`: an encoding that this side does not know.
    pub(super) encoding: Option<Encoding>,
    pub(super) head: ReplyHead,
    /// Metadata that cannot be read: fails this call alone (W13).
    pub(super) invalid: Option<Status>,
}

/// Whether a reply is gRPC.
pub(super) enum ReplyKind {
    Grpc,
    Foreign { status: u16, content_type: String },
}

/// The end of a reply.
pub(super) struct Ending {
    pub(super) status: Result<(), Status>,
    pub(super) trailers: Metadata,
}

/// Reads the head of a request.
pub(super) fn request(fields: &Fields, offered: EncodingSet) -> Result<RequestHead, Refusal> {
    let mut reader = RequestReader::default();
    for (name, value) in fields.iter() {
        reader.field(name, value, offered);
    }
    reader.finish()
}

#[derive(Default)]
struct RequestReader {
    head: RequestHead,
    post: bool,
    hosts: Vec<String>,
    content_type: Option<Option<String>>,
    refusal: Option<Refusal>,
}

impl RequestReader {
    fn field(&mut self, name: &[u8], value: &[u8], offered: EncodingSet) {
        match name {
            b":method" => self.post = value == b"POST",
            b":scheme" => self.head.secure = value == b"https",
            b":path" => self.head.path = text(value),
            b":authority" => self.head.authority = text(value),
            b"host" => self.hosts.push(text(value)),
            b"content-type" => self.content_type = Some(subtype(value)),
            b"user-agent" => self.head.user_agent = text(value),
            b"grpc-timeout" => match timeout::decode(trim(value)) {
                Ok(timeout) => self.head.timeout = Some(timeout),
                Err(error) => self.refuse(200, Some(error.into())),
            },
            b"grpc-encoding" => match Encoding::from_name(trim(value)).filter(|&encoding| offered.contains(encoding)) {
                Some(encoding) => self.head.encoding = encoding,
                // W23: the answer lists what is understood.
                None => self.refuse(200, Some(unknown_encoding(value))),
            },
            b"grpc-accept-encoding" => self.head.accept.parse_accept(value),
            _ if is_protocol(name) => {}
            _ => {
                if let Err(error) = self.head.metadata.push_received(name, value) {
                    self.refuse(200, Some(error.into()));
                }
            }
        }
    }

    /// Keeps the first refusal: what makes a request no gRPC at all is looked for until its end.
    fn refuse(&mut self, http: u16, status: Option<Status>) {
        self.refusal.get_or_insert(Refusal { http, status });
    }

    fn finish(mut self) -> Result<RequestHead, Refusal> {
        if !self.post {
            // W1: gRPC is POST.
            let status = Status::internal("a gRPC call is an HTTP POST: use that method");
            return Err(Refusal { http: 405, status: Some(status) });
        }
        match self.content_type.take().flatten() {
            Some(subtype) => self.head.subtype = subtype,
            // W8: 415, so that a plain HTTP client does not take the answer for a success.
            None => return Err(Refusal { http: 415, status: None }),
        }
        if self.hosts.len() > 1 {
            let status = Status::internal("a request names its host more than once");
            return Err(Refusal { http: 400, status: Some(status) });
        }
        // W4: host stands in where :authority is missing.
        //= RFC 9113 §8.3.1: host says nothing beside :authority
        if let (true, Some(host)) = (self.head.authority.is_empty(), self.hosts.pop()) {
            self.head.authority = host;
        }
        if let Some(refusal) = self.refusal {
            return Err(refusal);
        }
        // W3: checked before anything that authorizes can see the path (CVE-2026-33186).
        if self.head.service_and_method().is_none() {
            let text = format!(
                "malformed method name {:?}: a path is \"/package.Service/Method\"",
                shown(self.head.path.as_bytes())
            );
            return Err(Refusal { http: 200, status: Some(Status::unimplemented(text)) });
        }
        Ok(self.head)
    }
}

/// Reads the beginning of a reply.
pub(super) fn reply(fields: &Fields) -> Reply {
    let mut reply =
        Reply { kind: ReplyKind::Grpc, encoding: Some(Encoding::Identity), head: ReplyHead::default(), invalid: None };
    let (mut http, mut content_type) = (0, &b""[..]);
    for (name, value) in fields.iter() {
        match name {
            b":status" => http = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()).unwrap_or(0),
            b"content-type" => content_type = value,
            b"grpc-encoding" => {
                reply.encoding = Encoding::from_name(trim(value));
                reply.head.encoding = reply.encoding.unwrap_or_default();
            }
            b"grpc-accept-encoding" => reply.head.accept.parse_accept(value),
            _ if is_protocol(name) => {}
            _ => {
                if let Err(error) = reply.head.metadata.push_received(name, value) {
                    reply.invalid.get_or_insert_with(|| error.into());
                }
            }
        }
    }
    if http != 200 || subtype(content_type).is_none() {
        reply.kind = ReplyKind::Foreign { status: http, content_type: text(content_type) };
    }
    reply
}

/// Reads trailers; `None` where they hold no `grpc-status`.
pub(super) fn ending(fields: &Fields) -> Option<Ending> {
    let mut trailers = Metadata::new();
    let (mut number, mut message, mut invalid) = (None, None, None);
    for (name, value) in fields.iter() {
        match name {
            b"grpc-status" => number = Some(trim(value)),
            b"grpc-message" => message = Some(percent::decode(value).into_owned()),
            _ if is_protocol(name) => {}
            _ => {
                if let Err(error) = trailers.push_received(name, value) {
                    invalid.get_or_insert_with(|| error.into());
                }
            }
        }
    }
    let status = status(number?, message.unwrap_or_default(), &trailers);
    let status = match invalid {
        Some(invalid) if status.is_ok() => Err(invalid),
        _ => status,
    };
    Some(Ending { status, trailers })
}

/// W33: decimal without leading zeros; what is not, and what has no name, is UNKNOWN.
fn status(number: &[u8], message: String, trailers: &Metadata) -> Result<(), Status> {
    if number == b"0" {
        return Ok(());
    }
    let legal = number.iter().all(u8::is_ascii_digit) && number.first().is_some_and(|digit| *digit != b'0');
    let raw = std::str::from_utf8(number).ok().filter(|_| legal).and_then(|text| text.parse::<u32>().ok());
    let known = raw.and_then(Code::from_number);
    let mut status = match (known, raw) {
        (Some(code), _) => Status::new(code, message),
        (None, Some(raw)) => Status::unknown(message).with_raw_code(raw),
        (None, None) => {
            let shown = String::from_utf8_lossy(number).into_owned();
            Status::unknown(format!("the server sent the grpc-status {shown:?}, which is no number: {message}"))
        }
    };
    // W35: exactly one value, else ignored.
    let mut details = trailers.get_all("grpc-status-details-bin");
    if let (Some(bytes), None) = (details.next(), details.next()) {
        status = status.with_details(bytes.to_vec());
    }
    Err(if trailers.is_empty() { status } else { status.with_metadata(trailers.clone()) })
}

/// The part of a content-type behind `application/grpc+`, empty where there is none; `None`: it is not gRPC's (W8).
fn subtype(content_type: &[u8]) -> Option<String> {
    let rest = trim(content_type).strip_prefix(b"application/grpc")?;
    match rest.split_first() {
        None | Some((b';', _)) => Some(String::new()),
        Some((b'+', name)) => {
            let name = name.split(|&byte| byte == b';').next().unwrap_or_default();
            Some(text(trim(name)))
        }
        Some(_) => None,
    }
}

/// Fields that gRPC and HTTP use themselves. A few `grpc-` names are meant for applications (W12).
fn is_protocol(name: &[u8]) -> bool {
    match name {
        b"te" | b"content-type" | b"content-length" | b"host" | b"user-agent" => true,
        b"grpc-previous-rpc-attempts"
        | b"grpc-retry-pushback-ms"
        | b"grpc-status-details-bin"
        | b"grpc-trace-bin"
        | b"grpc-tags-bin" => false,
        _ => name.starts_with(b":") || name.starts_with(b"grpc-"),
    }
}

fn unknown_encoding(value: &[u8]) -> Status {
    let name = shown(value);
    Status::unimplemented(format!("grpc-encoding {name:?} is not understood here: use one of grpc-accept-encoding"))
}

/// RFC 9113 §8.2.1 calls outer white space malformed; gRPC peers send it (W12), so that it is removed.
fn trim(value: &[u8]) -> &[u8] {
    value.trim_ascii()
}

/// The beginning of what a peer sent, for a text that goes back: it may have cost the peer a byte.
fn shown(value: &[u8]) -> String {
    match value.split_at_checked(LONGEST_SHOWN) {
        Some((shown, rest)) if !rest.is_empty() => text(shown) + "…",
        _ => text(value),
    }
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

/// Bytes of a path or a name that an answer repeats.
const LONGEST_SHOWN: usize = 256;

#[cfg(test)]
mod tests;
