//! In place of the protoc of the feature `vendored-protoc`, where the feature is off.

use std::path::PathBuf;

/// None.
pub(super) fn protoc() -> Option<(PathBuf, Option<PathBuf>)> {
    None
}
