//! The law is cited where it is obeyed: each rule of an RFC's table has a citation in code and a test that names it.
//!
//! What a table is stands in `table`, what a citation is in `citations`, how an RFC is counted in `spec`.

mod citations;
mod spec;
mod table;

use crate::breach::Breach;
use crate::tree::Tree;
use citations::Citation;
use table::{Row, Table};

/// The name of the rule.
pub const NAME: &str = "law";

/// An RFC of which every rule is accounted for.
pub struct Document {
    /// As citations spell it.
    pub name: &'static str,
    /// Where its table stands, relative to the workspace.
    pub table: &'static str,
    /// Where its text stands, relative to the workspace, on a machine that has it.
    pub text: &'static str,
    /// The first and the last chapter of it that the table covers.
    pub chapters: (u32, u32),
}

/// All of them.
pub const DOCUMENTS: [Document; 2] = [
    Document {
        name: "RFC 9113",
        table: "docs/law/rfc9113.md",
        text: "../shared/reference/spec/rfc9113.txt",
        chapters: (3, 8),
    },
    Document {
        name: "RFC 7541",
        table: "docs/law/rfc7541.md",
        text: "../shared/reference/spec/rfc7541-hpack.txt",
        chapters: (1, 7),
    },
];

/// Where a citation says that a rule is obeyed; elsewhere it is a remark.
const CODE: &str = "crates/";

/// Finds rules without a citation or a test, citations without a rule, and tables that do not cover their RFC.
pub fn check(tree: &Tree) -> Vec<Breach> {
    let (cited, mut breaches) = citations::all(tree);
    for document in &DOCUMENTS {
        let Some(text) = tree.other(document.table) else {
            let what = format!("the table of {} is missing", document.name);
            breaches.push(breach(document.table, 0, what, "write it, a row for each rule"));
            continue;
        };
        let (table, unreadable) = table::parse(document.table, text);
        breaches.extend(unreadable);
        breaches.extend(unobeyed(document, &table, &cited));
        breaches.extend(unknown(document, &table, &cited));
        if let Some(text) = tree.other(document.text) {
            breaches.extend(spec::compare(document, &table, text));
        }
    }
    breaches
}

/// Rules that reach us and that nothing obeys, or no test names.
fn unobeyed(document: &Document, table: &Table, cited: &[Citation]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for row in table.rows.iter().filter(|row| row.reaches) {
        let (code, tests) = uses(document, row, cited);
        let rule = format!("{} §{}: {}", document.name, row.section, row.rule);
        if code == 0 {
            let remedy =
                "write `//= ` and these words where it is obeyed, or say in the table why it does not reach us";
            breaches.push(breach(document.table, row.line, format!("no code cites \"{rule}\""), remedy));
        }
        if tests == 0 {
            let remedy = "write `//= ` and these words above a test that shows it";
            breaches.push(breach(document.table, row.line, format!("no test names \"{rule}\""), remedy));
        }
    }
    breaches
}

/// How often code and tests cite a rule.
fn uses(document: &Document, row: &Row, cited: &[Citation]) -> (usize, usize) {
    let of_row = |one: &&Citation| one.is_of(document) && one.section == row.section && one.rule == row.rule;
    let (tests, code): (Vec<&Citation>, Vec<&Citation>) = cited.iter().filter(of_row).partition(|one| one.test);
    (code.iter().filter(|one| one.file.starts_with(CODE)).count(), tests.len())
}

/// Citations in our crates and in tests that no row knows, or whose row says that the rule does not reach us.
fn unknown(document: &Document, table: &Table, cited: &[Citation]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for one in cited.iter().filter(|one| one.is_of(document) && (one.test || one.file.starts_with(CODE))) {
        let row = table.rows.iter().find(|row| row.section == one.section && row.rule == one.rule);
        let what = match row {
            Some(row) if row.reaches => continue,
            Some(row) => format!("line {} of {} says that this rule does not reach us", row.line, document.table),
            None => format!("{} has no rule \"{}\" in §{}", document.table, one.rule, one.section),
        };
        breaches.push(breach(&one.file, one.line, what, "use the words of a row, or mend the table"));
    }
    breaches
}

/// What `--report` prints: rules, words of the RFC, citations and tests of each section, then what was not counted.
pub fn report(tree: &Tree) -> Vec<String> {
    let (cited, _) = citations::all(tree);
    let mut lines = Vec::new();
    for document in &DOCUMENTS {
        let Some(text) = tree.other(document.table) else { continue };
        let table = table::parse(document.table, text).0;
        for section in table.sections() {
            let rows: Vec<&Row> = table.rows.iter().filter(|row| row.section == section).collect();
            lines.push(format!("{} §{section}: {}", document.name, numbers(document, &rows, &cited)));
        }
        let rows: Vec<&Row> = table.rows.iter().collect();
        lines.push(format!("{}: {}", document.name, numbers(document, &rows, &cited)));
    }
    lines.extend(uncounted(tree));
    lines
}

fn numbers(document: &Document, rows: &[&Row], cited: &[Citation]) -> String {
    let reaching = rows.iter().filter(|row| row.reaches);
    let words: usize = rows.iter().map(|row| row.words).sum();
    let (code, tests) =
        reaching.clone().map(|row| uses(document, row, cited)).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let (reach, all) = (reaching.count(), rows.len());
    format!("{words} MUST, {reach} rules reach us, {} do not; cited {code} times, tested {tests} times", all - reach)
}

/// A line for each RFC whose text is not at hand, so that nobody takes its table for compared.
pub fn uncounted(tree: &Tree) -> Vec<String> {
    let missing = DOCUMENTS.iter().filter(|document| tree.other(document.text).is_none());
    missing.map(|one| format!("{}: no {}, so that its MUSTs were not counted", one.name, one.text)).collect()
}

fn breach(file: &str, line: usize, what: String, remedy: &'static str) -> Breach {
    Breach { rule: NAME, file: file.to_owned(), line, what, remedy }
}

#[cfg(test)]
mod tests;
