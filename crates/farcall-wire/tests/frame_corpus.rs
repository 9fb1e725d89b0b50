//! The shared corpus of HTTP/2 frames: 34 files, each decoded and held to every field or error code that it lists.
//!
//! Law: the corpus' own FORMAT.md. Its files are data to read, so that nothing is written there.

#![expect(clippy::disallowed_methods, reason = "the environment says whether a missing corpus is forgiven")]

use std::fs;
use std::path::{Path, PathBuf};

use farcall_wire::h2::frame::{
    FRAME_HEAD, FrameHead, continuation, data, flag, goaway, headers, kind, ping, priority, push_promise, rst_stream,
    settings, window_update,
};
use serde::Deserialize;
use serde_json::{Value, json};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/testdata/frames");

/// SETTINGS_MAX_FRAME_SIZE before anything was agreed, which the corpus asks for.
const MAX_FRAME: u32 = 16_384;

#[derive(Deserialize)]
struct Case {
    wire: String,
    frame: Option<Value>,
    error: Option<Vec<u32>>,
    description: String,
}

/// The cases with the paths of their files; `None` where the corpus is absent, which only CI does not forgive.
fn cases() -> Option<Vec<(PathBuf, Case)>> {
    let root = Path::new(CORPUS);
    if !root.is_dir() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "the corpus of frames is missing at {CORPUS}");
        eprintln!("skipped: the corpus of frames is not at {CORPUS}; put the shared test data there to run this test");
        return None;
    }
    let mut cases = Vec::new();
    for folder in fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.extension().is_some_and(|extension| extension == "json") {
                let case = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
                cases.push((path, case));
            }
        }
    }
    Some(cases)
}

fn bytes(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2), "{hex:?} is no hexadecimal text");
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The frame as the corpus writes it, or the HTTP/2 error code.
fn decode(wire: &[u8]) -> Result<Value, u32> {
    let (head, payload) = wire.split_first_chunk::<FRAME_HEAD>().expect("a whole head");
    let head = FrameHead::parse(head);
    head.check_length(MAX_FRAME).map_err(|fault| fault.reason.http2().number())?;
    assert_eq!(payload.len(), head.length as usize, "a whole payload");
    Ok(json!({
        "length": head.length,
        "type": head.kind,
        "flags": head.flags,
        "stream_identifier": head.stream,
        "frame_payload": decode_payload(head, payload).map_err(|fault| fault.reason.http2().number())?,
    }))
}

macro_rules! payload {
    ($padding:expr, { $($body:tt)* }) => {{
        let (padding_length, padding) = $padding;
        json!({ "padding_length": padding_length, "padding": padding, $($body)* })
    }};
}

fn decode_payload(head: FrameHead, payload: &[u8]) -> Result<Value, farcall_wire::error::Fault> {
    Ok(match head.kind {
        kind::DATA => {
            let body = data::parse(head, payload)?;
            payload!(padding(head, payload, body.end), { "data": text(&payload[body]) })
        }
        kind::HEADERS => decode_headers(head, payload, headers::parse(head, payload)?),
        kind::PRIORITY => {
            let priority = priority::parse(head, payload)?;
            payload!((None::<u8>, None::<String>), {
                "stream_dependency": priority.dependency,
                "weight": u32::from(priority.weight) + 1,
                "exclusive": priority.exclusive,
            })
        }
        kind::RST_STREAM => json!({ "error_code": rst_stream::parse(head, payload)?.number() }),
        kind::SETTINGS => match settings::parse(head, payload)? {
            settings::SettingsFrame::Ack => json!({ "settings": [] }),
            settings::SettingsFrame::Entries(entries) => {
                entries.clone().try_for_each(|(id, value)| settings::check(id, value))?;
                json!({ "settings": entries.collect::<Vec<_>>() })
            }
        },
        kind::PUSH_PROMISE => {
            let promise = push_promise::parse(head, payload)?;
            assert_eq!(promise.end_headers, head.has(flag::END_HEADERS));
            payload!(padding(head, payload, end_of(promise.fragment, payload)), {
                "header_block_fragment": text(promise.fragment),
                "promised_stream_id": promise.promised,
            })
        }
        kind::PING => {
            let ping = ping::parse(head, payload)?;
            assert_eq!(ping.ack, head.has(flag::ACK));
            json!({ "opaque_data": text(&ping.data) })
        }
        kind::GOAWAY => {
            let goaway = goaway::parse(head, payload)?;
            json!({
                "last_stream_id": goaway.last_stream,
                "error_code": goaway.code.number(),
                "additional_debug_data": text(goaway.debug),
            })
        }
        kind::WINDOW_UPDATE => json!({ "window_size_increment": window_update::parse(head, payload)? }),
        kind::CONTINUATION => {
            let (fragment, end_headers) = continuation::parse(head, payload)?;
            assert_eq!(end_headers, head.has(flag::END_HEADERS));
            json!({ "header_block_fragment": text(fragment) })
        }
        unknown => panic!("the corpus has no frames of kind {unknown}"),
    })
}

fn decode_headers(head: FrameHead, payload: &[u8], headers: headers::Headers<'_>) -> Value {
    assert_eq!(headers.end_stream, head.has(flag::END_STREAM));
    assert_eq!(headers.end_headers, head.has(flag::END_HEADERS));
    assert!(!headers.self_dependency);
    let end = end_of(headers.fragment, payload);
    let before = &payload[..end - headers.fragment.len()];
    let priority = head.has(flag::PRIORITY).then(|| priority::Priority::decode(before.last_chunk().unwrap()));
    payload!(padding(head, payload, end), {
        "header_block_fragment": text(headers.fragment),
        "stream_dependency": priority.map(|priority| priority.dependency),
        "weight": priority.map(|priority| u32::from(priority.weight) + 1),
        "exclusive": priority.map(|priority| priority.exclusive),
    })
}

/// Where a part of the payload ends in it: what the parser kept is found by its address.
fn end_of(part: &[u8], payload: &[u8]) -> usize {
    part.as_ptr_range().end.addr() - payload.as_ptr().addr()
}

/// The length and text of the padding, which begins where the parser's part ends.
fn padding(head: FrameHead, payload: &[u8], end: usize) -> (Option<usize>, Option<String>) {
    let padding = &payload[end..];
    let padded = head.has(flag::PADDED);
    assert!(padded || padding.is_empty(), "what is not padded has no padding");
    (padded.then_some(padding.len()), padded.then(|| text(padding)))
}

/// The frame written anew from its fields, for unpadded frames of the kinds that are sent.
fn encode_again(wire: &[u8]) -> Option<Vec<u8>> {
    let (head, payload) = wire.split_first_chunk::<FRAME_HEAD>()?;
    let head = FrameHead::parse(head);
    let padded = head.has(flag::PADDED);
    let mut out = Vec::new();
    match head.kind {
        kind::DATA if !padded => {
            let body = data::parse(head, payload).ok()?;
            data::encode_head(head.stream, body.len() as u32, head.has(flag::END_STREAM), &mut out);
            out.extend_from_slice(&payload[body]);
        }
        kind::HEADERS if !padded && !head.has(flag::PRIORITY) => {
            let headers = headers::parse(head, payload).ok()?;
            headers::encode(head.stream, headers.fragment, headers.end_stream, MAX_FRAME, &mut out);
        }
        kind::RST_STREAM => rst_stream::encode(head.stream, rst_stream::parse(head, payload).ok()?, &mut out),
        kind::SETTINGS => match settings::parse(head, payload).ok()? {
            settings::SettingsFrame::Ack => settings::encode_ack(&mut out),
            settings::SettingsFrame::Entries(entries) => settings::encode(&entries.collect::<Vec<_>>(), &mut out),
        },
        kind::PING => {
            let ping = ping::parse(head, payload).ok()?;
            ping::encode(ping.data, ping.ack, &mut out);
        }
        kind::GOAWAY => {
            let goaway = goaway::parse(head, payload).ok()?;
            goaway::encode(goaway.last_stream, goaway.code, goaway.debug, &mut out);
        }
        kind::WINDOW_UPDATE => {
            window_update::encode(head.stream, window_update::parse(head, payload).ok()?, &mut out);
        }
        kind::CONTINUATION => {
            let (fragment, end_headers) = continuation::parse(head, payload).ok()?;
            continuation::encode(head.stream, fragment, end_headers, &mut out);
        }
        _ => return None,
    }
    Some(out)
}

#[test]
fn all_34_files_decode_to_what_they_say_or_fail_with_a_code_that_they_list() {
    let Some(cases) = cases() else { return };
    let (mut normal, mut wrong) = (0, 0);
    for (path, case) in &cases {
        let about = format!("{} ({})", path.display(), case.description);
        match (decode(&bytes(&case.wire)), &case.frame, &case.error) {
            (Ok(decoded), Some(frame), None) => {
                assert_eq!(&decoded, frame, "{about}");
                normal += 1;
            }
            (Err(code), None, Some(codes)) => {
                assert!(codes.contains(&code), "{about}: code {code} is not one of {codes:?}");
                wrong += 1;
            }
            (result, ..) => panic!("{about}: {result:?}"),
        }
    }
    assert_eq!((normal, wrong, cases.len()), (12, 22, 34), "normal files, files with errors, all files");
}

#[test]
fn unpadded_frames_of_the_kinds_that_are_sent_encode_to_the_same_bytes() {
    let Some(cases) = cases() else { return };
    let mut again = 0;
    for (path, case) in cases.iter().filter(|(_, case)| case.frame.is_some()) {
        let wire = bytes(&case.wire);
        if let Some(encoded) = encode_again(&wire) {
            assert_eq!(encoded, wire, "{}", path.display());
            again += 1;
        }
    }
    assert_eq!(again, 8, "HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE and two CONTINUATION");
}
