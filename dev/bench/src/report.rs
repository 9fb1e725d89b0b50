//! What the reader sees: a table on the terminal, a page and a chart in `docs/`.

pub mod chart;
pub mod document;
pub mod figures;
pub mod machine;
pub mod table;
