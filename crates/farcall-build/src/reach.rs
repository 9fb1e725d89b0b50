//! Which files of a contract need messages in Rust: those that were asked for, and what they refer to.
//!
//! How messages are written is not known here.

use std::collections::{BTreeMap, BTreeSet};

use buffa_codegen::generated::descriptor::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto};

use crate::config::Config;

/// The files whose types `farcall_protobuf` has already, below `google/protobuf/`.
const WELL_KNOWN: [&str; 9] =
    ["any", "api", "duration", "empty", "field_mask", "source_context", "struct", "timestamp", "type"];
const WRAPPERS: &str = "google/protobuf/wrappers.proto";

/// Whether `farcall_protobuf` has the types of this file.
pub(crate) fn is_well_known(file: &FileDescriptorProto) -> bool {
    let name = file.name.as_deref().unwrap_or_default();
    name == WRAPPERS
        || WELL_KNOWN.iter().any(|known| {
            name.strip_prefix("google/protobuf/").and_then(|rest| rest.strip_suffix(".proto")) == Some(known)
        })
}

/// Whether the types of this file are somebody else's: `farcall_protobuf`'s, or those that the user has named.
pub(crate) fn is_elsewhere(file: &FileDescriptorProto, config: &Config) -> bool {
    is_well_known(file) || config.extern_path_of(file.package.as_deref().unwrap_or_default()).is_some()
}

/// Of the [`reached`] files those whose messages have to be written.
pub(crate) fn wanted(files: &[FileDescriptorProto], roots: &[String], config: &Config) -> Vec<String> {
    let ours = reached(files, roots).into_iter().filter(|file| !is_elsewhere(file, config));
    ours.filter_map(|file| file.name.clone()).collect()
}

/// The roots, and every file with a type that one of them refers to. A file that is imported for its options is not reached.
pub(crate) fn reached<'a>(files: &'a [FileDescriptorProto], roots: &[String]) -> Vec<&'a FileDescriptorProto> {
    let mut owner = BTreeMap::new();
    for (index, file) in files.iter().enumerate() {
        let package =
            file.package.as_deref().filter(|package| !package.is_empty()).map(|package| format!(".{package}"));
        for name in declared(file) {
            owner.insert(format!("{}.{name}", package.as_deref().unwrap_or_default()), index);
        }
    }
    let mut open: Vec<usize> =
        (0..files.len()).filter(|index| files[*index].name.as_ref().is_some_and(|name| roots.contains(name))).collect();
    let roots = open.clone();
    let mut reached = BTreeSet::new();
    while let Some(index) = open.pop() {
        if !reached.insert(index) {
            continue;
        }
        let used = used_types(&files[index], roots.contains(&index));
        open.extend(used.iter().filter_map(|name| owner_of(&owner, name)));
    }
    reached.into_iter().map(|index| &files[index]).collect()
}

fn declared(file: &FileDescriptorProto) -> impl Iterator<Item = &str> {
    let messages = file.message_type.iter().map(|message| &message.name);
    messages.chain(file.enum_type.iter().map(|declared| &declared.name)).flatten().map(String::as_str)
}

/// A nested type belongs to the file of the outermost one.
fn owner_of(owner: &BTreeMap<String, usize>, name: &str) -> Option<usize> {
    let mut name = name;
    loop {
        if let Some(index) = owner.get(name) {
            return Some(*index);
        }
        name = name.rsplit_once('.')?.0;
    }
}

fn used_types(file: &FileDescriptorProto, with_services: bool) -> BTreeSet<&str> {
    let mut used = BTreeSet::new();
    in_fields(&file.extension, &mut used);
    for message in &file.message_type {
        in_message(message, &mut used);
    }
    if with_services {
        let methods = file.service.iter().flat_map(|service| &service.method);
        used.extend(methods.flat_map(|method| [&method.input_type, &method.output_type]).flatten().map(String::as_str));
    }
    used
}

/// The types that a message, and those in it, refer to.
pub(crate) fn in_message<'a>(message: &'a DescriptorProto, used: &mut BTreeSet<&'a str>) {
    in_fields(&message.field, used);
    in_fields(&message.extension, used);
    for nested in &message.nested_type {
        in_message(nested, used);
    }
}

fn in_fields<'a>(fields: &'a [FieldDescriptorProto], used: &mut BTreeSet<&'a str>) {
    used.extend(fields.iter().filter_map(|field| field.type_name.as_deref()));
}
