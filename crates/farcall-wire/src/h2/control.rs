//! How many control frames wait for a peer that does not read them.
//!
//! Counted in two heaps, so that a connection that always has something to write is not taken for one whose peer reads
//! nothing: a heap is forgotten when every byte that stood in the outbox behind it has left.

/// Control frames that wait in the outbox; at most twice as many as the newest heap holds are counted too long.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Frames that stand before `mark`.
    older: u32,
    /// Frames behind it.
    newer: u32,
    /// A place in the stream of bytes that leave.
    mark: u64,
}

impl Waiting {
    /// One more frame waits.
    pub(super) fn add(&mut self) {
        self.newer = self.newer.saturating_add(1);
    }

    /// `written` bytes of `appended` have left, counted from the beginning of the connection.
    pub(super) fn pass(&mut self, written: u64, appended: u64) {
        if written >= self.mark {
            (self.older, self.newer, self.mark) = (std::mem::take(&mut self.newer), 0, appended);
        }
        if written == appended {
            *self = Self { mark: appended, ..Self::default() };
        }
    }

    /// Frames that may wait still.
    pub(super) fn count(&self) -> u32 {
        self.older.saturating_add(self.newer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_outbox_holds_no_frames() {
        let mut waiting = Waiting::default();
        (0..5).for_each(|_| waiting.add());
        assert_eq!(waiting.count(), 5);
        waiting.pass(10, 10);
        assert_eq!(waiting.count(), 0);
    }

    #[test]
    fn an_outbox_that_is_never_empty_forgets_frames_that_have_left() {
        let mut waiting = Waiting::default();
        for round in 0..1_000 {
            waiting.add();
            waiting.pass(round * 100, round * 100 + 250);
            assert!(waiting.count() <= 8, "{} after {round} rounds", waiting.count());
        }
    }

    #[test]
    fn frames_stay_counted_while_nothing_leaves() {
        let mut waiting = Waiting::default();
        for round in 1..=1_000 {
            waiting.add();
            waiting.pass(0, u64::from(round) * 17);
            assert_eq!(waiting.count(), round);
        }
    }
}
