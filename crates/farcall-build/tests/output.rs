//! What is written: against a golden file, again and again the same, and only what was asked for.

use std::fs;
use std::path::{Path, PathBuf};

use farcall_build::Config;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto")
}

fn users(config: &Config) -> String {
    config.generate(&[root().join("users.proto")], &[root()]).expect("the contract is right")
}

fn contracts(files: &[&str]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contracts/proto");
    let files: Vec<PathBuf> = files.iter().map(|file| folder.join(file)).collect();
    Config::new().generate(&files, &[folder]).expect("the contracts are right")
}

#[test]
fn the_users_contract_is_written_as_in_the_golden_file() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/users.rs.golden");
    let written = users(&Config::new());
    if std::env::var_os("FARCALL_REGENERATE").is_some() {
        fs::write(&golden, &written).expect("the golden file can be written");
    }
    let expected = fs::read_to_string(&golden).expect("the golden file can be read");
    let differs = written.lines().zip(expected.lines()).position(|(written, expected)| written != expected);
    assert_eq!(differs, None, "a line differs; FARCALL_REGENERATE=1 writes the file anew");
    assert_eq!(written.len(), expected.len(), "FARCALL_REGENERATE=1 writes the file anew");
}

#[test]
fn the_same_contract_gives_the_same_text() {
    let files = ["keywords.proto", "wkt.proto", "two.proto", "collide.proto"];
    assert_eq!(contracts(&files), contracts(&files));
}

#[test]
fn only_the_half_that_was_asked_for_is_written() {
    let server = users(&Config::new().client(false));
    assert!(server.contains("pub struct UserServiceServer<S>") && !server.contains("UserServiceClient"));
    let client = users(&Config::new().server(false));
    assert!(client.contains("pub struct UserServiceClient") && !client.contains("UserServiceServer"));
    assert!(!client.contains("pub trait UserService"));
    let neither = users(&Config::new().server(false).client(false));
    assert!(neither.contains("pub struct User {") && !neither.contains("farcall::"));
}

#[test]
fn nothing_but_our_two_crates_and_the_standard_library_is_named() {
    let text = contracts(&["keywords.proto", "wkt.proto", "two.proto", "meta.proto", "docs.proto"]);
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let homes = ["core", "std", "farcall", "farcall_protobuf"];
    for line in code {
        for (at, _) in line.match_indices(" ::").chain(line.match_indices("<::")).chain(line.match_indices("(::")) {
            let name: String = line[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            assert!(homes.contains(&name.as_str()), "{line}");
        }
    }
}

#[test]
fn a_file_that_would_not_change_is_left_alone() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("output");
    let _ = fs::remove_dir_all(&folder);
    let config = Config::new().out_dir(&folder).file_name("users.rs");
    let compile = || config.compile(&[root().join("users.proto")], &[root()]).expect("the contract is right");
    compile();
    let path = folder.join("users.rs");
    let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
    let set = |path: &Path| fs::File::options().write(true).open(path).and_then(|file| file.set_modified(long_ago));
    set(&path).expect("the time can be set");
    compile();
    assert_eq!(fs::metadata(&path).and_then(|data| data.modified()).expect("the time can be read"), long_ago);
    fs::write(&path, "something else").expect("the file can be written");
    compile();
    assert_eq!(fs::read_to_string(&path).expect("the file can be read"), users(&Config::new()));
}

#[test]
fn comments_are_documentation_and_markup_in_them_is_not() {
    let text = contracts(&["docs.proto"]);
    assert!(text.contains("/// See \\[User\\]"), "brackets are escaped");
    assert!(text.contains("Vec\\<u8\\>"), "tags are escaped");
    let opened = text
        .lines()
        .filter(|line| line.trim_start().starts_with("/// ```") || line.trim_start().starts_with("/// ~~~"));
    for line in opened.map(|line| line.trim_start().trim_start_matches("/// ").trim_start_matches(['`', '~'])) {
        assert!(
            line.is_empty() || line == "text" || line.contains("ignore") || line.contains("still"),
            "{line} would be compiled"
        );
    }
}

#[test]
fn deprecated_elements_bear_the_attribute() {
    let text = contracts(&["old.proto"]);
    for item in [
        "pub struct Old {",
        "pub name: ",
        "pub undocumented: ",
        "KIND_OLD = ",
        "pub trait OldService",
        "fn gone(",
        "STATE_GONE = ",
    ] {
        let (before, _) = text.split_once(item).unwrap_or_else(|| panic!("{item} is not there"));
        let attributes = before.rsplit(['{', '}', ';', ',']).next().unwrap_or_default();
        assert!(attributes.contains("#[deprecated]"), "{item} has {attributes}");
    }
    for item in ["pub struct Fresh {", "pub kept: ", "fn kept("] {
        let (before, _) = text.split_once(item).unwrap_or_else(|| panic!("{item} is not there"));
        let attributes = before.rsplit(['{', '}', ';', ',']).next().unwrap_or_default();
        assert!(!attributes.contains("#[deprecated]"), "{item} has {attributes}");
    }
    assert!(!text.contains("f2d0a17c"), "no mark is left");
}

#[test]
fn what_an_import_is_not_needed_for_is_not_written() {
    let text = contracts(&["two.proto"]);
    assert!(text.contains("pub struct Old {") && !text.contains("pub struct Note {"), "options need no types");
    assert!(!text.contains("pub trait RootService"), "services are written for the files that were named");
}

#[test]
fn messages_that_are_elsewhere_are_named_there_and_not_written() {
    let text = users(&Config::new().extern_path("users.v1", "::contracts::users::v1"));
    assert!(!text.contains("pub struct User {") && !text.contains("pub struct ChatMessage"), "no message is written");
    for part in [
        "pub trait UserService",
        "request: ::contracts::users::v1::GetUserRequest",
        "Method<\n                ::contracts::users::v1::GetUserRequest,",
    ] {
        assert!(text.contains(part), "{part} is missing");
    }
    let other = users(&Config::new().extern_path("users.v", "::contracts::users"));
    assert!(other.contains("pub struct User {"), "a part of a name is no package");
}

#[test]
fn the_descriptor_set_can_be_left_out() {
    assert!(users(&Config::new()).contains("pub const FILE_DESCRIPTOR_SET: &[u8] = b"));
    assert!(!users(&Config::new().descriptor_set(false)).contains("FILE_DESCRIPTOR_SET"));
}

fn viewed(config: &Config) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contracts/proto");
    config.generate(&[folder.join("viewed.proto")], &[folder]).expect("the contract is right")
}

#[test]
fn views_are_written_of_what_is_asked_for_alone() {
    let text = viewed(&Config::new().views(["viewed.Files.Upload"]));
    for item in ["pub struct FileView<", "pub struct PartView<", "pub struct DepthView<", "pub struct FileOwnedView("] {
        assert_eq!(text.matches(item).count(), 1, "{item}");
    }
    for item in ["ApartView", "SummaryView"] {
        assert_eq!(text.matches(item).count(), 0, "{item}");
    }
    let declaration = |method: &str| {
        let (_, rest) = text.split_once(&format!("fn {method}(\n")).expect("it is in the trait");
        rest.split_once(';').expect("it has no body").0.replace(char::is_whitespace, "")
    };
    assert!(declaration("upload").contains("request:::farcall_protobuf::View<File>,"));
    assert!(declaration("plain").contains("request:File,"));
    // Comments and marks follow their messages, although others are left out before them.
    assert!(text.contains("#[deprecated]\n                pub fn old(&self) -> &'_ str"), "{text}");
}

#[test]
fn whatever_the_runtime_would_be_needed_for_is_left_out_of_views() {
    let text = viewed(&Config::new().views(["viewed.Files"]));
    for name in ["fn decode_with_options", "fn from_owned", "fn into_bytes", "`::buffa", "[`Self::view`]"] {
        assert!(!text.contains(name), "{name}");
    }
    // In the trait, and in a static, for each of six methods.
    assert_eq!(text.matches("::farcall_protobuf::View<").count(), 12);
}

#[test]
fn without_a_server_no_views_are_written() {
    let client = Config::new().server(false);
    assert_eq!(viewed(&client.clone().views(["viewed.Files"])), viewed(&client));
}
