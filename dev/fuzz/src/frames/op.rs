//! One step of a structured input, and its eight bytes.

use super::{Body, List};

/// Bytes of one op.
pub(crate) const RECORD: usize = 8;

/// One step: a frame of the peer, a verb of the application, time, or the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    /// HEADERS, in as many frames as `cut` says; `shape` has flags of [`Op`]'s constants.
    Headers { stream: u8, list: List, shape: u8, cut: u8, detail: u16 },
    /// DATA.
    Data { stream: u8, shape: u8, body: Body, length: u16, detail: u8 },
    /// PRIORITY, which depends on another stream.
    Priority { stream: u8, on: u8, length: u8 },
    /// RST_STREAM.
    Reset { stream: u8, code: u8 },
    /// SETTINGS: `count` times the same entry; with `ack` an acknowledgement.
    Settings { ack: bool, count: u8, id: u8, value: u32 },
    /// PUSH_PROMISE.
    Push { stream: u8, promised: u8 },
    /// PING; 0 and 1 are the engine's own, which come back as if acknowledged.
    Ping { ack: bool, data: u8 },
    /// GOAWAY.
    GoAway { last: u8, code: u8, debug: u8 },
    /// WINDOW_UPDATE.
    Window { stream: u8, increment: u32 },
    /// CONTINUATION with a piece of nothing.
    Continuation { stream: u8, end: bool, length: u8 },
    /// A head of any kind with a payload that it may not fit.
    Raw { kind: u8, flags: u8, stream: u8, length: u16, fill: u8 },
    /// Bytes that are no frame.
    Noise([u8; 6]),
    /// The op after this one is done so often.
    Repeat(u16),
    /// Time passes, one of eight steps.
    Pass(u8),
    /// The socket takes bytes, one of eight amounts.
    Write(u8),
    /// The application does something with a call.
    Verb { verb: Verb, call: u8, size: u16, detail: u16 },
}

/// Declares [`Verb`] with its numbers.
macro_rules! verbs {
    ($( $(#[$doc:meta])* $name:ident; )+) => {
        /// What an application can do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Verb { $( $(#[$doc])* $name, )+ }

        impl Verb {
            /// Every verb.
            pub(crate) const ALL: &'static [Self] = &[$( Self::$name ),+];
        }
    };
}

verbs! {
    /// Client: opens a call.
    Open;
    /// Sends messages.
    Send;
    /// Client: ends its half.
    Finish;
    /// Ends a call by force.
    Reset;
    /// Server: sends response headers.
    ReplyHead;
    /// Server: answers to the end.
    Reply;
    /// Server: refuses.
    Reject;
    /// Server: lets go of a cancelled call.
    Close;
    /// Gives credit back.
    Release;
    /// Ends gracefully.
    ShutDown;
    /// Ends at once.
    Abort;
}

impl Op {
    /// In `shape`: the frame ends the stream.
    pub(crate) const END: u8 = 1;
    /// In `shape`: padding of `detail` bytes.
    pub(crate) const PADDED: u8 = 2;
    /// In `shape`: padding that fills more than the frame.
    pub(crate) const OVERFULL: u8 = 4;
    /// In `shape` of HEADERS: a dependency on another stream.
    pub(crate) const PRIORITY: u8 = 8;
    /// In `shape` of HEADERS: a dependency on itself.
    pub(crate) const ITSELF: u8 = 16;
    /// In `shape` of HEADERS: the block does not end.
    pub(crate) const OPEN_ENDED: u8 = 32;
    /// In `shape` of HEADERS: fields go into the HPACK table.
    pub(crate) const INDEXED: u8 = 64;

    /// What eight bytes mean; everything means something.
    pub(crate) fn decode(record: [u8; RECORD]) -> Self {
        let [code, a, b, c, d, e, f, g] = record;
        let (long, short) = (u32::from_be_bytes([d, e, f, g]), u16::from_be_bytes([f, g]));
        match code % 32 {
            0..=3 => Self::Headers { stream: a, list: List::from_number(b), shape: c, cut: d, detail: short },
            4..=7 => Self::Data { stream: a, shape: b, body: Body::from_number(c), length: short, detail: d },
            8 => Self::Priority { stream: a, on: b, length: c },
            9 => Self::Reset { stream: a, code: b },
            10 | 11 => Self::Settings { ack: a & 1 != 0, count: b, id: c, value: long },
            12 => Self::Push { stream: a, promised: b },
            13 => Self::Ping { ack: a & 1 != 0, data: b },
            14 => Self::GoAway { last: a, code: b, debug: c },
            15 | 16 => Self::Window { stream: a, increment: long },
            17 => Self::Continuation { stream: a, end: b & 1 != 0, length: c },
            18 => Self::Raw { kind: a, flags: b, stream: c, fill: d, length: short },
            19 => Self::Noise([a, b, c, d, e, f]),
            20 => Self::Repeat(u16::from_be_bytes([a, b])),
            21 => Self::Pass(a),
            22 | 23 => Self::Write(a),
            _ => {
                let verb = Verb::ALL[usize::from(a) % Verb::ALL.len()];
                Self::Verb { verb, call: b, size: u16::from_be_bytes([d, e]), detail: short }
            }
        }
    }

    /// How much of a run's time it takes, about: long header lists cost more.
    pub(crate) fn cost(self) -> usize {
        match self {
            Self::Headers { detail, .. } => 1 + 3 * usize::from(detail >> 12) + usize::from(detail >> 8 & 15),
            Self::Verb { detail, .. } if detail >= 0xc000 => 20,
            _ => 1,
        }
    }

    /// The bytes that mean this.
    pub(crate) fn encode(self) -> [u8; RECORD] {
        let shorts = |code, bytes: [u8; 3], first: u16, second: u16| {
            let ([d, e], [f, g]) = (first.to_be_bytes(), second.to_be_bytes());
            [code, bytes[0], bytes[1], bytes[2], d, e, f, g]
        };
        let long = |code, bytes, value: u32| shorts(code, bytes, (value >> 16) as u16, value as u16);
        match self {
            Self::Headers { stream, list, shape, cut, detail } => {
                shorts(0, [stream, list.number(), shape], u16::from(cut) << 8, detail)
            }
            Self::Data { stream, shape, body, length, detail } => {
                shorts(4, [stream, shape, body.number()], u16::from(detail) << 8, length)
            }
            Self::Priority { stream, on, length } => shorts(8, [stream, on, length], 0, 0),
            Self::Reset { stream, code } => shorts(9, [stream, code, 0], 0, 0),
            Self::Settings { ack, count, id, value } => long(10, [ack.into(), count, id], value),
            Self::Push { stream, promised } => shorts(12, [stream, promised, 0], 0, 0),
            Self::Ping { ack, data } => shorts(13, [ack.into(), data, 0], 0, 0),
            Self::GoAway { last, code, debug } => shorts(14, [last, code, debug], 0, 0),
            Self::Window { stream, increment } => long(15, [stream, 0, 0], increment),
            Self::Continuation { stream, end, length } => shorts(17, [stream, end.into(), length], 0, 0),
            Self::Raw { kind, flags, stream, length, fill } => {
                shorts(18, [kind, flags, stream], u16::from(fill) << 8, length)
            }
            Self::Noise([a, b, c, d, e, f]) => [19, a, b, c, d, e, f, 0],
            Self::Repeat(count) => {
                let [a, b] = count.to_be_bytes();
                [20, a, b, 0, 0, 0, 0, 0]
            }
            Self::Pass(step) => [21, step, 0, 0, 0, 0, 0, 0],
            Self::Write(step) => [22, step, 0, 0, 0, 0, 0, 0],
            Self::Verb { verb, call, size, detail } => shorts(24, [verb as u8, call, 0], size, detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;

    #[test]
    fn what_any_bytes_mean_is_written_and_read_back() {
        let mut random = Random::new(1);
        for _ in 0..50_000 {
            let op = Op::decode(std::array::from_fn(|_| random.byte()));
            assert_eq!(Op::decode(op.encode()), op);
        }
    }
}
