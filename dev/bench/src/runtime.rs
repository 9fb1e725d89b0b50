//! The tokio runtimes that are measured.

use std::fmt;
use std::str::FromStr;

use crate::Failure;

/// A runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    /// `#[tokio::main(flavor = "current_thread")]`
    Current,
    /// `#[tokio::main]` as it is on a machine with so many cores.
    Multi(usize),
}

impl Runtime {
    /// Builds it.
    ///
    /// # Errors
    /// When the system has no threads or no poll left.
    pub fn build(self) -> Result<tokio::runtime::Runtime, Failure> {
        Ok(match self {
            Self::Current => tokio::runtime::Builder::new_current_thread().enable_all().build()?,
            Self::Multi(workers) => {
                tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?
            }
        })
    }

    /// The cores that it is kept to, as an argument: as many as it has workers.
    pub fn cores(self, first: usize) -> String {
        match self {
            Self::Multi(workers) if workers > 1 => {
                (0..workers).map(|core| core.to_string()).collect::<Vec<_>>().join(",")
            }
            _ => first.to_string(),
        }
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Current => f.write_str("current_thread"),
            Self::Multi(workers) => write!(f, "multi_thread:{workers}"),
        }
    }
}

impl FromStr for Runtime {
    type Err = Failure;

    fn from_str(name: &str) -> Result<Self, Failure> {
        match name.split_once(':') {
            None if name == "current_thread" => Ok(Self::Current),
            Some(("multi_thread", workers)) => Ok(Self::Multi(workers.parse()?)),
            _ => Err(format!("no runtime is called {name:?}").into()),
        }
    }
}
