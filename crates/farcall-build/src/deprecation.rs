//! `option deprecated = true` as `#[deprecated]`.
//!
//! buffa leaves the option out of its output. So a line is put into the comment of what is deprecated, travels through buffa
//! as documentation of the right item, and is exchanged for the attribute when the output has been parsed.

use buffa_codegen::generated::descriptor::source_code_info::Location;
use buffa_codegen::generated::descriptor::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto};
use syn::visit_mut::VisitMut;
use syn::{Attribute, parse_quote};

use crate::docs;

/// A line that no comment has. Without characters that buffa would escape.
const MARK: &str = "farcall-build: this is deprecated, f2d0a17c";

/// Field numbers of `descriptor.proto`, of which the paths of `SourceCodeInfo` are made.
mod number {
    pub(super) const FILE_MESSAGE: i32 = 4;
    pub(super) const FILE_ENUM: i32 = 5;
    pub(super) const MESSAGE_FIELD: i32 = 2;
    pub(super) const MESSAGE_MESSAGE: i32 = 3;
    pub(super) const MESSAGE_ENUM: i32 = 4;
    pub(super) const ENUM_VALUE: i32 = 2;
}

/// Marks what is deprecated in the comments of `file`.
pub(crate) fn mark(file: &mut FileDescriptorProto) {
    let mut paths = Vec::new();
    for (index, message) in (0..).zip(&file.message_type) {
        in_message(message, vec![number::FILE_MESSAGE, index], &mut paths);
    }
    for (index, declared) in (0..).zip(&file.enum_type) {
        in_enum(declared, vec![number::FILE_ENUM, index], &mut paths);
    }
    if paths.is_empty() {
        return;
    }
    let locations = &mut file.source_code_info.get_or_insert_default().location;
    for path in paths {
        match locations.iter_mut().find(|location| location.path == path) {
            Some(location) => {
                let comment = location.trailing_comments.take().unwrap_or_default();
                location.trailing_comments = Some(format!("{comment}\n\n {MARK}\n"));
            }
            None => {
                locations.push(Location { path, trailing_comments: Some(format!(" {MARK}\n")), ..Default::default() })
            }
        }
    }
}

fn in_message(message: &DescriptorProto, path: Vec<i32>, paths: &mut Vec<Vec<i32>>) {
    let below = |kind, index| [path.as_slice(), &[kind, index]].concat();
    for (index, field) in (0..).zip(&message.field) {
        if field.options.as_option().and_then(|options| options.deprecated) == Some(true) {
            paths.push(below(number::MESSAGE_FIELD, index));
        }
    }
    for (index, nested) in (0..).zip(&message.nested_type) {
        in_message(nested, below(number::MESSAGE_MESSAGE, index), paths);
    }
    for (index, declared) in (0..).zip(&message.enum_type) {
        in_enum(declared, below(number::MESSAGE_ENUM, index), paths);
    }
    if message.options.as_option().and_then(|options| options.deprecated) == Some(true) {
        paths.push(path);
    }
}

fn in_enum(declared: &EnumDescriptorProto, path: Vec<i32>, paths: &mut Vec<Vec<i32>>) {
    for (index, value) in (0..).zip(&declared.value) {
        if value.options.as_option().and_then(|options| options.deprecated) == Some(true) {
            paths.push([path.as_slice(), &[number::ENUM_VALUE, index]].concat());
        }
    }
    if declared.options.as_option().and_then(|options| options.deprecated) == Some(true) {
        paths.push(path);
    }
}

/// Exchanges marks for attributes.
pub(crate) fn apply(file: &mut syn::File) {
    Apply.visit_file_mut(file);
}

struct Apply;

impl VisitMut for Apply {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        while let Some(at) =
            attributes.iter().position(|attribute| docs::text(attribute).is_some_and(|text| text.trim() == MARK))
        {
            attributes.remove(at);
            // The blank line that led to it, or, where it was the first, the one behind it.
            let blank =
                at.checked_sub(1).into_iter().chain([at]).find(|line| attributes.get(*line).is_some_and(is_blank));
            if let Some(line) = blank {
                attributes.remove(line);
            }
            if !attributes.iter().any(|attribute| attribute.path().is_ident("deprecated")) {
                attributes.push(parse_quote!(#[deprecated]));
            }
        }
    }
}

fn is_blank(attribute: &Attribute) -> bool {
    docs::text(attribute).is_some_and(|text| text.trim().is_empty())
}
