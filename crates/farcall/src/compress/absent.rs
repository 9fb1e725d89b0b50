//! An encoding that is not built in: its messages are neither made nor understood.

pub(super) const FORMAT: Option<super::Format> = None;
