//! One Rust file, parsed, with its lines told apart: code, and tests.
//!
//! Test lines are those of items under `#[cfg(test)]` or `#[test]`, and all lines of files that hold tests alone.

use proc_macro2::{LineColumn, TokenStream};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use crate::tokens::{self, Attribute, Mention};

/// A Rust file of the house.
pub struct SourceFile {
    /// Relative to the workspace, with `/`.
    pub path: String,
    /// As it stands on the disk.
    pub text: String,
    /// Its tokens.
    pub tokens: TokenStream,
    /// Its syntax.
    pub syntax: syn::File,
    /// For each line, whether it belongs to tests.
    test: Vec<bool>,
}

/// A function with its lines, from `fn` to its last brace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Where it begins, from 1.
    pub line: usize,
    /// How many lines it has.
    pub length: usize,
}

impl SourceFile {
    /// Parses `text`; the error is a line number and what the parser says.
    pub fn parse(path: &str, text: &str) -> Result<Self, (usize, String)> {
        let at = |position: LineColumn| position.line;
        let tokens: TokenStream =
            text.parse().map_err(|error: proc_macro2::LexError| (at(error.span().start()), error.to_string()))?;
        let syntax: syn::File =
            syn::parse2(tokens.clone()).map_err(|error| (at(error.span().start()), error.to_string()))?;
        let mut finder = TestLines { lines: vec![false; text.lines().count()] };
        finder.visit_file(&syntax);
        let mut test = finder.lines;
        if is_test_path(path) {
            test.fill(true);
        }
        Ok(Self { path: path.to_owned(), text: text.to_owned(), tokens, syntax, test })
    }

    /// Declares all of it tests, for a file that is included under `#[cfg(test)]`.
    pub fn set_test(&mut self) {
        self.test.fill(true);
    }

    /// Whether a line, from 1, belongs to tests.
    pub fn is_test(&self, line: usize) -> bool {
        line.checked_sub(1).and_then(|index| self.test.get(index)).copied().unwrap_or(false)
    }

    /// How many lines are tests.
    pub fn test_lines(&self) -> usize {
        self.test.iter().filter(|test| **test).count()
    }

    /// How many lines are not.
    pub fn code_lines(&self) -> usize {
        self.test.len() - self.test_lines()
    }

    /// Whether a tool wrote it: it says so, and stands in a folder that says so.
    pub fn is_generated(&self) -> bool {
        self.path.contains("/generated/") && self.text.lines().take(5).any(|line| line.contains("@generated"))
    }

    /// The name of the file without its folders.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The paths that its code mentions, tests left out.
    pub fn code_mentions(&self) -> Vec<Mention> {
        let mut found = tokens::mentions(&self.tokens);
        found.retain(|mention| !self.is_test(mention.line));
        found
    }

    /// The attributes of its code, tests left out.
    pub fn code_attributes(&self) -> Vec<Attribute> {
        let mut found = tokens::attributes(&self.tokens);
        found.retain(|attribute| !self.is_test(attribute.line));
        found
    }

    /// The functions of its code, tests left out.
    pub fn functions(&self) -> Vec<Function> {
        let mut finder = Functions::default();
        finder.visit_file(&self.syntax);
        finder.found.retain(|function| !self.is_test(function.line));
        finder.found
    }

    /// The files that it may mean by `#[cfg(test)] mod name;`.
    pub fn test_modules(&self) -> Vec<String> {
        let stem = match self.path.rsplit_once('/') {
            Some((folder, "lib.rs" | "main.rs" | "mod.rs")) => folder.to_owned(),
            _ => self.path.trim_end_matches(".rs").to_owned(),
        };
        let names = self.syntax.items.iter().filter_map(|item| match item {
            syn::Item::Mod(module) if module.content.is_none() && is_under_test(&module.attrs) => Some(&module.ident),
            _ => None,
        });
        names.map(|name| format!("{stem}/{name}")).collect()
    }
}

fn is_test_path(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/") || path.contains("/benches/")
}

/// `#[test]`, `#[tokio::test]`, `#[cfg(test)]` and `#[cfg(all(test, …))]`; not `#[cfg(not(test))]`.
fn is_under_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        if path.segments.last().is_some_and(|segment| segment.ident == "test") {
            return true;
        }
        let syn::Meta::List(list) = &attribute.meta else { return false };
        let words = tokens::mentions(&list.tokens);
        path.is_ident("cfg")
            && words.iter().any(|word| word.is(&["test"]))
            && !words.iter().any(|word| word.is(&["not"]))
    })
}

struct TestLines {
    lines: Vec<bool>,
}

impl TestLines {
    /// Marks an item; a documentation comment is the first of its attributes, so the span covers it.
    fn mark(&mut self, item: &impl Spanned) {
        let span = item.span();
        for line in span.start().line..=span.end().line {
            if let Some(test) = self.lines.get_mut(line - 1) {
                *test = true;
            }
        }
    }
}

impl<'ast> Visit<'ast> for TestLines {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if is_under_test(attributes_of(item)) {
            self.mark(item);
        } else {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if is_under_test(&item.attrs) {
            self.mark(item);
        } else {
            visit::visit_impl_item_fn(self, item);
        }
    }
}

fn attributes_of(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

#[derive(Default)]
struct Functions {
    found: Vec<Function>,
}

impl Functions {
    fn add(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let line = signature.fn_token.span.start().line;
        let length = block.brace_token.span.close().end().line + 1 - line;
        self.found.push(Function { name: signature.ident.to_string(), line, length });
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.add(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(path: &str, text: &str) -> SourceFile {
        SourceFile::parse(path, text).unwrap_or_else(|error| panic!("{error:?}"))
    }

    #[test]
    fn lines_under_cfg_test_are_tests_with_their_attributes_and_comments() {
        let text = "fn a() {}\n\n/// Why.\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n";
        let file = parse("crates/x/src/a.rs", text);
        assert_eq!((file.code_lines(), file.test_lines()), (3, 5));
        assert!(!file.is_test(1) && file.is_test(3) && file.is_test(7) && !file.is_test(8));
        assert_eq!(file.functions().iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    }

    #[test]
    fn a_method_for_tests_alone_is_a_test() {
        let file = parse("a.rs", "impl A {\n    fn b() {}\n    #[cfg(test)]\n    fn c() {}\n}\n");
        assert_eq!((file.code_lines(), file.test_lines()), (3, 2));
    }

    #[test]
    fn code_that_exists_only_without_tests_is_code() {
        let file = parse("a.rs", "#[cfg(not(test))]\nfn a() {}\n#[cfg(all(test, unix))]\nfn b() {}\n");
        assert_eq!((file.code_lines(), file.test_lines()), (2, 2));
    }

    #[test]
    fn files_of_tests_are_tests_from_end_to_end() {
        for path in ["crates/x/tests/a.rs", "crates/x/src/a/tests.rs", "crates/x/benches/b.rs"] {
            assert_eq!(parse(path, "fn a() {}\n").code_lines(), 0, "{path}");
        }
    }

    #[test]
    fn functions_are_measured_from_fn_to_the_last_brace() {
        let text = "/// Docs.\n#[inline]\npub fn a(\n    b: u8,\n) {\n    c();\n}\nimpl X {\n    fn d(&self) {}\n}\ntrait T {\n    fn e();\n    fn f() {\n    }\n}\n";
        let found = parse("a.rs", text).functions();
        let lengths: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.line, one.length)).collect();
        assert_eq!(lengths, [("a", 3, 5), ("d", 9, 1), ("f", 13, 2)]);
    }

    #[test]
    fn modules_of_tests_in_other_files_are_named() {
        let text = "#[cfg(test)]\nmod pair;\nmod code;\n#[cfg(test)]\nmod here {}\n";
        assert_eq!(parse("crates/x/src/lib.rs", text).test_modules(), ["crates/x/src/pair"]);
        assert_eq!(parse("crates/x/src/h2.rs", text).test_modules(), ["crates/x/src/h2/pair"]);
    }

    #[test]
    fn generated_code_says_so_and_stands_apart() {
        assert!(parse("crates/x/generated/a.rs", "// @generated by farcall-build\n").is_generated());
        assert!(!parse("crates/x/src/a.rs", "// @generated by farcall-build\n").is_generated());
        assert!(!parse("crates/x/generated/a.rs", "//! By hand.\n").is_generated());
    }

    #[test]
    fn what_does_not_parse_is_an_error_with_its_line() {
        let error = SourceFile::parse("a.rs", "fn a() {}\nfn b( {}\n").map(|_| ()).expect_err("it is broken");
        assert_eq!(error.0, 2);
    }
}
