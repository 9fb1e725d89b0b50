//! The command line: two options, read by hand.

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// Where to listen.
    pub(crate) listen: String,
    /// End after the tour.
    pub(crate) once: bool,
}

impl Arguments {
    /// Reads the arguments behind the program's name.
    ///
    /// # Errors
    ///
    /// An option that does not exist, or that lacks its value.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut parsed = Self { listen: DEFAULT.to_owned(), once: false };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--once" => parsed.once = true,
                "--listen" => {
                    let missing = || format!("--listen needs an address, as in --listen {DEFAULT}");
                    parsed.listen = arguments.next().ok_or_else(missing)?;
                }
                other => return Err(format!("unknown argument {other:?}: there are --once and --listen ADDRESS")),
            }
        }
        Ok(parsed)
    }
}

/// Where the example listens unless told otherwise.
const DEFAULT: &str = "127.0.0.1:50051";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn both_options_may_be_left_out() {
        assert_eq!(parse(""), Ok(Arguments { listen: DEFAULT.to_owned(), once: false }));
        assert_eq!(parse("--once --listen [::1]:0"), Ok(Arguments { listen: "[::1]:0".to_owned(), once: true }));
    }

    #[test]
    fn a_wrong_option_is_named() {
        assert!(parse("--twice").unwrap_err().contains("\"--twice\""));
        assert!(parse("--listen").unwrap_err().contains("--listen 127.0.0.1:50051"));
    }
}
