//! One place where the house does not keep a rule, and what to do about it.

use core::fmt;

/// A breach of a house rule; its `Display` is the line that `cargo xtask check` prints.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Breach {
    /// The name of the rule.
    pub rule: &'static str,
    /// The file, relative to the workspace, or what else the breach is about.
    pub file: String,
    /// The line, from 1; 0 where the whole file is meant.
    pub line: usize,
    /// What is wrong, with the value.
    pub what: String,
    /// How to mend it.
    pub remedy: &'static str,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {}; {}", self.what, self.remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breach_is_one_line_with_rule_place_and_remedy() {
        let mut breach =
            Breach { rule: "sizes", file: "a.rs".into(), line: 7, what: "90 lines".into(), remedy: "split it" };
        assert_eq!(breach.to_string(), "sizes: a.rs:7: 90 lines; split it");
        breach.line = 0;
        assert_eq!(breach.to_string(), "sizes: a.rs: 90 lines; split it");
    }
}
