//! The house rules of farcall as pure functions over a tree of source files: `cargo xtask check` runs them all.
//!
//! A rule that is not here is a wish. Nothing in this library prints, and only [`load`] touches the disk, so that each
//! rule has a test in which it fails and one in which it passes.

pub mod breach;
pub mod load;
pub mod packages;
pub mod rules;
pub mod source;
pub mod tokens;
pub mod tree;

pub use breach::Breach;
pub use rules::{RULES, Rule};
pub use tree::Tree;
