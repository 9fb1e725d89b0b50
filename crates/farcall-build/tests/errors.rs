//! What a user reads when a contract is wrong: file, line, column, the text of the line, the remedy.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use farcall_build::{Config, Runtime};

/// A folder of its own for each test, with a few files.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new(test: &str, files: &[(&str, &str)]) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("errors").join(test);
        // What an earlier run has left, if there was one.
        let _ = fs::remove_dir_all(&path);
        for (name, text) in files {
            let file = path.join(name);
            fs::create_dir_all(file.parent().expect("a file has a folder")).expect("the folder can be made");
            fs::write(file, text).expect("the file can be written");
        }
        Self { path }
    }

    /// The error for `file`, with paths as seen from this folder.
    fn error(&self, file: &str) -> String {
        let error = Config::new().generate(&[self.path.join(file)], &[&self.path]).expect_err("the contract is wrong");
        format!("{error:?}")
            .replace(&format!("{}/", self.path.display()), "")
            .replace(&self.path.display().to_string(), ".")
    }
}

/// The error for one file, `a.proto`.
fn error(test: &str, text: &str) -> String {
    Folder::new(test, &[("a.proto", text)]).error("a.proto")
}

#[test]
fn a_wrong_token_is_shown_in_its_line() {
    let text = error("token", "syntax = \"proto3\";\nmessage A {\n  string a = 1\n  string b = 2;\n}\n");
    assert_eq!(
        text,
        "a.proto:4:3: expected ';' or '[', but found 'string'\n\
         \x20 |\n\
         4 |   string b = 2;\n\
         \x20 |   ^^^^^^ found here"
    );
}

#[test]
fn the_end_of_the_file_is_a_place() {
    let text = error("end", "syntax = \"proto3\";\nmessage A {\n  string a = 1;\n\n");
    assert!(text.starts_with("a.proto:3:16: expected "), "{text}");
    assert!(text.ends_with("3 |   string a = 1;\n  |                ^ the file ends here"), "{text}");
}

#[test]
fn all_unknown_names_are_told_at_once_with_the_remedy() {
    let text = error("names", "syntax = \"proto3\";\nmessage A {\n\tFoo a = 1;\n  Bar b = 2;\n}\n");
    assert_eq!(
        text,
        "a.proto:3:2: name 'Foo' is not defined\n\
         \x20 |\n\
         3 | \tFoo a = 1;\n\
         \x20 | \t^^^ found here\n\
         \x20 help: declare `Foo`, import the file that does, or correct the name\n\
         \n\
         a.proto:4:3: name 'Bar' is not defined\n\
         \x20 |\n\
         4 |   Bar b = 2;\n\
         \x20 |   ^^^ found here\n\
         \x20 help: declare `Bar`, import the file that does, or correct the name"
    );
}

#[test]
fn an_unknown_import_names_the_folders_that_were_searched() {
    let text = error("import", "syntax = \"proto3\";\n\nimport \"nope/x.proto\";\n");
    assert_eq!(
        text,
        "a.proto:3:1: import 'nope/x.proto' not found\n\
         \x20 |\n\
         3 | import \"nope/x.proto\";\n\
         \x20 | ^^^^^^^^^^^^^^^^^^^^^^ imported here\n\
         \x20 help: put the file below one of the include folders (`.`), add its folder to them, or correct the path"
    );
}

#[test]
fn a_fault_in_an_import_is_shown_there() {
    let folder = Folder::new(
        "deep",
        &[
            ("a.proto", "syntax = \"proto3\";\nimport \"b/c.proto\";\n"),
            ("b/c.proto", "syntax = \"proto3\";\nmessage {}\n"),
        ],
    );
    let text = folder.error("a.proto");
    assert!(text.starts_with("b/c.proto:2:9: expected an identifier, but found '{'"), "{text}");
}

#[test]
fn a_cycle_is_shown_at_the_import_that_closes_it() {
    let folder = Folder::new(
        "cycle",
        &[
            ("a.proto", "syntax = \"proto3\";\nimport \"b.proto\";\n"),
            ("b.proto", "syntax = \"proto3\";\n\nimport \"a.proto\";\n"),
        ],
    );
    assert_eq!(
        folder.error("a.proto"),
        "b.proto:3:8: import cycle detected: a.proto -> b.proto -> a.proto\n\
         \x20 |\n\
         3 | import \"a.proto\";\n\
         \x20 |        ^^^^^^^^^ closes the cycle\n\
         \x20 help: move what the files share into a third one"
    );
}

#[test]
fn an_edition_is_refused_with_both_ways_out() {
    if std::env::var_os("PROTOC").is_some() {
        // What is told without a protoc can only be seen by a process that has none.
        let this = std::env::current_exe().expect("the test knows its own program");
        let mut alone = Command::new(this);
        alone.args(["--exact", "an_edition_is_refused_with_both_ways_out"]).env_remove("PROTOC");
        let output = alone.output().expect("the test can be run again");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    let text = error("edition", "// A comment.\n/* and\n one more */ edition = \"2023\";\npackage a;\n");
    assert!(text.starts_with("a.proto:3:14: edition 2023 needs protoc: without it only proto2 and proto3 are read\n"));
    assert!(text.contains("3 |  one more */ edition = \"2023\";\n  |              ^^^^^^^^^^^^^^^^^ "), "{text}");
    assert!(text.contains("help: enable the feature `vendored-protoc`"), "{text}");
    assert!(text.contains(", or set the environment variable PROTOC"), "{text}");
}

#[test]
fn a_type_that_an_rpc_cannot_carry_is_refused() {
    let text = error("rpc", "syntax = \"proto3\";\nenum E { E_A = 0; }\nservice S { rpc X(E) returns (E); }\n");
    assert!(text.starts_with("a.proto:3:19: 'E' is not a message type\n"), "{text}");
    assert!(text.contains("help: put the value into a message, and use that"), "{text}");
}

#[test]
fn bytes_that_are_no_text_are_shown_with_their_line() {
    let folder = Folder::new("bytes", &[("b.proto", "")]);
    fs::write(folder.path.join("a.proto"), b"syntax = \"proto3\";\n// caf\xe9\n").expect("the file can be written");
    let text = folder.error("a.proto");
    assert!(text.starts_with("a.proto:2:7: the file is not UTF-8\n"), "{text}");
    assert!(text.ends_with("help: save it as UTF-8"), "{text}");
}

#[test]
fn a_missing_file_is_named_with_the_folder_that_paths_start_at() {
    let text = Folder::new("missing", &[("a.proto", "")]).error("b.proto");
    assert!(
        text.starts_with(
            "cannot read `b.proto`: there is no such file\n  help: correct the path; relative paths start at `"
        ),
        "{text}"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_systems_own_words() {
    let folder = Folder::new("unreadable", &[("a.proto/b.proto", "")]);
    let text = folder.error("a.proto");
    assert!(text.starts_with("cannot read `a.proto`: "), "{text}");
}

#[test]
fn a_file_outside_of_the_include_folders_is_refused() {
    let folder = Folder::new("outside", &[("a.proto", ""), ("inc/b.proto", "")]);
    let error =
        Config::new().generate(&[folder.path.join("a.proto")], &[folder.path.join("inc")]).expect_err("it is outside");
    let text = error.to_string();
    assert!(
        text.contains("is below none of the include folders (`") && text.contains("/inc`)\n  help: add a folder"),
        "{text}"
    );
}

#[test]
fn a_file_hidden_by_another_include_folder_is_refused() {
    let folder = Folder::new("hidden", &[("one/a.proto", ""), ("two/a.proto", "")]);
    let includes = [folder.path.join("one"), folder.path.join("two")];
    let error = Config::new().generate(&[folder.path.join("two/a.proto")], &includes).expect_err("it is hidden");
    assert!(error.to_string().contains("which has the same name in an earlier include folder"), "{error}");
}

#[test]
fn an_include_folder_that_is_none_is_refused() {
    let folder = Folder::new("folder", &[("a.proto", "")]);
    let error =
        Config::new().generate(&[folder.path.join("a.proto")], &[folder.path.join("nope")]).expect_err("no folder");
    assert!(error.to_string().contains("/nope` is not a folder that can be read\n  help: "), "{error}");
}

#[test]
fn an_output_folder_that_cannot_be_made_is_told() {
    let folder = Folder::new("output", &[("a.proto", "syntax = \"proto3\";"), ("taken", "a file")]);
    let config = Config::new().out_dir(folder.path.join("taken/below"));
    let error = config.compile(&[folder.path.join("a.proto")], &[&folder.path]).expect_err("a file is in the way");
    assert!(error.to_string().starts_with("cannot write `") && error.to_string().contains("help: "), "{error}");
}

#[test]
fn many_faults_are_counted() {
    let fields: String = (1..=14).map(|number| format!("  Foo{number} f{number} = {number};\n")).collect();
    let text = error("many", &format!("syntax = \"proto3\";\nmessage A {{\n{fields}}}\n"));
    assert!(text.ends_with("\n\nand 4 more"), "{text}");
}

#[test]
fn a_place_of_messages_that_is_none_is_refused() {
    let folder = Folder::new("extern", &[("a.proto", "syntax = \"proto3\";")]);
    for (package, path, told) in [
        ("users.v1", "super::users", "`super::users`, where the messages of `users.v1` are said to be, is relative"),
        (".users", "::users", "`.users` is not the name of a package"),
        ("", "::users", "`` is not the name of a package"),
    ] {
        let config = Config::new().extern_path(package, path);
        let error = config.generate(&[folder.path.join("a.proto")], &[&folder.path]).expect_err("it is refused");
        assert!(error.to_string().starts_with(told) && error.to_string().contains("help: "), "{error}");
    }
}

#[test]
fn prost_without_its_feature_is_refused_with_the_remedy() {
    let folder = Folder::new("prost", &[("a.proto", "syntax = \"proto3\";")]);
    let config = Config::new().runtime(Runtime::Prost);
    let error = config.generate(&[folder.path.join("a.proto")], &[&folder.path]).expect_err("it is refused");
    assert!(error.to_string().contains("help: enable the feature `prost` of farcall-build"), "{error}");
}

/// The error for views of `asked`, from a contract with two services.
fn of_views(test: &str, asked: &str, config: Config) -> String {
    let text = "syntax = \"proto3\";\npackage users.v1;\nmessage A {}\n\
                service One { rpc Get(A) returns (A); rpc Put(A) returns (A); }\nservice Two { rpc Get(A) returns (A); }\n";
    let folder = Folder::new(test, &[("a.proto", text)]);
    let error = config.views([asked]).generate(&[folder.path.join("a.proto")], &[&folder.path]);
    error.expect_err("there are no such views").to_string()
}

#[test]
fn a_view_for_a_method_that_is_not_there_is_answered_with_those_that_are() {
    assert_eq!(
        of_views("views-wrong", "users.v1.One.Gte", Config::new()),
        "`users.v1.One.Gte` is to take views, and is no method or service of these contracts\n\
         \x20 help: write it as in the contract, with package and service: there is `users.v1.One.Get`, `users.v1.One.Put`, `users.v1.Two.Get`"
    );
    for asked in ["/users.v1.One/Put", "Put", "One.Put", "users.v2.One.Put"] {
        let text = of_views("views-short", asked, Config::new());
        assert!(text.starts_with(&format!("`{asked}` is to take views")), "{text}");
        assert!(text.ends_with("there is `users.v1.One.Put`"), "{text}");
    }
    let text = of_views("views-package", "users.v1", Config::new());
    assert!(text.contains("is no method or service"), "{text}");
}

#[test]
fn a_view_in_a_contract_without_services_is_refused() {
    let folder = Folder::new("views-none", &[("a.proto", "syntax = \"proto3\";\nmessage A {}\n")]);
    let config = Config::new().views(["a.S.Get"]);
    let error = config.generate(&[folder.path.join("a.proto")], &[&folder.path]).expect_err("there is no service");
    assert!(
        error
            .to_string()
            .ends_with("help: name it where the contract of its service is compiled: these have no services")
    );
}

#[test]
fn views_of_messages_that_are_written_elsewhere_are_refused() {
    let config = Config::new().extern_path("users.v1", "::contracts::users::v1");
    assert_eq!(
        of_views("views-elsewhere", "users.v1.One.Get", config),
        "views need messages of `users.v1`, which Config::extern_path has elsewhere\n\
         \x20 help: leave out the methods whose requests have these messages, or write them here too"
    );
}

#[test]
fn views_over_prost_are_refused() {
    assert_eq!(
        of_views("views-prost", "users.v1.One", Config::new().runtime(Runtime::Prost)),
        "`users.v1.One` is to take views, and prost has none\n\
         \x20 help: leave out Config::views, or Runtime::Prost: messages of Runtime::Buffa have views"
    );
}

#[test]
fn shared_bytes_in_a_place_that_has_none_are_refused_with_those_that_there_are() {
    let contract = "syntax = \"proto3\";\npackage a.b;\nmessage M {\n  bytes data = 1;\n  string text = 2;\n}\n";
    let folder = Folder::new("shared-bytes", &[("a.proto", contract)]);
    let generate = |place: &str, config: Config| {
        config.shared_bytes(place).generate(&[folder.path.join("a.proto")], &[&folder.path])
    };
    for place in ["a.b.M.text", "a.b.M.dat", "b.M", "x"] {
        let text = generate(place, Config::new()).expect_err("nothing is there").to_string();
        let expected = format!("`{place}` is to have shared bytes, and no field of type `bytes` is there");
        assert!(text.starts_with(&expected) && text.contains("there is `a.b.M.data`"), "{text}");
    }
    for place in ["a.b.M.data", ".a.b.M", "a.b", "."] {
        let text = generate(place, Config::new()).expect("it is there");
        assert!(text.contains("bytes::Bytes") && !text.contains("Vec<u8>"), "{place}");
    }
    let text = generate("a.b", Config::new().runtime(Runtime::Prost)).expect_err("prost has its own way").to_string();
    assert!(text.contains("Runtime::Prost"), "{text}");
}
