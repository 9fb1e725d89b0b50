//! What went wrong with a contract, and where: file, line and column, the text of the line, and the remedy.
//!
//! `Debug` prints as `Display` does, because `fn main() -> Result<(), Error>` in a build script prints `Debug`.

use std::fmt;
use std::path::{Path, PathBuf};

/// How many faults of one contract are told at once; the rest are counted.
const FAULTS_SHOWN: usize = 10;

/// A contract that could not be compiled.
pub struct Error {
    faults: Vec<Fault>,
}

/// One thing that is wrong.
struct Fault {
    message: String,
    place: Option<Place>,
    help: Option<String>,
}

/// Where it is, with the text of the line. Lines and columns count from 1, columns in characters.
struct Place {
    path: PathBuf,
    line: usize,
    column: usize,
    width: usize,
    text: String,
    label: String,
}

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { faults: vec![Fault { message: message.into(), place: None, help: None }] }
    }

    /// Points at `width` bytes of `source`, from `offset` on. What lies past the end points at the end.
    pub(crate) fn at(mut self, path: &Path, source: &str, offset: usize, width: usize, label: &str) -> Self {
        let place = Place::new(path, source, offset, width, label);
        if let Some(fault) = self.faults.last_mut() {
            fault.place = Some(place);
        }
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        if let Some(fault) = self.faults.last_mut() {
            fault.help = Some(help.into());
        }
        self
    }

    /// Adds the faults of `other` behind our own.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.faults.extend(other.faults);
        self
    }
}

impl Place {
    fn new(path: &Path, source: &str, offset: usize, width: usize, label: &str) -> Self {
        let mut offset = offset.min(source.trim_end().len());
        while !source.is_char_boundary(offset) {
            offset -= 1;
        }
        let (before, after) = source.split_at(offset);
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let rest = after.find('\n').map_or(after, |end| after.split_at(end).0);
        let head = before.split_at(start).1;
        let marked = rest.char_indices().take_while(|(at, _)| *at < width).count();
        Self {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: head.chars().count() + 1,
            width: marked.max(1),
            text: format!("{head}{rest}").trim_end().to_owned(),
            label: label.to_owned(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        // Tabs are kept, so that the caret stands below its text whatever their width.
        let indent: String = self.text.chars().take(self.column - 1).map(|c| if c == '\t' { c } else { ' ' }).collect();
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{number} | {}", self.text)?;
        write!(f, "{gutter} | {indent}{} {}", "^".repeat(self.width), self.label)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => {
                let Place { path, line, column, .. } = place;
                writeln!(f, "{}:{line}:{column}: {}", path.display(), self.message)?;
                write!(f, "{}", place.to_string().trim_end())?;
            }
            None => write!(f, "{}", self.message)?,
        }
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().take(FAULTS_SHOWN).enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{fault}")?;
        }
        match self.faults.len().checked_sub(FAULTS_SHOWN) {
            Some(more) if more > 0 => write!(f, "\n\nand {more} more"),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}
