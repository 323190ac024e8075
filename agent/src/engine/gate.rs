//! How often something may pass: the generic cell rate algorithm (ITU-T I.371 Annex A), which is a
//! token bucket that keeps one number.

use std::time::Duration;

use daicho_common::time::Tick;

/// Most of a second's packets that may leave at once after a pause: 10 ms worth.
pub(super) const BURST: Duration = Duration::from_millis(10);

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
}

const fn nanos(at: Tick) -> u64 {
    at.micros().saturating_mul(1000)
}

impl Gate {
    /// A gate for `rate` a second; a rate of 0 is taken as 1.
    pub(super) fn new(rate: u32) -> Self {
        let interval = 1_000_000_000_u64.div_ceil(u64::from(rate.max(1)));
        let burst = u64::try_from(BURST.as_nanos()).unwrap_or(u64::MAX);
        Self { interval, slack: burst.saturating_sub(interval), due: 0 }
    }

    /// The first tick at which one may pass.
    pub(super) const fn opens(&self) -> Tick {
        Tick::from_micros(self.due.saturating_sub(self.slack).div_ceil(1000))
    }

    /// One passes.
    pub(super) fn pass(&mut self, now: Tick) {
        self.due = self.due.max(nanos(now)).saturating_add(self.interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(rate: u32, until: Tick) -> Vec<Tick> {
        let (mut gate, mut now, mut all) = (Gate::new(rate), Tick::from_micros(5_000_000), vec![]);
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
        let mut gate = Gate::new(1000);
        gate.pass(Tick::from_micros(0));
        let later = Tick::from_micros(60_000_000);
        let mut at_once = 0;
        while gate.opens() <= later {
            gate.pass(later);
            at_once += 1;
        }
        assert_eq!(at_once, 10);
    }
}
