//! What is to become of a call, and with which ends it may therefore be seen.

use std::fmt;

use farcall::Code;

/// What is to become of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is answered; its deadline is far.
    Answered,
    /// The server ends it with a status.
    Failed,
    /// The client drops it, perhaps too late.
    Cancelled,
    /// Its deadline is over before the server answers.
    Late,
    /// Its deadline may be over before the server answers.
    Tight,
    /// No service has its method.
    Absent,
    /// Its request passes the server's limit.
    TooLarge,
    /// The client drops it together with the channel that it was made on.
    Dropped,
    /// It is written by hand to a socket that breaks off within a frame.
    Broken,
}

impl Fate {
    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; 9] = [
        Self::Answered,
        Self::Failed,
        Self::Cancelled,
        Self::Late,
        Self::Tight,
        Self::Absent,
        Self::TooLarge,
        Self::Dropped,
        Self::Broken,
    ];

    /// The name, which also travels with the call.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Late => "late",
            Self::Tight => "tight",
            Self::Absent => "absent",
            Self::TooLarge => "too-large",
            Self::Dropped => "dropped",
            Self::Broken => "broken",
        }
    }

    /// The fate of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fate| fate.name() == name)
    }

    /// Whether a call of this fate may be seen to end like this, while the server stays up. `wanted` is the status that
    /// the server was asked for.
    pub(crate) fn allows(self, end: End, wanted: Option<Code>) -> bool {
        match self {
            Self::Answered => end == End::Ok,
            Self::Failed => Some(end) == wanted.map(End::Failed),
            Self::Cancelled | Self::Dropped => matches!(end, End::Ok | End::Dropped),
            Self::Late => end == End::Failed(Code::DeadlineExceeded),
            Self::Tight => matches!(end, End::Ok | End::Failed(Code::DeadlineExceeded)),
            Self::Absent => end == End::Failed(Code::Unimplemented),
            Self::TooLarge => end == End::Failed(Code::ResourceExhausted),
            Self::Broken => end == End::Dropped,
        }
    }

    /// Whether a server's handler can end a call of this fate with OK.
    pub(crate) fn may_succeed(self) -> bool {
        matches!(self, Self::Answered | Self::Cancelled | Self::Tight | Self::Dropped)
    }
}

/// How a call was seen to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// With OK, and with everything that was asked for.
    Ok,
    /// With another status.
    Failed(Code),
    /// By the client's own hand.
    Dropped,
}

impl End {
    /// Its place in a table: 0 is OK, codes have their numbers, the last is `Dropped`.
    pub(crate) fn place(self) -> usize {
        match self {
            Self::Ok => 0,
            Self::Failed(code) => code as usize,
            Self::Dropped => ENDS - 1,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("OK"),
            Self::Failed(code) => code.fmt(f),
            Self::Dropped => f.write_str("dropped"),
        }
    }
}

/// How many ends there are.
pub(crate) const ENDS: usize = 18;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fate_is_found_by_its_name_and_allows_some_end() {
        let ends = || {
            let codes = (1..17).filter_map(Code::from_number).map(End::Failed);
            [End::Ok, End::Dropped].into_iter().chain(codes)
        };
        for fate in Fate::ALL {
            assert_eq!(Fate::named(fate.name()), Some(fate));
            assert!(ends().any(|end| fate.allows(end, Some(Code::Aborted))), "{fate:?}");
            assert!(!fate.allows(End::Failed(Code::Internal), Some(Code::Aborted)), "{fate:?}");
        }
        let mut places: Vec<usize> = ends().map(End::place).collect();
        places.sort_unstable();
        assert!(places.into_iter().eq(0..ENDS));
    }
}
