//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

/// Mixed calls between a farcall server and farcall clients, for hours: calls of all shapes, cancels, deadlines,
/// errors, lost connections, restarts. Exit code 0 if both sides agree about every call and memory is flat.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) role: Option<Role>,
    #[command(flatten)]
    pub(crate) soak: Soak,
}

/// What this process is, if it is not the soak itself.
#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    /// The server, which the soak starts for itself.
    #[command(hide = true)]
    Serve,
}

/// How long, how fast, and what is left of it.
#[derive(Debug, Clone, Args)]
pub(crate) struct Soak {
    /// How long to call, in minutes.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "seconds")]
    minutes: u64,
    /// The same in seconds, for a short look.
    #[arg(long, value_parser = clap::value_parser!(u64).range(5..))]
    seconds: Option<u64>,
    /// Calls a second, of all clients together.
    #[arg(long, default_value_t = 180, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: u32,
    /// What the order of the calls is made from.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Where to draw memory and calls a second, as SVG.
    #[arg(long, value_name = "FILE")]
    pub(crate) graph: Option<PathBuf>,
}

impl Soak {
    /// How long to call.
    pub(crate) fn length(&self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(self.minutes * 60))
    }

    /// From one restart of the server to the next.
    pub(crate) fn restarts(&self) -> Duration {
        (self.length() / 5).min(Duration::from_secs(60))
    }

    /// From one look at memory to the next.
    pub(crate) fn samples(&self) -> Duration {
        (self.length() / 60).clamp(Duration::from_millis(250), Duration::from_secs(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Soak, String> {
        let words = ["soak"].into_iter().chain(line.split_whitespace());
        Arguments::try_parse_from(words).map(|arguments| arguments.soak).map_err(|error| error.to_string())
    }

    #[test]
    fn an_hour_is_what_nothing_means_and_both_units_are_understood() {
        assert_eq!(parse("").unwrap().length(), Duration::from_secs(3600));
        assert_eq!(parse("--minutes 5").unwrap().length(), Duration::from_secs(300));
        let short = parse("--seconds 20 --rate 50 --graph a.svg").unwrap();
        assert_eq!((short.length().as_secs(), short.rate, short.restarts().as_secs()), (20, 50, 4));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (line, named) in [("--minutes 0", "--minutes"), ("--rate x", "--rate"), ("--fast", "--fast")] {
            let text = parse(line).unwrap_err();
            assert!(text.contains(named), "{text}");
        }
        assert!(parse("--minutes 1 --seconds 20").is_err());
    }
}
