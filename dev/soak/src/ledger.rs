//! What the server's handlers did, counted by fate, and whether any call came twice.
//!
//! Memory stays the same however many calls there are: a window of bits remembers the last million of them.

use std::sync::Mutex;

use farcall::{Call, Status};

use crate::fate::Fate;

/// The server's counts.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    counts: Counts,
    seen: Seen,
}

/// Counts that travel from the server to its parent.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Counts {
    /// By number of the fate.
    pub(crate) fates: [Row; Fate::ALL.len()],
    /// Calls whose number had come before.
    pub(crate) twice: u64,
    /// Tasks of the server's runtime.
    pub(crate) tasks: u64,
}

/// What became of the handlers of one fate.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) started: u64,
    pub(crate) ok: u64,
    pub(crate) failed: u64,
    /// Dropped before their end.
    pub(crate) cut: u64,
}

/// A handler in progress.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    ledger: &'a Ledger,
    fate: Fate,
    open: bool,
}

impl Ledger {
    /// A handler begins.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a call that does not say which one it is.
    pub(crate) fn begin(&self, call: &Call) -> Result<Entry<'_>, Status> {
        let word = |name| call.metadata().get(name).unwrap_or_default();
        let (number, fate) = (word(NUMBER).parse().ok(), Fate::named(word(FATE)));
        let (Some(number), Some(fate)) = (number, fate) else {
            return Err(Status::invalid_argument(format!("a call of a soak sends {NUMBER} and {FATE}")));
        };
        let mut pages = self.lock();
        pages.counts.fates[fate as usize].started += 1;
        let again = pages.seen.note(number);
        pages.counts.twice += u64::from(again);
        Ok(Entry { ledger: self, fate, open: true })
    }

    /// What was counted so far.
    pub(crate) fn counts(&self) -> Counts {
        self.lock().counts.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Entry<'_> {
    /// The handler returned.
    pub(crate) fn end<T>(mut self, result: &Result<T, Status>) {
        self.open = false;
        let row = &mut self.ledger.lock().counts.fates[self.fate as usize];
        match result {
            Ok(_) => row.ok += 1,
            Err(_) => row.failed += 1,
        }
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if self.open {
            self.ledger.lock().counts.fates[self.fate as usize].cut += 1;
        }
    }
}

impl Counts {
    /// Handlers that have not ended.
    pub(crate) fn open(&self) -> u64 {
        self.fates.iter().map(|row| row.started - row.ok - row.failed - row.cut).sum()
    }

    /// As one line of numbers.
    pub(crate) fn line(&self) -> String {
        let rows = self.fates.iter().flat_map(|row| [row.started, row.ok, row.failed, row.cut]);
        let words: Vec<String> = rows.chain([self.twice, self.tasks]).map(|number| number.to_string()).collect();
        words.join(" ")
    }

    /// Reads [`Counts::line`].
    pub(crate) fn read(line: &str) -> Option<Self> {
        let numbers: Vec<u64> = line.split(' ').map(|word| word.parse().ok()).collect::<Option<_>>()?;
        let (&[twice, tasks], rows) = numbers.split_last_chunk::<2>().map(|(rows, last)| (last, rows))?;
        let mut counts = Self { twice, tasks, ..Self::default() };
        let (rows, []) = rows.as_chunks::<4>() else { return None };
        if rows.len() != counts.fates.len() {
            return None;
        }
        for (row, &[started, ok, failed, cut]) in counts.fates.iter_mut().zip(rows) {
            *row = Row { started, ok, failed, cut };
        }
        Some(counts)
    }
}

/// Which numbers have come: one bit each, for the last of them.
#[derive(Debug, Default)]
struct Seen {
    bits: Vec<u64>,
    /// One above the highest that came.
    end: u64,
}

impl Seen {
    /// Notes a number; whether it had come before. Numbers that are too old to be known count as new.
    fn note(&mut self, number: u64) -> bool {
        self.bits.resize((WINDOW / 64) as usize, 0);
        if number + WINDOW < self.end {
            return false;
        }
        for fresh in self.end.max((number + 1).saturating_sub(WINDOW))..=number {
            let (word, bit) = place(fresh);
            self.bits[word] &= !bit;
        }
        self.end = self.end.max(number + 1);
        let (word, bit) = place(number);
        let before = self.bits[word] & bit != 0;
        self.bits[word] |= bit;
        before
    }
}

fn place(number: u64) -> (usize, u64) {
    let place = number % WINDOW;
    ((place / 64) as usize, 1 << (place % 64))
}

/// Numbers that are remembered: minutes of calls.
const WINDOW: u64 = 1 << 20;
/// The metadata that says which call it is.
pub(crate) const NUMBER: &str = "soak-number";
/// The metadata that says what is to become of it.
pub(crate) const FATE: &str = "soak-fate";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let mut counts = Counts { twice: 3, tasks: 4, ..Counts::default() };
        counts.fates[2] = Row { started: 9, ok: 4, failed: 3, cut: 1 };
        assert_eq!(Counts::read(&counts.line()), Some(counts.clone()));
        assert_eq!(counts.open(), 1);
        assert_eq!(Counts::read("1 2 3"), None);
        assert_eq!(Counts::read(&format!("{} 1", counts.line())), None);
    }

    #[test]
    fn a_number_that_comes_again_is_seen_wherever_the_window_stands() {
        let mut seen = Seen::default();
        for number in [0, 5, 3, WINDOW, 2 * WINDOW, 2 * WINDOW - 1] {
            assert!(!seen.note(number), "{number}");
            assert!(seen.note(number), "{number}");
        }
        assert!(!seen.note(WINDOW + 5), "its bit was 5's before");
    }
}
