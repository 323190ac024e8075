//! How often something may pass: the generic cell rate algorithm (ITU-T I.371 Annex A), which is a
//! token bucket that keeps one number.

use std::time::Duration;

use daicho_common::time::Tick;

use crate::engine::order::mix;

/// Most of a second's packets that may leave at once after a pause: 10 ms worth.
pub(super) const BURST: Duration = Duration::from_millis(10);

/// Shortest interval between passes, in nanoseconds, that is a beat: 5,000 a second.
const BEAT: u64 = 200_000;

/// Lets at most `rate` a second pass, and after a pause at most [`BURST`] worth, or one, at once.
///
/// So in any window of length `w` at most `1 + rate × (w + 10 ms)` pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gate {
    /// Nanoseconds between two passes at the full rate.
    interval: u64,
    /// How far ahead of its time one may pass, in nanoseconds.
    slack: u64,
    /// When the next would pass without slack, in nanoseconds.
    due: u64,
    /// How much later than it might the next one passes, in nanoseconds.
    wobble: u64,
    seed: u64,
}

const fn nanos(at: Tick) -> u64 {
    at.micros().saturating_mul(1000)
}

impl Gate {
    /// A gate for `rate` a second; a rate of 0 is taken as 1.
    /// `seed` chooses how the passes stray from a strict beat.
    pub(super) fn new(rate: u32, seed: u64) -> Self {
        let interval = 1_000_000_000_u64.div_ceil(u64::from(rate.max(1)));
        let burst = u64::try_from(BURST.as_nanos()).unwrap_or(u64::MAX);
        let slack = burst.saturating_sub(interval).max(burst.min(interval / 4));
        Self { interval, slack, due: 0, wobble: 0, seed: mix(seed) }
    }

    /// The first tick at which one may pass.
    pub(super) const fn opens(&self) -> Tick {
        Tick::from_micros((self.due.saturating_sub(self.slack) + self.wobble).div_ceil(1000))
    }

    /// One passes.
    pub(super) fn pass(&mut self, now: Tick) {
        self.due = self.due.max(nanos(now)).saturating_add(self.interval);
        // Devices that are asked on a strict beat can fall into step with it. The delay never exceeds
        // the slack, so it costs nothing of the rate, and the bound above holds as it is.
        // At rates where many leave at once there is no beat.
        if self.interval >= BEAT {
            self.seed = mix(self.seed);
            self.wobble = ((self.seed >> 32) * self.slack.min(self.interval)) >> 32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(rate: u32, until: Tick) -> Vec<Tick> {
        let (mut gate, mut now, mut all) =
            (Gate::new(rate, 5), Tick::from_micros(5_000_000), vec![]);
        while now < until {
            gate.pass(now);
            all.push(now);
            now = now.max(gate.opens());
        }
        all
    }

    #[test]
    fn the_rate_is_kept_over_a_second_and_the_burst_is_ten_milliseconds_worth() {
        for rate in [1, 7, 100, 200, 10_000, 1_000_000] {
            let all = passes(rate, Tick::from_micros(6_000_000));
            let allowed = u64::from(rate) + u64::from(rate) / 100 + 1;
            assert!(all.len() as u64 <= allowed, "{rate}: {}", all.len());
            assert!(all.len() as u64 >= u64::from(rate) * 98 / 100, "{rate}: {}", all.len());
            let at_once = all.iter().filter(|&&at| at == all[0]).count();
            assert!(at_once as u64 <= u64::from(rate) / 100 + 1, "{rate}: {at_once} at once");
        }
    }

    #[test]
    fn a_pause_saves_up_no_more_than_the_burst() {
        let mut gate = Gate::new(1000, 5);
        gate.pass(Tick::from_micros(0));
        let later = Tick::from_micros(60_000_000);
        let mut at_once = 0;
        while gate.opens() <= later {
            gate.pass(later);
            at_once += 1;
        }
        assert!((9..=10).contains(&at_once), "{at_once}");
    }

    #[test]
    fn packets_are_not_on_a_beat_and_seeds_differ() {
        for rate in [1, 50, 200, 5000] {
            let all = passes(rate, Tick::from_micros(5_000_000 + 100_000_000 / u64::from(rate)));
            let gaps: Vec<_> = all.windows(2).skip(1).map(|pair| pair[1].since(pair[0])).collect();
            let even = Duration::from_secs(1) / rate;
            let (least, most) = (gaps.iter().min().unwrap(), gaps.iter().max().unwrap());
            let spread = most.abs_diff(*least);
            assert!(spread > even.min(Duration::from_millis(10)) / 4, "{rate}: {spread:?}");
            assert!(*most <= even * 2 + Duration::from_micros(1), "{rate}: {most:?}");
        }
        let next = |seed| {
            let mut gate = Gate::new(200, seed);
            gate.pass(Tick::from_micros(1_000_000));
            gate.opens()
        };
        assert_ne!(next(1), next(2));
    }
}
