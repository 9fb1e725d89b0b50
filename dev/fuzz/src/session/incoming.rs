//! What the peer has said, as far as it binds what the engine may answer: settings, windows, bodies.
//!
//! Read without judgement: whether a frame is legal is the engine's business. Where it is not, the connection or the
//! stream ends, and what is counted here is too generous then, never too strict.

use bytes::{Buf, BytesMut};
use farcall_wire::h2::Role;
use farcall_wire::h2::frame::{FRAME_HEAD, FrameHead, flag, kind};

/// One frame of the peer that says something about windows or settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// SETTINGS, which the engine has to acknowledge.
    Settings(Vec<(u16, u32)>),
    /// More window, of the connection where the stream is 0.
    Window { stream: u32, increment: u32 },
    /// A body of so many bytes, padding included.
    Data { stream: u32, length: u32 },
    /// The answer to a probe of the engine, which may widen windows then.
    Probed,
    /// Anything else.
    Other { kind: u8, flags: u8 },
}

/// Cuts the peer's bytes in frames.
#[derive(Debug)]
pub(super) struct Incoming {
    unread: BytesMut,
    preface: bool,
}

impl Incoming {
    /// For an engine of this role; a server hears a preface first.
    pub(super) fn new(role: Role) -> Self {
        Self { unread: BytesMut::new(), preface: role == Role::Server }
    }

    /// More bytes of the peer.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
        if self.preface && self.unread.len() >= PREFACE {
            self.unread.advance(PREFACE);
            self.preface = false;
        }
    }

    /// The next frame that is whole.
    pub(super) fn next(&mut self) -> Option<Heard> {
        let head = self.unread.first_chunk::<FRAME_HEAD>().map(FrameHead::parse).filter(|_| !self.preface)?;
        let whole = FRAME_HEAD + head.length as usize;
        let payload = self.unread.get(FRAME_HEAD..whole)?;
        let heard = match (head.kind, payload.first_chunk::<4>()) {
            (kind::SETTINGS, _) if !head.has(flag::ACK) && head.stream == 0 && head.length % 6 == 0 => {
                Heard::Settings(payload.chunks_exact(6).map(entry).collect())
            }
            (kind::WINDOW_UPDATE, Some(increment)) if head.length == 4 => {
                Heard::Window { stream: head.stream, increment: u32::from_be_bytes(*increment) & 0x7fff_ffff }
            }
            (kind::PING, _) if head.has(flag::ACK) && payload == b"fc-probe" => Heard::Probed,
            (kind::DATA, _) => Heard::Data { stream: head.stream, length: head.length },
            _ => Heard::Other { kind: head.kind, flags: head.flags },
        };
        self.unread.advance(whole);
        Some(heard)
    }
}

fn entry(bytes: &[u8]) -> (u16, u32) {
    let number = |at: usize| bytes.get(at).copied().unwrap_or_default();
    (u16::from_be_bytes([number(0), number(1)]), u32::from_be_bytes([number(2), number(3), number(4), number(5)]))
}

/// The length of the preface in bytes (RFC 9113 §3.4).
const PREFACE: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;
    use farcall_wire::h2::frame::{settings, window_update};

    #[test]
    fn frames_are_read_however_they_are_cut() {
        let mut bytes = vec![b'x'; PREFACE];
        settings::encode(&[(4, 70_000)], &mut bytes);
        window_update::encode(3, 9, &mut bytes);
        FrameHead { length: 2, kind: kind::DATA, flags: 1, stream: 5 }.encode(&mut bytes);
        bytes.extend_from_slice(b"ab");
        settings::encode_ack(&mut bytes);
        let mut incoming = Incoming::new(Role::Server);
        let mut heard = Vec::new();
        for byte in &bytes {
            incoming.push(&[*byte]);
            heard.extend(std::iter::from_fn(|| incoming.next()));
        }
        let expected = [
            Heard::Settings(vec![(4, 70_000)]),
            Heard::Window { stream: 3, increment: 9 },
            Heard::Data { stream: 5, length: 2 },
            Heard::Other { kind: kind::SETTINGS, flags: flag::ACK },
        ];
        assert_eq!(heard, expected);
    }
}
