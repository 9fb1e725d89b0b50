//! HTTP/2 frames, as far as the load generator needs them: RFC 9113 §4.1.

/// The nine bytes before a frame's payload.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// Bytes of payload.
    pub length: usize,
    /// One of the constants below, or unknown.
    pub kind: u8,
    /// Flags.
    pub flags: u8,
    /// The stream, or 0 for the connection.
    pub stream: u32,
}

impl Head {
    /// Bytes of a head.
    pub const LENGTH: usize = 9;

    /// Reads the head at the beginning of `input`, when it is there as a whole.
    pub fn read(input: &[u8]) -> Option<Self> {
        let &[a, b, c, kind, flags, d, e, f, g] = input.first_chunk::<9>()?;
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        Some(Self { length, kind, flags, stream: u32::from_be_bytes([d & 0x7f, e, f, g]) })
    }
}

/// Appends a frame.
pub fn write(output: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let [_, a, b, c] = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
    output.extend_from_slice(&[a, b, c, kind, flags]);
    output.extend_from_slice(&stream.to_be_bytes());
    output.extend_from_slice(payload);
}

/// RFC 9113 §6.1.
pub const DATA: u8 = 0;
/// RFC 9113 §6.2.
pub const HEADERS: u8 = 1;
/// RFC 9113 §6.4.
pub const RST_STREAM: u8 = 3;
/// RFC 9113 §6.5.
pub const SETTINGS: u8 = 4;
/// RFC 9113 §6.7.
pub const PING: u8 = 6;
/// RFC 9113 §6.8.
pub const GOAWAY: u8 = 7;
/// RFC 9113 §6.9.
pub const WINDOW_UPDATE: u8 = 8;

/// On DATA and HEADERS: the last frame of the stream in this direction.
pub const END_STREAM: u8 = 1;
/// On SETTINGS and PING: an answer.
pub const ACK: u8 = 1;
/// On HEADERS: the block is whole.
pub const END_HEADERS: u8 = 4;
