//! The house as the rules see it: parsed files, their neighbours that are not Rust, and the packages.

use crate::breach::Breach;
use crate::packages::Package;
use crate::source::SourceFile;

/// Everything that a rule may look at.
pub struct Tree {
    /// The Rust files, in the order of their paths.
    pub sources: Vec<SourceFile>,
    /// The other files that rules read: manifests and clippy's settings, as path and text.
    pub others: Vec<(String, String)>,
    /// The packages of the workspace.
    pub packages: Vec<Package>,
    /// Rust files that do not parse.
    pub broken: Vec<Breach>,
}

impl Tree {
    /// Parses `files`, given as path and text.
    pub fn new(files: Vec<(String, String)>, packages: Vec<Package>) -> Self {
        let mut tree = Self { sources: Vec::new(), others: Vec::new(), packages, broken: Vec::new() };
        for (path, text) in files {
            if !path.ends_with(".rs") {
                tree.others.push((path, text));
                continue;
            }
            match SourceFile::parse(&path, &text) {
                Ok(source) => tree.sources.push(source),
                Err((line, what)) => {
                    let remedy = "mend it until `cargo check` accepts it";
                    tree.broken.push(Breach { rule: "parse", file: path, line, what, remedy });
                }
            }
        }
        tree.sources.sort_by(|a, b| a.path.cmp(&b.path));
        tree.mark_test_modules();
        tree
    }

    /// What `#[cfg(test)] mod name;` includes is tests, with all that lies below it.
    fn mark_test_modules(&mut self) {
        let stems: Vec<String> = self.sources.iter().flat_map(SourceFile::test_modules).collect();
        for source in &mut self.sources {
            let included = |stem: &String| {
                source.path.strip_prefix(stem.as_str()).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
            };
            if stems.iter().any(included) {
                source.set_test();
            }
        }
    }

    /// The Rust files below `folder`.
    pub fn below(&self, folder: &str) -> impl Iterator<Item = &SourceFile> {
        self.sources.iter().filter(move |source| is_below(&source.path, folder))
    }

    /// The Rust files that people wrote and that are not tests alone.
    pub fn written(&self) -> impl Iterator<Item = &SourceFile> {
        self.sources.iter().filter(|source| source.code_lines() > 0 && !source.is_generated())
    }

    /// The text of a file that is not Rust.
    pub fn other(&self, path: &str) -> Option<&str> {
        self.others.iter().find(|(other, _)| other == path).map(|(_, text)| text.as_str())
    }

    /// Whether anything stands below `folder`.
    pub fn has(&self, folder: &str) -> bool {
        self.below(folder).next().is_some()
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
pub(crate) mod sketch {
    //! Trees for the tests of rules.

    use super::*;

    /// A tree of `files`, without packages.
    pub(crate) fn tree(files: &[(&str, &str)]) -> Tree {
        Tree::new(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect(), Vec::new())
    }

    /// A Rust file of `count` lines.
    pub(crate) fn lines(count: usize) -> String {
        "//! Lines.\n".repeat(count)
    }
}

#[cfg(test)]
mod tests {
    use super::sketch::tree;

    #[test]
    fn files_included_under_cfg_test_are_tests() {
        let tree = tree(&[
            ("crates/x/src/lib.rs", "#[cfg(test)]\nmod pair;\nmod code;\n"),
            ("crates/x/src/pair.rs", "fn a() {}\n"),
            ("crates/x/src/pair/link.rs", "fn a() {}\n"),
            ("crates/x/src/code.rs", "fn a() {}\n"),
            ("crates/x/src/pairs.rs", "fn a() {}\n"),
        ]);
        let code: Vec<_> = tree.sources.iter().map(|one| (one.name(), one.code_lines())).collect();
        assert_eq!(code, [("code.rs", 1), ("lib.rs", 1), ("pair.rs", 0), ("link.rs", 0), ("pairs.rs", 1)]);
        assert_eq!(tree.written().count(), 3);
    }

    #[test]
    fn what_does_not_parse_is_a_breach_and_not_overlooked() {
        let tree = tree(&[("crates/x/src/lib.rs", "fn (")]);
        assert_eq!((tree.sources.len(), tree.broken.len()), (0, 1));
    }

    #[test]
    fn a_folder_is_not_its_namesake() {
        let tree = tree(&[("crates/farcall-wire/src/lib.rs", ""), ("crates/farcall/src/lib.rs", "")]);
        assert_eq!(tree.below("crates/farcall").count(), 1);
        assert!(tree.has("crates/farcall-wire") && !tree.has("crates/farcall-w"));
    }
}
