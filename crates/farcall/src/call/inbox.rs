//! Received messages in their order, the first without an allocation: most calls never hold a second one.

use std::collections::VecDeque;

use farcall_wire::grpc::Message;

/// A message, and the flow-control credit in bytes that it holds.
pub(crate) type Item = (Message, u32);

/// A queue; where `first` is empty, `rest` is too.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    first: Option<Item>,
    rest: VecDeque<Item>,
}

impl Inbox {
    pub(crate) fn push_back(&mut self, item: Item) {
        match &self.first {
            None => self.first = Some(item),
            Some(_) => self.rest.push_back(item),
        }
    }

    pub(crate) fn pop_front(&mut self) -> Option<Item> {
        std::mem::replace(&mut self.first, self.rest.pop_front())
    }

    pub(crate) fn clear(&mut self) {
        // Where nothing came, nothing is left behind.
        if self.first.is_some() {
            *self = Self::default();
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Item> {
        self.first.iter().chain(&self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(credit: u32) -> Item {
        (Message { compressed: false, payload: Default::default(), wire_len: 5 }, credit)
    }

    #[test]
    fn messages_leave_in_their_order_whenever_they_come() {
        let mut inbox = Inbox::default();
        let mut left = Vec::new();
        (0..3).for_each(|credit| inbox.push_back(item(credit)));
        left.extend(inbox.pop_front().map(|(_, credit)| credit));
        inbox.push_back(item(3));
        assert_eq!((inbox.len(), inbox.iter().map(|(_, credit)| credit).sum::<u32>()), (3, 6));
        left.extend(std::iter::from_fn(|| inbox.pop_front()).map(|(_, credit)| credit));
        assert_eq!(left, [0, 1, 2, 3]);
        assert!(inbox.is_empty());
        inbox.push_back(item(4));
        inbox.clear();
        assert!(inbox.pop_front().is_none());
    }
}
