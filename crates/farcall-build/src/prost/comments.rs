//! Comments as documentation, in place of what prost would make of them: there, indented lines and fences are code to be tested.
//!
//! Each comment goes through prost as one line with a number, which is exchanged for the documentation when its output has been parsed.

use buffa_codegen::generated::descriptor::FileDescriptorProto;
use syn::Attribute;
use syn::parse::Parser;
use syn::visit_mut::VisitMut;

use crate::docs;

/// What stands before the number. No comment has it, and prost changes nothing in it.
const MARK: &str = "farcall-build-comment-f2d0a17c-";

/// The comments of a contract, by number.
#[derive(Default)]
pub(super) struct Comments {
    lines: Vec<Vec<String>>,
}

impl Comments {
    /// The file with numbers in place of its comments.
    pub(super) fn take_from(&mut self, file: &FileDescriptorProto) -> FileDescriptorProto {
        let mut numbered = file.clone();
        let Some(info) = numbered.source_code_info.as_option_mut() else { return numbered };
        for location in &mut info.location {
            let lines = docs::comment(file, &location.path);
            location.leading_detached_comments.clear();
            location.trailing_comments = None;
            location.leading_comments = None;
            if !lines.is_empty() {
                location.leading_comments = Some(format!(" {MARK}{}\n", self.lines.len()));
                self.lines.push(lines);
            }
        }
        numbered
    }

    /// Exchanges numbers for documentation.
    pub(super) fn put_into(&self, file: &mut syn::File) {
        Put { comments: self }.visit_file_mut(file);
    }

    /// The documentation for an attribute with a number.
    fn numbered(&self, attribute: &Attribute) -> Option<Vec<Attribute>> {
        let text = docs::text(attribute)?;
        let number: usize = text.trim().strip_prefix(MARK)?.parse().ok()?;
        Attribute::parse_outer.parse2(docs::attributes(self.lines.get(number)?, "")).ok()
    }
}

struct Put<'a> {
    comments: &'a Comments,
}

impl VisitMut for Put<'_> {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        let all = std::mem::take(attributes).into_iter();
        attributes.extend(all.flat_map(|one| self.comments.numbered(&one).unwrap_or_else(|| vec![one])));
    }
}
