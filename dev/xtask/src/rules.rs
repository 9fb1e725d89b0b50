//! The rules, one file each; every one is a function from the [`Tree`] to its breaches.

use crate::breach::Breach;
use crate::tree::Tree;

pub mod arrows;
pub mod features;
pub mod hands;
pub mod law;
pub mod lints;
pub mod openings;
pub mod proportion;
pub mod rooms;
pub mod sizes;
pub mod stubs;

/// A house rule.
pub struct Rule {
    /// What `cargo xtask NAME` runs.
    pub name: &'static str,
    /// Why it is there, in a line.
    pub reason: &'static str,
    /// Finds its breaches.
    pub check: fn(&Tree) -> Vec<Breach>,
}

/// The crates without I/O, to which the strictest rules apply.
pub const SANS_IO: [&str; 2] = ["crates/farcall-wire", "crates/farcall-policy"];

/// All rules, in the order in which they are run.
pub const RULES: &[Rule] = &[
    Rule {
        name: arrows::NAME,
        reason: "crates depend on each other and on others as the table says",
        check: arrows::check,
    },
    Rule { name: sizes::NAME, reason: "a file and a function can be read in one go", check: sizes::check },
    Rule {
        name: hands::NAME,
        reason: "wire and policy reach for no clock, lock, task, socket or global",
        check: hands::check,
    },
    Rule {
        name: lints::NAME,
        reason: "no panic from the network, no unsafe, and clippy holds both",
        check: lints::check,
    },
    Rule { name: rooms::NAME, reason: "HTTP/2 knows nothing of gRPC", check: rooms::check },
    Rule {
        name: features::NAME,
        reason: "a feature is a module, not a second program between the lines",
        check: features::check,
    },
    Rule { name: stubs::NAME, reason: "nothing unfinished, ignored or dead", check: stubs::check },
    Rule {
        name: law::NAME,
        reason: "every rule of HTTP/2 and HPACK is cited where it is obeyed, and tested",
        check: law::check,
    },
    Rule { name: openings::NAME, reason: "every file says what it is", check: openings::check },
    Rule {
        name: proportion::NAME,
        reason: "as many lines of tests as of code in wire and policy",
        check: proportion::check,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_rule_has_a_reason() {
        for (at, rule) in RULES.iter().enumerate() {
            assert!(!rule.reason.is_empty());
            assert!(RULES[..at].iter().all(|other| other.name != rule.name), "{}", rule.name);
        }
    }
}
