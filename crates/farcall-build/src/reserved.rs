//! Names of types and packages that Rust has taken: `message Self`, `message str`, `package google.type`; and types in small
//! letters, whose module of nested types would bear their own name.
//!
//! buffa writes them as they are. So they go through it under a marked name, which nobody else has; in its output the mark is
//! taken off again: in texts, which then hold the name of the contract, and in identifiers, which become `Self_` or `r#type`.

use std::collections::BTreeSet;

use buffa_codegen::generated::descriptor::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto};
use buffa_codegen::idents::is_rust_keyword;
use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::format_ident;
use syn::LitStr;
use syn::visit_mut::{self, VisitMut};

use crate::names;

/// Stands behind a marked type or package.
const MARK: &str = "Reserved7f3a";

/// What becomes of it when buffa names the module of a type's nested types.
const MODULE_MARK: &str = "_reserved7f3a";

/// Not words of the language, but a type of this name would stand in for the primitive in all code beside it.
const PRIMITIVES: [&str; 17] = [
    "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "str", "u128", "u16", "u32", "u64", "u8",
    "usize",
];

/// Marks every reserved name, where it is declared and where it is used.
pub(crate) fn mark(files: &mut [FileDescriptorProto]) {
    let mut types = BTreeSet::new();
    for file in &*files {
        let package = file.package.as_deref().unwrap_or_default();
        collect(package, &file.message_type, &mut types);
        types.extend(file.enum_type.iter().flat_map(|declared| &declared.name).map(|name| below(package, name)));
    }
    let marks = Marks { types };
    files.iter_mut().for_each(|file| marks.in_file(file));
}

fn collect(scope: &str, messages: &[DescriptorProto], types: &mut BTreeSet<String>) {
    for message in messages {
        let name = below(scope, message.name.as_deref().unwrap_or_default());
        collect(&name, &message.nested_type, types);
        types.extend(message.enum_type.iter().flat_map(|declared| &declared.name).map(|inner| below(&name, inner)));
        types.insert(name);
    }
}

fn below(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") }
}

struct Marks {
    /// The full names of all types: the rest of a dotted name is its package.
    types: BTreeSet<String>,
}

impl Marks {
    fn in_file(&self, file: &mut FileDescriptorProto) {
        self.path(file.package.as_mut());
        file.message_type.iter_mut().for_each(|message| self.in_message(message));
        file.enum_type.iter_mut().for_each(|declared| mark_type(declared.name.as_mut()));
        file.extension.iter_mut().for_each(|field| self.in_field(field));
        for method in file.service.iter_mut().flat_map(|service| &mut service.method) {
            self.path(method.input_type.as_mut());
            self.path(method.output_type.as_mut());
        }
    }

    fn in_message(&self, message: &mut DescriptorProto) {
        mark_type(message.name.as_mut());
        message.field.iter_mut().chain(&mut message.extension).for_each(|field| self.in_field(field));
        message.nested_type.iter_mut().for_each(|nested| self.in_message(nested));
        message.enum_type.iter_mut().for_each(|declared| mark_type(declared.name.as_mut()));
        // The enum of a oneof is named for it, in camel case, which would be `Self`; nothing on the wire bears the name.
        let names = message.oneof_decl.iter_mut().filter_map(|oneof| oneof.name.as_mut());
        names
            .filter(|name| name.trim_matches('_').eq_ignore_ascii_case("self"))
            .for_each(|name| name.push_str("_choice"));
    }

    fn in_field(&self, field: &mut FieldDescriptorProto) {
        self.path(field.type_name.as_mut());
        self.path(field.extendee.as_mut());
    }

    /// A full name, with a dot in front when it is a reference.
    fn path(&self, path: Option<&mut String>) {
        let Some(path) = path else { return };
        let mut scope = String::new();
        let mut marked = Vec::new();
        for name in path.split('.') {
            scope = below(&scope, name);
            let reserved = if self.types.contains(&scope) { is_reserved_type(name) } else { is_reserved(name) };
            marked.push(if reserved { format!("{name}{MARK}") } else { name.to_owned() });
        }
        *path = marked.join(".");
    }
}

fn mark_type(name: Option<&mut String>) {
    if let Some(name) = name.filter(|name| is_reserved_type(name)) {
        name.push_str(MARK);
    }
}

fn is_reserved(name: &str) -> bool {
    is_rust_keyword(name) || PRIMITIVES.contains(&name)
}

fn is_reserved_type(name: &str) -> bool {
    is_reserved(name) || !name.contains(char::is_uppercase)
}

/// The name of a package as its declarations bear it now.
pub(crate) fn marked(package: &str) -> String {
    let mut marked = Some(package.to_owned());
    Marks { types: BTreeSet::new() }.path(marked.as_mut());
    marked.unwrap_or_default()
}

/// Takes the marks off.
pub(crate) fn restore(file: &mut syn::File) {
    Restore.visit_file_mut(file);
}

/// A text that may name a marked type, as the contract has it.
pub(crate) fn restored(text: &str) -> String {
    text.replace(MARK, "")
}

struct Restore;

impl VisitMut for Restore {
    fn visit_ident_mut(&mut self, ident: &mut Ident) {
        let name = ident.to_string();
        if let Some(base) = name.strip_suffix(MARK) {
            *ident = if PRIMITIVES.contains(&base) { format_ident!("{base}_") } else { names::ident(base) };
        } else if let Some(base) = name.strip_suffix(MODULE_MARK) {
            *ident = if PRIMITIVES.contains(&base) { format_ident!("{base}__") } else { format_ident!("{base}_") };
        }
    }

    fn visit_lit_str_mut(&mut self, text: &mut LitStr) {
        let value = text.value();
        if value.contains(MARK) {
            *text = LitStr::new(&restored(&value), text.span());
        }
    }

    fn visit_macro_mut(&mut self, node: &mut syn::Macro) {
        node.tokens = restore_tokens(node.tokens.clone());
        visit_mut::visit_macro_mut(self, node);
    }
}

fn restore_tokens(tokens: TokenStream) -> TokenStream {
    let restored = tokens.into_iter().map(|token| match token {
        TokenTree::Ident(mut ident) => {
            Restore.visit_ident_mut(&mut ident);
            TokenTree::Ident(ident)
        }
        TokenTree::Group(group) => TokenTree::Group(Group::new(group.delimiter(), restore_tokens(group.stream()))),
        other => other,
    });
    restored.collect()
}
