//! From the head of a call to a header list.
//!
//! HPACK may keep what is the same from call to call; what differs each time, or is secret, it may not.

use std::time::Duration;

use super::head_reading::Refusal;
use super::{Encoding, Metadata, ReplyEnd, RequestHead, percent, timeout};
use crate::h2::{Fields, Indexing};

/// The beginning of a request: its pseudo-headers. W7: the timeout follows them, then the definition, then metadata.
pub(super) fn target(head: &RequestHead, fields: &mut Fields) {
    //= RFC 9113 §8.3: no pseudo-header fields are sent but the defined ones
    fields.push(b":method", b"POST", Indexing::Index);
    let scheme: &[u8] = if head.secure { b"https" } else { b"http" };
    fields.push(b":scheme", scheme, Indexing::Index);
    fields.push(b":path", head.path.as_bytes(), Indexing::Index);
    //= RFC 9113 §8.3.1: a client names its authority by :authority, if it has one
    if !head.authority.is_empty() {
        fields.push(b":authority", head.authority.as_bytes(), Indexing::Index);
    }
}

/// How much time a call has.
pub(super) fn time(timeout: Duration, fields: &mut Fields) {
    fields.push(b"grpc-timeout", &timeout::encode(timeout), Indexing::Name);
}

/// What gRPC says of a request beside its target and its time.
pub(super) fn definition(head: &RequestHead, accept: &[u8], fields: &mut Fields) {
    // W6: proxies that would lose trailers are found out by it.
    fields.push(b"te", b"trailers", Indexing::Index);
    content_type(&head.subtype, fields);
    if !head.user_agent.is_empty() {
        fields.push(b"user-agent", head.user_agent.as_bytes(), Indexing::Index);
    }
    encodings(head.encoding, accept, fields);
}

/// Response headers without metadata.
pub(super) fn reply_head(encoding: Encoding, subtype: &str, accept: &[u8], fields: &mut Fields) {
    fields.push(b":status", b"200", Indexing::Index);
    content_type(subtype, fields);
    encodings(encoding, accept, fields);
}

/// Trailers, or the part of Trailers-Only that follows the response headers.
pub(super) fn trailers(end: &ReplyEnd, fields: &mut Fields) {
    //= RFC 9113 §8.1: trailers carry no pseudo-header fields
    match &end.status {
        Ok(()) => fields.push(b"grpc-status", b"0", Indexing::Index),
        Err(status) => {
            fields.push(b"grpc-status", status.raw_code().to_string().as_bytes(), Indexing::Index);
            if !status.message().is_empty() {
                let mut message = Vec::new();
                percent::encode(status.message(), &mut message);
                fields.push(b"grpc-message", &message, Indexing::Plain);
            }
            if !status.details().is_empty() {
                fields.push(DETAILS, &base64(status.details()), Indexing::Plain);
            }
            metadata_without(status.metadata(), DETAILS, fields);
        }
    }
    metadata_without(&end.trailers, DETAILS, fields);
}

/// The answer to a request whose method is never looked for.
pub(super) fn refusal(refusal: &Refusal, accept: &[u8], fields: &mut Fields) {
    fields.push(b":status", refusal.http.to_string().as_bytes(), Indexing::Plain);
    if refusal.http == 405 {
        fields.push(b"allow", b"POST", Indexing::Plain);
    }
    let Some(status) = &refusal.status else { return };
    content_type("", fields);
    // W23: whoever sent an encoding that is not understood learns from the answer what is.
    let accept = if accept.is_empty() { Encoding::Identity.name().as_bytes() } else { accept };
    encodings(Encoding::Identity, accept, fields);
    trailers(&ReplyEnd::from(status.clone()), fields);
}

fn content_type(subtype: &str, fields: &mut Fields) {
    match subtype {
        "" => fields.push(b"content-type", b"application/grpc", Indexing::Index),
        "proto" => fields.push(b"content-type", b"application/grpc+proto", Indexing::Index),
        other => fields.push(b"content-type", format!("application/grpc+{other}").as_bytes(), Indexing::Index),
    }
}

fn encodings(encoding: Encoding, accept: &[u8], fields: &mut Fields) {
    if encoding != Encoding::Identity {
        fields.push(b"grpc-encoding", encoding.name().as_bytes(), Indexing::Index);
    }
    if !accept.is_empty() {
        fields.push(b"grpc-accept-encoding", accept, Indexing::Index);
    }
}

/// Custom metadata.
pub(super) fn metadata(metadata: &Metadata, fields: &mut Fields) {
    metadata_without(metadata, b"", fields);
}

fn metadata_without(metadata: &Metadata, without: &[u8], fields: &mut Fields) {
    metadata.for_each_sent(|name, value| {
        let name = name.as_bytes();
        // RFC 7541 §7.1.3: what a guess could find out stays out of every table on the way.
        let secret = matches!(name, b"authorization" | b"cookie" | b"set-cookie" | b"proxy-authorization");
        if name != without {
            fields.push(name, value, if secret { Indexing::Never } else { Indexing::Plain });
        }
    });
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    use ::base64::Engine;
    ::base64::engine::general_purpose::STANDARD_NO_PAD.encode(bytes).into_bytes()
}

/// Where `google.rpc.Status` travels (W35).
const DETAILS: &[u8] = b"grpc-status-details-bin";

#[cfg(test)]
mod tests;
