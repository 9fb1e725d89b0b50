//! How long files and functions may be, tests left out.

use crate::breach::Breach;
use crate::tree::Tree;

/// The name of the rule.
pub const NAME: &str = "sizes";

/// Half of the files have at most this many lines.
const FILE_MEDIAN: usize = 150;
/// Nine in ten files have at most this many.
const FILE_USUAL: usize = 400;
/// No file has more.
const FILE_MOST: usize = 700;
/// Nineteen in twenty functions have at most this many lines.
const FUNCTION_USUAL: usize = 40;
/// No function has more.
const FUNCTION_MOST: usize = 80;
/// Files that are one table of data each; splitting them would help no reader.
const TABLES: [&str; 2] = ["huffman_table.rs", "static_table.rs"];

/// The lengths of the house, sorted.
#[derive(Debug, Default)]
pub struct Lengths {
    /// Lines of files, with the path.
    pub files: Vec<(usize, String)>,
    /// Lines of functions, with file, line and name.
    pub functions: Vec<(usize, String, usize, String)>,
}

impl Lengths {
    /// Measures what people wrote and what is no table.
    pub fn of(tree: &Tree) -> Self {
        let mut lengths = Self::default();
        for source in tree.written() {
            if !TABLES.contains(&source.name()) {
                lengths.files.push((source.code_lines(), source.path.clone()));
            }
            let functions = source.functions();
            lengths
                .functions
                .extend(functions.into_iter().map(|one| (one.length, source.path.clone(), one.line, one.name)));
        }
        lengths.files.sort();
        lengths.functions.sort();
        lengths
    }

    /// The length in the middle of all files; the lower one of two.
    pub fn median_file(&self) -> usize {
        self.files.get(self.files.len().saturating_sub(1) / 2).map_or(0, |file| file.0)
    }
}

/// Finds files and functions over the limits, and limits that too many pass.
pub fn check(tree: &Tree) -> Vec<Breach> {
    let lengths = Lengths::of(tree);
    let mut breaches = files(&lengths);
    breaches.extend(functions(&lengths));
    breaches
}

fn files(lengths: &Lengths) -> Vec<Breach> {
    let split = "split it by ideas, one file each";
    let mut breaches = Vec::new();
    let median = lengths.median_file();
    if median > FILE_MEDIAN {
        let what = format!("the median of {} files is {median} lines, over {FILE_MEDIAN}", lengths.files.len());
        breaches.push(Breach { rule: NAME, file: "all files".into(), line: 0, what, remedy: "split the longer ones" });
    }
    let long: Vec<_> = lengths.files.iter().filter(|file| file.0 > FILE_USUAL).collect();
    let too_many = long.len() * 10 > lengths.files.len();
    for (length, path) in long {
        let limit = match *length > FILE_MOST {
            true => format!("none may pass {FILE_MOST}"),
            false if too_many => format!("more than one in ten passes {FILE_USUAL}"),
            false => continue,
        };
        let what = format!("{length} lines without tests, where {limit}");
        breaches.push(Breach { rule: NAME, file: path.clone(), line: 0, what, remedy: split });
    }
    breaches
}

fn functions(lengths: &Lengths) -> Vec<Breach> {
    let long: Vec<_> = lengths.functions.iter().filter(|function| function.0 > FUNCTION_USUAL).collect();
    let too_many = long.len() * 20 > lengths.functions.len();
    let mut breaches = Vec::new();
    for (length, path, line, name) in long {
        let limit = match *length > FUNCTION_MOST {
            true => format!("none may pass {FUNCTION_MOST}"),
            false if too_many => format!("more than one in twenty passes {FUNCTION_USUAL}"),
            false => continue,
        };
        let what = format!("`{name}` has {length} lines, where {limit}");
        let remedy = "give its steps names of their own";
        breaches.push(Breach { rule: NAME, file: path.clone(), line: *line, what, remedy });
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::sketch::{lines, tree};

    /// A tree of files with the lengths given.
    fn with_files(counts: &[usize]) -> Tree {
        let files: Vec<_> =
            counts.iter().enumerate().map(|(at, count)| (format!("crates/x/src/f{at}.rs"), lines(*count))).collect();
        tree(&files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect::<Vec<_>>())
    }

    fn function(name: &str, length: usize) -> String {
        format!("fn {name}() {{\n{}}}\n", "    a();\n".repeat(length - 2))
    }

    #[test]
    fn short_files_and_functions_pass() {
        assert_eq!(check(&with_files(&[150, 150, 400])), []);
        assert_eq!(check(&tree(&[("crates/x/src/a.rs", &function("a", 40))])), []);
    }

    #[test]
    fn no_file_passes_700_lines() {
        let counts = [[100; 19].as_slice(), &[701]].concat();
        let breaches = check(&with_files(&counts));
        assert_eq!(breaches.len(), 1);
        assert!(breaches[0].what.contains("701 lines") && breaches[0].what.contains("700"), "{}", breaches[0]);
    }

    #[test]
    fn nine_in_ten_files_stay_within_400_lines() {
        let nine_in_ten = [[100; 9].as_slice(), &[401]].concat();
        assert_eq!(check(&with_files(&nine_in_ten)), []);
        let fewer = [[100; 8].as_slice(), &[401]].concat();
        let breaches = check(&with_files(&fewer));
        assert!(breaches.len() == 1 && breaches[0].what.contains("one in ten"), "{breaches:?}");
    }

    #[test]
    fn the_median_file_stays_within_150_lines() {
        let breaches = check(&with_files(&[100, 151, 152]));
        assert!(breaches.len() == 1 && breaches[0].what.contains("median of 3 files is 151"), "{breaches:?}");
    }

    #[test]
    fn tests_and_tables_are_not_counted() {
        let long = lines(1000);
        let body =
            format!("//! A.\n#[cfg(test)]\nmod tests {{\n{}\n{}}}\n", function("a", 90), "fn b() {}\n".repeat(800));
        let tree = tree(&[
            ("crates/x/src/hpack/huffman_table.rs", &long),
            ("crates/x/src/a/tests.rs", &long),
            ("crates/x/tests/b.rs", &long),
            ("crates/x/src/c.rs", &body),
        ]);
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn no_function_passes_80_lines() {
        let text = function("long", 81) + &"fn short() {}\n".repeat(30);
        let breaches = check(&tree(&[("crates/x/src/a.rs", &text)]));
        assert_eq!(breaches.len(), 1);
        assert_eq!((breaches[0].line, breaches[0].what.contains("`long` has 81 lines")), (1, true), "{}", breaches[0]);
    }

    #[test]
    fn nineteen_in_twenty_functions_stay_within_40_lines() {
        let enough = function("long", 41) + &"fn short() {}\n".repeat(19);
        assert_eq!(check(&tree(&[("crates/x/src/a.rs", &enough)])), []);
        let fewer = function("long", 41) + &"fn short() {}\n".repeat(18);
        let breaches = check(&tree(&[("crates/x/src/a.rs", &fewer)]));
        assert!(breaches.len() == 1 && breaches[0].what.contains("one in twenty"), "{breaches:?}");
    }
}
