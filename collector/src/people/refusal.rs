//! When the next try to log in is answered, after some that were wrong.
//!
//! Tries are counted by account, by address, and by both together. A person at an address from which
//! the account was logged in before is not held up by what strangers try elsewhere: else anybody could
//! lock the administrator out. No delay is longer than the rules say, a try during the delay neither
//! counts nor prolongs it, and the command line on the server always makes a way in.

use std::time::Duration;

use daicho_common::time::Timestamp;

use super::rules::Refusal;

/// Wrong tries, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// How many.
    pub wrong: u32,
    /// When the latest was.
    pub latest: Timestamp,
}

impl Refusal {
    /// How long after this many wrong tries none is answered.
    pub fn delay(&self, wrong: u32) -> Duration {
        let Some(over) = wrong.checked_sub(self.free.saturating_add(1)) else {
            return Duration::ZERO;
        };
        let seconds =
            self.first_seconds.saturating_mul(1_u64.checked_shl(over).unwrap_or(u64::MAX));
        Duration::from_secs(seconds.min(self.longest_seconds))
    }

    /// The tries that still count now: after a while they are forgotten.
    pub fn counted(&self, tries: Option<Tries>, now: Timestamp) -> u32 {
        let forgotten = Duration::from_secs(self.forget_hours.saturating_mul(3600));
        tries.map_or(0, |tries| if now < tries.latest.after(forgotten) { tries.wrong } else { 0 })
    }

    /// How long no try is answered from now on; zero if the next one is. A clock that was stepped back
    /// lengthens nothing beyond the delay itself.
    pub fn left(&self, tries: Option<Tries>, now: Timestamp) -> Duration {
        let Some(tries) = tries else { return Duration::ZERO };
        let delay = self.delay(self.counted(Some(tries), now));
        let left = tries.latest.after(delay).micros().saturating_sub(now.micros());
        Duration::from_micros(u64::try_from(left).unwrap_or(0)).min(delay)
    }
}
