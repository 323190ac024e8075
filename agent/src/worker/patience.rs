//! How long to wait before the next attempt: twice as long each time up to a minute, and never the
//! same for two agents, so that a thousand of them do not come back at once.

use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};

/// The first wait, on average.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST: Duration = Duration::from_mins(1);
/// After how many attempts a report is given up.
const SPENT: u32 = 8;

/// Counts attempts that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Patience {
    failed: u32,
}

impl Patience {
    /// Whether nothing has failed yet.
    pub(super) const fn is_fresh(self) -> bool {
        self.failed == 0
    }

    /// Whether it was tried often enough.
    pub(super) const fn is_spent(self) -> bool {
        self.failed >= SPENT
    }

    /// The wait after one more failure: between a half and the whole of what doubles each time.
    pub(super) fn next(&mut self) -> Duration {
        let most = FIRST.saturating_mul(2_u32.saturating_pow(self.failed + 1)).min(LONGEST);
        self.failed += 1;
        let mut random = [0];
        // Without random numbers all wait alike, and nothing worse.
        let _ = SystemRandom::new().fill(&mut random);
        most / 2 + most * u32::from(random.first().copied().unwrap_or_default()) / 512
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute() {
        let mut patience = Patience::default();
        assert!(patience.is_fresh());
        for most in [2, 4, 8, 16, 32, 60, 60, 60] {
            let (wait, most) = (patience.next(), Duration::from_secs(most));
            assert!(wait >= most / 2 && wait <= most, "{wait:?}");
        }
        assert!(patience.is_spent() && !patience.is_fresh());
    }
}
