//! Who wants a turn when: one entry a key, earliest first, first come first served among equals.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use daicho_common::time::Tick;

/// Turns by time.
#[derive(Debug)]
pub(super) struct Agenda<K> {
    turns: BTreeSet<(Tick, u64, K)>,
    places: HashMap<K, (Tick, u64)>,
    count: u64,
}

impl<K: Copy + Ord + Hash> Agenda<K> {
    /// Nobody wants a turn.
    pub(super) fn new() -> Self {
        Self { turns: BTreeSet::new(), places: HashMap::new(), count: 0 }
    }

    /// `key` wants its one turn at `at`, behind all who want theirs then already.
    pub(super) fn put(&mut self, key: K, at: Tick) {
        self.count += 1;
        if let Some((old, count)) = self.places.insert(key, (at, self.count)) {
            self.turns.remove(&(old, count, key));
        }
        self.turns.insert((at, self.count, key));
    }

    /// `key` wants its turn no later than `at`.
    pub(super) fn hasten(&mut self, key: K, at: Tick) {
        if self.places.get(&key).is_none_or(|&(old, _)| at < old) {
            self.put(key, at);
        }
    }

    /// `key` wants no turn any more.
    pub(super) fn drop(&mut self, key: K) {
        if let Some((at, count)) = self.places.remove(&key) {
            self.turns.remove(&(at, count, key));
        }
    }

    /// When the first turn is wanted.
    pub(super) fn next(&self) -> Option<Tick> {
        self.turns.first().map(|&(at, ..)| at)
    }

    /// Takes the first turn that is wanted by `now`.
    pub(super) fn due(&mut self, now: Tick) -> Option<K> {
        let &(at, _, key) = self.turns.first()?;
        if at > now {
            return None;
        }
        self.turns.pop_first();
        self.places.remove(&key);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_come_by_time_and_then_in_the_order_of_asking() {
        let mut agenda = Agenda::new();
        let [early, late] = [3, 9].map(Tick::from_micros);
        agenda.put('a', late);
        agenda.put('b', early);
        agenda.put('c', early);
        agenda.put('d', early);
        agenda.drop('d');
        agenda.put('b', early);
        agenda.hasten('a', early);
        agenda.hasten('c', late);
        assert_eq!(agenda.next(), Some(early));
        assert_eq!(agenda.due(Tick::from_micros(2)), None);
        let order: Vec<char> = std::iter::from_fn(|| agenda.due(late)).collect();
        assert_eq!(order, ['c', 'b', 'a']);
        assert_eq!(agenda.next(), None);
    }
}
