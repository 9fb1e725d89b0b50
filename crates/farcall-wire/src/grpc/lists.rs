//! The header lists that calls have in common, prepared once for all of them: what a client asks of a method, what a
//! server begins and ends a reply with.
//!
//! Timeouts and metadata differ from call to call and are not here. What the fields are is `head_writing`'s business.

use std::collections::VecDeque;

use super::{Encoding, ReplyEnd, RequestHead, head_writing};
use crate::h2::{Fields, Prepared};

/// The lists of one connection.
#[derive(Debug, Default)]
pub(super) struct Lists {
    targets: Few<Target, METHODS>,
    definitions: Few<Definition, SORTS>,
    replies: Few<Reply, SORTS>,
    ok: Option<Prepared>,
}

/// What stands before the timeout of a request.
#[derive(Debug)]
struct Target {
    secure: bool,
    path: String,
    authority: String,
}

/// What stands behind it.
#[derive(Debug)]
struct Definition {
    encoding: Encoding,
    subtype: String,
    user_agent: String,
}

/// What a reply begins with.
#[derive(Debug)]
struct Reply {
    encoding: Encoding,
    subtype: String,
}

impl Lists {
    /// What stands before and behind the timeout of a request.
    pub(super) fn request(&mut self, head: &RequestHead, accept: &[u8]) -> (&mut Prepared, &mut Prepared) {
        let target = self.targets.find(
            |known| {
                known.secure == head.secure && same(&known.path, &head.path) && same(&known.authority, &head.authority)
            },
            |fields| {
                head_writing::target(head, fields);
                Target { secure: head.secure, path: head.path.clone(), authority: head.authority.clone() }
            },
        );
        let definition = self.definitions.find(
            |known| {
                known.encoding == head.encoding
                    && same(&known.subtype, &head.subtype)
                    && same(&known.user_agent, &head.user_agent)
            },
            |fields| {
                head_writing::definition(head, accept, fields);
                let (subtype, user_agent) = (head.subtype.clone(), head.user_agent.clone());
                Definition { encoding: head.encoding, subtype, user_agent }
            },
        );
        (target, definition)
    }

    /// What a reply begins with, without metadata.
    pub(super) fn reply(&mut self, encoding: Encoding, subtype: &str, accept: &[u8]) -> &mut Prepared {
        self.whole_reply(encoding, subtype, accept).0
    }

    /// What a reply begins with, and what it ends with when it goes well, both without metadata.
    pub(super) fn whole_reply(
        &mut self,
        encoding: Encoding,
        subtype: &str,
        accept: &[u8],
    ) -> (&mut Prepared, &mut Prepared) {
        let head = self.replies.find(
            |known| known.encoding == encoding && same(&known.subtype, subtype),
            |fields| {
                head_writing::reply_head(encoding, subtype, accept, fields);
                Reply { encoding, subtype: subtype.to_owned() }
            },
        );
        (head, plain_ok(&mut self.ok))
    }

    /// The trailers of a call that went well, without metadata.
    pub(super) fn ok(&mut self) -> &mut Prepared {
        plain_ok(&mut self.ok)
    }
}

fn plain_ok(ok: &mut Option<Prepared>) -> &mut Prepared {
    ok.get_or_insert_with(|| {
        let mut fields = Fields::new();
        head_writing::trailers(&ReplyEnd::OK, &mut fields);
        Prepared::new(fields)
    })
}

/// Whether two texts are equal. Empty ones are not compared: they lie nowhere, and `memcmp` with wide registers takes a
/// hundred cycles to find out that nothing is to be loaded from there.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && (one.is_empty() || one == other)
}

/// At most `N` lists, found by what they say. The one that was used last is at hand; the one that was not used for the
/// longest time makes room.
#[derive(Debug)]
struct Few<K, const N: usize> {
    last: Option<(K, Prepared)>,
    others: VecDeque<(K, Prepared)>,
}

impl<K, const N: usize> Few<K, N> {
    /// The list for which `is_same` holds, or else the one that `write` writes.
    fn find(&mut self, is_same: impl Fn(&K) -> bool, write: impl FnOnce(&mut Fields) -> K) -> &mut Prepared {
        if self.last.as_ref().is_none_or(|(key, _)| !is_same(key)) {
            let place = self.others.iter().position(|(key, _)| is_same(key));
            let found = place.and_then(|place| self.others.remove(place));
            if self.others.len() + 1 >= N {
                self.others.pop_back();
            }
            let last = std::mem::replace(&mut self.last, found);
            if let Some(last) = last.filter(|(_, list)| list.list_size() <= LARGEST) {
                self.others.push_front(last);
            }
        }
        let entry = self.last.get_or_insert_with(|| {
            let mut fields = Fields::new();
            (write(&mut fields), Prepared::new(fields))
        });
        &mut entry.1
    }
}

impl<K, const N: usize> Default for Few<K, N> {
    fn default() -> Self {
        Self { last: None, others: VecDeque::new() }
    }
}

/// Bytes of a list, as RFC 9113 §6.5.2 counts, that is kept for its next time: a peer can choose what a reply repeats.
const LARGEST: usize = 1_024;
/// Methods whose requests are prepared, on one connection of a client.
const METHODS: usize = 8;
/// Combinations of compression and content-type.
const SORTS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::h2::Indexing;

    fn few() -> Few<u32, 3> {
        Few::default()
    }

    /// Whether the list had to be written.
    fn is_written(few: &mut Few<u32, 3>, number: u32) -> bool {
        let mut written = false;
        few.find(
            |key| *key == number,
            |fields| {
                written = true;
                fields.push(b"number", number.to_string().as_bytes(), Indexing::Index);
                number
            },
        );
        written
    }

    #[test]
    fn a_list_is_written_once_while_it_is_used() {
        let mut few = few();
        assert!([1, 2, 3].into_iter().all(|number| is_written(&mut few, number)));
        assert!(![1, 3, 2, 2, 1].into_iter().any(|number| is_written(&mut few, number)));
    }

    #[test]
    fn no_more_than_so_many_are_kept_and_the_least_used_makes_room() {
        let mut few = few();
        [1, 2, 3, 1, 4].into_iter().for_each(|number| _ = is_written(&mut few, number));
        assert_eq!(few.others.len() + 1, 3);
        assert!(!is_written(&mut few, 1) && !is_written(&mut few, 3) && !is_written(&mut few, 4));
        assert!(is_written(&mut few, 2), "it was not used for the longest time");
    }

    #[test]
    fn long_lists_are_not_kept() {
        let mut lists = Lists::default();
        for number in 0..10 {
            lists.reply(Encoding::Identity, &format!("{number}{}", "x".repeat(16_000)), b"");
        }
        assert!(lists.replies.others.is_empty());
    }

    #[test]
    fn requests_differ_by_everything_that_they_say() {
        let mut lists = Lists::default();
        let head = RequestHead { path: "/a.B/C".into(), ..RequestHead::default() };
        let others = [
            RequestHead { path: "/a.B/D".into(), ..head.clone() },
            RequestHead { authority: "host".into(), ..head.clone() },
            RequestHead { secure: true, ..head.clone() },
            RequestHead { encoding: Encoding::Gzip, ..head.clone() },
            RequestHead { subtype: "proto".into(), ..head.clone() },
            RequestHead { user_agent: "me".into(), ..head.clone() },
        ];
        let mut seen = Vec::new();
        for head in std::iter::once(&head).chain(&others).chain(std::iter::once(&head)) {
            let (target, definition) = lists.request(head, b"");
            seen.push(format!("{target:?}{definition:?}"));
        }
        assert_eq!(seen.first(), seen.last());
        seen.pop();
        let count = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), count);
    }
}
