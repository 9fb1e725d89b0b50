//! The workspace's packages and what each depends on, as `cargo metadata` tells it.

use serde_json::Value;

/// A package of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder, relative to the workspace.
    pub folder: String,
    /// What it declares, of all kinds, behind features too.
    pub dependencies: Vec<Dependency>,
}

/// A dependency as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The package that it names, also where it is renamed.
    pub name: String,
    /// For tests, examples and benches alone.
    pub dev: bool,
}

/// Reads the output of `cargo metadata --no-deps --format-version 1`; the error says what is missing.
pub fn read(metadata: &str) -> Result<Vec<Package>, String> {
    let value: Value =
        serde_json::from_str(metadata).map_err(|error| format!("cargo metadata is not JSON: {error}"))?;
    let root = text(&value, "workspace_root")?;
    let packages = value["packages"].as_array().ok_or("cargo metadata has no `packages`")?;
    packages.iter().map(|package| read_package(package, root)).collect()
}

fn read_package(package: &Value, root: &str) -> Result<Package, String> {
    let manifest = text(package, "manifest_path")?;
    let folder = manifest.strip_prefix(root).unwrap_or(manifest).trim_start_matches('/');
    let folder = folder.trim_end_matches("Cargo.toml").trim_end_matches('/').to_owned();
    let declared = package["dependencies"].as_array().ok_or("a package of cargo metadata has no `dependencies`")?;
    let dependencies = declared
        .iter()
        .map(|one| Ok(Dependency { name: text(one, "name")?.to_owned(), dev: one["kind"] == "dev" }))
        .collect::<Result<_, String>>()?;
    Ok(Package { name: text(package, "name")?.to_owned(), folder, dependencies })
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str, String> {
    value[key].as_str().ok_or_else(|| format!("cargo metadata lacks `{key}`; is this cargo 1.88 or newer?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_read_with_the_kinds_of_their_dependencies() {
        let metadata = r#"{"workspace_root": "/w", "packages": [{"name": "a", "manifest_path": "/w/crates/a/Cargo.toml",
            "dependencies": [{"name": "b", "kind": null}, {"name": "c", "kind": "dev"}, {"name": "d", "kind": "build"}]}]}"#;
        let dependency = |name: &str, dev| Dependency { name: name.into(), dev };
        let dependencies = vec![dependency("b", false), dependency("c", true), dependency("d", false)];
        let expected = Package { name: "a".into(), folder: "crates/a".into(), dependencies };
        assert_eq!(read(metadata), Ok(vec![expected]));
    }

    #[test]
    fn what_is_missing_is_named() {
        assert!(read("{}").is_err_and(|error| error.contains("`workspace_root`")));
        assert!(read("nonsense").is_err_and(|error| error.contains("not JSON")));
    }
}
