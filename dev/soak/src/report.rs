//! What a run says at its end: a summary for people, a caption for the graph, and whether it was good.

use std::process::Command;
use std::time::Duration;

use crate::arguments::Soak;
use crate::ledger::Counts;
use crate::sample::{Curve, Sample};
use crate::tally::Tally;
use crate::trend::Trend;
use crate::{Failure, graph};

/// A run that is over.
pub(crate) struct Report {
    pub(crate) soak: Soak,
    pub(crate) samples: Vec<Sample>,
    pub(crate) counts: Counts,
    /// Restarts of the server.
    pub(crate) restarts: u32,
    /// CPU time of the server and of the client.
    pub(crate) cpu: (Duration, Duration),
    pub(crate) took: Duration,
}

impl Report {
    /// Prints the summary, draws the graph; whether memory was flat and nothing was broken.
    ///
    /// # Errors
    /// When the graph cannot be written.
    pub(crate) fn close(&self, tally: &Tally) -> Result<bool, Failure> {
        for (name, curve) in [("server", Curve::server(&self.samples)), ("client", Curve::client(&self.samples))] {
            let Some(trend) = Trend::of(&curve.points) else {
                tally.breach(format!("too few samples for the trend of the {name}: let it run longer"));
                continue;
            };
            let (growth, bound) = (trend.growth() / MIB, trend.bound(self.took) / MIB);
            println!(
                "{name}: {:.1} MiB resident on average, {:.1} at most; trend over the last three quarters {growth:+.2} MiB \
                 (bound {bound:.1})",
                curve.mean() / MIB,
                curve.most() / MIB
            );
            if growth > bound {
                tally.breach(format!("memory of the {name} grew by {growth:.2} MiB, more than {bound:.1}"));
            }
        }
        println!("{}\n{}", self.sums(tally), tally.table(&self.counts).trim_end());
        if let Some(path) = &self.soak.graph {
            std::fs::write(path, graph::draw(&self.samples, &self.caption(tally)))
                .map_err(|error| format!("{}: {error}: name a file in a folder that exists", path.display()))?;
            println!("drawn: {}", path.display());
        }
        let breaches = tally.breaches();
        for breach in &breaches {
            println!("BROKEN: {breach}");
        }
        println!("{}", if breaches.is_empty() { "memory is flat, and both sides agree" } else { "FAILED" });
        Ok(breaches.is_empty())
    }

    fn sums(&self, tally: &Tally) -> String {
        let seconds = self.took.as_secs_f64();
        let share = |time: Duration| 100.0 * time.as_secs_f64() / seconds;
        format!(
            "{} calls in {seconds:.0} s, {:.0} a second; {} restarts of the server; CPU: server {:.1} % of a core, client \
             {:.1} %",
            tally.ended(),
            tally.ended() as f64 / seconds,
            self.restarts,
            share(self.cpu.0),
            share(self.cpu.1)
        )
    }

    fn caption(&self, tally: &Tally) -> Vec<String> {
        let path = self.soak.graph.as_ref().map(|path| format!(" --graph {}", path.display())).unwrap_or_default();
        let seconds = self.soak.length().as_secs();
        let length = if seconds.is_multiple_of(60) {
            format!("--minutes {}", seconds / 60)
        } else {
            format!("--seconds {seconds}")
        };
        let extra = format!(" --rate {} --seed {}", self.soak.rate, self.soak.seed);
        vec![
            self.sums(tally),
            format!(
                "{}, {} cores; {}; commit {}; {}",
                listed("/proc/cpuinfo", "model name"),
                std::thread::available_parallelism().map_or(1, usize::from),
                said("uname", &["-sr"]),
                said("git", &["describe", "--always", "--dirty", "--abbrev=10"]),
                said("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
            ),
            format!("cargo run --release -p soak -- {length}{extra}{path}"),
        ]
    }
}

fn listed(path: &str, name: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name)).and_then(|line| line.split_once(':'));
    line.map_or_else(unknown, |(_, value)| value.trim().to_owned())
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    if said.is_empty() { unknown() } else { said }
}

fn unknown() -> String {
    "unknown".to_owned()
}

const MIB: f64 = (1 << 20) as f64;
