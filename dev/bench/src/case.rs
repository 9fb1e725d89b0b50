//! What is measured, and what has to come out: the gates, and the rows that stand beside them.

pub mod catalogue;
mod client;
mod latency;
mod rounds;
mod server;
mod valgrind;

pub use latency::{Latency, latencies};

use std::time::Duration;

use crate::load::Method;
use crate::load::closed::Window;
use crate::peer::Peer;
use crate::runtime::Runtime;
use crate::samples::Samples;

/// One row of the table.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it is called, such as `server c1 m100`: the number of connections and of calls in flight on each.
    pub name: &'static str,
    /// What the figures are.
    pub unit: &'static str,
    /// How it is measured.
    pub kind: Kind,
    /// What has to come out.
    pub gate: Option<Gate>,
    /// What is wished for.
    pub aim: &'static str,
}

/// How a case is measured.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// CPU of a server's process.
    Server { connections: usize, calls: usize, runtime: Runtime, suspend: bool, method: Method },
    /// CPU of a client's process.
    Client { in_flight: usize, runtime: Runtime },
    /// Instructions of a server's process, counted by callgrind, with so many calls in flight on one connection.
    Instructions { calls: usize },
    /// Allocations of client and server together, counted by DHAT.
    Allocations,
    /// Heap of a server for each connection that is open and idle, counted by DHAT.
    Idle,
}

/// What has to come out.
#[derive(Debug, Clone, Copy)]
pub enum Gate {
    /// tonic's figure is at least so many times farcall's.
    Times(f64),
    /// farcall's figure is at most this.
    AtMost(f64),
}

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// How often each implementation is measured, in turns.
    pub rounds: usize,
    /// How long each time.
    pub window: Window,
    /// Calls by which the long run under valgrind is longer than the short one.
    pub counted: usize,
    /// Idle connections.
    pub idle: usize,
    /// Seconds of the open loop.
    pub latency: Duration,
}

/// The figures of a case.
#[derive(Debug)]
pub struct Row {
    /// The case.
    pub case: Case,
    /// One for each implementation that was measured, or why there is none.
    pub cells: Vec<(Peer, Result<Samples, String>)>,
    /// What the reader has to know.
    pub notes: Vec<String>,
}

/// How a row ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The gate holds.
    Pass,
    /// It does not, or it was not measured: why.
    Fail(String),
    /// There is no gate.
    None,
}

impl Effort {
    /// That everything runs; the figures mean nothing.
    pub const SMOKE: Self = Self::of(1, 30, 100, 20, 10, 200);
    /// The gates in less than three minutes.
    pub const QUICK: Self = Self::of(5, 100, 400, 2000, 1000, 0);
    /// Everything.
    pub const FULL: Self = Self::of(5, 100, 800, 4000, 1000, 5000);

    const fn of(rounds: usize, warm: u64, measured: u64, counted: usize, idle: usize, latency: u64) -> Self {
        let window = Window { warm: Duration::from_millis(warm), measured: Duration::from_millis(measured) };
        Self { rounds, window, counted, idle, latency: Duration::from_millis(latency) }
    }
}

impl Case {
    /// Measures it.
    pub fn measure(&self, effort: &Effort) -> Row {
        let mut row = Row { case: self.clone(), cells: Vec::new(), notes: Vec::new() };
        match self.kind {
            Kind::Server { .. } => server::measure(&mut row, effort),
            Kind::Client { .. } => client::measure(&mut row, effort),
            Kind::Instructions { .. } | Kind::Allocations | Kind::Idle => valgrind::measure(&mut row, effort),
        }
        row
    }
}

impl Row {
    /// An implementation's figures.
    pub fn samples(&self, peer: Peer) -> Option<&Samples> {
        let (_, cell) = self.cells.iter().find(|(other, _)| *other == peer)?;
        cell.as_ref().ok()
    }

    /// How many times farcall's figure tonic's is.
    pub fn ratio(&self) -> Option<f64> {
        let (ours, theirs) = (self.samples(Peer::Farcall)?.median(), self.samples(Peer::Tonic)?.median());
        (ours > 0.0).then(|| theirs / ours)
    }

    /// Whether the gate holds.
    pub fn verdict(&self) -> Verdict {
        let Some(gate) = self.case.gate else { return Verdict::None };
        let failed: Vec<String> =
            self.cells.iter().filter_map(|(peer, cell)| Some(format!("{peer}: {}", cell.as_ref().err()?))).collect();
        let figure = match gate {
            Gate::Times(_) => self.ratio(),
            Gate::AtMost(_) => self.samples(Peer::Farcall).map(Samples::median),
        };
        match (figure, gate) {
            (None, _) => Verdict::Fail(format!("not measured; {}", failed.join("; "))),
            (Some(ratio), Gate::Times(times)) if ratio < times => {
                Verdict::Fail(format!("{ratio:.2} times less than tonic, and should be {times}"))
            }
            (Some(figure), Gate::AtMost(most)) if figure > most => {
                Verdict::Fail(format!("{figure:.2}, and should be at most {most}"))
            }
            _ => Verdict::Pass,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(gate: Gate, ours: Option<f64>, theirs: f64) -> Row {
        let case = Case { name: "", unit: "", kind: Kind::Idle, gate: Some(gate), aim: "" };
        let samples = |figure: f64| [figure].into_iter().collect::<Samples>();
        let cells = vec![
            (Peer::Farcall, ours.map(samples).ok_or_else(|| "it broke".to_owned())),
            (Peer::Tonic, Ok(samples(theirs))),
        ];
        Row { case, cells, notes: Vec::new() }
    }

    #[test]
    fn a_ratio_is_tonics_figure_over_farcalls() {
        assert_eq!(row(Gate::Times(3.0), Some(2.0), 6.0).verdict(), Verdict::Pass);
        assert!(matches!(row(Gate::Times(3.1), Some(2.0), 6.0).verdict(), Verdict::Fail(_)));
    }

    #[test]
    fn a_limit_holds_for_farcalls_figure_whatever_tonics_is() {
        assert_eq!(row(Gate::AtMost(2.0), Some(2.0), 0.0).verdict(), Verdict::Pass);
        assert!(matches!(row(Gate::AtMost(2.0), Some(2.1), 99.0).verdict(), Verdict::Fail(_)));
    }

    #[test]
    fn what_was_not_measured_has_failed() {
        let Verdict::Fail(why) = row(Gate::Times(3.0), None, 6.0).verdict() else { panic!("it passed") };
        assert!(why.contains("not measured") && why.contains("it broke"), "{why}");
    }
}
