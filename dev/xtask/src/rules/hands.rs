//! The crates without I/O have no hands: no clock, lock, task, socket, file, output or global in them.
//!
//! Clippy's settings in the two crates say the same of what it can resolve; this rule also sees into macros, and that
//! the settings are still there.

use crate::breach::Breach;
use crate::rules::SANS_IO;
use crate::source::SourceFile;
use crate::tokens::Mention;
use crate::tree::Tree;

/// The name of the rule.
pub const NAME: &str = "hands";

/// Names that have no business there, wherever they stand in a path.
const NAMES: [(&[&str], &str); 25] = [
    (&["SystemTime"], "a clock"),
    (&["Mutex"], "a lock"),
    (&["RwLock"], "a lock"),
    (&["Condvar"], "a lock"),
    (&["Once"], "a global"),
    (&["OnceLock"], "a global"),
    (&["LazyLock"], "a global"),
    (&["thread_local"], "a global"),
    (&["std", "thread"], "a thread"),
    (&["spawn"], "a task"),
    (&["async"], "a task"),
    (&["await"], "a task"),
    (&["Waker"], "a task"),
    (&["tokio"], "a runtime"),
    (&["std", "net"], "a socket (addresses are in core::net)"),
    (&["std", "os"], "the system"),
    (&["std", "fs"], "a file"),
    (&["std", "env"], "the environment"),
    (&["std", "process"], "a process"),
    (&["TcpStream"], "a socket"),
    (&["UdpSocket"], "a socket"),
    (&["RandomState"], "randomness that is not passed in"),
    (&["HashMap", "new"], "a map with randomness that is not passed in"),
    (&["getrandom"], "randomness that is not passed in"),
    (&["rand"], "randomness that is not passed in"),
];

/// Macros that write to the program's own output.
const PRINTING: [&str; 5] = ["print", "println", "eprint", "eprintln", "dbg"];

/// What clippy's settings of each crate have to ban.
const BANNED: [&str; 5] = [
    "std::time::Instant::now",
    "std::time::SystemTime::now",
    "std::thread::spawn",
    "std::sync::Mutex",
    "std::sync::RwLock",
];

/// Finds hands in the code, tests left out, and bans that are missing from clippy's settings.
pub fn check(tree: &Tree) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for folder in SANS_IO.into_iter().filter(|folder| tree.has(folder)) {
        for source in tree.below(folder).filter(|source| source.code_lines() > 0) {
            breaches.extend(in_file(source));
        }
        breaches.extend(in_settings(tree, folder));
    }
    breaches
}

fn in_file(source: &SourceFile) -> Vec<Breach> {
    let mentions = source.code_mentions();
    let mut breaches = Vec::new();
    for (at, mention) in mentions.iter().enumerate() {
        let after_static = at > 0 && mentions[at - 1].is(&["static"]);
        let kind = if after_static && mention.is(&["mut"]) { Some("a global") } else { hand(mention) };
        if let Some(kind) = kind {
            breaches.push(Breach {
                rule: NAME,
                file: source.path.clone(),
                line: mention.line,
                what: format!("`{}` is {kind}", mention.segments.join("::")),
                remedy: "have the shell do it and pass the value in",
            });
        }
    }
    breaches
}

/// What kind of hand a path is, if it is one.
fn hand(mention: &Mention) -> Option<&'static str> {
    let last = mention.segments.last().map_or("", String::as_str);
    if mention.segments.len() > 1 && last == "now" {
        return Some("a clock");
    }
    if mention.arguments.is_some() && PRINTING.contains(&last) {
        return Some("output");
    }
    // A slice for `writev` is a value, and `bytes::Buf` asks for it; the rest of std::io moves bytes.
    if mention.contains(&["std", "io"]) && !mention.contains(&["io", "IoSlice"]) {
        return Some("input or output");
    }
    NAMES.into_iter().find(|(name, _)| mention.contains(name)).map(|(_, kind)| kind)
}

fn in_settings(tree: &Tree, folder: &str) -> Vec<Breach> {
    let file = format!("{folder}/clippy.toml");
    let text = tree.other(&file).unwrap_or_default();
    let missing = BANNED.into_iter().filter(|name| !text.contains(&format!("\"{name}\"")));
    let breach = |name: &str| Breach {
        rule: NAME,
        file: file.clone(),
        line: 0,
        what: format!("does not ban `{name}`"),
        remedy: "list it under disallowed-methods or disallowed-types",
    };
    missing.map(breach).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::sketch::tree;

    fn settings() -> String {
        BANNED.map(|name| format!("\"{name}\"")).join("\n")
    }

    /// What is found in one file of wire.
    fn found(code: &str) -> Vec<String> {
        let settings = settings();
        let tree = tree(&[("crates/farcall-wire/src/a.rs", code), ("crates/farcall-wire/clippy.toml", &settings)]);
        check(&tree).into_iter().map(|breach| breach.what).collect()
    }

    #[test]
    fn a_crate_without_hands_passes() {
        let code = "use std::io::IoSlice;\nuse std::time::{Duration, Instant};\nuse core::net::SocketAddr;\nuse std::collections::HashMap;\n
            fn f(now: Instant) -> Instant { let later = now; \"Mutex, std::net\"; later }";
        assert_eq!(found(code), [""; 0]);
    }

    #[test]
    fn each_kind_of_hand_is_found() {
        let cases = [
            ("fn f() { Instant::now(); }", "`Instant::now` is a clock"),
            ("use std::time::Instant as T; fn f() { T::now(); }", "`T::now` is a clock"),
            ("use std::time::{Duration, SystemTime};", "`std::time::SystemTime` is a clock"),
            ("use std::sync::{Arc, Mutex};", "`std::sync::Mutex` is a lock"),
            ("struct A { b: parking_lot::RwLock<u8> }", "`parking_lot::RwLock` is a lock"),
            ("use std::{thread, mem};", "`std::thread` is a thread"),
            ("fn f() { thread::spawn(g); }", "`thread::spawn` is a task"),
            ("use tokio::sync::mpsc;", "`tokio::sync::mpsc` is a runtime"),
            ("use std::net::TcpStream;", "`std::net::TcpStream` is a socket (addresses are in core::net)"),
            ("use std::io::{IoSlice, Read};", "`std::io::Read` is input or output"),
            ("use std::io;", "`std::io` is input or output"),
            ("static mut COUNT: u8 = 0;", "`mut` is a global"),
            ("thread_local! { static A: u8 = 0; }", "`thread_local` is a global"),
            ("static A: std::sync::OnceLock<u8> = B;", "`std::sync::OnceLock` is a global"),
            ("fn f() { println!(\"x\"); }", "`println` is output"),
            ("macro_rules! m { () => { std::env::var(\"X\") }; }", "`std::env::var` is the environment"),
        ];
        for (code, what) in cases {
            assert_eq!(found(code), [what], "{code}");
        }
    }

    #[test]
    fn tests_and_other_crates_may_have_hands() {
        assert_eq!(found("#[cfg(test)]\nmod tests { fn f() { Instant::now(); } }"), [""; 0]);
        assert_eq!(check(&tree(&[("crates/farcall/src/a.rs", "use tokio::net::TcpStream;")])), []);
    }

    #[test]
    fn a_ban_that_is_missing_from_clippys_settings_is_found() {
        let tree = tree(&[
            ("crates/farcall-policy/src/a.rs", ""),
            ("crates/farcall-policy/clippy.toml", "\"std::sync::Mutex\""),
        ]);
        assert_eq!(check(&tree).len(), BANNED.len() - 1);
    }
}
