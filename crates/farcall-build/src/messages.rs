//! Messages and enums as Rust, by buffa: owned types only, without views, JSON, text or reflection.
//!
//! What buffa cannot know is mended here: where its runtime is for our users, and what is deprecated.

use std::collections::{BTreeMap, BTreeSet};

use buffa_codegen::generated::descriptor::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto};
use buffa_codegen::{CodeGenConfig, CodeGenError};
use syn::parse_quote;
use syn::visit_mut::{self, VisitMut};

use crate::contract::Contract;
use crate::error::Error;
use crate::{deprecation, reserved, runtime};

/// The files whose types `farcall_protobuf` has already, below `google/protobuf/`.
const WELL_KNOWN: [&str; 9] =
    ["any", "api", "duration", "empty", "field_mask", "source_context", "struct", "timestamp", "type"];
const WRAPPERS: &str = "google/protobuf/wrappers.proto";

/// What is to be generated, and how.
pub(crate) struct Plan {
    /// All files of the contract, with marks on what is deprecated and on names that Rust has taken.
    pub(crate) files: Vec<FileDescriptorProto>,
    /// The names of those for which messages are written.
    pub(crate) wanted: Vec<String>,
    pub(crate) config: CodeGenConfig,
}

impl Plan {
    pub(crate) fn new(contract: &Contract) -> Self {
        let mut files = contract.files.clone();
        files.iter_mut().for_each(deprecation::mark);
        reserved::mark(&mut files);
        let mut config = CodeGenConfig::default();
        config.generate_views = false;
        config.emit_register_fn = false;
        config.file_per_package = true;
        config.allow_message_set = true;
        config.extern_paths = files.iter().filter(|file| is_well_known(file)).flat_map(well_known_paths).collect();
        let wanted = wanted(&files, &contract.roots);
        Self { files, wanted, config }
    }

    /// The items of each package.
    pub(crate) fn generate(&self) -> Result<BTreeMap<String, Vec<syn::Item>>, Error> {
        let (written, _) =
            buffa_codegen::generate_with_diagnostics(&self.files, &self.wanted, &self.config).map_err(|cause| explain(&cause))?;
        let mut packages: BTreeMap<String, Vec<syn::Item>> = BTreeMap::new();
        for part in written {
            let mut file = syn::parse_file(&part.content).map_err(|cause| explain(&CodeGenError::InvalidSyntax(cause.to_string())))?;
            runtime::redirect(&mut file);
            deprecation::apply(&mut file);
            Tidy.visit_file_mut(&mut file);
            packages.entry(part.package).or_default().extend(file.items);
        }
        Ok(packages)
    }
}

fn explain(cause: &CodeGenError) -> Error {
    Error::new(reserved::restored(&format!("no Rust can be written for this contract: {cause}")))
        .help("rename what is named above, or report the contract if the name is an ordinary one")
}

fn is_well_known(file: &FileDescriptorProto) -> bool {
    let name = file.name.as_deref().unwrap_or_default();
    name == WRAPPERS
        || WELL_KNOWN.iter().any(|known| name.strip_prefix("google/protobuf/").and_then(|rest| rest.strip_suffix(".proto")) == Some(known))
}

fn well_known_paths(file: &FileDescriptorProto) -> Vec<(String, String)> {
    let messages = file.message_type.iter().map(|message| &message.name);
    let enums = file.enum_type.iter().map(|declared| &declared.name);
    messages
        .chain(enums)
        .flatten()
        .map(|name| (format!(".google.protobuf.{name}"), format!("::farcall_protobuf::well_known::{name}")))
        .collect()
}

/// The roots, and every file with a type that a wanted file refers to. A file that is imported for its options is not wanted.
fn wanted(files: &[FileDescriptorProto], roots: &[String]) -> Vec<String> {
    let mut owner = BTreeMap::new();
    for (index, file) in files.iter().enumerate() {
        let package = file.package.as_deref().filter(|package| !package.is_empty()).map(|package| format!(".{package}"));
        for name in declared(file) {
            owner.insert(format!("{}.{name}", package.as_deref().unwrap_or_default()), index);
        }
    }
    let mut open: Vec<usize> =
        (0..files.len()).filter(|index| files[*index].name.as_ref().is_some_and(|name| roots.contains(name))).collect();
    let roots = open.clone();
    let mut wanted = BTreeSet::new();
    while let Some(index) = open.pop() {
        if is_well_known(&files[index]) || !wanted.insert(index) {
            continue;
        }
        let used = used_types(&files[index], roots.contains(&index));
        open.extend(used.iter().filter_map(|name| owner_of(&owner, name)));
    }
    wanted.into_iter().filter_map(|index| files[index].name.clone()).collect()
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

fn in_message<'a>(message: &'a DescriptorProto, used: &mut BTreeSet<&'a str>) {
    in_fields(&message.field, used);
    in_fields(&message.extension, used);
    for nested in &message.nested_type {
        in_message(nested, used);
    }
}

fn in_fields<'a>(fields: &'a [FieldDescriptorProto], used: &mut BTreeSet<&'a str>) {
    used.extend(fields.iter().filter_map(|field| field.type_name.as_deref()));
}

/// What a user would see of buffa's ways, or stumble over.
struct Tidy;

impl VisitMut for Tidy {
    fn visit_item_impl_mut(&mut self, node: &mut syn::ItemImpl) {
        if let Some((_, path, _)) = &mut node.trait_ {
            qualify(path);
            // Their documentation links to where a user's crate has nothing.
            for item in &mut node.items {
                if let syn::ImplItem::Fn(function) = item {
                    function.attrs.retain(|attribute| !attribute.path().is_ident("doc"));
                }
            }
        }
        visit_mut::visit_item_impl_mut(self, node);
    }

    fn visit_trait_bound_mut(&mut self, node: &mut syn::TraitBound) {
        qualify(&mut node.path);
        visit_mut::visit_trait_bound_mut(self, node);
    }

    fn visit_item_mod_mut(&mut self, node: &mut syn::ItemMod) {
        // What is in it is passed on under better names: the enum of a oneof from the module of its message.
        if node.ident == "__buffa" {
            node.attrs.push(parse_quote!(#[doc(hidden)]));
        }
        visit_mut::visit_item_mod_mut(self, node);
    }
}

/// buffa counts on the prelude for these two traits, but a message may bear their name.
fn qualify(path: &mut syn::Path) {
    let first = path.segments.first().filter(|first| first.ident == "From" || first.ident == "Into");
    if let Some(first) = first.filter(|_| path.segments.len() == 1).cloned() {
        *path = parse_quote!(::core::convert::#first);
    }
}
