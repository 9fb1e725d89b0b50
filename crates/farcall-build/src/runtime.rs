//! Points generated code at the runtime that a user's crate really has.
//!
//! buffa's output names `::buffa`, a crate that no user of farcall lists; `farcall_protobuf` passes it on. The rewrite is done
//! on the syntax tree, so that a module, a field or a text of the same name is never touched.

use proc_macro2::{Group, Ident, Spacing, Span, TokenStream, TokenTree};
use quote::quote;
use syn::visit_mut::{self, VisitMut};

/// The crates that generated messages may name.
const RUNTIMES: [&str; 2] = ["buffa", "buffa_types"];

/// Where they are for a user.
const HOME: [&str; 2] = ["farcall_protobuf", "__private"];

/// Rewrites every absolute path into a runtime crate.
pub(crate) fn redirect(file: &mut syn::File) {
    Redirect.visit_file_mut(file);
}

struct Redirect;

fn is_runtime(ident: &Ident) -> bool {
    RUNTIMES.iter().any(|runtime| ident == runtime)
}

impl Redirect {
    /// How many segments were put in front.
    fn path(path: &mut syn::Path) -> usize {
        let found = path.leading_colon.is_some() && path.segments.first().is_some_and(|first| is_runtime(&first.ident));
        if !found {
            return 0;
        }
        for name in HOME.iter().rev() {
            path.segments.insert(0, Ident::new(name, Span::call_site()).into());
        }
        HOME.len()
    }

    fn qualified(qself: Option<&mut syn::QSelf>, path: &mut syn::Path) {
        let added = Self::path(path);
        if let Some(qself) = qself {
            qself.position += added;
        }
    }
}

impl VisitMut for Redirect {
    fn visit_type_path_mut(&mut self, node: &mut syn::TypePath) {
        Self::qualified(node.qself.as_mut(), &mut node.path);
        visit_mut::visit_type_path_mut(self, node);
    }

    fn visit_expr_path_mut(&mut self, node: &mut syn::ExprPath) {
        Self::qualified(node.qself.as_mut(), &mut node.path);
        visit_mut::visit_expr_path_mut(self, node);
    }

    // Whatever was rewritten above no longer begins with a runtime, and is passed over here.
    fn visit_path_mut(&mut self, node: &mut syn::Path) {
        Self::path(node);
        visit_mut::visit_path_mut(self, node);
    }

    fn visit_item_use_mut(&mut self, node: &mut syn::ItemUse) {
        let syn::UseTree::Path(first) = &node.tree else { return };
        if node.leading_colon.is_some() && is_runtime(&first.ident) {
            for name in HOME.iter().rev() {
                node.tree = syn::UseTree::Path(syn::UsePath {
                    ident: Ident::new(name, Span::call_site()),
                    colon2_token: syn::token::PathSep::default(),
                    tree: Box::new(node.tree.clone()),
                });
            }
        }
    }

    fn visit_macro_mut(&mut self, node: &mut syn::Macro) {
        node.tokens = redirect_tokens(node.tokens.clone());
        visit_mut::visit_macro_mut(self, node);
    }
}

/// The arguments of a macro have no syntax tree: there `::buffa` is a runtime unless a name stands before it.
fn redirect_tokens(tokens: TokenStream) -> TokenStream {
    let [home, private] = HOME.map(|name| Ident::new(name, Span::call_site()));
    let mut out = TokenStream::new();
    let mut colons = 0;
    let mut after_name = false;
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                out.extend([TokenTree::Group(Group::new(group.delimiter(), redirect_tokens(group.stream())))]);
                (colons, after_name) = (0, false);
            }
            TokenTree::Ident(ident) => {
                if colons == 2 && !after_name && is_runtime(&ident) {
                    out.extend(quote!(#home::#private::));
                }
                out.extend([TokenTree::Ident(ident)]);
                (colons, after_name) = (0, true);
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => {
                // One colon alone ends a name (`field: ::buffa::…`); two in one belong to the path.
                if colons == 0 && punct.spacing() == Spacing::Alone {
                    after_name = false;
                } else {
                    colons += 1;
                }
                out.extend([TokenTree::Punct(punct)]);
            }
            other => {
                out.extend([other]);
                (colons, after_name) = (0, false);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::ToTokens;

    fn redirected(source: &str) -> String {
        let mut file: syn::File = syn::parse_str(source).expect("the test's source is Rust");
        redirect(&mut file);
        file.into_token_stream().to_string().replace(' ', "")
    }

    #[test]
    fn absolute_paths_are_redirected_wherever_they_stand() {
        let source = "use ::buffa::Enumeration as _; fn f(a: ::buffa::Tag) -> ::buffa_types::X { let y: bool = a > ::buffa::LIMIT; ::buffa::f::<::buffa::T>() }";
        let text = redirected(source);
        assert_eq!(text.matches("::farcall_protobuf::__private::buffa").count(), 6, "{text}");
        assert_eq!(text.matches("::buffa").count(), 6, "{text}");
    }

    #[test]
    fn a_qualified_path_keeps_its_type() {
        assert_eq!(
            redirected("type A = <B as ::buffa::Message>::Item;"),
            "typeA=<Bas::farcall_protobuf::__private::buffa::Message>::Item;"
        );
    }

    #[test]
    fn the_arguments_of_a_macro_are_redirected() {
        assert_eq!(
            redirected("::buffa::m!(a, b: ::buffa::X, c::buffa::Y);"),
            "::farcall_protobuf::__private::buffa::m!(a,b:::farcall_protobuf::__private::buffa::X,c::buffa::Y);"
        );
    }

    #[test]
    fn what_only_looks_alike_is_left_alone() {
        let source = "mod buffa { pub const TEXT: &str = \"::buffa::X\"; } fn f() -> super::buffa::A { buffa::g() }";
        assert_eq!(redirected(source), source.replace(' ', ""));
    }
}
