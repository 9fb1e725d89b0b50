//! The protoc of the feature `vendored-protoc`.

use std::path::PathBuf;

/// The executable, and the folder with its well-known types; nothing on a system for which there is none.
pub(super) fn protoc() -> Option<(PathBuf, Option<PathBuf>)> {
    let path = protoc_bin_vendored::protoc_bin_path().ok()?;
    Some((path, protoc_bin_vendored::include_path().ok()))
}
