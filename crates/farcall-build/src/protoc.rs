//! protoc, for contracts written in an edition: found, run, and its errors as ours. What it writes is read in `contract`.

#[cfg(feature = "vendored-protoc")]
mod vendored;
#[cfg(not(feature = "vendored-protoc"))]
#[path = "protoc/without_vendored.rs"]
mod vendored;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Error;
use crate::sources::Sources;

/// The variable that names a protoc.
const VARIABLE: &str = "PROTOC";

/// Whether there is one: `chosen`, that of the environment, or the one that a feature brings along.
pub(crate) fn is_there(chosen: Option<&Path>) -> bool {
    executable(chosen).is_some()
}

/// The protoc, and a folder with the well-known types if it cannot be expected to find them itself.
fn executable(chosen: Option<&Path>) -> Option<(PathBuf, Option<PathBuf>)> {
    let named = chosen.map(Path::to_owned).or_else(|| env::var_os(VARIABLE).map(PathBuf::from));
    named.map(|path| (path, None)).or_else(vendored::protoc)
}

/// The files with these names, and all that they import, as a serialized `FileDescriptorSet`.
pub(crate) fn compile(chosen: Option<&Path>, names: &[String], sources: &Sources) -> Result<Vec<u8>, Error> {
    let Some((protoc, well_known)) = executable(chosen) else { return Err(Error::new("there is no protoc")) };
    let mut command = Command::new(&protoc);
    for folder in sources.includes().iter().chain(&well_known) {
        let mut flag = std::ffi::OsString::from("--proto_path=");
        flag.push(folder);
        command.arg(flag);
    }
    let written = Scratch::new();
    let mut flag = std::ffi::OsString::from("--descriptor_set_out=");
    flag.push(&written.path);
    command.args(["--include_imports", "--include_source_info"]).arg(flag).args(names);
    let output = command.output().map_err(|cause| {
        Error::new(format!("cannot run `{}`: {cause}", protoc.display()))
            .help("set the environment variable PROTOC to a protoc that can be run")
    })?;
    if !output.status.success() {
        return Err(explain(&String::from_utf8_lossy(&output.stderr), sources, &protoc));
    }
    fs::read(&written.path).map_err(|cause| {
        Error::new(format!("cannot read what `{}` wrote: {cause}", protoc.display()))
            .help("see whether it can write to the folder for temporary files")
    })
}

/// A file that no one else has, and that does not stay.
struct Scratch {
    path: PathBuf,
}

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let folder = env::var_os("OUT_DIR").map_or_else(env::temp_dir, PathBuf::from);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self { path: folder.join(format!("farcall-build-{}-{count}.binpb", std::process::id())) }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It is not there if protoc has failed.
        let _ = fs::remove_file(&self.path);
    }
}

/// Each line `NAME:LINE:COLUMN: MESSAGE` at its place; what is not such a line as it is.
fn explain(told: &str, sources: &Sources, protoc: &Path) -> Error {
    let faults = told.lines().filter(|line| !line.trim().is_empty() && !line.contains(": warning: "));
    let all = faults.map(|line| placed(line, sources).unwrap_or_else(|| Error::new(line.to_owned())));
    all.reduce(Error::and).unwrap_or_else(|| Error::new(format!("`{}` failed, and did not say why", protoc.display())))
}

fn placed(line: &str, sources: &Sources) -> Option<Error> {
    let mut parts = line.splitn(4, ':');
    let (name, row, column, message) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let (row, column): (usize, usize) = (row.parse().ok()?, column.parse().ok()?);
    // Named as it is imported, or, by newer ones, as it lies on the disk.
    let path = sources.path_of(name).unwrap_or_else(|| PathBuf::from(name));
    let text = fs::read_to_string(&path).ok()?;
    let before: usize = text.split_inclusive('\n').take(row.checked_sub(1)?).map(str::len).sum();
    let (_, line) = text.split_at_checked(before)?;
    let at = offset(line, column.checked_sub(1)?);
    let word = line.get(at..).unwrap_or_default();
    let width = word.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(word.len());
    Some(Error::new(message.trim()).at(&path, &text, before + at, width.max(1), "found here"))
}

/// The byte at a column as protoc counts them: a tab leads to the next multiple of eight.
fn offset(line: &str, column: usize) -> usize {
    let mut reached = 0;
    for (at, byte) in line.bytes().enumerate() {
        if reached >= column {
            return at;
        }
        reached = if byte == b'\t' { (reached / 8 + 1) * 8 } else { reached + 1 };
    }
    line.len()
}
