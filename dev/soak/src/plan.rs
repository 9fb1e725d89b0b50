//! One call as the dice want it: its shape, its sizes, its fate. Nothing is called here.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use farcall::Code;

use crate::dice::Dice;
use crate::fate::Fate;
use crate::pattern::{LONGEST, STARTS};

/// The shape of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Get,
    List,
    Upload,
    Chat,
}

/// One call.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// No other call of the run has it.
    pub(crate) number: u64,
    pub(crate) shape: Shape,
    pub(crate) fate: Fate,
    /// Where in the pattern its payloads begin.
    pub(crate) start: u32,
    /// Bytes of payload of each request, and of each answer.
    pub(crate) request: usize,
    pub(crate) answer: usize,
    /// Requests, where the shape streams them.
    pub(crate) requests: u32,
    /// Answers to each request, where the shape streams them.
    pub(crate) answers: u32,
    /// How long the server waits before it answers.
    pub(crate) wait: Duration,
    pub(crate) timeout: Option<Duration>,
    /// After which the client drops it.
    pub(crate) patience: Option<Duration>,
    /// With what the server is to end it.
    pub(crate) fail: Option<Code>,
    pub(crate) gzip: bool,
    pub(crate) gzip_answers: bool,
    pub(crate) wait_for_ready: bool,
    /// Messages that it has sent and taken so far, for the report on one that does not end.
    pub(crate) progress: Arc<[AtomicU32; 2]>,
    /// Bytes of metadata that come back before and behind the messages.
    pub(crate) echo: usize,
}

impl Plan {
    /// The next call.
    pub(crate) fn roll(number: u64, dice: &mut Dice) -> Self {
        let fate =
            [Fate::Answered, Fate::Failed, Fate::Cancelled, Fate::Late, Fate::Tight, Fate::Absent, Fate::TooLarge]
                [dice.weighed(&FATES)];
        Self::of(fate, number, dice)
    }

    /// A call with this fate.
    pub(crate) fn of(fate: Fate, number: u64, dice: &mut Dice) -> Self {
        let shape = [Shape::Get, Shape::List, Shape::Upload, Shape::Chat][dice.weighed(&[1, 1, 1, 1])];
        let (request, answer) = (size(dice), size(dice));
        let mut plan = Self {
            number,
            shape,
            fate,
            start: dice.between(0, STARTS) as u32,
            request,
            answer,
            requests: messages(dice, request),
            answers: messages(dice, answer),
            wait: Duration::ZERO,
            timeout: dice.percent(50).then_some(FAR),
            patience: None,
            fail: None,
            gzip: dice.percent(20),
            gzip_answers: dice.percent(20),
            wait_for_ready: dice.percent(50),
            progress: Arc::default(),
            echo: if dice.percent(20) { dice.between(0, 2048) as usize } else { 0 },
        };
        plan.suffer(dice);
        plan
    }

    /// Whether it outlives a restart of its server: it waits for a connection, and its request can be sent again.
    pub(crate) fn is_patient(&self) -> bool {
        self.wait_for_ready && matches!(self.shape, Shape::Get | Shape::List)
    }

    /// What its fate asks for.
    fn suffer(&mut self, dice: &mut Dice) {
        let soon = |dice: &mut Dice, most| Duration::from_micros(dice.between(0, most));
        if self.fate != Fate::Answered {
            // Wishes travel in messages.
            self.requests = self.requests.max(1);
        }
        match self.fate {
            Fate::Answered if dice.percent(10) => self.wait = soon(dice, 100_000),
            Fate::Answered | Fate::Broken => {}
            Fate::Failed => self.fail = Code::ALL.get(dice.weighed(&[1; 16])).copied(),
            Fate::Cancelled => {
                self.wait = soon(dice, 100_000);
                self.patience = Some(soon(dice, 50_000));
            }
            Fate::Late => {
                self.wait = FAR;
                self.timeout = Some(Duration::from_millis(dice.between(1, 200)));
            }
            Fate::Tight => self.timeout = Some(soon(dice, 3_000)),
            Fate::Absent => self.shape = Shape::Get,
            Fate::TooLarge => {
                self.shape = if dice.percent(50) { Shape::Get } else { Shape::Upload };
                (self.request, self.gzip) = (LONGEST, false);
            }
            Fate::Dropped => self.wait = soon(dice, 100_000),
        }
    }
}

/// Bytes of a payload: most are small, and some are as large as a message may be.
fn size(dice: &mut Dice) -> usize {
    let (least, most) =
        [(0, 256), (257, 4 << 10), (4 << 10, 64 << 10), (64 << 10, 1 << 20), (1 << 20, LARGEST)][dice.weighed(&SIZES)];
    dice.between(least, most) as usize
}

/// How many messages of this size a stream has.
fn messages(dice: &mut Dice, size: usize) -> u32 {
    let most = match size {
        ..=4096 => 12,
        4097..=65_536 => 6,
        _ => 2,
    };
    dice.between(0, most) as u32
}

/// How often each fate is met, in the order of [`Plan::roll`].
const FATES: [u64; 7] = [720, 90, 80, 40, 40, 20, 4];
/// How often a payload is tiny, small, middling, large, huge.
const SIZES: [u64; 5] = [500, 300, 170, 27, 3];
/// The largest payload whose message is just within 4 MiB.
const LARGEST: u64 = (4 << 20) - 64;
/// A time that no call needs.
pub(crate) const FAR: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dice_bring_every_shape_every_fate_and_every_size() {
        let mut dice = Dice::new(5);
        let plans: Vec<Plan> = (0..20_000).map(|number| Plan::roll(number, &mut dice)).collect();
        for shape in [Shape::Get, Shape::List, Shape::Upload, Shape::Chat] {
            assert!(plans.iter().any(|plan| plan.shape == shape && plan.fate == Fate::Answered), "{shape:?}");
        }
        for fate in &Fate::ALL[..7] {
            assert!(plans.iter().any(|plan| plan.fate == *fate), "{fate:?}");
        }
        assert!(plans.iter().any(|plan| plan.request == 0) && plans.iter().any(|plan| plan.request > 3 << 20));
        assert!(plans.iter().all(|plan| plan.request <= LONGEST && plan.answer as u64 <= LARGEST));
    }
}
