//! All streams of a connection, found by slot or by number, and the line of those that have something to send.

use std::collections::VecDeque;

use super::config::Role;
use super::event::StreamKey;
use super::index::Index;
use super::state::State;
use super::stream::Stream;

/// The streams of one connection.
#[derive(Debug)]
pub(super) struct Streams {
    role: Role,
    slots: Vec<Option<Stream>>,
    free: Vec<u32>,
    by_id: Index,
    /// The number of the next stream that this side opens.
    next_local: u32,
    /// The largest number that the peer has used.
    last_remote: u32,
    local: usize,
    remote: usize,
    /// Stretches of numbers that the peer passed over, first and last.
    skipped: VecDeque<(u32, u32)>,
    /// Numbers of streams that this side reset a short while ago: what the peer sent before it knew is ignored.
    reset: VecDeque<u32>,
    /// Slots of streams that can send, in the order of their turns.
    pub(super) line: VecDeque<u32>,
}

/// What a stream number means on this connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It has a stream.
    Known(StreamKey),
    /// It was never opened.
    Idle,
    /// This side reset it a short while ago.
    Reset,
    /// It is over.
    Closed,
}

impl Streams {
    /// No streams; a client's first one will be `first`.
    pub(super) fn new(role: Role, first: u32) -> Self {
        let next_local = match role {
            Role::Client => first,
            Role::Server => 2,
        };
        Self {
            role,
            slots: Vec::new(),
            free: Vec::new(),
            by_id: Index::default(),
            next_local,
            last_remote: 0,
            local: 0,
            remote: 0,
            skipped: VecDeque::new(),
            reset: VecDeque::new(),
            line: VecDeque::new(),
        }
    }

    /// Whether `id` is one that this side opens.
    pub(super) fn is_local(&self, id: u32) -> bool {
        //= RFC 9113 §5.1.1: clients open odd streams, servers even ones
        (id % 2 == 1) == (self.role == Role::Client)
    }

    /// Takes the next number for a stream of this side; `None` when all are used.
    pub(super) fn next_id(&mut self) -> Option<u32> {
        //= RFC 9113 §5.1.1: every new stream has a larger number than all before it
        let id = self.next_local;
        (id <= LAST_ID).then(|| {
            self.next_local = id + 2;
            id
        })
    }

    /// Remembers that the peer used `id`.
    pub(super) fn note_remote(&mut self, id: u32) {
        let next = if self.last_remote == 0 { 2 - id % 2 } else { self.last_remote + 2 };
        if id > next {
            if self.skipped.len() == SKIPS_REMEMBERED {
                self.skipped.pop_front();
            }
            self.skipped.push_back((next, id - 2));
        }
        self.last_remote = self.last_remote.max(id);
    }

    /// Whether the peer passed over `id`: such a number was never opened, and never can be. Old ones are forgotten.
    pub(super) fn was_skipped(&self, id: u32) -> bool {
        self.skipped.iter().any(|(first, last)| (*first..=*last).contains(&id))
    }

    pub(super) fn last_remote(&self) -> u32 {
        self.last_remote
    }

    /// Puts a new stream in a free slot.
    pub(super) fn insert(&mut self, id: u32, make: impl FnOnce(StreamKey) -> Stream) -> StreamKey {
        let slot = self.free.pop().unwrap_or_else(|| {
            // Most connections have one stream at a time.
            self.slots.reserve_exact(usize::from(self.slots.is_empty()));
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        let key = StreamKey { slot, id };
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = Some(make(key));
        }
        self.by_id.insert(key);
        *self.count(id) += 1;
        key
    }

    /// Frees the slot of a stream, if it has one.
    pub(super) fn remove(&mut self, key: StreamKey) -> bool {
        let slot = self.slots.get_mut(key.slot as usize);
        let Some(slot) = slot.filter(|slot| slot.as_ref().is_some_and(|stream| stream.key == key)) else {
            return false;
        };
        let in_line = slot.as_ref().is_some_and(|stream| stream.send.in_line);
        *slot = None;
        self.by_id.remove(key.id);
        self.free.push(key.slot);
        if in_line {
            // The slot's next stream has no claim to this turn, and turns of the dead must not pile up.
            self.line.retain(|&slot| slot != key.slot);
        }
        *self.count(key.id) -= 1;
        true
    }

    fn count(&mut self, id: u32) -> &mut usize {
        if self.is_local(id) { &mut self.local } else { &mut self.remote }
    }

    pub(super) fn get(&self, key: StreamKey) -> Option<&Stream> {
        self.at(key.slot).filter(|stream| stream.key == key)
    }

    pub(super) fn get_mut(&mut self, key: StreamKey) -> Option<&mut Stream> {
        self.slots.get_mut(key.slot as usize)?.as_mut().filter(|stream| stream.key == key)
    }

    fn at(&self, slot: u32) -> Option<&Stream> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// The key of the stream in a slot.
    pub(super) fn key_at(&self, slot: u32) -> Option<StreamKey> {
        self.at(slot).map(|stream| stream.key)
    }

    /// What the number means.
    pub(super) fn standing(&self, id: u32) -> Standing {
        if let Some(key) = self.by_id.get(id) {
            return Standing::Known(key);
        }
        let is_idle = if self.is_local(id) { id >= self.next_local } else { id > self.last_remote };
        match is_idle {
            true => Standing::Idle,
            false if self.reset.contains(&id) => Standing::Reset,
            false => Standing::Closed,
        }
    }

    /// Remembers that this side reset `id`.
    pub(super) fn note_reset(&mut self, id: u32) {
        if self.reset.len() == RESETS_REMEMBERED {
            self.reset.pop_front();
        }
        self.reset.push_back(id);
    }

    /// Puts a stream that can send at the end of the line, once.
    pub(super) fn queue(&mut self, key: StreamKey) {
        let Some(stream) = self.get_mut(key) else { return };
        if !stream.send.in_line && stream.send.is_ready() {
            stream.send.in_line = true;
            self.line.push_back(key.slot);
        }
    }

    /// Keys of all streams.
    pub(super) fn keys(&self) -> Vec<StreamKey> {
        self.slots.iter().flatten().map(|stream| stream.key).collect()
    }

    /// All streams.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Stream> {
        self.slots.iter_mut().flatten()
    }

    /// Streams that this side opened and that still have their slot.
    pub(super) fn local(&self) -> usize {
        self.local
    }

    /// Streams that the peer opened and that still have their slot.
    pub(super) fn remote(&self) -> usize {
        self.remote
    }

    /// Streams that the peer opened and that are not closed.
    pub(super) fn open_remote(&self) -> usize {
        let open = |stream: &&Stream| stream.state != State::Closed && !self.is_local(stream.key.id);
        self.slots.iter().flatten().filter(open).count()
    }

    /// Slots, used and free.
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Numbers, and stretches of them, that are remembered though they have no stream.
    pub(super) fn remembered(&self) -> usize {
        self.reset.len() + self.skipped.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.local + self.remote == 0
    }

    /// How many streams this side can still open by its numbers.
    pub(super) fn ids_left(&self) -> usize {
        if self.next_local > LAST_ID { 0 } else { (LAST_ID - self.next_local) as usize / 2 + 1 }
    }
}

/// The largest stream number, 2^31-1 (RFC 9113 §5.1.1).
const LAST_ID: u32 = (1 << 31) - 1;
/// Resets of this side that are remembered. More than a peer can have on the wire before it knows of them, with the
/// default of 100 streams.
const RESETS_REMEMBERED: usize = 256;

/// Stretches of numbers passed over that are remembered. Behind them only the code of the connection error differs.
const SKIPS_REMEMBERED: usize = 16;

#[cfg(test)]
mod tests {
    use super::super::flow::Credit;
    use super::*;

    fn stream(key: StreamKey) -> Stream {
        Stream::new(key, 10, Credit::new(10, 10))
    }

    #[test]
    fn slots_are_used_again_and_numbers_are_not() {
        let mut streams = Streams::new(Role::Client, 1);
        let first = streams.next_id().map(|id| streams.insert(id, stream)).unwrap();
        assert_eq!((first.id, first.slot, streams.local(), streams.remote()), (1, 0, 1, 0));
        assert!(streams.remove(first) && !streams.remove(first));
        let second = streams.next_id().map(|id| streams.insert(id, stream)).unwrap();
        assert_eq!((second.id, second.slot), (3, 0));
        assert!(streams.get(first).is_none() && streams.get(second).is_some());
    }

    #[test]
    fn a_number_is_idle_until_used_and_closed_afterwards() {
        let mut streams = Streams::new(Role::Server, 1);
        assert_eq!(streams.standing(5), Standing::Idle);
        streams.note_remote(5);
        assert_eq!(streams.standing(3), Standing::Closed, "lower numbers are closed implicitly");
        let key = streams.insert(5, stream);
        assert_eq!(streams.standing(5), Standing::Known(key));
        streams.remove(key);
        streams.note_reset(5);
        assert_eq!(streams.standing(5), Standing::Reset);
        assert_eq!(streams.standing(2), Standing::Idle, "this side never opened it");
    }

    #[test]
    fn numbers_that_were_passed_over_are_told_apart_from_used_ones() {
        let mut streams = Streams::new(Role::Server, 1);
        [1, 3, 9, 11].into_iter().for_each(|id| streams.note_remote(id));
        let skipped: Vec<u32> = (1..=13).step_by(2).filter(|id| streams.was_skipped(*id)).collect();
        assert_eq!(skipped, [5, 7]);
        let mut streams = Streams::new(Role::Server, 1);
        streams.note_remote(3);
        assert!(streams.was_skipped(1) && !streams.was_skipped(3));
        (0..1_000).for_each(|turn| streams.note_remote(5 + 4 * turn));
        assert_eq!(streams.skipped.len(), SKIPS_REMEMBERED);
        assert!(!streams.was_skipped(1) && streams.was_skipped(4 * 999 + 3));
    }

    #[test]
    fn only_so_many_resets_are_remembered() {
        let mut streams = Streams::new(Role::Server, 1);
        streams.note_remote(u32::MAX / 2);
        for id in 0..=u32::try_from(RESETS_REMEMBERED).unwrap() {
            streams.note_reset(2 * id + 1);
        }
        assert_eq!(streams.standing(1), Standing::Closed);
        assert_eq!(streams.standing(3), Standing::Reset);
    }

    #[test]
    fn numbers_run_out_and_nothing_wraps() {
        let mut streams = Streams::new(Role::Client, 1);
        streams.next_local = LAST_ID;
        assert_eq!(streams.ids_left(), 1);
        assert_eq!(streams.next_id(), Some(LAST_ID));
        assert_eq!(streams.next_id(), None);
        assert_eq!(streams.ids_left(), 0);
        assert_eq!(Streams::new(Role::Client, 1).ids_left(), 1 << 30);
    }

    #[test]
    fn a_stream_stands_in_line_once_and_only_when_it_can_send() {
        let mut streams = Streams::new(Role::Client, 1);
        let key = streams.insert(1, stream);
        streams.queue(key);
        assert!(streams.line.is_empty());
        streams.get_mut(key).unwrap().send.queued = 1;
        streams.queue(key);
        streams.queue(key);
        assert_eq!(streams.line, [0]);
    }
}
