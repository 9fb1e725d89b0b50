//! Features: few, and each on a `mod`, `use` or `impl` line, so that one reads the code and not its variants.

use std::collections::BTreeSet;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use crate::breach::Breach;
use crate::source::SourceFile;
use crate::tree::Tree;

/// The name of the rule.
pub const NAME: &str = "features";

/// So many of them per thousand lines of our crates.
const PER_THOUSAND: usize = 2;

/// Finds features in the wrong places, and too many of them.
pub fn check(tree: &Tree) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let (mut count, mut lines) = (0, 0);
    for source in tree.below("crates").filter(|source| source.code_lines() > 0) {
        lines += source.code_lines();
        let uses = feature_lines(source);
        count += uses.len();
        let allowed = allowed_lines(source);
        for line in uses.into_iter().filter(|line| !allowed.contains(line)) {
            breaches.push(Breach {
                rule: NAME,
                file: source.path.clone(),
                line,
                what: "a feature inside an item".into(),
                remedy: "put it on a `mod`, `use` or `impl`",
            });
        }
    }
    if count * 1000 > lines.max(1000) * PER_THOUSAND {
        let what = format!("{count} features in {lines} lines, over {PER_THOUSAND} per thousand");
        let remedy = "gather what a feature adds in one module";
        breaches.push(Breach { rule: NAME, file: "crates".into(), line: 0, what, remedy });
    }
    breaches
}

/// Where the code, tests left out, asks for a feature.
fn feature_lines(source: &SourceFile) -> Vec<usize> {
    let asks = |text: &str| text.replace(' ', "").contains("feature=");
    let attributes = source.code_attributes().into_iter().filter_map(|attribute| {
        let text = attribute.tokens.to_string();
        (text.starts_with("cfg") && asks(&text)).then_some(attribute.line)
    });
    let macros = source.code_mentions().into_iter().filter_map(|mention| {
        let arguments = mention.arguments.as_deref()?;
        (mention.is(&["cfg"]) && asks(arguments)).then_some(mention.line)
    });
    attributes.chain(macros).collect()
}

/// The lines of the attributes that stand where features may.
fn allowed_lines(source: &SourceFile) -> BTreeSet<usize> {
    let mut places = Places { lines: BTreeSet::new() };
    places.add(&source.syntax.attrs);
    places.visit_file(&source.syntax);
    places.lines
}

struct Places {
    lines: BTreeSet<usize>,
}

impl Places {
    fn add(&mut self, attributes: &[syn::Attribute]) {
        self.lines.extend(attributes.iter().map(|attribute| attribute.pound_token.span().start().line));
    }
}

impl<'ast> Visit<'ast> for Places {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.add(&item.attrs);
        visit::visit_item_mod(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.add(&item.attrs);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.add(&item.attrs);
        visit::visit_item_impl(self, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::sketch::{lines, tree};

    fn found(code: &str) -> Vec<usize> {
        let long = lines(3000);
        let tree = tree(&[("crates/x/src/a.rs", code), ("crates/x/src/b.rs", &long)]);
        check(&tree).into_iter().map(|breach| breach.line).collect()
    }

    #[test]
    fn features_on_modules_uses_and_impls_pass() {
        let code = "#[cfg(feature = \"tls\")]\nmod tls;\n#[cfg(feature = \"tls\")]\npub use tls::Tls;\n#[cfg(feature = \"tls\")]\nimpl A {}\n";
        assert_eq!(found(code), [0; 0]);
        assert_eq!(found("#[cfg(target_os = \"linux\")]\nfn f() {}\n"), [0; 0], "a platform is no feature");
    }

    #[test]
    fn features_elsewhere_are_found() {
        assert_eq!(found("#[cfg(feature = \"a\")]\nfn f() {}\n"), [1]);
        assert_eq!(found("enum E {\n    #[cfg(feature = \"a\")]\n    A,\n}\n"), [2]);
        assert_eq!(found("fn f() {\n    if cfg!(feature = \"a\") {}\n}\n"), [2]);
        assert_eq!(found("#[cfg_attr(feature = \"a\", derive(B))]\nstruct C;\n"), [1]);
    }

    #[test]
    fn more_than_two_per_thousand_lines_are_too_many() {
        let code = "#[cfg(feature = \"a\")]\nmod a;\n".repeat(3);
        let short = tree(&[("crates/x/src/a.rs", &code)]);
        assert!(check(&short).iter().any(|breach| breach.what.starts_with("3 features")));
        assert_eq!(found(&code), [0; 0], "but not in three thousand lines");
    }
}
