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

/// Whose messages are written, and called with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Runtime {
    /// Those of buffa, hidden behind `farcall-protobuf`: keep unknown fields, bounded memory, editions.
    #[default]
    Buffa,
    /// Those of prost 0.14. Needs the feature `prost`, of this crate and of `farcall-protobuf`.
    Prost,
}

/// How contracts are compiled. [`Config::new`] is what [`compile`](crate::compile) uses.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) client: bool,
    pub(crate) server: bool,
    pub(crate) descriptor_set: bool,
    pub(crate) runtime: Runtime,
    pub(crate) extern_paths: Vec<(String, String)>,
    pub(crate) views: Vec<String>,
    pub(crate) shared_bytes: Vec<String>,
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
        Self {
            client: true,
            server: true,
            descriptor_set: true,
            runtime: Runtime::Buffa,
            extern_paths: Vec::new(),
            views: Vec::new(),
            shared_bytes: Vec::new(),
            protoc: None,
            out_dir: None,
            file_name: FILE_NAME.into(),
        }
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

    /// Whose messages are written. buffa's, if this is not called.
    #[must_use]
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = runtime;
        self
    }

    /// The messages of `package`, and of the packages below, are in `path` already and are not written: `users.v1`,
    /// `::contracts::users::v1`. The path begins with `::` or `crate::`. They are messages of the [`runtime`](Self::runtime).
    ///
    /// When all packages are elsewhere, what is written are the services alone.
    #[must_use]
    pub fn extern_path(mut self, package: impl Into<String>, path: impl Into<String>) -> Self {
        self.extern_paths.push((package.into(), path.into()));
        self
    }

    /// Handlers of these methods get their request, or each of their requests, as a `farcall_protobuf::View`: strings and bytes
    /// are borrowed from what was received. Methods are named as in the contract, `users.v1.UserService.GetUser`; the name of a
    /// service stands for all of its methods. Clients, replies and all other handlers stay as they are.
    ///
    /// It pays for handlers that only read requests with many strings in them. Views are written for the requests of these methods
    /// and for the messages in them, which then have more than twice the code, and take the time to compile it.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), farcall_build::Error> {
    /// farcall_build::Config::new().views(["users.v1.UserService.GetUser"]).compile(&["proto/users.proto"], &["proto"])
    /// # }
    /// ```
    #[must_use]
    pub fn views(mut self, methods: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.views.extend(methods.into_iter().map(Into::into));
        self
    }

    /// Whether handlers of the method get views.
    pub(crate) fn asks_for_view(&self, service: &str, method: &str) -> bool {
        self.views.iter().any(|asked| match asked.strip_prefix(service) {
            Some(rest) => rest.is_empty() || rest.strip_prefix('.') == Some(method),
            None => false,
        })
    }

    /// Fields of type `bytes` are [`bytes::Bytes`] in place of `Vec<u8>` in `place`: a field (`blobs.v1.Chunk.data`), a
    /// message, a package, or `.` for everywhere. For large contents, which are then neither copied when a message is
    /// sent (from 4 KiB on) nor when one of 32 KiB and more is received; a received field holds the buffer that it came in.
    /// Values of maps stay as they are. For the [`runtime`](Self::runtime) of buffa.
    ///
    /// [`bytes::Bytes`]: https://docs.rs/bytes/1/bytes/struct.Bytes.html
    #[must_use]
    pub fn shared_bytes(mut self, place: impl Into<String>) -> Self {
        self.shared_bytes.push(place.into());
        self
    }

    /// The longest of the packages of [`extern_path`](Self::extern_path) that `package` is, or is below.
    pub(crate) fn extern_path_of(&self, package: &str) -> Option<&(String, String)> {
        let holds =
            |whole: &str| package.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        self.extern_paths.iter().filter(|(whole, _)| holds(whole)).max_by_key(|(whole, _)| whole.len())
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
        self.check()?;
        tree::generate(&contract?, self)
    }

    /// Refuses places of messages that are none.
    pub(crate) fn check(&self) -> Result<(), Error> {
        for (package, path) in &self.extern_paths {
            if !path.starts_with("::") && !path.starts_with("crate::") {
                return Err(Error::new(format!(
                    "`{path}`, where the messages of `{package}` are said to be, is relative"
                ))
                .help("begin it with `::` and the name of a crate, or with `crate::`"));
            }
            if package.is_empty() || package.split('.').any(str::is_empty) {
                return Err(Error::new(format!("`{package}` is not the name of a package"))
                    .help("write it as in the contract: `users.v1`"));
            }
        }
        Ok(())
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
