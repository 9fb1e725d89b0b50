//! The house read from the disk, by way of git and cargo: the one room that touches the world.

use std::path::Path;
use std::process::Command;

use crate::packages;
use crate::rules::law::DOCUMENTS;
use crate::tree::Tree;

/// The folders that hold our Rust, and the tables of the law.
const FOLDERS: [&str; 4] = ["crates", "dev", "examples", "docs/law"];
/// Files beside the Rust that rules read.
const OTHERS: [&str; 2] = ["Cargo.toml", "clippy.toml"];

/// Reads what git tracks, or would track, below `root`.
///
/// # Errors
///
/// Where git or cargo cannot be run, or where a file cannot be read.
pub fn load(root: &Path) -> Result<Tree, String> {
    let listed =
        output(root, "git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"], &FOLDERS)?;
    let mut files = Vec::new();
    for path in listed.split('\0').filter(|path| is_wanted(path)) {
        let full = root.join(path);
        // Deleted, but not yet in a commit.
        if !full.exists() {
            continue;
        }
        let text = std::fs::read_to_string(&full).map_err(|error| format!("cannot read {path}: {error}"))?;
        files.push((path.to_owned(), text));
    }
    for document in &DOCUMENTS {
        // Beside the workspace on some machines only; whoever compares with it says so.
        if let Ok(text) = std::fs::read_to_string(root.join(document.text)) {
            files.push((document.text.to_owned(), text));
        }
    }
    let metadata = output(root, "cargo", &["metadata", "--no-deps", "--format-version", "1"], &[])?;
    Ok(Tree::new(files, packages::read(&metadata)?))
}

fn is_wanted(path: &str) -> bool {
    path.ends_with(".rs")
        || DOCUMENTS.iter().any(|document| document.table == path)
        || path.rsplit('/').next().is_some_and(|name| OTHERS.contains(&name))
}

fn output(root: &Path, program: &str, arguments: &[&str], more: &[&str]) -> Result<String, String> {
    let result = Command::new(program).args(arguments).args(more).current_dir(root).output();
    let result = result.map_err(|error| format!("cannot run {program}: {error}; it has to be on the PATH"))?;
    if !result.status.success() {
        return Err(format!("{program} {}: {}", arguments.join(" "), String::from_utf8_lossy(&result.stderr).trim()));
    }
    String::from_utf8(result.stdout).map_err(|_| format!("{program} {}: not UTF-8", arguments.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_house_is_read_with_its_manifests() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let tree = load(&root).unwrap_or_else(|error| panic!("{error}"));
        assert!(tree.has("dev/xtask"));
        assert!(tree.other("dev/xtask/Cargo.toml").is_some());
        assert!(DOCUMENTS.iter().all(|document| tree.other(document.table).is_some()));
        assert!(tree.packages.iter().any(|package| package.name == "xtask" && package.folder == "dev/xtask"));
    }

    #[test]
    fn a_folder_without_git_is_an_error_that_names_the_command() {
        let error = load(Path::new("/")).map(|_| ()).expect_err("the root is no repository");
        assert!(error.starts_with("git ls-files"), "{error}");
    }
}
