//! `cargo xtask check`: runs the house rules and prints one line for each breach.

use std::path::Path;
use std::process::ExitCode;

use xtask::rules::sizes::Lengths;
use xtask::rules::{SANS_IO, law, proportion};
use xtask::{Breach, RULES, Rule, Tree, load};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| matches!(argument.as_str(), "--help" | "-h")) {
        print!("{}", usage());
        return ExitCode::SUCCESS;
    }
    let report = arguments.iter().any(|argument| argument == "--report");
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|argument| *argument != "--report").collect();
    let [word] = words.as_slice() else { return misused() };
    let rules: Vec<&Rule> = RULES.iter().filter(|rule| *word == "check" || *word == rule.name).collect();
    if rules.is_empty() {
        return misused();
    }
    match load::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")) {
        Ok(tree) => {
            if report && *word != law::NAME {
                print_numbers(&tree);
            }
            if rules.iter().any(|rule| rule.name == law::NAME) {
                print_law(&tree, report);
            }
            judge(&tree, &rules)
        }
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> String {
    let mut text =
        format!("usage: cargo xtask (check | RULE) [--report]\n\n  {:<12} all of the rules below\n", "check");
    for rule in RULES {
        text.push_str(&format!("  {:<12} {}\n", rule.name, rule.reason));
    }
    text.push_str(&format!("  {:<12} print the numbers behind the rules as well\n", "--report"));
    text
}

fn misused() -> ExitCode {
    eprint!("{}", usage());
    ExitCode::from(2)
}

fn judge(tree: &Tree, rules: &[&Rule]) -> ExitCode {
    let mut breaches: Vec<Breach> = tree.broken.clone();
    breaches.extend(rules.iter().flat_map(|rule| (rule.check)(tree)));
    for breach in &breaches {
        println!("{breach}");
    }
    let files = tree.sources.len() + tree.broken.len();
    let count = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    println!(
        "{} of {}, {}: {}",
        count(rules.len(), "rule"),
        count(files, "file"),
        count(tree.packages.len(), "package"),
        if breaches.is_empty() { "all kept".to_owned() } else { format!("{} breached", count(breaches.len(), "time")) }
    );
    // No files means that the wrong folder was read, and nothing was checked.
    if breaches.is_empty() && files > 0 && !tree.packages.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What the tables of the law account for, and always which RFC was not at hand to be compared.
fn print_law(tree: &Tree, report: bool) {
    let lines = if report { law::report(tree) } else { law::uncounted(tree) };
    for line in lines {
        println!("{line}");
    }
}

fn print_numbers(tree: &Tree) {
    let lengths = Lengths::of(tree);
    let longest = |what: &str, name: String, length: usize| println!("{what}: longest {length} lines, {name}");
    println!("files: {}, median {} lines", lengths.files.len(), lengths.median_file());
    for (length, path) in lengths.files.iter().rev().take(5) {
        longest("file", path.clone(), *length);
    }
    let over = lengths.functions.iter().filter(|function| function.0 > 40).count();
    println!("functions: {}, {over} over 40 lines", lengths.functions.len());
    for (length, path, line, name) in lengths.functions.iter().rev().take(5) {
        longest("function", format!("{name} in {path}:{line}"), *length);
    }
    for package in tree.packages.iter().filter(|package| tree.has(&package.folder)) {
        let (code, tests) = proportion::lines(tree, &package.folder);
        let must = if SANS_IO.contains(&package.folder.as_str()) { " (tests ≥ code)" } else { "" };
        println!("{}: {code} lines of code, {tests} of tests{must}", package.name);
    }
}
