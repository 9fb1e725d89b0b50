//! The whole output: one module per part of a package's name, messages and stubs in it, as formatted text.
//!
//! What stands in the modules is decided in `messages` and `stubs`.

use std::collections::BTreeMap;

use buffa_codegen::context::CodeGenContext;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Item, parse_quote};

use crate::config::Config;
use crate::contract::Contract;
use crate::error::Error;
use crate::messages::Plan;
use crate::names::{Scope, ident};
use crate::service::Service;
use crate::{reserved, stubs};

/// A package, or a part of the name of one.
#[derive(Default)]
struct Module {
    items: Vec<Item>,
    children: BTreeMap<String, Module>,
}

/// The text of the file that a user includes.
pub(crate) fn generate(contract: &Contract, config: &Config) -> Result<String, Error> {
    let plan = Plan::new(contract);
    let mut packages = plan.generate()?;
    add_stubs(&plan, &contract.roots, config, &mut packages)?;
    let mut root = Module::default();
    for (package, items) in packages {
        let names = package.split('.').filter(|name| !name.is_empty());
        let module = names.fold(&mut root, |module, name| module.children.entry(name.to_owned()).or_default());
        module.items = items;
    }
    let mut file = syn::File { shebang: None, attrs: Vec::new(), items: root.into_items("") };
    reserved::restore(&mut file);
    Ok(format!(
        "// Written by farcall-build from {}: change that, not this.\n\n{}",
        contract.roots.join(", "),
        prettyplease::unparse(&file)
    ))
}

fn add_stubs(
    plan: &Plan,
    roots: &[String],
    config: &Config,
    packages: &mut BTreeMap<String, Vec<Item>>,
) -> Result<(), Error> {
    let types = CodeGenContext::for_generate(&plan.files, &plan.wanted, &plan.config);
    let mut scopes: BTreeMap<String, Scope> = BTreeMap::new();
    let with_services = roots.iter().filter_map(|root| plan.files.iter().find(|file| file.name.as_ref() == Some(root)));
    for file in with_services {
        let package = file.package.clone().unwrap_or_default();
        for index in 0..file.service.len() {
            let scope = scopes.entry(package.clone()).or_insert_with(|| scope(&package, packages));
            let service = Service::new(file, index, &types, scope)?;
            let written = parse(stubs::items(&service, config), &service)?;
            packages.entry(package.clone()).or_default().extend(written);
        }
    }
    Ok(())
}

/// The names that messages and packages below have taken in the module of `package`.
fn scope(package: &str, packages: &BTreeMap<String, Vec<Item>>) -> Scope {
    let mut scope = Scope::default();
    packages.get(package).into_iter().flatten().filter_map(name).for_each(|name| scope.take(name));
    let prefix = if package.is_empty() { String::new() } else { format!("{package}.") };
    let below = packages.keys().filter_map(|other| other.strip_prefix(&prefix)?.split('.').next());
    below.filter(|name| !name.is_empty()).for_each(|name| scope.take(ident(name).to_string()));
    scope
}

fn name(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) => Some(item.ident.to_string()),
        Item::Enum(item) => Some(item.ident.to_string()),
        Item::Mod(item) => Some(item.ident.to_string()),
        Item::Type(item) => Some(item.ident.to_string()),
        Item::Const(item) => Some(item.ident.to_string()),
        _ => None,
    }
}

fn parse(tokens: TokenStream, service: &Service) -> Result<Vec<Item>, Error> {
    syn::parse2::<syn::File>(tokens).map(|file| file.items).map_err(|cause| {
        Error::new(format!("the stubs of `{}` are not Rust: {cause}", service.full_name)).help("please report this contract")
    })
}

impl Module {
    /// `package` is the name of this module, empty for the root, whose items have no module of ours around them.
    fn into_items(self, package: &str) -> Vec<Item> {
        let lints = lints();
        let mut items = self.items;
        if package.is_empty() {
            items.iter_mut().filter_map(attributes).for_each(|attributes| attributes.insert(0, lints.clone()));
        }
        for (part, module) in self.children {
            let name = ident(&part);
            let below = if package.is_empty() { part } else { format!("{package}.{part}") };
            let docs = format!(" The package `{below}`.");
            let allow = package.is_empty().then_some(&lints);
            let content = module.into_items(&below);
            items.push(parse_quote! {
                #[doc = #docs]
                #allow
                pub mod #name { #(#content)* }
            });
        }
        items
    }
}

/// Generated code answers to the contract, not to the taste of the crate that it stands in.
fn lints() -> Attribute {
    let of_rustc = quote!(dead_code, deprecated, missing_docs, non_camel_case_types, non_snake_case, non_upper_case_globals);
    let of_idle = quote!(rustdoc::all, unreachable_pub, unused_imports, unused_qualifications, unused_variables);
    parse_quote!(#[allow(clippy::all, clippy::nursery, clippy::pedantic, #of_rustc, #of_idle)])
}

fn attributes(item: &mut Item) -> Option<&mut Vec<Attribute>> {
    match item {
        Item::Struct(item) => Some(&mut item.attrs),
        Item::Enum(item) => Some(&mut item.attrs),
        Item::Impl(item) => Some(&mut item.attrs),
        Item::Mod(item) => Some(&mut item.attrs),
        Item::Trait(item) => Some(&mut item.attrs),
        Item::Type(item) => Some(&mut item.attrs),
        Item::Const(item) => Some(&mut item.attrs),
        Item::Use(item) => Some(&mut item.attrs),
        _ => None,
    }
}
