//! What the network sends cannot panic, nothing is unsafe, and the compiler and clippy are told so.

use crate::breach::Breach;
use crate::rules::SANS_IO;
use crate::source::SourceFile;
use crate::tree::Tree;

/// The name of the rule.
pub const NAME: &str = "lints";

/// The lints of clippy that stand between network input and a panic.
const PANICS: [&str; 4] = ["unwrap_used", "expect_used", "panic", "indexing_slicing"];

/// Finds crates that do not deny panics, exceptions without a reason, and packages outside the workspace's lints.
pub fn check(tree: &Tree) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for folder in SANS_IO.into_iter().filter(|folder| tree.has(folder)) {
        let root = format!("{folder}/src/lib.rs");
        let denied = tree.sources.iter().find(|source| source.path == root).is_some_and(denies_panics);
        if !denied {
            breaches.push(Breach {
                rule: NAME,
                file: root,
                line: 0,
                what: format!("does not deny {}", PANICS.join(", ")),
                remedy: "add #![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, \
                    clippy::indexing_slicing))]",
            });
        }
        breaches.extend(tree.below(folder).flat_map(exceptions));
    }
    breaches.extend(tree.packages.iter().filter_map(|package| manifest(tree, &package.folder)));
    breaches
}

fn denies_panics(source: &SourceFile) -> bool {
    source.syntax.attrs.iter().any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else { return false };
        let text = list.tokens.to_string().replace([' ', '\n'], "");
        let outside = attribute.path().is_ident("cfg_attr") && text.starts_with("not(test),deny(");
        (outside || attribute.path().is_ident("deny")) && PANICS.iter().all(|lint| names(&text, lint))
    })
}

/// Whether the lint stands in the list as a whole name.
fn names(list: &str, lint: &str) -> bool {
    list.split([',', '(', ')']).any(|one| one == format!("clippy::{lint}"))
}

/// Allowed panics that are not argued by `reason = "…"` in the attribute.
fn exceptions(source: &SourceFile) -> Vec<Breach> {
    let attributes = source.code_attributes();
    let silent = attributes.iter().filter(|attribute| {
        let text = attribute.tokens.to_string().replace([' ', '\n'], "");
        let allows = text.contains("allow(") || text.contains("expect(");
        allows && PANICS.iter().any(|lint| names(&text, lint)) && !text.contains("reason=")
    });
    let breach = |attribute: &crate::tokens::Attribute| Breach {
        rule: NAME,
        file: source.path.clone(),
        line: attribute.line,
        what: "a panic is allowed without a reason".into(),
        remedy: "say why it cannot happen: reason = \"…\", or use `get`",
    };
    silent.map(breach).collect()
}

/// A package's manifest has to take the workspace's lints, which forbid unsafe code.
fn manifest(tree: &Tree, folder: &str) -> Option<Breach> {
    let file = format!("{folder}/Cargo.toml");
    let text = tree.other(&file)?;
    let has = |name: &str, entry: &str| {
        text.split("\n[").any(|section| {
            section.trim_start_matches('[').starts_with(name) && section.lines().any(|line| line.trim() == entry)
        })
    };
    // A strict user's crate has lints of its own, and forbids unsafe code itself.
    let inherits = has("lints]", "workspace = true") || has("lints.rust]", "unsafe_code = \"forbid\"");
    (!inherits).then(|| Breach {
        rule: NAME,
        file,
        line: 0,
        what: "does not take the lints of the workspace".into(),
        remedy: "add [lints] workspace = true",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packages::Package;
    use crate::tree::sketch::tree;

    const DENY: &str = "#![cfg_attr(\n    not(test),\n    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)\n)]\n";

    fn wire(lib: &str) -> Vec<Breach> {
        check(&tree(&[("crates/farcall-wire/src/lib.rs", lib)]))
    }

    #[test]
    fn a_crate_that_denies_all_four_passes() {
        assert_eq!(wire(DENY), []);
    }

    #[test]
    fn a_crate_that_denies_fewer_does_not() {
        assert_eq!(wire("").len(), 1);
        assert_eq!(wire(&DENY.replace("clippy::panic,", "")).len(), 1);
        assert_eq!(wire(&DENY.replace("clippy::panic,", "clippy::panicking_unwrap,")).len(), 1);
        assert_eq!(wire(&DENY.replace("deny(", "warn(")).len(), 1);
    }

    #[test]
    fn an_exception_needs_a_reason() {
        let silent = format!("{DENY}#[allow(clippy::unwrap_used)]\nfn f() {{}}\n");
        assert_eq!(wire(&silent).iter().map(|breach| breach.line).collect::<Vec<_>>(), [5]);
        let argued = format!("{DENY}#[expect(clippy::unwrap_used, reason = \"a constant\")]\nfn f() {{}}\n");
        assert_eq!(wire(&argued), []);
    }

    #[test]
    fn every_package_takes_the_lints_of_the_workspace() {
        let package = Package { name: "x".into(), folder: "crates/x".into(), dependencies: Vec::new() };
        let with = |text: &str| Tree::new(vec![("crates/x/Cargo.toml".into(), text.into())], vec![package.clone()]);
        assert_eq!(check(&with("[package]\nname = \"x\"\n\n[lints]\nworkspace = true\n")), []);
        assert_eq!(check(&with("[package]\nname = \"x\"\n\n[dependencies]\nworkspace = true\n")).len(), 1);
    }
}
