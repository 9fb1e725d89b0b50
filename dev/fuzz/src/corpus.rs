//! The corpus on disk: one text file for each target, one input a line, so that a change of it can be read.
//!
//! A line is a name, a colon, and the input in hexadecimal; lines that begin with `#` are for people.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// An input with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is for; of an input that a run has found, `found-` and a number.
    pub name: String,
    /// The input.
    pub input: Vec<u8>,
}

/// Where the corpus of a target stands.
pub fn path(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(format!("{target}.txt"))
}

/// Reads the corpus of a target.
///
/// # Errors
/// No such file, or a line that is none.
pub fn read(target: &str) -> io::Result<Vec<Entry>> {
    let path = path(target);
    let text = fs::read_to_string(&path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}; write it with `seeds`", path.display())))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
    lines.map(|(at, line)| parse(line).ok_or_else(|| broken(&path, at + 1))).collect()
}

/// Writes the corpus of a target.
///
/// # Errors
/// Whatever the file system says.
pub fn write(target: &str, entries: &[Entry]) -> io::Result<()> {
    let path = path(target);
    fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
    fs::write(path, text(target, entries))
}

fn text(target: &str, entries: &[Entry]) -> String {
    let mut text =
        format!("# Inputs of the target {target}: a name, a colon, hexadecimal. README.md says who writes them.\n");
    for Entry { name, input } in entries {
        text.push_str(name);
        text.push_str(": ");
        text.extend(input.iter().map(|byte| format!("{byte:02x}")));
        text.push('\n');
    }
    text
}

fn parse(line: &str) -> Option<Entry> {
    let (name, hex) = line.split_once(": ")?;
    Some(Entry { name: name.to_owned(), input: bytes(hex)? })
}

/// The bytes of a text in hexadecimal.
pub fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = hex.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect();
    let (pairs, rest) = digits.as_deref()?.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

fn broken(path: &Path, line: usize) -> io::Error {
    let text =
        format!("{}:{line}: not a name, a colon, a space and hexadecimal; write it anew with `seeds`", path.display());
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let entries = [("a", vec![0, 255]), ("nothing", vec![])];
        let entries = entries.map(|(name, input)| Entry { name: name.to_owned(), input });
        let text = text("x", &entries);
        let read: Option<Vec<Entry>> = text.lines().skip(1).map(parse).collect();
        assert_eq!(read.as_deref(), Some(&entries[..]));
        assert_eq!((parse("a: 0"), parse("a 00"), parse("a: 0g")), (None, None, None));
    }
}
