//! What the tokens of a file mention: paths, macros, attributes, literals; inside the bodies of macros too.
//!
//! No rule is decided here. Tokens are read instead of syntax where a rule must see through `macro_rules!` and `use`
//! trees alike; a string literal mentions nothing.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// A path as it was written, with the groups of `use` trees spread out: `std::io::{Read, Write}` is two mentions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The segments, without generic arguments.
    pub segments: Vec<String>,
    /// The line of its last segment, from 1.
    pub line: usize,
    /// What a macro is called with, where the path is followed by `!`.
    pub arguments: Option<String>,
}

impl Mention {
    /// Whether the segments `wanted` stand next to each other in the path.
    pub fn contains(&self, wanted: &[&str]) -> bool {
        self.segments.windows(wanted.len()).any(|window| window == wanted)
    }

    /// Whether the whole path is `wanted`.
    pub fn is(&self, wanted: &[&str]) -> bool {
        self.segments == wanted
    }
}

/// An attribute: the tokens between its brackets.
#[derive(Debug, Clone)]
pub struct Attribute {
    /// What stands between the brackets.
    pub tokens: TokenStream,
    /// The line of the `#`, from 1.
    pub line: usize,
}

impl Attribute {
    /// Whether it is a documentation comment, or `#[doc = "…"]`.
    pub fn is_doc(&self) -> bool {
        matches!(self.tokens.clone().into_iter().next(), Some(TokenTree::Ident(name)) if name == "doc")
    }
}

/// Macros whose bodies are code for somebody else's file.
const QUOTING: [&str; 4] = ["quote", "quote_spanned", "parse_quote", "format_tokens"];

/// Every path in `stream`, in order.
pub fn mentions(stream: &TokenStream) -> Vec<Mention> {
    let mut found = Vec::new();
    collect_mentions(stream, &[], &mut found);
    found
}

fn collect_mentions(stream: &TokenStream, prefix: &[String], found: &mut Vec<Mention>) {
    let tokens: Vec<TokenTree> = stream.clone().into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            // The name after `as` is new, or the type of a cast: it mentions nothing of the outside.
            TokenTree::Ident(word) if word == "as" => at += 2,
            // Within the braces of a `use` tree; elsewhere a star is a factor or a pointer.
            TokenTree::Punct(star) if star.as_char() == '*' && !prefix.is_empty() => {
                at = collect_path(&tokens, at, prefix, found);
            }
            TokenTree::Ident(_) => at = collect_path(&tokens, at, prefix, found),
            TokenTree::Group(group) => {
                collect_mentions(&group.stream(), prefix, found);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// Reads the path that begins at `at`, and says where the tokens after it begin.
fn collect_path(tokens: &[TokenTree], mut at: usize, prefix: &[String], found: &mut Vec<Mention>) -> usize {
    let mut segments = prefix.to_vec();
    let mut line = 0;
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(word)) => {
                segments.push(word.to_string());
                line = word.span().start().line;
            }
            Some(TokenTree::Punct(star)) if star.as_char() == '*' => {
                segments.push("*".into());
                line = star.span().start().line;
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                collect_mentions(&group.stream(), &segments, found);
                return at + 1;
            }
            _ => break,
        }
        at += 1;
        if !is_double_colon(tokens, at) {
            break;
        }
        at += 2;
    }
    let arguments = macro_arguments(tokens, at);
    let quoting = arguments.is_some() && segments.last().is_some_and(|name| QUOTING.contains(&name.as_str()));
    found.push(Mention { segments, line, arguments });
    if quoting { at + 2 } else { at }
}

fn is_double_colon(tokens: &[TokenTree], at: usize) -> bool {
    let colon = |at: usize| match tokens.get(at) {
        Some(TokenTree::Punct(punct)) if punct.as_char() == ':' => Some(punct.spacing()),
        _ => None,
    };
    colon(at) == Some(Spacing::Joint) && colon(at + 1).is_some()
}

fn macro_arguments(tokens: &[TokenTree], at: usize) -> Option<String> {
    match (tokens.get(at), tokens.get(at + 1)) {
        (Some(TokenTree::Punct(bang)), Some(TokenTree::Group(group))) if bang.as_char() == '!' => {
            Some(group.stream().to_string())
        }
        _ => None,
    }
}

/// Every attribute in `stream`, those within macros and groups too.
pub fn attributes(stream: &TokenStream) -> Vec<Attribute> {
    let mut found = Vec::new();
    collect_attributes(stream, &mut found);
    found
}

fn collect_attributes(stream: &TokenStream, found: &mut Vec<Attribute>) {
    let tokens: Vec<TokenTree> = stream.clone().into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        if is_quoted(&tokens, at) {
            continue;
        }
        let hash = tokens[..at].iter().rev().find(|token| !is_punct(token, '!'));
        match hash {
            Some(hash) if is_punct(hash, '#') && group.delimiter() == Delimiter::Bracket => {
                found.push(Attribute { tokens: group.stream(), line: hash.span().start().line });
            }
            _ => collect_attributes(&group.stream(), found),
        }
    }
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

fn is_quoted(tokens: &[TokenTree], at: usize) -> bool {
    match tokens[..at] {
        [.., TokenTree::Ident(ref name), TokenTree::Punct(ref bang)] => {
            bang.as_char() == '!' && QUOTING.iter().any(|quoting| name == quoting)
        }
        _ => false,
    }
}

/// `text` with its literals blanked, so that only code, comments and documentation are left; lines keep their places.
pub fn without_literals(text: &str, stream: &TokenStream) -> String {
    let mut bytes = text.as_bytes().to_vec();
    blank(stream, &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn blank(stream: &TokenStream, bytes: &mut [u8]) {
    let tokens: Vec<TokenTree> = stream.clone().into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Literal(literal) => {
                for byte in bytes.get_mut(literal.span().byte_range()).into_iter().flatten() {
                    if *byte != b'\n' {
                        *byte = b' ';
                    }
                }
            }
            TokenTree::Group(group) => {
                let attribute = Attribute { tokens: group.stream(), line: 0 };
                let after_hash = tokens[..at].last().is_some_and(|token| is_punct(token, '#') || is_punct(token, '!'));
                if !(after_hash && attribute.is_doc()) {
                    blank(&group.stream(), bytes);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(code: &str) -> Vec<String> {
        let stream: TokenStream = code.parse().expect("the code of a test");
        mentions(&stream).iter().map(|mention| mention.segments.join("::")).collect()
    }

    #[test]
    fn use_trees_are_spread_out() {
        assert_eq!(
            paths("use std::io::{self, Read as R, net::{TcpStream, *}};"),
            ["use", "std::io::self", "std::io::Read", "std::io::net::TcpStream", "std::io::net::*"]
        );
    }

    #[test]
    fn paths_are_seen_in_types_calls_and_macros() {
        assert_eq!(paths("a::b(c::d::<E>(), vec![f::g])"), ["a::b", "c::d", "E", "vec", "f::g"]);
    }

    #[test]
    fn strings_and_quoted_code_mention_nothing() {
        assert_eq!(paths("x(\"todo!()\"); quote!(y::z); w"), ["x", "quote", "w"]);
    }

    #[test]
    fn a_macro_keeps_its_arguments() {
        let stream: TokenStream = "cfg!(feature = \"gzip\") a != b".parse().expect("the code of a test");
        let found = mentions(&stream);
        assert_eq!(found[0].arguments.as_deref(), Some("feature = \"gzip\""));
        assert!(found.iter().skip(1).all(|mention| mention.arguments.is_none()));
    }

    #[test]
    fn attributes_are_found_wherever_they_stand() {
        let code = "#![a]\nmod m {\n #[b(c)] fn f() { m! { #[d] fn g() {} } } }\nquote! { #[e] }";
        let stream: TokenStream = code.parse().expect("the code of a test");
        let found: Vec<_> =
            attributes(&stream).iter().map(|one| (one.tokens.to_string().replace(' ', ""), one.line)).collect();
        assert_eq!(found, [("a".to_owned(), 1), ("b(c)".to_owned(), 3), ("d".to_owned(), 3)]);
    }

    #[test]
    fn literals_are_blanked_and_documentation_is_not() {
        let code = "/// doc é\nfn f() { g(\"é\nx\"); } // end";
        let stream = code.parse().expect("the code of a test");
        assert_eq!(without_literals(code, &stream), "/// doc é\nfn f() { g(   \n  ); } // end");
    }
}
