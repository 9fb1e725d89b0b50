//! Walls within a crate: `wire::h2` never imports `wire::grpc`, so that it can be cut out by moving it.

use crate::breach::Breach;
use crate::tokens;
use crate::tree::Tree;

/// The name of the rule.
pub const NAME: &str = "rooms";

/// The room, and what it must not know.
const ROOM: &str = "crates/farcall-wire/src/h2";
const ROOT: &str = "crates/farcall-wire/src/h2.rs";
const FORBIDDEN: &str = "grpc";

/// Finds paths into the neighbouring room, in tests too.
pub fn check(tree: &Tree) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for source in tree.below(ROOM).chain(tree.sources.iter().filter(|source| source.path == ROOT)) {
        for mention in tokens::mentions(&source.tokens) {
            let leads_out =
                mention.segments.iter().any(|one| one == "crate" || one == "super" || one == "farcall_wire");
            if leads_out && mention.segments.iter().any(|one| one == FORBIDDEN) {
                breaches.push(Breach {
                    rule: NAME,
                    file: source.path.clone(),
                    line: mention.line,
                    what: format!("HTTP/2 imports `{}`", mention.segments.join("::")),
                    remedy: "move what both need beside the two rooms, or pass it in",
                });
            }
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::sketch::tree;

    fn found(path: &str, code: &str) -> usize {
        check(&tree(&[(path, code)])).len()
    }

    #[test]
    fn http2_that_minds_its_own_business_passes() {
        let code = "use crate::error::Fault;\nuse super::window::Window;\nfn grpc() { grpc(); }\n";
        assert_eq!(found("crates/farcall-wire/src/h2/stream.rs", code), 0);
    }

    #[test]
    fn http2_that_imports_grpc_does_not() {
        for code in
            ["use crate::grpc::Code;", "use crate::{error::Fault, grpc};", "fn f() { super::super::grpc::Code::Ok; }"]
        {
            assert_eq!(found("crates/farcall-wire/src/h2/stream.rs", code), 1, "{code}");
        }
        assert_eq!(found("crates/farcall-wire/src/h2.rs", "use crate::grpc::Code;"), 1);
    }

    #[test]
    fn grpc_may_import_http2() {
        assert_eq!(found("crates/farcall-wire/src/grpc/call.rs", "use crate::h2::Event;\nuse crate::grpc::Code;"), 0);
    }
}
