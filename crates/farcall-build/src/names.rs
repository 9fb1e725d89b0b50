//! Rust names for protobuf names, and names that nothing else has taken.

use std::collections::BTreeSet;

use buffa_codegen::idents;
use proc_macro2::Ident;
use quote::format_ident;

/// `GetUser`, `getUser` and `get_user` as `get_user`; `HTTPGet` as `http_get`.
pub(crate) fn snake_case(name: &str) -> String {
    idents::to_shouty_snake_case(name).to_lowercase()
}

/// `GetUser` as `GET_USER`.
pub(crate) fn shouty_case(name: &str) -> String {
    idents::to_shouty_snake_case(name)
}

/// An identifier, raw (`r#type`) or with a `_` behind it (`self_`) where Rust has taken the word.
pub(crate) fn ident(name: &str) -> Ident {
    // A name in protobuf, a pattern in Rust.
    if name == "_" { format_ident!("__") } else { idents::make_field_ident(name) }
}

/// The names that are used in one scope.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    taken: BTreeSet<String>,
}

impl Scope {
    pub(crate) fn take(&mut self, name: impl Into<String>) {
        self.taken.insert(name.into());
    }

    /// `wanted`, with as many `_` behind it as it takes to be new here.
    pub(crate) fn fresh(&mut self, wanted: &str) -> Ident {
        let mut name = ident(wanted);
        while !self.taken.insert(name.to_string()) {
            name = format_ident!("{}_", name);
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_names_become_snake_case() {
        for (proto, rust) in
            [("GetUser", "get_user"), ("getUser", "get_user"), ("HTTPGet", "http_get"), ("V2Echo", "v2_echo")]
        {
            assert_eq!(snake_case(proto), rust);
        }
    }

    #[test]
    fn words_of_the_language_are_escaped() {
        assert_eq!(ident("type").to_string(), "r#type");
        assert_eq!(ident("self").to_string(), "self_");
    }

    #[test]
    fn a_name_that_is_taken_gets_an_underscore() {
        let mut scope = Scope::default();
        assert_eq!(scope.fresh("move").to_string(), "r#move");
        assert_eq!(scope.fresh("move").to_string(), "move_");
        assert_eq!(scope.fresh("get").to_string(), "get");
        assert_eq!(scope.fresh("get").to_string(), "get_");
        assert_eq!(scope.fresh("get").to_string(), "get__");
    }
}
