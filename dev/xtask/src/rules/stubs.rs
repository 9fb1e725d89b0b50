//! Nothing unfinished on main: no marks for later, no stubs, no ignored tests, no dead code that is allowed to be.

use crate::breach::Breach;
use crate::source::SourceFile;
use crate::tokens;
use crate::tree::Tree;

/// The name of the rule.
pub const NAME: &str = "stubs";

/// Marks in comments; put together here, so that this file does not breach its own rule.
const MARKS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
/// Macros that stand for code that is missing.
const MACROS: [&str; 2] = ["todo", "unimplemented"];
/// Lints that hide dead code where they are allowed.
const DEAD: [&str; 4] = ["dead_code", "unused", "unused_imports", "warnings"];

/// Finds stubs of every kind, in tests too.
pub fn check(tree: &Tree) -> Vec<Breach> {
    tree.sources.iter().filter(|source| !source.is_generated()).flat_map(in_file).collect()
}

fn in_file(source: &SourceFile) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut add = |line, what, remedy| {
        breaches.push(Breach { rule: NAME, file: source.path.clone(), line, what, remedy });
    };
    let readable = tokens::without_literals(&source.text, &source.tokens);
    for (at, line) in readable.lines().enumerate() {
        for mark in line.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| MARKS.contains(word)) {
            add(at + 1, format!("a mark `{mark}`"), "do it, or write an issue");
        }
    }
    for mention in tokens::mentions(&source.tokens).iter().filter(|mention| mention.arguments.is_some()) {
        if let Some(name) = mention.segments.last().filter(|name| MACROS.contains(&name.as_str())) {
            add(mention.line, format!("a stub `{name}!`"), "write the code, or leave the item out");
        }
    }
    for attribute in tokens::attributes(&source.tokens).iter().filter(|attribute| !attribute.is_doc()) {
        let words = tokens::mentions(&attribute.tokens);
        if words.iter().any(|word| word.is(&["ignore"])) {
            add(attribute.line, "an ignored test".into(), "make it pass, or delete it");
        }
        let allows = words.iter().any(|word| word.is(&["allow"]) || word.is(&["expect"]));
        if let Some(lint) = words.iter().find(|word| allows && DEAD.iter().any(|lint| word.is(&[lint]))) {
            add(attribute.line, format!("`{}` is allowed", lint.segments.join("::")), "delete what is not used");
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::sketch::tree;

    fn found(code: &str) -> Vec<(usize, String)> {
        check(&tree(&[("crates/x/src/a.rs", code)])).into_iter().map(|breach| (breach.line, breach.what)).collect()
    }

    #[test]
    fn finished_code_passes() {
        let mark = MARKS[0];
        let code = format!(
            "//! A list of things, methods and mastodons.\nconst A: &str = \"{mark}\";\n#[allow(clippy::too_many_arguments)]\nfn f() {{ ignore(); }}\n"
        );
        assert_eq!(found(&code), []);
        assert_eq!(found("fn f() { quote! { #[allow(dead_code)] mod a {} } }"), [], "code for users is theirs");
    }

    #[test]
    fn marks_are_found_in_comments_and_documentation() {
        for mark in MARKS {
            assert_eq!(found(&format!("\n// {mark}: later\n")), [(2, format!("a mark `{mark}`"))]);
            assert_eq!(found(&format!("/// {mark}(me) later\nfn f() {{}}\n")), [(1, format!("a mark `{mark}`"))]);
        }
    }

    #[test]
    fn stubs_are_found_in_tests_and_macros_too() {
        assert_eq!(found("fn f() {\n    todo!()\n}"), [(2, "a stub `todo!`".to_owned())]);
        assert_eq!(found("#[cfg(test)]\nmod tests { fn f() { std::unimplemented!(\"x\") } }").len(), 1);
        assert_eq!(found("macro_rules! m { () => { todo!() }; }").len(), 1);
    }

    #[test]
    fn ignored_tests_are_found() {
        assert_eq!(found("#[test]\n#[ignore]\nfn f() {}"), [(2, "an ignored test".to_owned())]);
        assert_eq!(found("#[ignore = \"slow\"]\nfn f() {}").len(), 1);
        assert_eq!(found("#[cfg_attr(unix, ignore)]\nfn f() {}").len(), 1);
    }

    #[test]
    fn dead_code_that_is_allowed_is_found() {
        assert_eq!(found("#![allow(dead_code)]\nfn f() {}"), [(1, "`dead_code` is allowed".to_owned())]);
        assert_eq!(found("#[expect(unused)]\nfn f() {}").len(), 1);
        assert_eq!(found("#[cfg_attr(test, allow(dead_code))]\nfn f() {}").len(), 1);
    }
}
