//! Finds and reads `.proto` files: the one place that opens them, and remembers which.
//!
//! What their text means is not known here, but for the word `edition`, which the parser would call a wrong token.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use protox::file::{File, FileResolver, GoogleFileResolver};

use crate::edition::Edition;
use crate::error::Error;

/// The folders in which files are looked for, and what has been read from them. Clones share both.
#[derive(Clone)]
pub(crate) struct Sources {
    includes: Vec<PathBuf>,
    log: Rc<RefCell<Log>>,
}

#[derive(Default)]
struct Log {
    /// By the name under which a file is imported.
    read: BTreeMap<String, Source>,
    /// Whether one of them is written in an edition.
    edition: bool,
    /// What we found wrong ourselves. The parser carries only its own errors.
    refused: Option<Error>,
}

/// A file that was read.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Sources {
    pub(crate) fn new(includes: &[&Path]) -> Result<Self, Error> {
        for folder in includes {
            if !folder.is_dir() {
                return Err(Error::new(format!(
                    "the include folder `{}` is not a folder that can be read",
                    folder.display()
                ))
                .help(format!("make it, or correct the path; {}", paths_start_at())));
            }
        }
        Ok(Self { includes: includes.iter().map(|folder| folder.to_path_buf()).collect(), log: Rc::default() })
    }

    /// The name under which `file` is imported by others: its path below an include folder.
    pub(crate) fn name_of(&self, file: &Path) -> Result<String, Error> {
        let below =
            self.includes.iter().find_map(|folder| plain(file).strip_prefix(plain(folder)).ok().and_then(import_name));
        let found = below.or_else(|| {
            let name = import_name(&plain(file))?;
            self.holds(&name).then_some(name)
        });
        if !file.exists() && !found.as_ref().is_some_and(|name| self.holds(name)) {
            return Err(Error::new(format!("cannot read `{}`: there is no such file", file.display()))
                .help(format!("correct the path; {}", paths_start_at())));
        }
        let Some(name) = found else {
            return Err(Error::new(format!(
                "`{}` is below none of the include folders ({})",
                file.display(),
                self.list()
            ))
            .help("add a folder that it is below: the path from there is the name by which others import it"));
        };
        self.refuse_shadow(file, &name)?;
        Ok(name)
    }

    /// Two include folders may hold the same name: the first wins, which must be the file that was asked for.
    fn refuse_shadow(&self, file: &Path, name: &str) -> Result<(), Error> {
        match (self.path_of(name), fs::canonicalize(file)) {
            (Some(winner), Ok(asked)) if fs::canonicalize(&winner).is_ok_and(|path| path != asked) => {
                Err(Error::new(format!(
                    "`{}` is hidden by `{}`, which has the same name in an earlier include folder",
                    file.display(),
                    winner.display()
                ))
                .help("change the order of the include folders, or name the other file"))
            }
            _ => Ok(()),
        }
    }

    fn holds(&self, name: &str) -> bool {
        self.path_of(name).is_some()
    }

    /// Every file that was opened, in the order of their names.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        self.log.borrow().read.values().map(|source| source.path.clone()).collect()
    }

    pub(crate) fn read(&self, name: &str) -> Option<Source> {
        self.log.borrow().read.get(name).cloned()
    }

    /// Whether a file was met that protox cannot read, because it is written in an edition.
    pub(crate) fn has_edition(&self) -> bool {
        self.log.borrow().edition
    }

    /// Where the file with this name is, if it is in an include folder.
    pub(crate) fn path_of(&self, name: &str) -> Option<PathBuf> {
        self.includes.iter().map(|folder| folder.join(name)).find(|path| path.is_file())
    }

    /// The folders, in the order in which they are searched.
    pub(crate) fn includes(&self) -> &[PathBuf] {
        &self.includes
    }

    pub(crate) fn take_refusal(&self) -> Option<Error> {
        self.log.borrow_mut().refused.take()
    }

    /// The include folders, for an error text.
    pub(crate) fn list(&self) -> String {
        let names: Vec<String> = self.includes.iter().map(|folder| format!("`{}`", folder.display())).collect();
        if names.is_empty() { "none was given".to_owned() } else { names.join(", ") }
    }

    fn refuse(&self, error: Error) -> protox::Error {
        let short = error.to_string();
        self.log.borrow_mut().refused = Some(error);
        protox::Error::new(short)
    }

    fn open(&self, name: &str, path: PathBuf, bytes: Vec<u8>) -> Result<File, protox::Error> {
        let text = String::from_utf8(bytes).map_err(|cause| {
            let valid = String::from_utf8_lossy(cause.as_bytes()).into_owned();
            let offset = cause.utf8_error().valid_up_to();
            self.refuse(
                Error::new("the file is not UTF-8").at(&path, &valid, offset, 1, "from here").help("save it as UTF-8"),
            )
        })?;
        self.log.borrow_mut().read.insert(name.to_owned(), Source { path: path.clone(), text: text.clone() });
        if let Some(edition) = Edition::find(&text) {
            self.log.borrow_mut().edition = true;
            return Err(self.refuse(edition.refusal(&path, &text)));
        }
        File::from_source(name, &text)
    }
}

impl FileResolver for Sources {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        for folder in &self.includes {
            let path = folder.join(name);
            match fs::read(&path) {
                Ok(bytes) => return self.open(name, path, bytes),
                Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
                Err(cause) => {
                    let error = Error::new(format!("cannot read `{}`: {cause}", path.display()))
                        .help("make the file readable for the build");
                    return Err(self.refuse(error));
                }
            }
        }
        GoogleFileResolver::new().open_file(name)
    }
}

/// Without `./`, which `strip_prefix` would not look through.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}

fn import_name(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path
        .components()
        .map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    parts.map(|parts| parts.join("/")).filter(|name| !name.is_empty())
}

fn paths_start_at() -> String {
    let here = std::env::current_dir().unwrap_or_default();
    format!("relative paths start at `{}`", here.display())
}
