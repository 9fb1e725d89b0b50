//! protoc, for contracts written in an edition: found, run, and its errors as ours. What it writes is read in `contract`.

#[cfg(feature = "vendored-protoc")]
mod vendored;
#[cfg(not(feature = "vendored-protoc"))]
#[path = "protoc/without_vendored.rs"]
mod vendored;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

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
    // On every system that protoc is made for, this is the pipe that we read.
    command.args(["--include_imports", "--include_source_info", "--descriptor_set_out=/dev/stdout"]).args(names);
    let output = command.output().map_err(|cause| {
        Error::new(format!("cannot run `{}`: {cause}", protoc.display()))
            .help("set the environment variable PROTOC to a protoc that can be run")
    })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(explain(&String::from_utf8_lossy(&output.stderr), sources, &protoc))
}
