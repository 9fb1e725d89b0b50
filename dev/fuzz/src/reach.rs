//! How far an input got: what could be seen from outside while it ran, and in which order.
//!
//! This is what guides the driver, and what is reported. An outcome is something observable: an event with its code, a
//! fault's reason, a frame that was answered, an error of a decoder. Lines of code are not seen here; the folder
//! `coverage` has the same targets under an engine that sees them.

use std::collections::{BTreeMap, BTreeSet};

use farcall_wire::Reason;

/// What one run, or all runs together, reached.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// Each outcome, how often it was seen, and when it was the first time.
    outcomes: BTreeMap<Outcome, u32>,
    /// Outcomes that followed each other.
    orders: BTreeSet<(Outcome, Outcome)>,
    last: Option<Outcome>,
    reasons: BTreeSet<&'static str>,
}

/// Something observable: what, and which of its kind.
pub type Outcome = (&'static str, u32);

impl Reach {
    /// Something was seen.
    pub fn note(&mut self, what: &'static str, detail: u32) {
        let outcome = (what, detail);
        *self.outcomes.entry(outcome).or_default() += 1;
        if let Some(last) = self.last.replace(outcome)
            && last != outcome
        {
            self.orders.insert((last, outcome));
        }
    }

    /// What comes next has nothing to do with what was before.
    pub fn begin_anew(&mut self) {
        self.last = None;
    }

    /// A fault was told.
    pub fn reason(&mut self, reason: Reason) {
        self.reasons.insert(reason.name());
        let row = Reason::NAMES.iter().position(|name| *name == reason.name());
        self.note("reason", row.and_then(|row| u32::try_from(row).ok()).unwrap_or(u32::MAX));
    }

    /// The names of all reasons that were told.
    pub fn reasons(&self) -> &BTreeSet<&'static str> {
        &self.reasons
    }

    /// How many different outcomes there were.
    pub fn outcomes(&self) -> usize {
        self.outcomes.len()
    }

    /// How many different pairs of outcomes followed each other.
    pub fn orders(&self) -> usize {
        self.orders.len()
    }

    /// Whether this outcome was seen.
    pub fn has(&self, outcome: Outcome) -> bool {
        self.outcomes.contains_key(&outcome)
    }

    /// The numbers by which a driver knows this run: each outcome, each order, how often in steps of two, and how many
    /// different outcomes one run has joined.
    pub fn features(&self) -> Vec<u64> {
        let depth = self.outcomes.len() as u64;
        let seen = self.outcomes.iter().flat_map(|(outcome, count)| {
            let times = u64::from(count.ilog2());
            [feature(*outcome, ("", 0), 0), feature(*outcome, ("times", 0), times)]
        });
        let orders = self.orders.iter().map(|(first, second)| feature(*first, *second, 1));
        seen.chain(orders).chain([feature(("depth", 0), ("", 0), depth)]).collect()
    }

    /// Adds what another run reached.
    pub fn join(&mut self, other: &Self) {
        for (outcome, count) in &other.outcomes {
            let sum = self.outcomes.entry(*outcome).or_default();
            *sum = sum.saturating_add(*count);
        }
        self.orders.extend(&other.orders);
        self.reasons.extend(&other.reasons);
    }
}

/// FNV-1a over both outcomes and a number.
fn feature(first: Outcome, second: Outcome, third: u64) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for (what, detail) in [first, second] {
        add(what.as_bytes());
        add(&detail.to_be_bytes());
    }
    add(&third.to_be_bytes());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_something_else_than_its_outcomes() {
        let (mut there, mut back) = (Reach::default(), Reach::default());
        for outcome in [("a", 1), ("b", 2)] {
            there.note(outcome.0, outcome.1);
        }
        for outcome in [("b", 2), ("a", 1)] {
            back.note(outcome.0, outcome.1);
        }
        assert_eq!((there.outcomes(), there.orders()), (2, 1));
        let same = there.features().into_iter().filter(|feature| back.features().contains(feature)).count();
        assert_eq!(same, there.features().len() - 1, "all but the order");
        there.join(&back);
        assert_eq!((there.outcomes(), there.orders()), (2, 2));
    }

    #[test]
    fn repetition_is_told_in_steps_of_two() {
        let run = |times| {
            let mut reach = Reach::default();
            (0..times).for_each(|_| reach.note("ping", 0));
            reach.features()
        };
        assert_eq!(run(2), run(3));
        assert_ne!(run(3), run(4));
    }
}
