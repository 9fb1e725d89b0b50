//! The states of a stream, RFC 9113 §5.1, as a table of arrows.
//!
//! An idle stream has no entry anywhere, and no stream is ever reserved, because nobody may push (§8.4).

use crate::transitions::transitions;

/// Where a stream stands, seen from this side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Both sides may send.
    Open,
    /// This side has ended its half.
    HalfClosedLocal,
    /// The peer has ended its half.
    HalfClosedRemote,
    /// Nothing more will be sent or understood.
    Closed,
}

/// What moves a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// This side sent END_STREAM.
    SentEnd,
    /// The peer sent END_STREAM.
    ReceivedEnd,
    /// This side sent RST_STREAM.
    SentReset,
    /// The peer sent RST_STREAM.
    ReceivedReset,
}

transitions! {
    State on Input {
        Open + SentEnd => HalfClosedLocal;
        Open + ReceivedEnd => HalfClosedRemote;
        Open + SentReset => Closed;
        Open + ReceivedReset => Closed;
        HalfClosedLocal + ReceivedEnd => Closed;
        HalfClosedLocal + SentReset => Closed;
        HalfClosedLocal + ReceivedReset => Closed;
        HalfClosedRemote + SentEnd => Closed;
        HalfClosedRemote + SentReset => Closed;
        HalfClosedRemote + ReceivedReset => Closed;
    }
}

impl State {
    /// Whether the peer may still send on it.
    pub const fn can_receive(self) -> bool {
        matches!(self, Self::Open | Self::HalfClosedLocal)
    }

    //= RFC 9113 §5.1: nothing is sent on a stream that is closed
    /// Whether this side may still send on it.
    pub const fn can_send(self) -> bool {
        matches!(self, Self::Open | Self::HalfClosedRemote)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arrows_are_these_and_no_others() {
        let drawn: Vec<String> =
            State::ARROWS.iter().map(|(from, input, to)| format!("{from:?} --{input:?}--> {to:?}")).collect();
        let snapshot = [
            "Open --SentEnd--> HalfClosedLocal",
            "Open --ReceivedEnd--> HalfClosedRemote",
            "Open --SentReset--> Closed",
            "Open --ReceivedReset--> Closed",
            "HalfClosedLocal --ReceivedEnd--> Closed",
            "HalfClosedLocal --SentReset--> Closed",
            "HalfClosedLocal --ReceivedReset--> Closed",
            "HalfClosedRemote --SentEnd--> Closed",
            "HalfClosedRemote --SentReset--> Closed",
            "HalfClosedRemote --ReceivedReset--> Closed",
        ];
        assert_eq!(drawn, snapshot);
    }

    #[test]
    fn next_follows_each_arrow_and_nothing_leaves_closed() {
        for &(from, input, to) in State::ARROWS {
            assert_eq!(from.next(input), Some(to));
        }
        for input in [Input::SentEnd, Input::ReceivedEnd, Input::SentReset, Input::ReceivedReset] {
            assert_eq!(State::Closed.next(input), None);
        }
        assert_eq!(State::HalfClosedLocal.next(Input::SentEnd), None);
        assert_eq!(State::HalfClosedRemote.next(Input::ReceivedEnd), None);
    }

    //= RFC 9113 §5.1: nothing is sent on a stream that is closed
    #[test]
    fn halves_say_who_may_send() {
        let halves = [
            (State::Open, true, true),
            (State::HalfClosedLocal, false, true),
            (State::HalfClosedRemote, true, false),
            (State::Closed, false, false),
        ];
        for (state, send, receive) in halves {
            assert_eq!((state.can_send(), state.can_receive()), (send, receive), "{state:?}");
        }
    }
}
