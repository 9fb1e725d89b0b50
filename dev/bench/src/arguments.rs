//! The command line, read by hand.

use crate::case::Effort;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// How much.
    pub mode: Mode,
    /// Only cases whose name contains this.
    pub only: Option<String>,
}

/// How much is measured, and what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The gates are measured, printed, and decide the exit code.
    Quick,
    /// Everything is measured and written to `docs/`.
    Full,
    /// Everything is run for a moment; no figure means anything.
    Smoke,
}

impl Arguments {
    /// Reads the arguments behind the program's name.
    ///
    /// # Errors
    /// An option that does not exist, or that lacks its value.
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut parsed = Self { mode: Mode::Full, only: None };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--quick" => parsed.mode = Mode::Quick,
                "--smoke" => parsed.mode = Mode::Smoke,
                "--only" => {
                    parsed.only = Some(words.next().ok_or("--only needs a part of a case's name, as in --only c1")?)
                }
                other => return Err(format!("unknown argument {other:?}\n{USAGE}")),
            }
        }
        Ok(parsed)
    }

    /// Whether this case is wanted.
    pub fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|part| name.contains(part))
    }
}

impl Mode {
    /// Rounds and times.
    pub fn effort(self) -> Effort {
        match self {
            Self::Quick => Effort::QUICK,
            Self::Full => Effort::FULL,
            Self::Smoke => Effort::SMOKE,
        }
    }
}

/// What there is.
const USAGE: &str = "\
usage: bench [--quick | --smoke] [--only NAME]
  (nothing)    measures everything and writes docs/performance.md and docs/performance.svg
  --quick      measures the gates; exit code 0 only if every gate holds
  --smoke      runs everything for a moment, to see that it runs
  --only NAME  only the cases whose name contains NAME; nothing is written";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn without_options_everything_is_measured() {
        let all = parse("").unwrap();
        assert_eq!(all, Arguments { mode: Mode::Full, only: None });
        assert!(all.wants("server c1 m1"));
    }

    #[test]
    fn only_takes_a_part_of_a_name() {
        let some = parse("--quick --only stream").unwrap();
        assert!(some.wants("stream server, 1 KiB") && !some.wants("server c1 m1"));
    }

    #[test]
    fn a_wrong_option_is_named() {
        assert!(parse("--fast").unwrap_err().contains("\"--fast\""));
        assert!(parse("--only").is_err());
    }
}
