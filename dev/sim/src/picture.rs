//! A recording as text: one line for each frame, and one for each header field.

use farcall_wire::h2::ErrorCode;
use farcall_wire::h2::frame::{FrameHead, flag, goaway, headers, kind, ping, rst_stream, settings, window_update};
use farcall_wire::h2::hpack::{Decoder, FieldSink};

use crate::{Frame, Recording, Side};

impl Recording {
    /// The frames as text. Header blocks are decoded, so that the recording has to begin with the connection.
    pub fn picture(&self) -> String {
        self.pictures().iter().fold(String::new(), |text, line| text + line + "\n")
    }

    /// The same, frame by frame.
    pub fn pictures(&self) -> Vec<String> {
        let mut decoders = [Decoder::new(4_096), Decoder::new(4_096)];
        let show = |frame: &Frame| {
            let arrow = match frame.from {
                Side::Client => "client ──▶",
                Side::Server => "◀── server",
            };
            let stream = match frame.head.stream {
                0 => "connection".to_owned(),
                id => format!("stream {id}"),
            };
            let time = frame.at.as_secs_f64() * 1e3;
            let says = says(frame, &mut decoders[frame.from as usize]);
            let line = format!("{time:9.3} ms  {arrow}  {stream:10}  {}", name(frame.head));
            format!("{}{says}", line.trim_end())
        };
        self.frames.iter().map(show).collect()
    }
}

fn name(head: FrameHead) -> &'static str {
    match head.kind {
        kind::DATA => "DATA",
        kind::HEADERS => "HEADERS",
        kind::RST_STREAM => "RST_STREAM",
        kind::SETTINGS if head.has(flag::ACK) => "SETTINGS, acknowledged",
        kind::SETTINGS => "SETTINGS",
        kind::PING if head.has(flag::ACK) => "PING, answered",
        kind::PING => "PING",
        kind::GOAWAY => "GOAWAY",
        kind::WINDOW_UPDATE => "WINDOW_UPDATE",
        kind::CONTINUATION => "CONTINUATION",
        _ => "another frame",
    }
}

/// What a frame says, as it follows its name.
fn says(frame: &Frame, decoder: &mut Decoder) -> String {
    let (head, payload) = (frame.head, &frame.payload[..]);
    match head.kind {
        kind::DATA => format!(", {}{}: \"{}\"", length(head), end(head), payload.escape_ascii()),
        kind::HEADERS => {
            let Ok(parsed) = headers::parse(head, payload) else { return ", malformed".to_owned() };
            let mut lines = Lines(format!(", {}{}", length(head), end(head)));
            if let Err(error) = decoder.decode(parsed.fragment, &mut lines) {
                lines.0.push_str(&format!(", {error}"));
            }
            lines.0
        }
        kind::SETTINGS => match settings::parse(head, payload) {
            Ok(settings::SettingsFrame::Entries(entries)) => {
                entries.map(|(id, value)| format!("{INDENT}{} = {value}", setting(id))).collect()
            }
            _ => String::new(),
        },
        kind::RST_STREAM => rst_stream::parse(head, payload).map_or_else(error, |code| format!(", {code}")),
        kind::PING => ping::parse(head, payload).map_or_else(error, |ping| format!(", {}", ping.data.escape_ascii())),
        kind::WINDOW_UPDATE => {
            window_update::parse(head, payload).map_or_else(error, |increment| format!(", {increment} more bytes"))
        }
        kind::GOAWAY => goaway::parse(head, payload).map_or_else(error, |goaway| {
            let code: ErrorCode = goaway.code;
            format!(", {code}, last stream {}, \"{}\"", goaway.last_stream, goaway.debug.escape_ascii())
        }),
        _ => format!(", {}", length(head)),
    }
}

fn error(fault: farcall_wire::Fault) -> String {
    format!(", {fault}")
}

fn length(head: FrameHead) -> String {
    if head.length == 1 { "1 byte".to_owned() } else { format!("{} bytes", head.length) }
}

fn end(head: FrameHead) -> &'static str {
    if head.has(flag::END_STREAM) { ", END_STREAM" } else { "" }
}

fn setting(id: u16) -> String {
    use settings::id;
    match id {
        id::HEADER_TABLE_SIZE => "HEADER_TABLE_SIZE".to_owned(),
        id::ENABLE_PUSH => "ENABLE_PUSH".to_owned(),
        id::MAX_CONCURRENT_STREAMS => "MAX_CONCURRENT_STREAMS".to_owned(),
        id::INITIAL_WINDOW_SIZE => "INITIAL_WINDOW_SIZE".to_owned(),
        id::MAX_FRAME_SIZE => "MAX_FRAME_SIZE".to_owned(),
        id::MAX_HEADER_LIST_SIZE => "MAX_HEADER_LIST_SIZE".to_owned(),
        _ => format!("setting {id}"),
    }
}

/// Writes each field on a line of its own.
struct Lines(String);

impl FieldSink for Lines {
    fn field(&mut self, name: &[u8], value: &[u8], _sensitive: bool) {
        self.0.push_str(&format!("{INDENT}{}: {}", name.escape_ascii(), value.escape_ascii()));
    }
}

/// Begins a line that belongs to the frame above it.
const INDENT: &str = "\n                                      ";
