//! Contracts written in an edition, which protox does not know and would call a wrong token.
//!
//! Only the first statement is looked at here; the rest of a file is the compiler's.

use std::path::Path;

use buffa_codegen::generated::descriptor::{Edition as Number, FileDescriptorProto};

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
        Error::new(format!("edition {} needs protoc: without it only proto2 and proto3 are read", self.year))
            .at(path, text, self.offset, self.width, "this file is written in an edition")
            .help(
                "enable the feature `vendored-protoc` of farcall-build, or set the environment variable PROTOC to a \
                 protoc that knows the edition (27 or newer for 2023, 32 or newer for 2024)",
            )
    }
}

/// Refuses a file of an edition whose rules the generator does not know: it would take them for those of another.
pub(crate) fn checked(file: &FileDescriptorProto) -> Result<(), Error> {
    let known = matches!(file.edition, Some(Number::EDITION_2023 | Number::EDITION_2024));
    if known || file.syntax.as_deref() != Some("editions") {
        return Ok(());
    }
    let name = file.name.as_deref().unwrap_or_default();
    Err(Error::new(format!("{name}: this edition is not known here, only 2023 and 2024 are"))
        .help("write `edition = \"2024\";` in its place"))
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

    #[test]
    fn an_edition_that_the_generator_does_not_know_is_refused() {
        let file = |syntax: &str, edition| FileDescriptorProto {
            name: Some("a.proto".into()),
            syntax: Some(syntax.into()),
            edition,
            ..Default::default()
        };
        assert!(checked(&file("proto3", None)).is_ok());
        assert!(checked(&file("editions", Some(Number::EDITION_2023))).is_ok());
        assert!(checked(&file("editions", Some(Number::EDITION_2024))).is_ok());
        for edition in [None, Some(Number::EDITION_UNSTABLE), Some(Number::EDITION_99999_TEST_ONLY)] {
            let text = checked(&file("editions", edition)).expect_err("it is not known").to_string();
            assert!(text.starts_with("a.proto: this edition is not known here") && text.contains("help: "), "{text}");
        }
    }
}
