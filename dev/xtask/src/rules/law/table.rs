//! The table of an RFC's rules: Markdown that people read, of which the rows are read here.
//!
//! ```text
//! ## Rules that reach us             | § | MUST | who | rule |
//! ## Rules that do not reach us      | § | MUST | whose | rule | why not |
//! ```

use super::breach;
use crate::breach::Breach;

/// A table.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
}

/// A rule.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Without the §.
    pub(super) section: String,
    /// How many MUSTs of the section it accounts for.
    pub(super) words: usize,
    /// In our own words.
    pub(super) rule: String,
    pub(super) reaches: bool,
    /// Where it stands, from 1.
    pub(super) line: usize,
}

/// The heading above the rules that bind us.
const REACHING: &str = "## Rules that reach us";
/// The heading above the others.
const OTHERS: &str = "## Rules that do not reach us";
/// Whom a rule that reaches us can bind.
const ROLES: [&str; 5] = ["both", "client", "server", "sender", "receiver"];

impl Table {
    /// Every section once, in the order of the RFC.
    pub(super) fn sections(&self) -> Vec<&str> {
        let mut sections: Vec<&str> = self.rows.iter().map(|row| row.section.as_str()).collect();
        let numbers = |section: &str| section.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u32>>();
        sections.sort_by_key(|section| numbers(section));
        sections.dedup();
        sections
    }
}

/// Reads the rows; breaches are rows that cannot be read, or stand twice.
pub(super) fn parse(file: &str, text: &str) -> (Table, Vec<Breach>) {
    let (mut table, mut breaches) = (Table::default(), Vec::new());
    let mut reaches = None;
    for (line, content) in (1..).zip(text.lines()) {
        match content {
            REACHING => reaches = Some(true),
            OTHERS => reaches = Some(false),
            _ if content.starts_with('#') => reaches = None,
            _ if !content.starts_with('|') || is_head(content) => {}
            _ => match read(content, reaches, line) {
                Ok(row) => match table.rows.iter().find(|other| other.section == row.section && other.rule == row.rule)
                {
                    Some(other) => {
                        let what = format!("the rule of line {} once more", other.line);
                        breaches.push(breach(file, line, what, "join the rows, or say the difference"));
                    }
                    None => table.rows.push(row),
                },
                Err(what) => breaches.push(breach(file, line, what, "mend the row; the head of its table says how")),
            },
        }
    }
    (table, breaches)
}

/// The names of the columns, and the line below them.
fn is_head(row: &str) -> bool {
    row.starts_with("| § |") || row.starts_with("|---")
}

fn read(content: &str, reaches: Option<bool>, line: usize) -> Result<Row, String> {
    let reaches = reaches.ok_or("a row under another heading than the two that are read")?;
    let inner =
        content.strip_prefix('|').and_then(|rest| rest.strip_suffix('|')).ok_or("a row without its last bar")?;
    let cells: Vec<&str> = inner.split('|').map(str::trim).collect();
    let (section, words, who, rule) = match (reaches, cells.as_slice()) {
        (true, [section, words, who, rule]) => (section, words, who, rule),
        (false, [section, words, who, rule, why]) if !why.is_empty() => (section, words, who, rule),
        (false, [_, _, _, _, _]) => return Err("no reason why the rule does not reach us".into()),
        (_, cells) => return Err(format!("{} cells", cells.len())),
    };
    if section.split('.').any(|part| part.parse::<u32>().is_err()) {
        return Err(format!("a section {section:?}"));
    }
    if reaches && !ROLES.contains(who) {
        return Err(format!("a role {who:?}, which is none of {}", ROLES.join(", ")));
    }
    if rule.is_empty() {
        return Err("no words for the rule".into());
    }
    let words = words.parse().map_err(|_| format!("a count {words:?}"))?;
    Ok(Row { section: (*section).to_owned(), words, rule: (*rule).to_owned(), reaches, line })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> (Vec<Row>, Vec<String>) {
        let (table, breaches) = parse("t.md", text);
        (table.rows, breaches.into_iter().map(|one| format!("{}: {}", one.line, one.what)).collect())
    }

    #[test]
    fn rows_are_read_with_their_class_and_line() {
        let text = "# T\n\n## Rules that reach us\n\n| § | MUST | who | rule |\n|---|---:|---|---|\n\
            | 6.1 | 2 | sender | a b |\n\n## Rules that do not reach us\n| 7 | 0 | cache | c | none here |\n";
        let first = Row { section: "6.1".into(), words: 2, rule: "a b".into(), reaches: true, line: 7 };
        let second = Row { section: "7".into(), words: 0, rule: "c".into(), reaches: false, line: 10 };
        assert_eq!(rows(text), (vec![first, second], vec![]));
    }

    #[test]
    fn rows_that_cannot_be_read_are_told_with_their_line() {
        let bad = [
            ("| 6.1 | 2 | sender |", "3 cells"),
            ("| 6.x | 2 | sender | a |", "a section \"6.x\""),
            ("| 6.1 | two | sender | a |", "a count \"two\""),
            (
                "| 6.1 | 2 | everybody | a |",
                "a role \"everybody\", which is none of both, client, server, sender, receiver",
            ),
            ("| 6.1 | 2 | sender | |", "no words for the rule"),
            ("| 6.1 | 2 | sender | a", "a row without its last bar"),
        ];
        for (row, what) in bad {
            let (rows, breaches) = rows(&format!("{REACHING}\n{row}\n"));
            assert_eq!((rows, breaches), (vec![], vec![format!("2: {what}")]), "{row}");
        }
        assert_eq!(
            rows(&format!("{OTHERS}\n| 1 | 1 | a | b | |\n")).1,
            ["2: no reason why the rule does not reach us"]
        );
        assert_eq!(
            rows("## Else\n| 1 | 1 | both | b |\n").1,
            ["2: a row under another heading than the two that are read"]
        );
    }

    #[test]
    fn a_rule_that_stands_twice_is_told() {
        let text = format!("{REACHING}\n| 1 | 1 | both | b |\n| 1 | 1 | sender | b |\n| 1.1 | 1 | both | b |\n");
        let (found, breaches) = rows(&text);
        assert_eq!((found.len(), breaches), (2, vec!["3: the rule of line 2 once more".to_owned()]));
    }

    #[test]
    fn sections_come_in_the_order_of_their_numbers() {
        let text = format!("{REACHING}\n| 6.10 | 1 | both | a |\n| 6.9.1 | 1 | both | b |\n| 6.9.1 | 1 | both | c |\n");
        assert_eq!(parse("t.md", &text).0.sections(), ["6.9.1", "6.10"]);
    }
}
