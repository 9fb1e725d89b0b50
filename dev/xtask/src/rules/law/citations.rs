//! Citations: comment lines of one spelling, `//= RFC 9113 §6.1: words`, or of several sections that say the same.
//!
//! In tests a citation stands directly above a test, which it names as one that shows the rule.

use super::{DOCUMENTS, Document, breach};
use crate::breach::Breach;
use crate::source::SourceFile;
use crate::tokens;
use crate::tree::Tree;

/// One rule that a comment cites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Citation {
    /// The name of the document.
    pub(super) document: &'static str,
    /// Without the §.
    pub(super) section: String,
    pub(super) rule: String,
    pub(super) file: String,
    /// From 1.
    pub(super) line: usize,
    /// It names a test.
    pub(super) test: bool,
}

impl Citation {
    pub(super) fn is_of(&self, document: &Document) -> bool {
        self.document == document.name
    }
}

/// The mark of a citation.
const MARK: &str = "//=";

/// All citations of the documents that have a table, and the lines that look like one and are none.
pub(super) fn all(tree: &Tree) -> (Vec<Citation>, Vec<Breach>) {
    let (mut found, mut breaches) = (Vec::new(), Vec::new());
    for source in tree.sources.iter().filter(|source| source.text.contains(MARK)) {
        in_file(source, &mut found, &mut breaches);
    }
    (found, breaches)
}

fn in_file(source: &SourceFile, found: &mut Vec<Citation>, breaches: &mut Vec<Breach>) {
    let readable = tokens::without_literals(&source.text, &source.tokens);
    let lines: Vec<&str> = readable.lines().map(str::trim).collect();
    for (at, content) in lines.iter().enumerate() {
        let Some(cited) = citation(content) else { continue };
        let Some(document) = DOCUMENTS.iter().find(|document| cited.contains(document.name)) else { continue };
        let (line, test) = (at + 1, source.is_test(at + 1));
        let Some((sections, rule)) = read(cited, document) else {
            let what = format!("`{content}` is no citation");
            breaches.push(breach(&source.path, line, what, "write `//= RFC 9113 §6.1: the words of the table`"));
            continue;
        };
        if test && !names_a_test(&lines[at..]) {
            let what = "a citation among tests that stands above none".to_owned();
            breaches.push(breach(&source.path, line, what, "move it directly above `#[test]`"));
            continue;
        }
        found.extend(sections.into_iter().map(|section| Citation {
            document: document.name,
            section: section.to_owned(),
            rule: rule.to_owned(),
            file: source.path.clone(),
            line,
            test,
        }));
    }
}

/// What follows the mark, in comments and in documentation.
fn citation(line: &str) -> Option<&str> {
    let comment = ["//! ", "/// "].iter().find_map(|start| line.strip_prefix(start)).unwrap_or(line);
    comment.strip_prefix(MARK)
}

/// The sections and the words of `RFC 9113 §6.1, §6.2: words`.
fn read<'a>(cited: &'a str, document: &Document) -> Option<(Vec<&'a str>, &'a str)> {
    let rest = cited.strip_prefix(' ')?.strip_prefix(document.name)?.strip_prefix(' ')?;
    let (sections, rule) = rest.split_once(": ")?;
    let sections: Vec<&str> = sections.split(", ").map(|section| section.strip_prefix('§')).collect::<Option<_>>()?;
    let is_number = |section: &&str| section.split('.').all(|part| part.parse::<u32>().is_ok());
    sections.iter().all(is_number).then_some((sections, rule.trim()))
}

/// Whether what follows, other citations and attributes aside, is a test.
fn names_a_test(lines: &[&str]) -> bool {
    let mut attributes =
        lines.iter().skip_while(|line| line.starts_with("//")).take_while(|line| line.starts_with("#["));
    attributes.any(|attribute| {
        let path = attribute.trim_start_matches("#[").split([']', '(']).next().unwrap_or_default();
        path.rsplit("::").next() == Some("test")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::sketch::tree;

    /// What was found, as `document section rule`, with the line and whether it names a test.
    type Found = (String, usize, bool);

    fn found(path: &str, code: &str) -> (Vec<Found>, Vec<(usize, String)>) {
        let (cited, breaches) = all(&tree(&[(path, code)]));
        let found = |one: Citation| (format!("{} {} {}", one.document, one.section, one.rule), one.line, one.test);
        let told = breaches.into_iter().map(|one| (one.line, one.what)).collect();
        (cited.into_iter().map(found).collect(), told)
    }

    #[test]
    fn a_citation_is_read_with_each_of_its_sections() {
        let code = "fn f() {\n    //= RFC 9113 §6.1, §6.2: a: b\n    g();\n}\n/// //= RFC 7541 §2: c\nfn h() {}\n";
        let expected = [("RFC 9113 6.1 a: b", 2), ("RFC 9113 6.2 a: b", 2), ("RFC 7541 2 c", 5)];
        let expected: Vec<_> = expected.iter().map(|(cited, line)| ((*cited).to_owned(), *line, false)).collect();
        assert_eq!(found("crates/x/src/a.rs", code), (expected, vec![]));
    }

    #[test]
    fn other_documents_and_literals_are_none_of_our_business() {
        let code = "//= gRFC A6: x\nconst A: &str = \"\n//= RFC 9113 §1: x\n\";\n// RFC 9113 §6.1 says so.\n";
        assert_eq!(found("crates/x/src/a.rs", code), (vec![], vec![]));
    }

    #[test]
    fn a_citation_that_is_misspelled_is_told() {
        for line in [
            "//=RFC 9113 §1: x",
            "//= RFC 9113 1: x",
            "//= RFC 9113 §1 x",
            "//= RFC 9113 §1,§2: x",
            "//= RFC 9113 §a: x",
        ] {
            let expected = vec![(1, format!("`{line}` is no citation"))];
            assert_eq!(found("crates/x/src/a.rs", &format!("{line}\nfn f() {{}}\n")), (vec![], expected));
        }
    }

    #[test]
    fn a_citation_above_a_test_names_it() {
        for test in ["#[test]", "#[tokio::test(start_paused = true)]", "#[should_panic]\n#[test]"] {
            let code = format!("//= RFC 9113 §1: x\n//= RFC 9113 §2: y\n{test}\nfn t() {{}}\n");
            let (cited, breaches) = found("crates/x/tests/a.rs", &code);
            assert!(cited.len() == 2 && cited.iter().all(|one| one.2) && breaches.is_empty(), "{test}: {breaches:?}");
        }
    }

    #[test]
    fn a_citation_that_stands_above_no_test_is_told() {
        for code in
            ["fn t() {\n    //= RFC 9113 §1: x\n    f();\n}\n", "\n//= RFC 9113 §1: x\n#[cfg(test)]\nfn t() {}\n"]
        {
            let expected = vec![(2, "a citation among tests that stands above none".to_owned())];
            assert_eq!(found("crates/x/tests/a.rs", code), (vec![], expected));
        }
    }
}
