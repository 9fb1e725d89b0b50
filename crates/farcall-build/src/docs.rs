//! Comments of a contract as rustdoc: what is markup to rustdoc but was none to the author is escaped, and code is never compiled.
//!
//! Messages get theirs from buffa, which does the same; this is for services and methods.

use buffa_codegen::generated::descriptor::FileDescriptorProto;
use proc_macro2::TokenStream;
use quote::quote;

/// The comment of the element at `path` (the numbering of `SourceCodeInfo`), line by line.
pub(crate) fn comment(file: &FileDescriptorProto, path: &[i32]) -> Vec<String> {
    let Some(info) = file.source_code_info.as_option() else { return Vec::new() };
    let Some(location) = info.location.iter().find(|location| location.path == path) else { return Vec::new() };
    let detached = location.leading_detached_comments.iter().map(String::as_str);
    let parts = detached.chain(location.leading_comments.as_deref()).chain(location.trailing_comments.as_deref());
    let mut lines = Vec::new();
    for part in parts.map(|part| part.trim_matches('\n').trim_end()).filter(|part| !part.is_empty()) {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(part.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned()));
    }
    lines
}

/// `#[doc]` attributes for a comment and, below it, a paragraph of our own (which is markdown already).
pub(crate) fn attributes(comment: &[String], note: &str) -> TokenStream {
    let mut lines = Markdown::default();
    for line in comment {
        lines.push(line);
    }
    let mut lines = lines.finish();
    if !note.is_empty() {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(format!(" {note}"));
    }
    quote!(#(#[doc = #lines])*)
}

/// The text of a `#[doc = "…"]`.
pub(crate) fn text(attribute: &syn::Attribute) -> Option<String> {
    match &attribute.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// Builds doc lines, each with the space that stands behind `///`.
#[derive(Default)]
struct Markdown {
    lines: Vec<String>,
    state: State,
}

#[derive(Default)]
enum State {
    /// After a blank line or at the beginning: only here can an indented line open a code block.
    #[default]
    Blank,
    Prose,
    /// In a block that the author indented, which we have fenced.
    Indented,
    /// In a block that the author fenced, with the marker that closes it.
    Fenced(String),
}

impl Markdown {
    fn push(&mut self, line: &str) {
        let indented = line.starts_with("    ") || line.starts_with('\t');
        match &self.state {
            State::Fenced(marker) => {
                let closes =
                    line.trim().starts_with(marker.as_str()) && line.trim().chars().all(|c| marker.starts_with(c));
                self.raw(line);
                if closes {
                    self.state = State::Prose;
                }
                return;
            }
            State::Indented if indented || line.is_empty() => return self.raw(line),
            State::Indented => self.close_indented(),
            State::Blank if indented => {
                self.raw("~~~~text");
                self.state = State::Indented;
                return self.raw(line);
            }
            State::Blank | State::Prose => {}
        }
        if line.is_empty() {
            self.state = State::Blank;
            self.raw("");
        } else if let Some(marker) = fence(line) {
            self.raw(&format!("{marker}text"));
            self.state = State::Fenced(marker);
        } else {
            self.state = State::Prose;
            let text = escape(line.trim_start());
            self.raw(&text);
        }
    }

    fn raw(&mut self, line: &str) {
        self.lines.push(if line.is_empty() { String::new() } else { format!(" {line}") });
    }

    /// The blank lines between the block and what follows stay outside of it.
    fn close_indented(&mut self) {
        let code = self.lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
        self.lines.insert(code, " ~~~~".to_owned());
        self.state = State::Prose;
    }

    fn finish(mut self) -> Vec<String> {
        match std::mem::take(&mut self.state) {
            State::Indented => self.close_indented(),
            State::Fenced(marker) => self.raw(&marker),
            State::Blank | State::Prose => {}
        }
        self.lines
    }
}

/// The run of backticks or tildes that opens a code block, if the line does.
fn fence(line: &str) -> Option<String> {
    let line = line.trim_start();
    let first = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let run: String = line.chars().take_while(|c| *c == first).collect();
    (run.len() >= 3 && !line.trim_start_matches(first).contains('`')).then_some(run)
}

/// Escapes brackets and tags outside of `code`, and makes links of bare addresses.
fn escape(line: &str) -> String {
    let mut text = String::with_capacity(line.len() + 8);
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let (head, tail) = rest.split_at(token_length(rest, first));
        match first {
            '`' if head.len() > 1 || !tail.contains('`') => text.push_str(if head.len() > 1 { head } else { "\\`" }),
            'h' if head.len() > 1 => text.push_str(&format!("<{head}>")),
            '[' | ']' | '<' | '>' => {
                text.push('\\');
                text.push_str(head);
            }
            _ => text.push_str(head),
        }
        rest = tail;
    }
    text
}

/// How much of `rest` is one piece: a span of code, an address, or one character.
fn token_length(rest: &str, first: char) -> usize {
    match first {
        '`' => {
            let run = rest.len() - rest.trim_start_matches('`').len();
            let (ticks, body) = rest.split_at(run);
            body.find(ticks).map_or(1, |end| run + end + run)
        }
        'h' if rest.starts_with("http://") || rest.starts_with("https://") => {
            let end = rest.find(|c: char| c.is_whitespace() || "<>()[]\"'`".contains(c)).unwrap_or(rest.len());
            rest.split_at(end).0.trim_end_matches(['.', ',', ';', ':', '!', '?']).len()
        }
        _ => first.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(comment: &str) -> String {
        let mut lines = Markdown::default();
        for line in comment.lines() {
            lines.push(line);
        }
        lines.finish().join("\n")
    }

    #[test]
    fn brackets_and_tags_are_shown_as_written() {
        assert_eq!(rendered("see [Users] and Vec<User>"), " see \\[Users\\] and Vec\\<User\\>");
    }

    #[test]
    fn a_span_of_code_is_left_alone() {
        assert_eq!(rendered("a `Vec<[u8]>` and ``a`b``"), " a `Vec<[u8]>` and ``a`b``");
        assert_eq!(rendered("one ` alone"), " one \\` alone");
    }

    #[test]
    fn an_address_becomes_a_link() {
        assert_eq!(rendered("see https://grpc.io/a_b."), " see <https://grpc.io/a_b>.");
    }

    #[test]
    fn an_indented_block_is_fenced_as_text() {
        assert_eq!(
            rendered("for example\n\n    let a = b[0];\n\nand on"),
            " for example\n\n ~~~~text\n     let a = b[0];\n ~~~~\n\n and on"
        );
    }

    #[test]
    fn an_indented_line_of_a_paragraph_is_no_block() {
        assert_eq!(rendered("a list of\n    two things"), " a list of\n two things");
    }

    #[test]
    fn a_fenced_block_is_never_compiled_and_always_closed() {
        assert_eq!(rendered("```rust\nlet x;\n```\nafter"), " ```text\n let x;\n ```\n after");
        assert_eq!(rendered("```\nlet x;"), " ```text\n let x;\n ```");
    }
}
