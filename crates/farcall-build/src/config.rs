//! What a user may decide about the output: where it goes, and which half of a service is wanted.
//!
//! The contract itself is read in `contract`, and written as Rust in `messages` and `stubs`.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::contract::Contract;
use crate::error::Error;
use crate::tree;

/// The name that `farcall_protobuf::include_proto!()` reads.
const FILE_NAME: &str = "farcall.rs";

/// How contracts are compiled. [`Config::new`] is what [`compile`](crate::compile) uses.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) client: bool,
    pub(crate) server: bool,
    pub(crate) descriptor_set: bool,
    protoc: Option<PathBuf>,
    out_dir: Option<PathBuf>,
    file_name: OsString,
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl Config {
    /// Clients and servers, into cargo's `OUT_DIR`, as `farcall.rs`.
    #[must_use]
    pub fn new() -> Self {
        Self { client: true, server: true, descriptor_set: true, protoc: None, out_dir: None, file_name: FILE_NAME.into() }
    }

    /// The folder to write into, in place of cargo's `OUT_DIR`: a folder of the source tree, when the output is to be checked in.
    #[must_use]
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(folder.into());
        self
    }

    /// The file to write, `farcall.rs` if this is not called. `include_proto!("name")` reads `name.rs`.
    #[must_use]
    pub fn file_name(mut self, name: impl Into<OsString>) -> Self {
        self.file_name = name.into();
        self
    }

    /// Whether clients are written. They are, if this is not called.
    #[must_use]
    pub fn client(mut self, wanted: bool) -> Self {
        self.client = wanted;
        self
    }

    /// Whether service traits and their servers are written. They are, if this is not called.
    #[must_use]
    pub fn server(mut self, wanted: bool) -> Self {
        self.server = wanted;
        self
    }

    /// Whether the constant `FILE_DESCRIPTOR_SET` is written: the contract and its imports as a serialized
    /// `google.protobuf.FileDescriptorSet`, without comments, for reflection and tools. It is, if this is not called.
    #[must_use]
    pub fn descriptor_set(mut self, wanted: bool) -> Self {
        self.descriptor_set = wanted;
        self
    }

    /// The protoc for contracts that are written in an edition, in place of what `PROTOC` names and of that of the feature
    /// `vendored-protoc`. Contracts in proto2 and proto3 need none, and use none.
    #[must_use]
    pub fn protoc(mut self, executable: impl Into<PathBuf>) -> Self {
        self.protoc = Some(executable.into());
        self
    }

    /// Compiles `files`, and tells cargo to do so again when one of them, or anything they import, has changed.
    ///
    /// A file whose content would not change is left alone, so that nothing that depends on it is built again.
    ///
    /// # Errors
    ///
    /// As [`compile`](crate::compile).
    pub fn compile(&self, files: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> Result<(), Error> {
        let folder = self.folder()?;
        let text = self.generate(files, includes)?;
        write_if_changed(&folder, &folder.join(&self.file_name), &text)
    }

    /// What [`compile`](Self::compile) would write, as text: for a test that compares it with what is checked in.
    ///
    /// # Errors
    ///
    /// As [`compile`](crate::compile), but nothing is written.
    pub fn generate(&self, files: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> Result<String, Error> {
        let files: Vec<&Path> = files.iter().map(AsRef::as_ref).collect();
        let includes: Vec<&Path> = includes.iter().map(AsRef::as_ref).collect();
        let mut read = Vec::new();
        let contract = Contract::load(&files, &includes, self.protoc.as_deref(), &mut read);
        if env::var_os("OUT_DIR").is_some() {
            // Also after a failure: cargo would otherwise not look at the imports again once it has been mended.
            for path in &read {
                println!("cargo:rerun-if-changed={}", path.display());
            }
            println!("cargo:rerun-if-env-changed=PROTOC");
        }
        tree::generate(&contract?, self)
    }

    fn folder(&self) -> Result<PathBuf, Error> {
        if let Some(folder) = &self.out_dir {
            return Ok(folder.clone());
        }
        env::var_os("OUT_DIR").map(PathBuf::from).ok_or_else(|| {
            Error::new("cargo's variable OUT_DIR is not set")
                .help("call farcall_build from a build script, or name a folder with Config::out_dir")
        })
    }
}

fn write_if_changed(folder: &Path, path: &Path, text: &str) -> Result<(), Error> {
    if fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    fs::create_dir_all(folder).and_then(|()| fs::write(path, text)).map_err(|cause| {
        Error::new(format!("cannot write `{}`: {cause}", path.display()))
            .help("make the folder writable, or name another with Config::out_dir")
    })
}
