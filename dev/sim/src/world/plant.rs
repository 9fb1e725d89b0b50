//! Faults that are planted on purpose, to see that the invariants notice them.

use bytes::BytesMut;
use farcall_wire::grpc::Event;
use farcall_wire::h2::frame::{FRAME_HEAD, FrameHead, flag, kind};

/// What is wrong with one side, from some time on; once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// A WINDOW_UPDATE of the peer is lost.
    LosesWindowUpdate,
    /// A WINDOW_UPDATE of the peer is taken for a larger one.
    WidensWindow,
    /// A DATA frame of the peer is lost.
    LosesData,
    /// A bit of a message is turned round.
    TurnsBit,
    /// RST_STREAM of the peer is lost.
    LosesReset,
    /// The application is not told of a message.
    DropsMessage,
    /// The application is told of a message twice.
    RepeatsMessage,
    /// The application is told twice that a call is over.
    EndsTwice,
    /// The application is not told that a call is over.
    NeverEnds,
    /// Credit of a message does not go back.
    KeepsCredit,
}

impl Plant {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::LosesWindowUpdate,
        Self::WidensWindow,
        Self::LosesData,
        Self::TurnsBit,
        Self::LosesReset,
        Self::DropsMessage,
        Self::RepeatsMessage,
        Self::EndsTwice,
        Self::NeverEnds,
        Self::KeepsCredit,
    ];
}

/// A plant in its place, or none.
#[derive(Debug, Default)]
pub(crate) struct Planted {
    plant: Option<Plant>,
    /// Occasions that are let pass.
    waits: u64,
    /// Whether it has struck.
    pub(crate) struck: bool,
}

/// What becomes of an event.
pub(crate) enum Fate {
    /// Nothing special.
    Told,
    /// Nobody hears of it.
    Lost,
    /// It is told twice.
    Twice,
}

impl Planted {
    pub(crate) fn new(plant: Plant, waits: u64) -> Self {
        Self { plant: Some(plant), waits, struck: false }
    }

    /// An occasion for `plant`: whether it strikes.
    fn strikes(&mut self, plant: Plant) -> bool {
        if self.plant != Some(plant) || self.struck {
            return false;
        }
        self.struck = self.waits == 0;
        self.waits = self.waits.saturating_sub(1);
        self.struck
    }

    /// Spoils the whole frames at the beginning of `inbox`.
    pub(crate) fn spoil(&mut self, inbox: &mut BytesMut, whole: usize) {
        if self.plant.is_none() || self.struck || inbox.starts_with(b"PRI ") {
            return;
        }
        let mut at = 0;
        while at < whole {
            let Some(head) = inbox[at..].first_chunk::<FRAME_HEAD>().map(FrameHead::parse) else { return };
            let end = at + FRAME_HEAD + head.length as usize;
            let ends = head.has(flag::END_STREAM);
            let lost = match head.kind {
                kind::WINDOW_UPDATE => self.strikes(Plant::LosesWindowUpdate),
                kind::RST_STREAM => self.strikes(Plant::LosesReset),
                kind::DATA if head.length > 0 && !ends => self.strikes(Plant::LosesData),
                _ => false,
            };
            if lost {
                let rest = inbox.split_off(end);
                inbox.truncate(at);
                inbox.unsplit(rest);
                return;
            }
            if head.kind == kind::WINDOW_UPDATE && self.strikes(Plant::WidensWindow) {
                inbox[end - 1] ^= 1;
            }
            // Behind the prefix of a message, if the frame begins with one.
            if head.kind == kind::DATA && head.length > 20 && self.strikes(Plant::TurnsBit) {
                inbox[end - 1] ^= 4;
            }
            at = end;
        }
    }

    /// What becomes of an event of the engine.
    pub(crate) fn fate(&mut self, event: &Event) -> Fate {
        let (lost, twice) = match event {
            Event::Message { .. } => (self.strikes(Plant::DropsMessage), self.strikes(Plant::RepeatsMessage)),
            Event::Done { .. } | Event::Cancelled { .. } => {
                (self.strikes(Plant::NeverEnds), self.strikes(Plant::EndsTwice))
            }
            _ => (false, false),
        };
        match (lost, twice) {
            (true, _) => Fate::Lost,
            (_, true) => Fate::Twice,
            _ => Fate::Told,
        }
    }

    /// Whether the credit of a message is kept.
    pub(crate) fn keeps_credit(&mut self) -> bool {
        self.strikes(Plant::KeepsCredit)
    }
}
