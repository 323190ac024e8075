//! A shuffled order of the addresses of a network, in constant memory.
//!
//! Neighbouring addresses are often one switch or one ward; a sweep in order would ask them all
//! within a moment.

/// A permutation of `0..2^bits`, chosen by a seed.
///
/// Every step (multiply by an odd number, add, fold the high half onto the low) can be undone
/// modulo a power of two, so no position comes twice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    mask: u32,
    fold: u32,
    rounds: [(u32, u32); 3],
}

/// `SplitMix64`: spreads a seed over 64 bits.
pub(super) const fn mix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

impl Order {
    /// The order of `0..2^bits` that belongs to this seed; `bits` up to 31.
    pub(super) fn new(bits: u8, seed: u64) -> Self {
        let round = |n: u64| {
            let both = mix(seed ^ mix(n));
            let [low, high] = [both, both >> 32].map(|half| u32::try_from(half & 0xffff_ffff));
            (low.unwrap_or_default() | 1, high.unwrap_or_default())
        };
        let bits = u32::from(bits.min(31));
        Self { mask: (1 << bits) - 1, fold: bits.div_ceil(2).max(1), rounds: [1, 2, 3].map(round) }
    }

    /// What comes at this position.
    pub(super) fn at(&self, position: u32) -> u32 {
        self.rounds.iter().fold(position & self.mask, |x, &(factor, term)| {
            let x = x.wrapping_mul(factor).wrapping_add(term) & self.mask;
            x ^ x >> self.fold
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_comes_once_in_every_order() {
        for bits in [0, 1, 2, 3, 8, 9, 12] {
            for seed in 0..20 {
                let order = Order::new(bits, seed);
                let mut all: Vec<u32> = (0..1 << bits).map(|n| order.at(n)).collect();
                all.sort_unstable();
                assert!(all.into_iter().eq(0..1 << bits), "{bits} bits, seed {seed}");
            }
        }
    }

    #[test]
    fn seeds_differ_and_neighbours_are_far_apart() {
        let (a, b) = (Order::new(8, 1), Order::new(8, 2));
        assert!((0..256).filter(|&n| a.at(n) == b.at(n)).count() < 16);
        assert!((1..256).filter(|&n| a.at(n).abs_diff(a.at(n - 1)) == 1).count() < 16);
    }
}
