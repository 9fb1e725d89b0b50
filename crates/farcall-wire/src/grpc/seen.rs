//! What header lists mean that came before: HTTP/2 gives equal ones as the same `Arc`, which is not read twice.
//!
//! One list of each kind is remembered, since most connections see one method, or one kind of reply, many times over.

use std::sync::Arc;

use super::{ReplyHead, RequestHead};
use crate::h2::Fields;

/// Lists and their meaning.
#[derive(Debug, Default)]
pub(super) struct Seen {
    request: Option<(Arc<Fields>, Arc<RequestHead>)>,
    reply: Option<(Arc<Fields>, Arc<ReplyHead>)>,
    /// Trailers that say OK and nothing else.
    ok: Option<Arc<Fields>>,
}

impl Seen {
    /// Server: the head of a request.
    pub(super) fn request(&self, fields: &Arc<Fields>) -> Option<Arc<RequestHead>> {
        meaning(&self.request, fields)
    }

    pub(super) fn note_request(&mut self, fields: &Arc<Fields>, head: &Arc<RequestHead>) {
        self.request = Some((Arc::clone(fields), Arc::clone(head)));
    }

    /// Client: the head of a reply that is gRPC and breaks no rule.
    pub(super) fn reply(&self, fields: &Arc<Fields>) -> Option<Arc<ReplyHead>> {
        meaning(&self.reply, fields)
    }

    pub(super) fn note_reply(&mut self, fields: &Arc<Fields>, head: &Arc<ReplyHead>) {
        self.reply = Some((Arc::clone(fields), Arc::clone(head)));
    }

    /// Client: whether these trailers say OK and nothing else.
    pub(super) fn is_ok(&self, fields: &Arc<Fields>) -> bool {
        self.ok.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, fields))
    }

    pub(super) fn note_ok(&mut self, fields: &Arc<Fields>) {
        self.ok = Some(Arc::clone(fields));
    }
}

fn meaning<T>(seen: &Option<(Arc<Fields>, Arc<T>)>, fields: &Arc<Fields>) -> Option<Arc<T>> {
    let (known, meaning) = seen.as_ref()?;
    Arc::ptr_eq(known, fields).then(|| Arc::clone(meaning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_known_by_itself_and_not_by_what_it_says() {
        let (list, other) = (Arc::new(Fields::new()), Arc::new(Fields::new()));
        let mut seen = Seen::default();
        assert!(seen.request(&list).is_none() && seen.reply(&list).is_none() && !seen.is_ok(&list));
        seen.note_request(&list, &Arc::new(RequestHead { path: "/a.B/C".into(), ..RequestHead::default() }));
        seen.note_reply(&list, &Arc::default());
        seen.note_ok(&list);
        assert_eq!(seen.request(&list).unwrap().path, "/a.B/C");
        assert!(seen.reply(&list).is_some() && seen.is_ok(&list));
        assert!(seen.request(&other).is_none() && seen.reply(&other).is_none() && !seen.is_ok(&other));
    }
}
