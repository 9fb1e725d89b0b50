//! What the client saw, held against what the server did: the invariants of the run.

use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use farcall::Code;

use crate::fate::{ENDS, End, Fate};
use crate::ledger::Counts;

/// The client's counts.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    made: [AtomicU64; Fate::ALL.len()],
    ends: [[AtomicU64; ENDS]; Fate::ALL.len()],
    breaches: Mutex<Vec<String>>,
    more_breaches: AtomicU64,
}

impl Tally {
    /// A call begins.
    pub(crate) fn begin(&self, fate: Fate) {
        self.made[fate as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// A call has ended.
    pub(crate) fn end(&self, fate: Fate, end: End) {
        self.ends[fate as usize][end.place()].fetch_add(1, Ordering::Relaxed);
    }

    /// Something is not as it must be.
    pub(crate) fn breach(&self, text: String) {
        let mut breaches = self.breaches.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if breaches.len() < KEPT {
            eprintln!("soak: BREACH: {text}");
            breaches.push(text);
        } else {
            self.more_breaches.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Calls that have begun.
    pub(crate) fn made(&self) -> u64 {
        self.made.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Calls that have ended.
    pub(crate) fn ended(&self) -> u64 {
        self.ends.iter().flatten().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Compares both sides when everything is over.
    pub(crate) fn compare(&self, server: &Counts) {
        if server.twice > 0 {
            self.breach(format!("{} calls reached a handler twice", server.twice));
        }
        if server.open() > 0 {
            self.breach(format!("{} handlers of the server have not ended", server.open()));
        }
        if self.made() != self.ended() {
            self.breach(format!("{} calls began, and {} ended", self.made(), self.ended()));
        }
        for fate in Fate::ALL {
            for problem in self.problems(fate, server) {
                self.breach(format!("{}: {problem}", fate.name()));
            }
        }
    }

    fn problems(&self, fate: Fate, server: &Counts) -> Vec<String> {
        let count = |end: End| self.ends[fate as usize][end.place()].load(Ordering::Relaxed);
        let made = self.made[fate as usize].load(Ordering::Relaxed);
        let (row, ok) = (server.fates[fate as usize], count(End::Ok));
        let lost = count(End::Failed(Code::Unavailable));
        let mut found = Vec::new();
        let mut hold = |holds: bool, text: String| {
            if !holds {
                found.push(text);
            }
        };
        hold(row.started <= made, format!("the server has seen {} calls of {made}", row.started));
        hold(ok <= row.ok, format!("the client has seen {ok} calls end with OK, the server {}", row.ok));
        hold(fate.may_succeed() || row.ok == 0, format!("{} calls ended with OK", row.ok));
        match fate {
            // What the client did not see was lost with its connection.
            Fate::Answered => {
                hold(ok + lost == made, format!("{ok} calls of {made} ended with OK, and {lost} were lost"));
                hold(
                    row.ok <= ok + lost,
                    format!("the server has ended {} calls with OK, the client saw {ok}", row.ok),
                );
            }
            Fate::Failed => {
                let told = row.failed;
                hold(told + lost >= made, format!("{told} calls of {made} were failed, and at most {lost} were lost"));
            }
            Fate::Absent => hold(row.started == 0, format!("{} calls reached a handler", row.started)),
            _ => {}
        }
        found
    }

    /// One line for each fate: how its calls ended, and what the server says.
    pub(crate) fn table(&self, server: &Counts) -> String {
        let mut text = String::new();
        for fate in Fate::ALL {
            let _ = write!(text, "  {:<10} {:>9} made:", fate.name(), self.made[fate as usize].load(Ordering::Relaxed));
            let codes = Code::ALL.iter().copied().map(End::Failed);
            for end in [End::Ok].into_iter().chain(codes).chain([End::Dropped]) {
                let count = self.ends[fate as usize][end.place()].load(Ordering::Relaxed);
                if count > 0 {
                    let _ = write!(text, " {count} {end},");
                }
            }
            let row = server.fates[fate as usize];
            let _ = writeln!(text, " server: {} OK, {} failed, {} cut", row.ok, row.failed, row.cut);
        }
        text
    }

    /// What was broken; empty when nothing was.
    pub(crate) fn breaches(&self) -> Vec<String> {
        let mut breaches = self.breaches.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let more = self.more_breaches.load(Ordering::Relaxed);
        if more > 0 {
            breaches.push(format!("and {more} more"));
        }
        breaches
    }
}

/// Breaches that are told one by one.
const KEPT: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Row;

    fn tally(fate: Fate, ends: &[End]) -> Tally {
        let tally = Tally::default();
        for end in ends {
            tally.begin(fate);
            tally.end(fate, *end);
        }
        tally
    }

    fn server(fate: Fate, row: Row) -> Counts {
        let mut counts = Counts::default();
        counts.fates[fate as usize] = row;
        counts
    }

    #[test]
    fn sides_that_agree_break_nothing() {
        let tally = tally(Fate::Answered, &[End::Ok, End::Ok, End::Failed(Code::Unavailable)]);
        tally.compare(&server(Fate::Answered, Row { started: 3, ok: 3, ..Row::default() }));
        assert_eq!(tally.breaches(), [""; 0]);
    }

    #[test]
    fn every_disagreement_is_told() {
        for (fate, ends, row, told) in [
            (Fate::Answered, &[End::Ok][..], Row { started: 1, cut: 1, ..Row::default() }, "the server 0"),
            (Fate::Answered, &[], Row { started: 1, ok: 1, ..Row::default() }, "1 calls of 0"),
            (Fate::Cancelled, &[End::Dropped], Row { started: 1, ..Row::default() }, "have not ended"),
            (Fate::Absent, &[End::Dropped], Row { started: 1, cut: 1, ..Row::default() }, "reached a handler"),
            (Fate::Late, &[End::Dropped], Row { started: 1, ok: 1, ..Row::default() }, "ended with OK"),
            (Fate::Failed, &[End::Dropped], Row::default(), "0 calls of 1 were failed"),
        ] {
            let tally = tally(fate, ends);
            tally.compare(&server(fate, row));
            let breaches = tally.breaches().join("; ");
            assert!(breaches.contains(told), "{fate:?} {row:?}: {breaches}");
        }
        let unfinished = Tally::default();
        unfinished.begin(Fate::Tight);
        unfinished.compare(&Counts { twice: 1, ..Counts::default() });
        let breaches = unfinished.breaches().join("; ");
        assert!(breaches.contains("1 calls began, and 0 ended") && breaches.contains("twice"), "{breaches}");
    }
}
