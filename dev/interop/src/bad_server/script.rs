//! What the bad server does, as scripts of steps: one when a call's headers have come, one when its request is complete.
//!
//! Frames and windows are `connection.rs`'s.

use std::collections::VecDeque;
use std::fmt;

/// A way to misbehave; the names are those of the test cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// GOAWAY at the first call of the first connection, which is then served.
    Goaway,
    /// RST_STREAM with NO_ERROR right behind the response headers.
    RstAfterHeader,
    /// RST_STREAM with NO_ERROR behind half of the reply.
    RstDuringData,
    /// RST_STREAM with NO_ERROR behind the whole reply, in place of trailers.
    RstAfterData,
    /// PING around headers and data.
    Ping,
    /// One call at a time, said after the connection was made.
    MaxStreams,
    /// Five bytes of the reply in each frame, and 255 of padding.
    DataFramePadding,
    /// Five bytes of the reply in each frame.
    NoDfPaddingSanityTest,
}

/// One thing that is sent on a stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Headers,
    /// Bytes of the reply, as many frames as it takes.
    Data(VecDeque<u8>),
    Trailers,
    Reset,
    Ping,
    GoAway,
}

impl Behaviour {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::Goaway,
        Self::RstAfterHeader,
        Self::RstDuringData,
        Self::RstAfterData,
        Self::Ping,
        Self::MaxStreams,
        Self::DataFramePadding,
        Self::NoDfPaddingSanityTest,
    ];

    /// What `--test_case` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Goaway => "goaway",
            Self::RstAfterHeader => "rst_after_header",
            Self::RstDuringData => "rst_during_data",
            Self::RstAfterData => "rst_after_data",
            Self::Ping => "ping",
            Self::MaxStreams => "max_streams",
            Self::DataFramePadding => "data_frame_padding",
            Self::NoDfPaddingSanityTest => "no_df_padding_sanity_test",
        }
    }

    /// The behaviour of this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|behaviour| behaviour.name() == name)
    }

    /// How many connections it makes a client open.
    pub(super) fn connections(self) -> usize {
        if self == Self::Goaway { 2 } else { 1 }
    }

    /// SETTINGS_MAX_CONCURRENT_STREAMS, in a frame of its own behind the first SETTINGS.
    pub(super) fn max_streams(self) -> Option<usize> {
        (self == Self::MaxStreams).then_some(1)
    }

    /// The most bytes of the reply in one frame, and the padding of each.
    pub(super) fn frames(self) -> (usize, Option<u8>) {
        match self {
            Self::DataFramePadding => (5, Some(255)),
            Self::NoDfPaddingSanityTest => (5, None),
            _ => (16_384, None),
        }
    }

    /// What follows the headers of a request.
    pub(super) fn at_head(self, first: bool) -> Vec<Step> {
        match self {
            Self::Goaway if first => vec![Step::GoAway],
            Self::RstAfterHeader => vec![Step::Headers, Step::Reset],
            Self::Ping => vec![Step::Ping, Step::Headers, Step::Ping],
            _ => Vec::new(),
        }
    }

    /// What follows the end of a request, which asks for this reply.
    pub(super) fn at_end(self, reply: Vec<u8>) -> Vec<Step> {
        let data = |size: usize| Step::Data(reply[..size].iter().copied().collect());
        let whole = reply.len();
        match self {
            Self::RstAfterHeader => Vec::new(),
            Self::RstDuringData => vec![Step::Headers, data(whole / 2), Step::Reset],
            Self::RstAfterData => vec![Step::Headers, data(whole), Step::Reset],
            Self::Ping => vec![Step::Ping, data(whole), Step::Ping, Step::Trailers],
            _ => vec![Step::Headers, data(whole), Step::Trailers],
        }
    }
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_behaviour_is_found_by_its_name_and_by_no_other() {
        for behaviour in Behaviour::ALL {
            assert_eq!(Behaviour::find(behaviour.name()), Some(behaviour));
        }
        assert_eq!(Behaviour::find("Ping"), None);
    }

    #[test]
    fn half_of_a_reply_is_half_of_its_bytes() {
        let steps = Behaviour::RstDuringData.at_end(vec![1, 2, 3, 4, 5]);
        assert_eq!(steps, [Step::Headers, Step::Data([1, 2].into()), Step::Reset]);
    }
}
