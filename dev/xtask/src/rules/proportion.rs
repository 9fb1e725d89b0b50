//! In the crates without I/O there is at least one line of tests for each line of code.

use crate::breach::Breach;
use crate::rules::SANS_IO;
use crate::tree::Tree;

/// The name of the rule.
pub const NAME: &str = "proportion";

/// Lines of code and lines of tests below `folder`; generated files count as neither.
pub fn lines(tree: &Tree, folder: &str) -> (usize, usize) {
    let written = tree.below(folder).filter(|source| !source.is_generated());
    written.fold((0, 0), |(code, tests), source| (code + source.code_lines(), tests + source.test_lines()))
}

/// Finds crates with fewer tests than code.
pub fn check(tree: &Tree) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for folder in SANS_IO {
        let (code, tests) = lines(tree, folder);
        if tests < code {
            breaches.push(Breach {
                rule: NAME,
                file: folder.to_owned(),
                line: 0,
                what: format!("{tests} lines of tests for {code} lines of code"),
                remedy: "test what is not tested yet",
            });
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::sketch::{lines as text, tree};

    #[test]
    fn as_many_tests_as_code_pass() {
        let code = format!("{}#[cfg(test)]\nmod tests {{\n}}\n", text(5));
        let more = text(2);
        let tree = tree(&[("crates/farcall-wire/src/a.rs", &code), ("crates/farcall-wire/tests/b.rs", &more)]);
        assert_eq!(lines(&tree, "crates/farcall-wire"), (5, 5));
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn fewer_tests_than_code_do_not() {
        let code = format!("{}#[cfg(test)]\nmod tests {{\n}}\n", text(4));
        let breaches = check(&tree(&[("crates/farcall-policy/src/a.rs", &code)]));
        assert!(breaches.len() == 1 && breaches[0].what == "3 lines of tests for 4 lines of code", "{breaches:?}");
    }

    #[test]
    fn other_crates_are_not_counted() {
        let code = text(50);
        assert_eq!(check(&tree(&[("crates/farcall/src/a.rs", &code)])), []);
    }
}
