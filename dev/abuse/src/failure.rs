//! Why an attack did not end as it should have, or could not be carried out.

/// The text names what was expected and what came.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A failure with this text.
pub(crate) fn failure(text: impl Into<String>) -> Failure {
    text.into().into()
}

/// `Err` unless `holds`; the text says what was expected.
pub(crate) fn ensure(holds: bool, text: impl FnOnce() -> String) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(failure(text())) }
}
