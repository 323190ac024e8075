//! How many facts were told of each host, in bounded memory.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};

use daicho_common::time::Timestamp;

use super::told::AGAIN;

/// Counts facts by a keyed hash of who they are of. After an hour, and when there are too many to count,
/// counting begins anew.
#[derive(Debug)]
pub(super) struct Quota {
    most: u16,
    capacity: usize,
    keys: RandomState,
    counts: HashMap<u64, u16>,
    since: Option<Timestamp>,
}

impl Quota {
    /// At most `most` facts of each, of at most `capacity` at a time.
    pub(super) fn new(most: u16, capacity: usize) -> Self {
        let (keys, counts) = (RandomState::new(), HashMap::new());
        Self { most, capacity, keys, counts, since: None }
    }

    /// Whether as much as may be was told of this one.
    pub(super) fn is_used_up(&mut self, at: Timestamp, of: impl Hash) -> bool {
        let since = *self.since.get_or_insert(at);
        if at >= since.after(AGAIN) || self.counts.len() > self.capacity {
            self.counts.clear();
            self.since = Some(at);
        }
        let count = self.counts.get(&self.keys.hash_one(of));
        count.is_some_and(|count| *count >= self.most)
    }

    /// One more was told of this one.
    pub(super) fn count(&mut self, of: impl Hash) {
        let count = self.counts.entry(self.keys.hash_one(of)).or_default();
        *count = count.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(quota: &mut Quota, secs: i64, of: u32) -> bool {
        let used_up = quota.is_used_up(Timestamp::from_micros(secs * 1_000_000), of);
        if !used_up {
            quota.count(of);
        }
        !used_up
    }

    #[test]
    fn so_much_is_told_of_each_in_an_hour() {
        let mut quota = Quota::new(2, 100);
        assert!(told(&mut quota, 0, 1) && told(&mut quota, 0, 1) && !told(&mut quota, 3599, 1));
        assert!(told(&mut quota, 0, 2), "another one");
        assert!(told(&mut quota, 3600, 1), "an hour later");
    }

    #[test]
    fn memory_stays_bounded_whoever_comes() {
        let mut quota = Quota::new(1, 100);
        for of in 0..10_000 {
            assert!(told(&mut quota, 0, of));
            assert!(quota.counts.len() <= 101);
        }
    }
}
