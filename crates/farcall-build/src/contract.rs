//! Reads a contract: from paths to linked descriptors, or to errors that point at the line.
//!
//! The front end is protox, which knows proto2 and proto3; a contract with an edition goes through protoc (`protoc`).
//! Nothing here is Rust-specific.

use std::path::{Path, PathBuf};

use buffa_codegen::generated::descriptor::{FileDescriptorProto, FileDescriptorSet};
use miette::Diagnostic;
use protox::Compiler;

use crate::error::Error;
use crate::sources::Sources;
use crate::{edition, protoc};

/// A linked contract.
pub(crate) struct Contract {
    /// Every file read, each behind those that it imports.
    pub(crate) files: Vec<FileDescriptorProto>,
    /// The names of those that were asked for.
    pub(crate) roots: Vec<String>,
}

impl Contract {
    /// Compiles `files`, those with an edition by `protoc`. What was read is told in `read`, also when the result is an error.
    pub(crate) fn load(
        files: &[&Path],
        includes: &[&Path],
        protoc: Option<&Path>,
        read: &mut Vec<PathBuf>,
    ) -> Result<Self, Error> {
        if files.is_empty() {
            return Err(Error::new("no .proto file was given").help("name at least one in the first argument"));
        }
        let sources = Sources::new(includes)?;
        match Self::parse(files, &sources, read) {
            Err(_) if sources.has_edition() && protoc::is_there(protoc) => {
                let roots = files.iter().map(|file| sources.name_of(file)).collect::<Result<Vec<_>, _>>()?;
                let bytes = protoc::compile(protoc, &roots, &sources)?;
                Self::linked(&bytes, roots, &sources, read)
            }
            parsed => parsed,
        }
    }

    fn parse(files: &[&Path], sources: &Sources, read: &mut Vec<PathBuf>) -> Result<Self, Error> {
        let mut compiler = Compiler::with_file_resolver(sources.clone());
        compiler.include_imports(true).include_source_info(true);
        let mut roots = Vec::new();
        for file in files {
            let name = sources.name_of(file)?;
            let opened = compiler.open_file(&name).map(|_| ());
            *read = sources.paths();
            opened.map_err(|error| explain(&error, &name, sources))?;
            roots.push(name);
        }
        Self::linked(&compiler.encode_file_descriptor_set(), roots, sources, read)
    }

    /// The contract of a serialized `FileDescriptorSet`.
    fn linked(bytes: &[u8], roots: Vec<String>, sources: &Sources, read: &mut Vec<PathBuf>) -> Result<Self, Error> {
        let set = buffa_codegen::tooling_decode_options()
            .and_then(|options| {
                options.decode_from_slice::<FileDescriptorSet>(bytes).map_err(|cause| cause.to_string())
            })
            .map_err(|cause| Error::new(format!("the compiled contract cannot be read back: {cause}")))?;
        set.file.iter().try_for_each(edition::checked)?;
        *read = set.file.iter().filter_map(|file| sources.path_of(file.name.as_deref()?)).collect();
        let mut contract = Self { files: set.file, roots: Vec::new() };
        for root in roots {
            if !contract.roots.contains(&root) {
                contract.roots.push(root);
            }
        }
        Ok(contract)
    }
}

/// The error of the front end as one of ours. `opened` is the file that was asked for, in case it names none.
fn explain(error: &protox::Error, opened: &str, sources: &Sources) -> Error {
    if let Some(refusal) = sources.take_refusal() {
        return refusal;
    }
    let name = error.file().unwrap_or(opened);
    let mut told = explain_one(error, name, sources);
    for other in error.related().into_iter().flatten() {
        told = told.and(explain_one(other, name, sources));
    }
    told
}

fn explain_one(fault: &dyn Diagnostic, name: &str, sources: &Sources) -> Error {
    let message = fault.to_string();
    let told = Error::new(&message);
    let (name, label) = match pointed_at(fault) {
        Some(label) => (name, Some(label)),
        None => unlabelled(&message, name, sources),
    };
    let told = match (sources.read(name), label) {
        (Some(source), Some((offset, width, label))) => told.at(&source.path, &source.text, offset, width, &label),
        (Some(source), None) => Error::new(format!("{}: {message}", source.path.display())),
        (None, _) => Error::new(format!("{name}: {message}")),
    };
    match remedy(&message, sources).or_else(|| fault.help().map(|help| help.to_string())) {
        Some(help) => told.help(help),
        None => told,
    }
}

/// Offset and width in bytes, and what to write beside the caret.
type Label = (usize, usize, String);

/// Where the fault is: of two places, the one that was found wrong and not the one that it disagrees with.
fn pointed_at(fault: &dyn Diagnostic) -> Option<Label> {
    let labels: Vec<_> = fault.labels()?.collect();
    let found =
        labels.iter().find(|label| label.label().is_some_and(|text| text.contains("found"))).or(labels.last())?;
    Some((found.offset(), found.len(), found.label().unwrap_or("here").to_owned()))
}

/// The file and the place of a fault for which the front end has none: the end of a file, and the import that closes a cycle.
fn unlabelled<'a>(message: &'a str, name: &'a str, sources: &Sources) -> (&'a str, Option<Label>) {
    let text = |name: &str| sources.read(name).map(|source| source.text).unwrap_or_default();
    if message.ends_with("reached end of file") {
        return (name, Some((text(name).len(), 1, "the file ends here".to_owned())));
    }
    let mut cycle = message.strip_prefix("import cycle detected: ").unwrap_or_default().rsplit(" -> ");
    let (Some(imported), Some(importer)) = (cycle.next(), cycle.next()) else { return (name, None) };
    let place = text(importer)
        .find(&format!("\"{imported}\""))
        .map(|at| (at, imported.len() + 2, "closes the cycle".to_owned()));
    (importer, place)
}

/// What to do about it, where the front end does not say, or says too little.
fn remedy(message: &str, sources: &Sources) -> Option<String> {
    let quoted = message.split('\'').nth(1).unwrap_or_default();
    if message.starts_with("import '") && message.ends_with("not found") {
        let folders = sources.list();
        return Some(format!(
            "put the file below one of the include folders ({folders}), add its folder to them, or correct the path"
        ));
    }
    if message.starts_with("name '") && message.ends_with("is not defined") {
        return Some(format!("declare `{quoted}`, import the file that does, or correct the name"));
    }
    REMEDIES.iter().find(|(part, _)| message.contains(part)).map(|(_, remedy)| (*remedy).to_owned())
}

/// By a part of the front end's message. The first that fits is told.
const REMEDIES: [(&str, &str); 14] = [
    ("import cycle", "move what the files share into a third one"),
    ("was listed twice", "delete one of the two imports"),
    ("field number '", "give the field a number of its own"),
    ("is defined twice", "rename one of the two"),
    ("is already defined", "rename one of the two"),
    ("camel-case name of field", "rename one of the two: they have one name in JSON"),
    ("option field '", "import the file that declares the option, or correct its name"),
    ("is not a message type", "put the value into a message, and use that"),
    ("the first value for proto3 enums must be 0", "begin with a value 0 that means that nothing was chosen"),
    ("required fields are not allowed in proto3", "delete `required`; `optional` tells whether the field was set"),
    ("fields must have a label with proto2", "write `optional` before it, or make the file `syntax = \"proto3\";`"),
    ("multiple package names", "keep one of them: a file is of one package"),
    ("enum number '", "give the value a number of its own, or set the option `allow_alias`"),
    ("unterminated string", "close it with the quote that it begins with, on the same line"),
];
