//! What was told already in this session, in bounded memory.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, RandomState};
use std::time::Duration;

use daicho_common::time::Timestamp;

/// A fact that is still heard is told again after this time, so that the latest sighting moves on;
/// at the latest after twice this.
pub(super) const AGAIN: Duration = Duration::from_hours(1);

/// Remembers facts by a keyed hash, in two generations: when the young one is full or old enough, it
/// becomes the old one, and what the old one held is forgotten and may be told again.
#[derive(Debug)]
pub(super) struct Told {
    capacity: usize,
    keys: RandomState,
    young: HashSet<u64>,
    old: HashSet<u64>,
    since: Option<Timestamp>,
    crowded_out: u64,
}

impl Told {
    /// Remembers at most twice `capacity` facts.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            keys: RandomState::new(),
            young: HashSet::new(),
            old: HashSet::new(),
            since: None,
            crowded_out: 0,
        }
    }

    /// Facts forgotten for want of room, not for their age.
    pub(super) fn crowded_out(&self) -> u64 {
        self.crowded_out
    }

    /// Whether this was not told before; from now on it was.
    pub(super) fn is_new(&mut self, at: Timestamp, said: impl Hash) -> bool {
        let since = *self.since.get_or_insert(at);
        if at >= since.after(AGAIN) {
            self.age(at);
        }
        let key = self.keys.hash_one(said);
        if self.young.contains(&key) || self.old.contains(&key) {
            return false;
        }
        if self.young.len() >= self.capacity {
            self.crowded_out += self.old.len() as u64;
            self.age(at);
        }
        self.young.insert(key)
    }

    fn age(&mut self, at: Timestamp) {
        self.old = std::mem::take(&mut self.young);
        self.since = Some(at);
    }
}

#[cfg(test)]
mod tests {
    use daicho_common::observation::{Fact, Method, Reply, Speaker};

    use super::*;

    fn tell(told: &mut Told, secs: i64, port: u16) -> bool {
        let at = Timestamp::from_micros(secs * 1_000_000);
        let fact = Fact::Answered(Reply::TcpOpen(port));
        told.is_new(at, ("ward", Method::Lldp, &Speaker::default(), &fact))
    }

    #[test]
    fn a_fact_is_told_once_and_again_when_it_is_old() {
        let mut told = Told::new(10);
        assert!(tell(&mut told, 0, 1));
        assert!(!tell(&mut told, 3599, 1));
        assert!(!tell(&mut told, 3601, 1), "the old generation still knows it");
        assert!(tell(&mut told, 7202, 1));
        assert_eq!(told.crowded_out(), 0);
    }

    #[test]
    fn a_flood_of_facts_is_forgotten_and_counted_and_memory_stays_bounded() {
        let mut told = Told::new(100);
        for port in 0..10_000 {
            assert!(tell(&mut told, 0, port));
            assert!(told.young.len() <= 100 && told.old.len() <= 100);
        }
        assert_eq!(told.crowded_out(), 9_800);
        assert!(!tell(&mut told, 0, 9_999));
    }
}
