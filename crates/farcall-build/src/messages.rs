//! Messages and enums as Rust, by buffa: owned types, and views where they were asked for, without JSON, text or reflection.
//!
//! What buffa cannot know is mended here: where its runtime is for our users, and what is deprecated. (`prost` is the other
//! generator of messages.)

use std::collections::BTreeMap;

use buffa_codegen::context::CodeGenContext;
use buffa_codegen::generated::descriptor::FileDescriptorProto;
use buffa_codegen::{CodeGenConfig, CodeGenError};
use syn::parse_quote;
use syn::visit_mut::{self, VisitMut};

use crate::config::Config;
use crate::contract::Contract;
use crate::error::Error;
use crate::names;
use crate::reach::{is_well_known, wanted};
use crate::views::{self, Viewed};
use crate::{deprecation, reserved, runtime, shared_bytes};

/// The items of each package.
pub(crate) type Packages = BTreeMap<String, Vec<syn::Item>>;

/// The messages of a contract, by whichever generator.
pub(crate) struct Written {
    pub(crate) packages: Packages,
    /// The files, with the marks that the generator needs; services are written for those that were asked for.
    pub(crate) files: Vec<FileDescriptorProto>,
    /// How the messages of its methods are written in a package: `(package, full name)`.
    pub(crate) types: BTreeMap<(String, String), String>,
    /// How a part of a package's name is written as a module.
    pub(crate) module: fn(&str) -> String,
    /// The codec of the messages, a constant expression.
    pub(crate) codec: &'static str,
}

/// By buffa.
pub(crate) fn by_buffa(contract: &Contract, config: &Config) -> Result<Written, Error> {
    let plan = Plan::new(contract, config);
    let mut types = BTreeMap::new();
    let context = CodeGenContext::for_generate(&plan.files, &plan.wanted, &plan.config);
    for (package, name) in plan.files.iter().flat_map(used_by_methods) {
        if let Some(path) = context.rust_type_relative(&name, &package, 0) {
            types.insert((package, name), path);
        }
    }
    let mut packages = generate(&plan.files, &plan.wanted, &plan.config)?;
    let viewed = Viewed::new(contract, config);
    if !viewed.is_empty() {
        let (files, wanted) = viewed.cut(&plan.files);
        let mut with_views = plan.config.clone();
        with_views.generate_views = true;
        views::add(&mut packages, generate(&files, &wanted, &with_views)?);
    }
    Ok(Written { packages, types, files: plan.files, module: str::to_owned, codec: "::farcall_protobuf::Buffa" })
}

fn used_by_methods(file: &FileDescriptorProto) -> impl Iterator<Item = (String, String)> {
    let methods = file.service.iter().flat_map(|service| &service.method);
    let names = methods.flat_map(|method| [&method.input_type, &method.output_type]).flatten();
    names.map(|name| (file.package.clone().unwrap_or_default(), name.clone()))
}

impl Written {
    /// The message with this name, as written in the module of `package`.
    pub(crate) fn path(&self, name: &str, package: &str) -> Option<&str> {
        self.types.get(&(package.to_owned(), name.to_owned())).map(String::as_str)
    }

    /// The modules of a package, outermost first.
    pub(crate) fn modules<'a>(&'a self, package: &'a str) -> impl Iterator<Item = String> + 'a {
        package.split('.').filter(|name| !name.is_empty()).map(|name| (self.module)(name))
    }

    /// A module or type as an identifier.
    pub(crate) fn ident(name: &str) -> proc_macro2::Ident {
        names::ident(name.strip_prefix("r#").unwrap_or(name))
    }
}

/// What is to be generated, and how.
struct Plan {
    /// All files of the contract, with marks on what is deprecated and on names that Rust has taken.
    files: Vec<FileDescriptorProto>,
    /// The names of those for which messages are written.
    wanted: Vec<String>,
    config: CodeGenConfig,
}

impl Plan {
    fn new(contract: &Contract, options: &Config) -> Self {
        let mut files = contract.files.clone();
        files.iter_mut().for_each(deprecation::mark);
        reserved::mark(&mut files);
        let mut config = CodeGenConfig::default();
        config.generate_views = false;
        config.emit_register_fn = false;
        config.file_per_package = true;
        config.allow_message_set = true;
        config.extern_paths = files.iter().filter(|file| is_well_known(file)).flat_map(well_known_paths).collect();
        let ours = options
            .extern_paths
            .iter()
            .map(|(package, path)| (format!(".{}", reserved::marked(package)), path.clone()));
        config.extern_paths.extend(ours);
        config.bytes_fields = shared_bytes::rules(options);
        let wanted = wanted(&contract.files, &contract.roots, options);
        Self { files, wanted, config }
    }
}

/// The items of each package.
fn generate(files: &[FileDescriptorProto], wanted: &[String], config: &CodeGenConfig) -> Result<Packages, Error> {
    let (written, _) =
        buffa_codegen::generate_with_diagnostics(files, wanted, config).map_err(|cause| explain(&cause))?;
    let mut packages = Packages::new();
    for part in written {
        let mut file =
            syn::parse_file(&part.content).map_err(|cause| explain(&CodeGenError::InvalidSyntax(cause.to_string())))?;
        runtime::redirect(&mut file);
        deprecation::apply(&mut file);
        Tidy.visit_file_mut(&mut file);
        packages.entry(part.package).or_default().extend(file.items);
    }
    Ok(packages)
}

fn explain(cause: &CodeGenError) -> Error {
    Error::new(reserved::restored(&format!("no Rust can be written for this contract: {cause}")))
        .help("rename what is named above, or report the contract if the name is an ordinary one")
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

/// What a user would see of buffa's ways, or stumble over.
struct Tidy;

impl VisitMut for Tidy {
    fn visit_lit_str_mut(&mut self, text: &mut syn::LitStr) {
        let line = text.value();
        let marker = line.trim_start();
        let run = marker.trim_start_matches(['`', '~']);
        // Code of a comment, which rustdoc would list among the tests, as one to ignore.
        if marker.len() >= run.len() + 3 && run.split(',').any(|word| word == "ignore") {
            let fence = line.trim_end_matches(run);
            *text = syn::LitStr::new(&format!("{fence}text"), text.span());
        }
    }

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
