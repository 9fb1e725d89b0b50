//! Which slot a stream's number has: a small table that consecutive numbers never collide in, and a map for the rest.
//!
//! The peer chooses its numbers, but no more of them at a time than it may have streams: whatever it chooses, the table
//! stays small and a look-up short.

use std::collections::HashMap;

use super::event::StreamKey;

/// The slots of the streams of a connection, by number.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// A power of two of places; a number's place is given by its low bits.
    near: Vec<StreamKey>,
    /// Numbers whose place was taken.
    far: HashMap<u32, u32>,
}

impl Index {
    pub(super) fn insert(&mut self, key: StreamKey) {
        while let Some(place) = self.near_mut(key.id).filter(|place| **place != FREE) {
            if place.id == key.id {
                break;
            }
            if self.near.len() >= LARGEST {
                self.far.insert(key.id, key.slot);
                return;
            }
            self.grow();
        }
        if self.near.is_empty() {
            self.near.resize(SMALLEST, FREE);
        }
        if let Some(place) = self.near_mut(key.id) {
            *place = key;
        }
    }

    pub(super) fn get(&self, id: u32) -> Option<StreamKey> {
        let near = self.near.get(self.place(id)).filter(|key| key.id == id);
        match near {
            Some(key) => Some(*key),
            None if self.far.is_empty() => None,
            None => self.far.get(&id).map(|&slot| StreamKey { slot, id }),
        }
    }

    pub(super) fn remove(&mut self, id: u32) {
        match self.near_mut(id).filter(|place| place.id == id) {
            Some(place) => *place = FREE,
            None => _ = self.far.remove(&id),
        }
    }

    /// Twice as many places. Those that did not collide in fewer do not in more.
    fn grow(&mut self) {
        let before = std::mem::take(&mut self.near);
        self.near.resize(before.len() * 2, FREE);
        for key in before.into_iter().filter(|key| *key != FREE) {
            if let Some(place) = self.near_mut(key.id) {
                *place = key;
            }
        }
    }

    /// The numbers of one side are all odd, or all even.
    fn place(&self, id: u32) -> usize {
        (id >> 1) as usize & self.near.len().wrapping_sub(1)
    }

    fn near_mut(&mut self, id: u32) -> Option<&mut StreamKey> {
        let place = self.place(id);
        self.near.get_mut(place)
    }
}

/// No stream has this number: they have 31 bits.
const FREE: StreamKey = StreamKey { slot: u32::MAX, id: u32::MAX };
/// Places of a table with something in it.
const SMALLEST: usize = 8;
/// Places that a table may have: 2 KiB.
const LARGEST: usize = 256;

#[cfg(test)]
mod tests {
    use std::collections::hash_map::Entry;

    use super::*;

    fn key(id: u32) -> StreamKey {
        StreamKey { slot: id ^ 0x55, id }
    }

    #[test]
    fn numbers_in_a_row_share_a_table_that_grows_with_them() {
        let mut index = Index::default();
        assert_eq!(index.get(1), None);
        for id in (1..2_000).step_by(2) {
            index.insert(key(id));
            if id > 200 {
                index.remove(id - 200);
            }
        }
        assert!(index.far.is_empty() && index.near.len() <= 128, "{} places", index.near.len());
        assert_eq!(index.get(1_999), Some(key(1_999)));
        assert_eq!(index.get(1_799), None);
    }

    #[test]
    fn numbers_that_collide_are_all_found_and_the_table_stays_small() {
        let mut index = Index::default();
        let ids = || (0..200_u32).map(|number| number * 4_096 + 1);
        ids().for_each(|id| index.insert(key(id)));
        assert!(index.near.len() <= LARGEST);
        assert!(ids().all(|id| index.get(id) == Some(key(id)) && index.get(id + 2).is_none()));
        ids().for_each(|id| index.remove(id));
        assert!(ids().all(|id| index.get(id).is_none()) && index.far.is_empty());
    }

    #[test]
    fn random_insertions_and_removals_are_those_of_a_map() {
        let (mut index, mut map) = (Index::default(), HashMap::new());
        let mut seed = 7_u32;
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let id = ((seed >> 8) % 700) * 2 + 1;
            if seed.is_multiple_of(3) {
                index.remove(id);
                map.remove(&id);
            } else if let Entry::Vacant(place) = map.entry(id) {
                index.insert(key(id));
                place.insert(key(id));
            }
            assert_eq!(index.get(id), map.get(&id).copied());
        }
        assert!((1..1_400).step_by(2).all(|id| index.get(id) == map.get(&id).copied()));
    }
}
