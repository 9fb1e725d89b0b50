//! Contracts written in an edition, which the parser does not know and would call a wrong token.
//!
//! Only the first statement is looked at here; the rest of a file is the parser's.

use std::path::Path;

use crate::error::Error;

/// The statement `edition = "2023";`, which stands where `syntax` would.
pub(crate) struct Edition {
    offset: usize,
    width: usize,
    year: String,
}

impl Edition {
    /// Looks at the first statement only; comments and space may stand before it.
    pub(crate) fn find(text: &str) -> Option<Self> {
        let mut rest = text.trim_start_matches('\u{feff}');
        loop {
            rest = rest.trim_start();
            rest = if rest.starts_with("//") {
                rest.split_once('\n')?.1
            } else if rest.starts_with("/*") {
                rest.split_once("*/")?.1
            } else {
                break;
            };
        }
        let value = rest.strip_prefix("edition")?.trim_start().strip_prefix('=')?;
        let (statement, _) = value.split_once(';')?;
        Some(Self {
            offset: text.len() - rest.len(),
            width: rest.len() - value.len() + statement.len() + 1,
            year: statement.trim().trim_matches(['"', '\'']).to_owned(),
        })
    }

    /// What a user is told: there are two ways out.
    pub(crate) fn refusal(&self, path: &Path, text: &str) -> Error {
        Error::new(format!("edition {} is not supported yet: proto2 and proto3 are", self.year))
            .at(path, text, self.offset, self.width, "this file is written in an edition")
            .help(
                "write `syntax = \"proto3\";` in its place and drop `features.*` options (proto3 has their usual values), \
                 or keep a proto3 copy of the contract beside it: both put the same bytes on the wire",
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn year(text: &str) -> Option<String> {
        Edition::find(text).map(|edition| edition.year)
    }

    #[test]
    fn the_first_statement_tells_the_edition() {
        assert_eq!(year("edition = \"2023\";").as_deref(), Some("2023"));
        assert_eq!(year("\u{feff}// c\n/* edition = \"1\"; */\n\tedition='2024' ;").as_deref(), Some("2024"));
    }

    #[test]
    fn a_file_without_an_edition_has_none() {
        for text in [
            "",
            "// edition = \"2023\";",
            "/* open",
            "syntax = \"proto3\"; edition = \"2023\";",
            "edition",
            "editions = 1;",
        ] {
            assert_eq!(year(text), None, "{text}");
        }
    }
}
