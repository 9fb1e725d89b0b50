//! What an attack has cost, whether that was allowed, and the table of all of them.

use crate::attack::{Allowed, Attack};
use crate::failure::{Failure, ensure};
use crate::process::Reading;
use crate::wire::Traffic;

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Growth of memory at its peak, in KiB.
    pub(crate) memory: u64,
    /// CPU time, in ms.
    pub(crate) cpu: u64,
    /// Frames and bytes that the attacker has sent.
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    /// Honest calls in all, each answered.
    pub(crate) honest: u64,
    /// Those of them since the attack began.
    pub(crate) beside: u64,
}

impl Cost {
    pub(crate) fn between(before: Reading, after: Reading, traffic: &Traffic, honest: u64, beside: u64) -> Self {
        let (frames, bytes) = traffic.sum();
        Self {
            memory: after.peak.saturating_sub(before.resident),
            cpu: u64::try_from(after.cpu.saturating_sub(before.cpu).as_millis()).unwrap_or(u64::MAX),
            frames,
            bytes,
            honest,
            beside,
        }
    }

    fn check(&self, allowed: &Allowed) -> Result<(), Failure> {
        let cpu = allowed.cpu(self.frames, self.bytes, self.beside);
        ensure(self.memory <= allowed.memory, || {
            format!("memory grew by {}, and {} are allowed", size(self.memory << 10), size(allowed.memory << 10))
        })?;
        ensure(self.cpu <= cpu, || format!("it cost {} ms of CPU time, and {cpu} ms are allowed", self.cpu))
    }
}

/// What became of one attack.
pub(crate) struct Row {
    pub(crate) attack: &'static Attack,
    pub(crate) end: Result<(String, Option<Cost>), Failure>,
}

impl Row {
    /// An attack that ended as it should have; it holds if it cost no more than was allowed.
    pub(crate) fn new(attack: &'static Attack, ran: Result<(String, Option<Cost>), Failure>) -> Self {
        let checked = |(end, cost): (String, Option<Cost>)| {
            let judged = cost.map_or(Ok(()), |cost| cost.check(&attack.allowed));
            judged.map(|()| (end.clone(), cost)).map_err(|error| format!("{error}; it ended so: {end}").into())
        };
        Self { attack, end: ran.and_then(checked) }
    }

    pub(crate) fn holds(&self) -> bool {
        self.end.is_ok()
    }

    /// A few lines for a terminal.
    pub(crate) fn text(&self) -> String {
        let Attack { name, what, budget, .. } = self.attack;
        let verdict = match (&self.attack.kind, self.holds()) {
            (crate::attack::Kind::NoSurface(_), _) => "none",
            (_, true) => "ok  ",
            (_, false) => "FAIL",
        };
        let (cost, end) = self.observed();
        format!("{verdict} {name}\n     sent: {what}\n     budget: {budget}; bound: {}\n     {cost}{end}", self.bound())
    }

    /// A row of the table in `SECURITY.md`.
    pub(crate) fn markdown(&self) -> String {
        let Attack { name, what, budget, .. } = self.attack;
        let (cost, end) = self.observed();
        let cells = [format!("`{name}`: {what}"), (*budget).to_owned(), self.bound(), format!("{cost}{end}")];
        format!("| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
    }

    fn bound(&self) -> String {
        if let crate::attack::Kind::NoSurface(_) = self.attack.kind {
            return "–".to_owned();
        }
        let (allowed, usual) = (self.attack.allowed, Allowed::USUAL);
        let parts = [
            (allowed.memory != usual.memory).then(|| size(allowed.memory << 10)),
            (allowed.per_frame != usual.per_frame).then(|| format!("{} µs a frame", allowed.per_frame)),
            (allowed.per_kib != usual.per_kib).then(|| format!("{} µs a KiB", allowed.per_kib)),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { "usual".to_owned() } else { parts.join(", ") }
    }

    fn observed(&self) -> (String, String) {
        match &self.end {
            Ok((end, Some(cost))) => {
                let Cost { memory, cpu, frames, bytes, honest, .. } = cost;
                let cost = format!(
                    "{frames} frames, {} sent; +{}, {}, {honest} honest calls; ",
                    size(*bytes),
                    size(memory << 10),
                    time(*cpu)
                );
                (cost, end.clone())
            }
            Ok((end, None)) => (String::new(), end.clone()),
            Err(error) => (String::new(), error.to_string()),
        }
    }
}

/// What stands above the rows of the table.
pub(crate) const HEADING: &str = "\
| attack | budget | bound | observed |
|---|---|---|---|";

/// Bytes for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..10_240 => format!("{bytes} B"),
        10_240..4_194_304 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

/// CPU time for people; the system counts it in steps of 10 ms.
fn time(milliseconds: u64) -> String {
    if milliseconds == 0 { "< 10 ms".to_owned() } else { format!("{milliseconds} ms") }
}

#[cfg(test)]
mod tests {
    use super::*;

    static NOTHING: Attack = Attack::on_server("s0-none", "a | b", "nothing", |_| Ok(String::new()));

    fn cost(memory: u64, cpu: u64) -> Cost {
        Cost { memory, cpu, frames: 1_000, bytes: 1 << 20, honest: 60, beside: 20 }
    }

    #[test]
    fn memory_and_cpu_time_are_held_to_what_is_allowed() {
        let row = |memory, cpu| Row::new(&NOTHING, Ok(("closed".to_owned(), Some(cost(memory, cpu)))));
        assert!(row(8 << 10, 200).holds());
        assert!(row((8 << 10) + 1, 200).text().contains("memory grew"));
        assert!(row(0, 1_000).text().starts_with("FAIL s0-none"));
        assert!(!Row::new(&NOTHING, Err("lost".into())).holds());
    }

    #[test]
    fn a_row_of_markdown_has_four_cells_whatever_stands_in_them() {
        let row = Row::new(&NOTHING, Ok(("x | y".to_owned(), Some(cost(20, 10))))).markdown();
        assert_eq!(row.replace("\\|", "").matches('|').count(), 5, "{row}");
        assert_eq!(HEADING.lines().next().map(|line| line.matches('|').count()), Some(5));
    }

    #[test]
    fn sizes_are_read_at_a_glance() {
        assert_eq!([size(9), size(20 << 10), size(64 << 20)], ["9 B", "20 KiB", "64 MiB"]);
    }
}
