//! When a message that could not be delivered is tried again: soon at first, then ever less often, and
//! for a day at most.

use daicho_common::time::Timestamp;

/// Minutes from each failed try to the next.
const WAITS: [i64; 8] = [1, 5, 15, 60, 120, 240, 480, 480];
const MINUTE: i64 = 60_000_000;

/// When the next try is after `tries` that failed, the last of them now; `None`: it is given up.
pub fn next(tries: u32, now: Timestamp) -> Option<Timestamp> {
    let wait = WAITS.get(usize::try_from(tries.checked_sub(1)?).ok()?)?;
    Some(Timestamp::from_micros(now.micros().saturating_add(wait * MINUTE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_become_rarer_and_end_within_a_day() {
        let (mut now, mut tries, mut waits) = (Timestamp::from_micros(0), 1, Vec::new());
        while let Some(at) = next(tries, now) {
            waits.push(at.micros() - now.micros());
            (now, tries) = (at, tries + 1);
        }
        assert!(waits.is_sorted() && waits.len() == WAITS.len());
        assert!((20 * 60 * MINUTE..=24 * 60 * MINUTE).contains(&now.micros()), "{now:?}");
        assert_eq!(next(0, now), None);
    }
}
