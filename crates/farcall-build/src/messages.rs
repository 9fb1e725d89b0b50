//! Messages and enums as Rust, by buffa: owned types only, without views, JSON, text or reflection.
//!
//! What buffa cannot know is mended here: where its runtime is for our users, and what is deprecated.

use std::collections::BTreeMap;

use buffa_codegen::generated::descriptor::FileDescriptorProto;
use buffa_codegen::{CodeGenConfig, CodeGenError};
use syn::parse_quote;
use syn::visit_mut::{self, VisitMut};

use crate::contract::Contract;
use crate::error::Error;
use crate::reach::{is_well_known, wanted};
use crate::{deprecation, reserved, runtime};

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
        let (written, _) = buffa_codegen::generate_with_diagnostics(&self.files, &self.wanted, &self.config)
            .map_err(|cause| explain(&cause))?;
        let mut packages: BTreeMap<String, Vec<syn::Item>> = BTreeMap::new();
        for part in written {
            let mut file = syn::parse_file(&part.content)
                .map_err(|cause| explain(&CodeGenError::InvalidSyntax(cause.to_string())))?;
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
