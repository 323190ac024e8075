//! When a network may be scanned: spans of local time that come every week. Which time it is is
//! handed in, and so is the offset of local time, so that nothing here knows a clock or a zone.

use std::time::Duration;

use daicho_common::span::Span;
use daicho_common::time::Timestamp;

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;

/// The spans of a network; without any it may be scanned at all times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Windows {
    /// The spans.
    pub spans: Vec<Span>,
    /// How far local time is ahead of UTC, in seconds.
    pub offset: i32,
}

/// Beginning and end of the span if it begins on this day (counted from 1970-01-01), in seconds of
/// local time.
fn on(day: i64, span: Span) -> Option<(i64, i64)> {
    // 1970-01-01 was a Thursday.
    let weekday = (day + 3).rem_euclid(7);
    let begin = day * DAY + i64::from(span.from) * MINUTE;
    let minutes = i64::from(span.to) - i64::from(span.from);
    let length = minutes * MINUTE + if minutes <= 0 { DAY } else { 0 };
    (span.days >> weekday & 1 == 1).then_some((begin, begin + length))
}

impl Windows {
    /// How long after this time the network may be scanned; zero within a span. Without a span that
    /// ever begins, a week: ask again then.
    pub fn wait(&self, wall: Timestamp) -> Duration {
        if self.spans.is_empty() {
            return Duration::ZERO;
        }
        let local = wall.micros().div_euclid(1_000_000) + i64::from(self.offset);
        let today = local.div_euclid(DAY);
        // A span lasts at most a day, so only those of yesterday and later matter.
        let days = today - 1..=today + 7;
        let spans = days.flat_map(|day| self.spans.iter().filter_map(move |span| on(day, *span)));
        let waits = spans.filter(|(_, end)| *end > local).map(|(begin, _)| (begin - local).max(0));
        Duration::from_secs(waits.min().unwrap_or(7 * DAY).unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday, 2026-11-23, at this hour and minute in Japan, and some days later.
    fn at(day: i64, hour: i64, minute: i64) -> Timestamp {
        let monday = 20_780 * DAY - 9 * 60 * MINUTE;
        Timestamp::from_micros((monday + day * DAY + hour * 3600 + minute * MINUTE) * 1_000_000)
    }

    fn windows(spans: &[(u8, u16, u16)]) -> Windows {
        let span = |&(days, from, to): &(u8, u16, u16)| Span { days, from, to };
        Windows { spans: spans.iter().map(span).collect(), offset: 9 * 3600 }
    }

    fn minutes(windows: &Windows, wall: Timestamp) -> u64 {
        windows.wait(wall).as_secs() / 60
    }

    #[test]
    fn a_span_over_midnight_belongs_to_the_day_on_which_it_begins() {
        // Fridays 22:00-05:00.
        let nights = windows(&[(1 << 4, 22 * 60, 5 * 60)]);
        assert_eq!(minutes(&nights, at(4, 21, 59)), 1);
        assert_eq!(minutes(&nights, at(4, 22, 0)), 0);
        assert_eq!(minutes(&nights, at(5, 4, 59)), 0);
        assert_eq!(minutes(&nights, at(5, 5, 0)), 7 * 24 * 60 - 7 * 60);
        assert_eq!(minutes(&nights, at(4, 4, 0)), 18 * 60, "not of Thursday");
    }

    #[test]
    fn the_nearest_of_several_spans_is_waited_for() {
        let lunch = windows(&[(0x1f, 12 * 60, 13 * 60), (0x60, 0, 1440)]);
        assert_eq!(minutes(&lunch, at(0, 11, 0)), 60);
        assert_eq!(minutes(&lunch, at(0, 12, 30)), 0);
        assert_eq!(minutes(&lunch, at(4, 13, 0)), 11 * 60);
        assert_eq!(minutes(&lunch, at(6, 23, 59)), 0);
        assert_eq!(minutes(&lunch, at(7, 0, 0)), 12 * 60);
    }

    #[test]
    fn no_span_is_always_and_equal_ends_are_a_whole_day() {
        assert_eq!(minutes(&windows(&[]), at(0, 3, 0)), 0);
        let whole = windows(&[(0x7f, 9 * 60, 9 * 60)]);
        assert!((0..24).all(|hour| minutes(&whole, at(1, hour, 30)) == 0));
        assert_eq!(windows(&[(0, 0, 1440)]).wait(at(0, 0, 0)), Duration::from_hours(7 * 24));
    }
}
