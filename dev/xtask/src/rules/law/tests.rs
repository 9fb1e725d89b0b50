//! A house with its law in order, then with each omission planted.

use super::*;
use crate::tree::sketch::tree;

const TABLE: &str = "## Rules that reach us\n\n| § | MUST | who | rule |\n|---|---:|---|---|\n| 6.1 | 1 | sender | padding is zero |\n\
    | 6.2 | 1 | sender | padding is zero |\n\n## Rules that do not reach us\n\n| 8.4 | 1 | cache | keep nothing | no cache |\n";
const HPACK: &str = "## Rules that reach us\n\n| 5.1 | 1 | receiver | long integers fail |\n";
const CODE: &str = "//! Code.\n//= RFC 9113 §6.1, §6.2: padding is zero\nfn f() {}\n//= RFC 7541 §5.1: long integers fail\nfn g() {}\n";
const TESTS: &str =
    "//! Tests.\n//= RFC 9113 §6.1, §6.2: padding is zero\n//= RFC 7541 §5.1: long integers fail\n#[test]\nfn t() {}\n";

fn house<'a>(code: &'a str, tests: &'a str, table: &'a str) -> Vec<(&'a str, &'a str)> {
    let files = [("crates/x/src/a.rs", code), ("crates/x/tests/b.rs", tests)];
    files.into_iter().chain([("docs/law/rfc9113.md", table), ("docs/law/rfc7541.md", HPACK)]).collect()
}

fn told(files: &[(&str, &str)]) -> Vec<String> {
    let breaches = check(&tree(files));
    breaches.into_iter().map(|one| format!("{}:{}: {}", one.file, one.line, one.what)).collect()
}

#[test]
fn a_house_in_which_every_rule_is_cited_and_tested_passes() {
    assert_eq!(told(&house(CODE, TESTS, TABLE)), [""; 0]);
}

#[test]
fn a_rule_that_no_code_cites_is_told_with_its_row() {
    let code = CODE.replace("§6.1, §6.2", "§6.1");
    let expected = "docs/law/rfc9113.md:6: no code cites \"RFC 9113 §6.2: padding is zero\"";
    assert_eq!(told(&house(&code, TESTS, TABLE)), [expected]);
    let mut elsewhere = house("//! None.\n", TESTS, TABLE);
    elsewhere.push(("dev/x/src/a.rs", CODE));
    assert_eq!(told(&elsewhere).len(), 3, "a tool obeys nothing");
    elsewhere[0].1 = CODE;
    elsewhere[4].1 = "//! A tool.\n//= RFC 9113 §9.9: a remark\nfn f() {}\n";
    assert_eq!(told(&elsewhere), [""; 0], "what a tool cites is a remark");
}

#[test]
fn a_rule_that_no_test_names_is_told_with_its_row() {
    let tests = TESTS.replace("//= RFC 7541 §5.1: long integers fail\n", "");
    let expected = "docs/law/rfc7541.md:3: no test names \"RFC 7541 §5.1: long integers fail\"";
    assert_eq!(told(&house(CODE, &tests, TABLE)), [expected]);
}

#[test]
fn a_citation_that_the_table_does_not_know_is_told_with_its_place() {
    let code = CODE.replace("§6.1, §6.2: padding", "§6.1, §6.2, §6.6: padding");
    let expected = "crates/x/src/a.rs:2: docs/law/rfc9113.md has no rule \"padding is zero\" in §6.6";
    assert_eq!(told(&house(&code, TESTS, TABLE)), [expected]);
    let tests = TESTS.to_owned() + "//= RFC 9113 §6.1: padding is nought\n#[test]\nfn u() {}\n";
    let expected = "crates/x/tests/b.rs:6: docs/law/rfc9113.md has no rule \"padding is nought\" in §6.1";
    assert_eq!(told(&house(CODE, &tests, TABLE)), [expected]);
}

#[test]
fn a_citation_of_a_rule_that_does_not_reach_us_is_told() {
    let code = CODE.to_owned() + "//= RFC 9113 §8.4: keep nothing\nfn h() {}\n";
    let expected = "crates/x/src/a.rs:6: line 10 of docs/law/rfc9113.md says that this rule does not reach us";
    assert_eq!(told(&house(&code, TESTS, TABLE)), [expected]);
}

#[test]
fn a_table_that_is_missing_or_does_not_cover_its_rfc_is_told() {
    assert_eq!(told(&house(CODE, TESTS, TABLE)[..3])[0], "docs/law/rfc7541.md:0: the table of RFC 7541 is missing");
    let mut files = house(CODE, TESTS, TABLE);
    files
        .push((DOCUMENTS[0].text, "6.1.  DATA\n\n   MUST\n\n6.2.  HEADERS\n\n   MUST MUST\n\n8.4.  Push\n\n   MUST\n"));
    assert_eq!(told(&files), ["docs/law/rfc9113.md:6: §6.2 says MUST 2 times, and the rows account for 1"]);
}

#[test]
fn the_report_counts_by_section_and_says_what_was_not_counted() {
    let lines = report(&tree(&house(CODE, TESTS, TABLE)));
    assert_eq!(lines[0], "RFC 9113 §6.1: 1 MUST, 1 rules reach us, 0 do not; cited 1 times, tested 1 times");
    assert_eq!(lines[3], "RFC 9113: 3 MUST, 2 rules reach us, 1 do not; cited 2 times, tested 2 times");
    assert_eq!(lines.len(), 8);
    assert!(lines[6].ends_with("so that its MUSTs were not counted"), "{}", lines[6]);
}
