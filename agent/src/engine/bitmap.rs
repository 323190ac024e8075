//! One bit an address, so that a /16 costs 8 KiB.

/// A fixed number of bits, with a running count of those set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bitmap {
    words: Vec<u64>,
    ones: u32,
}

impl Bitmap {
    /// `bits` bits, none set.
    pub(super) fn new(bits: u32) -> Self {
        Self { words: vec![0; bits.div_ceil(64) as usize], ones: 0 }
    }

    /// Whether the bit is set; bits past the end are not.
    pub(super) fn get(&self, bit: u32) -> bool {
        self.words.get((bit / 64) as usize).is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }

    /// Sets or clears a bit and returns whether that changed it; bits past the end stay clear.
    pub(super) fn put(&mut self, bit: u32, value: bool) -> bool {
        let Some(word) = self.words.get_mut((bit / 64) as usize) else { return false };
        let mask = 1 << (bit % 64);
        let changed = (*word & mask != 0) != value;
        if changed {
            *word ^= mask;
            if value { self.ones += 1 } else { self.ones -= 1 }
        }
        changed
    }

    /// Sets a bit and returns whether it was clear.
    pub(super) fn set(&mut self, bit: u32) -> bool {
        self.put(bit, true)
    }

    /// How many bits are set.
    pub(super) const fn count(&self) -> u32 {
        self.ones
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_counted_once_and_none_exist_past_the_end() {
        let mut bits = Bitmap::new(65);
        assert!(bits.set(64) && !bits.set(64) && bits.set(0));
        assert_eq!((bits.count(), bits.get(64), bits.get(63)), (2, true, false));
        assert!(bits.put(64, false) && !bits.put(64, false));
        assert!(!bits.set(128) && !bits.get(128));
        assert_eq!(bits.count(), 1);
    }
}
