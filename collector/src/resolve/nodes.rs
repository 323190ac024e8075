//! Keys by number. There are several for each device, so a key stands once, in the order in which they came,
//! and the table by which it is found has nothing but numbers.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// Keys, numbered from 0 in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Nodes {
    numbers: HashTable<u32>,
    keys: Vec<u64>,
    by: RandomState,
}

impl Nodes {
    /// The number of a key that is here.
    pub(super) fn get(&self, key: u64) -> Option<u32> {
        let same = |number: &u32| self.keys.get(*number as usize) == Some(&key);
        self.numbers.find(self.by.hash_one(key), same).copied()
    }

    /// The number of a key, which is the next one if it was not here; and whether it was not.
    pub(super) fn number(&mut self, key: u64) -> (u32, bool) {
        let Self { numbers, keys, by } = self;
        let at = |number: &u32| keys.get(*number as usize).copied();
        let hash = |number: &u32| by.hash_one(at(number).unwrap_or_default());
        let entry = numbers.entry(by.hash_one(key), |number| at(number) == Some(key), hash);
        if let hashbrown::hash_table::Entry::Occupied(held) = &entry {
            return (*held.get(), false);
        }
        let next = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        entry.insert(next);
        keys.push(key);
        (next, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_number_however_many_there_are() {
        let mut nodes = Nodes::default();
        assert_eq!(nodes.get(0), None);
        for key in 0..10_000_u64 {
            let key = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            assert!(nodes.number(key).1);
        }
        for (number, key) in (0..10_000_u32).zip(0_u64..) {
            let key = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            assert_eq!((nodes.get(key), nodes.number(key)), (Some(number), (number, false)));
        }
    }
}
