//! The text of an RFC, as far as it is counted: how often each section says MUST, SHALL or REQUIRED.

use std::collections::BTreeMap;

use super::table::Table;
use super::{Document, breach};
use crate::breach::Breach;

/// The words in capitals that make a rule, negated or not.
const WORDS: [&str; 3] = ["MUST", "SHALL", "REQUIRED"];

/// Finds sections of which the table accounts for more or fewer words than there are.
pub(super) fn compare(document: &Document, table: &Table, text: &str) -> Vec<Breach> {
    let mut sections: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    for (section, count) in count(text, document.chapters) {
        sections.entry(section).or_default().0 += count;
    }
    for row in &table.rows {
        let (_, accounted, line) = sections.entry(&row.section).or_default();
        *accounted += row.words;
        *line = row.line;
    }
    let differing = sections.into_iter().filter(|(_, (said, accounted, _))| said != accounted);
    let told = differing.map(|(section, (said, accounted, line))| {
        let what = format!("§{section} says MUST {said} times, and the rows account for {accounted}");
        breach(document.table, line, what, "read the section again, and give every MUST its row")
    });
    Vec::from_iter(told)
}

/// The sections within `chapters` and how many of the words stand in each.
fn count(text: &str, chapters: (u32, u32)) -> Vec<(&str, usize)> {
    let mut counted = Vec::new();
    let mut current = None;
    for line in text.lines() {
        if let Some((section, chapter)) = heading(line) {
            current = (chapters.0..=chapters.1).contains(&chapter).then_some(section);
        } else if line.starts_with("Appendix") {
            current = None;
        }
        let words = line
            .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            .filter(|word| WORDS.contains(word))
            .count();
        if let (Some(section), 1..) = (current, words) {
            counted.push((section, words));
        }
    }
    counted
}

/// `6.9.1.  Title` at the margin: the number, and its chapter. The table of contents is indented.
fn heading(line: &str) -> Option<(&str, u32)> {
    let (number, _) = line.split_once(".  ")?;
    let parts = number.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u32>>>()?;
    Some((number, *parts.first()?))
}

#[cfg(test)]
mod tests {
    use super::super::{DOCUMENTS, table};
    use super::*;

    const TEXT: &str = "   3.  Begin\n\n2.  Words\n\n   \"MUST\"\n\n3.  Begin\n\n   A MUST, and a\n   MUST NOT.  Nothing MUSTY, no NOT_REQUIRED.\n\n\
        3.1.  More\n\n   It is REQUIRED; 10.  is no heading.\n\n9.  After\n\n   MUST\n\nAppendix A.  X\n\n   MUST\n";

    fn told(rows: &str) -> Vec<String> {
        let table = table::parse("t.md", &format!("## Rules that reach us\n{rows}")).0;
        let breaches = compare(&DOCUMENTS[0], &table, TEXT);
        breaches.into_iter().map(|one| format!("{}:{}: {}", one.file, one.line, one.what)).collect()
    }

    #[test]
    fn words_are_counted_in_their_section() {
        assert_eq!(count(TEXT, (3, 8)), [("3", 1), ("3", 1), ("3.1", 1)]);
    }

    #[test]
    fn a_table_that_accounts_for_every_word_passes() {
        assert_eq!(told("| 3 | 2 | both | a |\n| 3.1 | 1 | both | b |\n| 3.1 | 0 | both | c |\n"), [""; 0]);
    }

    #[test]
    fn a_word_that_no_row_accounts_for_is_told_and_so_is_one_too_many() {
        let few = told("| 3 | 1 | both | a |\n");
        let file = DOCUMENTS[0].table;
        let missing = format!("{file}:0: §3.1 says MUST 1 times, and the rows account for 0");
        assert_eq!(few, [format!("{file}:2: §3 says MUST 2 times, and the rows account for 1"), missing]);
        let many = told("| 3 | 2 | both | a |\n| 3.1 | 2 | both | b |\n| 8 | 1 | both | c |\n");
        assert_eq!(many.len(), 2, "{many:?}");
    }
}
