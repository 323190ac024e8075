//! When what was heard leaves: somebody new at once, more about those known already in larger
//! batches. A link with news all the time makes no more than a batch a second, whoever speaks.

use std::time::Duration;

use daicho_common::time::Tick;

/// What comes along with the first frame of a device is waited for.
const GATHER: Duration = Duration::from_millis(100);
/// Least time between two batches when somebody new speaks: a device is to be in the collector
/// within five seconds of its first frame, whatever was heard just before.
const SOMEBODY: Duration = Duration::from_secs(1);
/// Least time between two batches when there is only more about those known already.
const SOMETHING: Duration = Duration::from_secs(5);

/// When the next batch leaves.
#[derive(Debug, Default)]
pub(super) struct Pace {
    left: Option<Tick>,
    due: Option<Tick>,
}

impl Pace {
    /// There is something to tell, of `somebody_new` or of others.
    pub(super) fn news(&mut self, now: Tick, somebody_new: bool) {
        let spacing = if somebody_new { SOMEBODY } else { SOMETHING };
        let open = self.left.map_or(now, |left| left.after(spacing));
        let due = now.after(GATHER).max(open);
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
    }

    /// When a batch is to leave; `None` if there is nothing to tell.
    pub(super) fn due(&self) -> Option<Tick> {
        self.due
    }

    /// A batch leaves.
    pub(super) fn left(&mut self, now: Tick) {
        *self = Self { left: Some(now), due: None };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Tick {
        Tick::from_micros(millis * 1000)
    }

    #[test]
    fn the_first_news_leave_at_once_and_a_newcomer_within_a_second() {
        let mut pace = Pace::default();
        assert_eq!(pace.due(), None);
        pace.news(at(50), true);
        pace.news(at(60), true);
        assert_eq!(pace.due(), Some(at(150)), "later news do not put it off");
        pace.left(at(150));
        assert_eq!(pace.due(), None);
        pace.news(at(200), true);
        assert_eq!(pace.due(), Some(at(1150)));
        pace.left(at(1150));
        pace.news(at(9000), true);
        assert_eq!(pace.due(), Some(at(9100)));
    }

    #[test]
    fn more_of_the_same_speakers_waits_and_a_newcomer_takes_it_along() {
        let mut pace = Pace::default();
        pace.news(at(0), true);
        pace.left(at(100));
        pace.news(at(200), false);
        assert_eq!(pace.due(), Some(at(5100)));
        pace.news(at(300), true);
        assert_eq!(pace.due(), Some(at(1100)));
    }

    #[test]
    fn constant_news_make_a_batch_a_second_at_most() {
        for (somebody_new, most) in [(true, 61), (false, 13)] {
            let mut pace = Pace::default();
            let mut batches = 0;
            for millis in 0..60_000 {
                pace.news(at(millis), somebody_new);
                if pace.due().is_some_and(|due| due <= at(millis)) {
                    pace.left(at(millis));
                    batches += 1;
                }
            }
            assert!(batches <= most && batches + 2 >= most, "{batches}");
        }
    }
}
