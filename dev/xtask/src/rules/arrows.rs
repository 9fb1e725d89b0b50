//! Which crate may depend on which, and on whom outside: the table of the architecture, held against `cargo metadata`.
//!
//! Dependencies of tests are free. Behind a feature or not, everything else has to be in the table, with its reason.

use crate::breach::Breach;
use crate::packages::Package;
use crate::tree::Tree;

/// The name of the rule.
pub const NAME: &str = "arrows";

/// A row of the table.
struct Row {
    /// The crate.
    name: &'static str,
    /// Our crates that it may depend on.
    ours: &'static [&'static str],
    /// Crates of others, each with its reason.
    others: &'static [(&'static str, &'static str)],
}

/// The table. A row without a crate is a crate that is not needed yet.
const TABLE: &[Row] = &[
    Row {
        name: "farcall-wire",
        ours: &[],
        others: &[
            ("base64", "metadata whose names end in -bin; small and pure"),
            ("bytes", "buffers that are shared without a copy; in the public API"),
            ("fnv", "a hash for small keys, without randomness from outside"),
        ],
    },
    Row { name: "farcall-policy", ours: &["farcall-wire"], others: SERVICE_CONFIG },
    Row {
        name: "farcall",
        ours: &["farcall-policy", "farcall-wire"],
        others: &[
            ("bytes", "buffers that are shared without a copy; in the public API"),
            ("flate2", "gzip and deflate; features"),
            ("futures-core", "the trait Stream, in the public API"),
            ("futures-util", "sets of futures that live on one connection"),
            ("pin-project-lite", "pinned fields without unsafe code"),
            ("socket2", "socket options that tokio does not set: TCP_USER_TIMEOUT, backlog, IPV6_V6ONLY"),
            ("tokio", "the runtime"),
            ("tracing", "events for whoever listens"),
            ("zstd", "the reference library, in C; a feature"),
        ],
    },
    Row {
        name: "farcall-protobuf",
        ours: &["farcall"],
        others: &[
            ("buffa", "the message runtime, hidden behind this crate"),
            ("buffa-types", "the well-known types of that runtime"),
            ("bytes", "fields of bytes, and what codecs read and write"),
            ("prost", "messages of the ecosystem; a feature"),
            ("prost-types", "the well-known types of prost; a feature"),
        ],
    },
    Row {
        name: "farcall-build",
        ours: &[],
        others: &[
            ("buffa", "descriptors of .proto files as its generator reads them"),
            ("buffa-codegen", "messages from descriptors"),
            ("miette", "protox tells file, line and column by its traits"),
            ("prettyplease", "formatted output without rustfmt at hand"),
            ("proc-macro2", "tokens of the output"),
            ("prost", "descriptors as its generator reads them; a feature"),
            ("prost-build", "messages of prost from descriptors; a feature"),
            ("prost-types", "descriptors as its generator reads them; a feature"),
            ("protoc-bin-vendored", "contracts in an edition; a feature"),
            ("protox", "a .proto compiler in Rust: no protoc needed"),
            ("quote", "tokens of the output"),
            ("syn", "the output as syntax, to rewrite its paths"),
        ],
    },
    Row { name: "farcall-services", ours: &["farcall", "farcall-protobuf"], others: &[] },
    Row { name: "farcall-telemetry", ours: &["farcall"], others: &[] },
    Row { name: "farcall-gateway", ours: &["farcall", "farcall-protobuf"], others: &[] },
    Row { name: "farcall-xds", ours: &["farcall", "farcall-policy", "farcall-protobuf"], others: &[] },
    Row { name: "farcall-auth", ours: &["farcall"], others: &[] },
    Row { name: "farcall-resolvers", ours: &["farcall", "farcall-policy", "farcall-protobuf"], others: &[] },
    Row { name: "farcall-cli", ours: EVERY_CRATE, others: &[] },
];

const SERVICE_CONFIG: &[(&str, &str)] =
    &[("serde", "the service config is JSON"), ("serde_json", "the service config is JSON")];

/// What the command-line tool may use.
const EVERY_CRATE: &[&str] = &[
    "farcall",
    "farcall-auth",
    "farcall-build",
    "farcall-gateway",
    "farcall-policy",
    "farcall-protobuf",
    "farcall-resolvers",
    "farcall-services",
    "farcall-telemetry",
    "farcall-wire",
    "farcall-xds",
];

/// An example shows what a user's crate needs: these, and nothing else.
const EXAMPLE: [&str; 4] = ["farcall", "farcall-build", "farcall-protobuf", "tokio"];

/// Finds dependencies that are not in the table.
pub fn check(tree: &Tree) -> Vec<Breach> {
    let ours: Vec<&str> = tree.packages.iter().map(|package| package.name.as_str()).collect();
    let mut breaches = Vec::new();
    for package in &tree.packages {
        let area = package.folder.split('/').next().unwrap_or_default();
        match area {
            // A user's crate, for tests of the crate around it.
            _ if package.folder.contains("/tests/") => breaches.extend(of_example(package)),
            "crates" => breaches.extend(of_crate(package, &ours)),
            "examples" => breaches.extend(of_example(package)),
            _ => {}
        }
    }
    breaches
}

fn of_crate(package: &Package, workspace: &[&str]) -> Vec<Breach> {
    let Some(row) = TABLE.iter().find(|row| row.name == package.name) else {
        return vec![breach(package, "the crate is not in the table".into(), "a crate needs a reason: give it a row")];
    };
    let mut breaches = Vec::new();
    for dependency in package.dependencies.iter().filter(|one| !one.dev) {
        let name = dependency.name.as_str();
        if row.ours.contains(&name) || row.others.iter().any(|(other, _)| *other == name) {
            continue;
        }
        let is_ours = workspace.contains(&name) || TABLE.iter().any(|row| row.name == name);
        breaches.push(match is_ours {
            true => breach(package, format!("depends on `{name}`"), "turn the arrow round, or pass in what is needed"),
            false => {
                breach(package, format!("depends on `{name}` of others"), "do without, or list it with its reason")
            }
        });
    }
    breaches
}

fn of_example(package: &Package) -> Vec<Breach> {
    let more = package.dependencies.iter().filter(|one| !EXAMPLE.contains(&one.name.as_str()));
    let what = |name: &str| format!("depends on `{name}`, which a user's crate would not");
    more.map(|one| breach(package, what(&one.name), "use farcall, farcall-protobuf, farcall-build and tokio")).collect()
}

fn breach(package: &Package, what: String, remedy: &'static str) -> Breach {
    Breach { rule: NAME, file: format!("{}/Cargo.toml", package.folder), line: 0, what, remedy }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packages::Dependency;

    /// A workspace of packages, each with its folder and what it depends on.
    fn workspace(packages: &[(&str, &[&str])]) -> Tree {
        let package = |(folder, dependencies): &(&str, &[&str])| Package {
            name: folder.rsplit('/').next().unwrap_or_default().to_owned(),
            folder: (*folder).to_owned(),
            dependencies: dependencies.iter().map(|name| dependency(name)).collect(),
        };
        Tree::new(Vec::new(), packages.iter().map(package).collect())
    }

    /// `dev:name` is a dependency of tests.
    fn dependency(name: &str) -> Dependency {
        Dependency { name: name.trim_start_matches("dev:").to_owned(), dev: name.starts_with("dev:") }
    }

    fn found(packages: &[(&str, &[&str])]) -> Vec<String> {
        check(&workspace(packages)).into_iter().map(|breach| breach.what).collect()
    }

    #[test]
    fn a_users_crate_below_tests_has_what_a_users_crate_has() {
        let folder = "crates/farcall-build/tests/contracts";
        assert_eq!(found(&[(folder, &["farcall", "farcall-build", "tokio"])]), [] as [&str; 0]);
        assert_eq!(found(&[(folder, &["buffa"])]), ["depends on `buffa`, which a user's crate would not"]);
    }

    #[test]
    fn the_table_itself_passes() {
        let all: Vec<(String, Vec<&str>)> = TABLE
            .iter()
            .map(|row| {
                let others = row.others.iter().map(|(name, _)| *name);
                (format!("crates/{}", row.name), row.ours.iter().copied().chain(others).collect())
            })
            .collect();
        let all: Vec<(&str, &[&str])> = all.iter().map(|(name, list)| (name.as_str(), list.as_slice())).collect();
        assert_eq!(found(&all), [""; 0]);
    }

    #[test]
    fn an_arrow_of_ours_that_is_not_in_the_table_is_found() {
        assert_eq!(found(&[("crates/farcall-wire", &["farcall-policy"])]), ["depends on `farcall-policy`"]);
        assert_eq!(found(&[("crates/farcall-policy", &["farcall"])]), ["depends on `farcall`"]);
        assert_eq!(found(&[("crates/farcall", &["sim"]), ("dev/sim", &[])]), ["depends on `sim`"]);
    }

    #[test]
    fn a_crate_of_others_without_a_reason_is_found() {
        assert_eq!(found(&[("crates/farcall-wire", &["bytes", "tokio"])]), ["depends on `tokio` of others"]);
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        assert_eq!(found(&[("crates/farcall-util", &[])]), ["the crate is not in the table"]);
    }

    #[test]
    fn tests_may_depend_on_anything() {
        assert_eq!(found(&[("crates/farcall-wire", &["dev:tokio", "dev:farcall"]), ("dev/sim", &["rand"])]), [""; 0]);
    }

    #[test]
    fn an_example_needs_what_its_readers_need() {
        assert_eq!(found(&[("examples/users", &EXAMPLE)]), [""; 0]);
        let more = found(&[("examples/users", &["farcall", "anyhow"])]);
        assert_eq!(more, ["depends on `anyhow`, which a user's crate would not"]);
    }

    #[test]
    fn the_arrows_between_our_crates_form_no_ring() {
        // Rows may only point to rows that are reached without coming back.
        fn reaches(from: &str, to: &str) -> bool {
            let row = TABLE.iter().find(|row| row.name == from);
            row.is_some_and(|row| row.ours.iter().any(|next| *next == to || reaches(next, to)))
        }
        assert!(TABLE.iter().all(|row| !reaches(row.name, row.name)));
    }

    #[test]
    fn every_crate_of_others_has_a_reason() {
        assert!(TABLE.iter().flat_map(|row| row.others).all(|(_, reason)| reason.len() > 5));
    }
}
