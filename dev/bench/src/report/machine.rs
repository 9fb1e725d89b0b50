//! The machine and the moment: without them a figure says nothing.

use std::process::Command;

use crate::clock;

/// What stands above the figures, as name and value.
pub fn facts() -> Vec<(&'static str, String)> {
    vec![
        ("Processor", listed("/proc/cpuinfo", "model name").unwrap_or_else(unknown)),
        ("Cores", clock::cores().to_string()),
        ("Memory", listed("/proc/meminfo", "MemTotal").unwrap_or_else(unknown)),
        ("Kernel", said("uname", &["-sr"])),
        ("Compiler", said("rustc", &["--version"])),
        (
            "Load before",
            std::fs::read_to_string("/proc/loadavg").map_or_else(|_| unknown(), |text| text.trim().to_owned()),
        ),
        ("Date", said("date", &["-u", "+%Y-%m-%d %H:%M UTC"])),
        ("Command", "cargo run --release --manifest-path dev/bench/Cargo.toml".to_owned()),
    ]
}

fn listed(path: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(|_| unknown(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn unknown() -> String {
    "unknown".to_owned()
}
