//! The command line, read by hand.

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The attacks whose names contain one of these; all of them where there is none.
    Run { names: Vec<String>, markdown: bool },
    /// The names of all attacks.
    List,
    /// How to ask.
    Help,
    /// The attacked server, for this program alone.
    Serve { hasty: bool },
    /// The attacked client, for this program alone.
    Call(Vec<String>),
}

impl Wish {
    /// Reads the words behind the program's name.
    ///
    /// # Errors
    /// An option that there is not.
    pub(crate) fn parse(words: Vec<String>) -> Result<Self, String> {
        match words.first().map(String::as_str) {
            Some("serve") => return Ok(Self::Serve { hasty: words.get(1).is_some_and(|word| word == "hasty") }),
            Some("call") => return Ok(Self::Call(words.into_iter().skip(1).collect())),
            _ => {}
        }
        let (mut names, mut markdown) = (Vec::new(), false);
        for word in words {
            match word.as_str() {
                "--help" | "-h" => return Ok(Self::Help),
                "--list" => return Ok(Self::List),
                "--markdown" => markdown = true,
                option if option.starts_with('-') => {
                    return Err(format!("there is no option {option:?}: --help says which there are"));
                }
                _ => names.push(word),
            }
        }
        Ok(Self::Run { names, markdown })
    }
}

/// Whether an attack of this name is wanted: `s1` means `s1-…` and not `s11-…`.
pub(crate) fn is_wanted(name: &str, names: &[String]) -> bool {
    names.is_empty()
        || names
            .iter()
            .any(|wish| name == wish || name.strip_prefix(wish.as_str()).is_some_and(|rest| rest.starts_with('-')))
}

/// What there is.
pub(crate) const USAGE: &str = "\
usage: abuse [--markdown] [NAME...]
Attacks a farcall server, and a farcall client by hostile servers, over real sockets, each in a process of its own.
  (nothing)    every attack; exit code 0 only if each ended as it should have, within its bounds
  NAME         only attacks of this name or family, such as s4-continuation-flood, s4 or client
  --markdown   prints the rows of the table in SECURITY.md
  --list       the names of the attacks
  --help       this text
The usual bound: memory grows by 8 MiB at most; CPU time is 10 µs a frame and 20 µs a KiB of the attack at most, beside
200 ms and 400 µs for each honest call. It needs Linux, whose /proc tells both.";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Wish, String> {
        Wish::parse(line.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn without_words_everything_is_run() {
        assert_eq!(parse(""), Ok(Wish::Run { names: Vec::new(), markdown: false }));
        assert_eq!(parse("--markdown s1"), Ok(Wish::Run { names: vec!["s1".to_owned()], markdown: true }));
    }

    #[test]
    fn the_other_wishes_are_understood_and_wrong_ones_named() {
        assert_eq!((parse("s1 --list"), parse("--help")), (Ok(Wish::List), Ok(Wish::Help)));
        assert_eq!(parse("serve hasty"), Ok(Wish::Serve { hasty: true }));
        assert_eq!(parse("call a b"), Ok(Wish::Call(vec!["a".to_owned(), "b".to_owned()])));
        assert!(parse("--fast").unwrap_err().contains("\"--fast\""));
    }

    #[test]
    fn a_family_is_its_number_and_nothing_longer() {
        let wanted = |name: &str| is_wanted(name, &["s1".to_owned()]);
        assert!(wanted("s1") && wanted("s1-rapid-reset") && !wanted("s11-ping-flood"));
        assert!(is_wanted("anything", &[]));
    }
}
