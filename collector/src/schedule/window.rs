//! Scanning windows: weekly spans (`daicho_common::span`) on the clock of a time zone.

use std::str::FromStr;

use daicho_common::span::{DAY, NoSpan, Span};
use daicho_common::time::Timestamp;
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};

/// A span of the day, on some days of the week; never one whose ends are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window(Span);

impl Window {
    /// Whether an instant lies in it, by the clocks of this zone.
    pub fn has(self, at: Timestamp, zone: &TimeZone) -> bool {
        let at = jiff::Timestamp::from_microsecond(at.micros());
        at.is_ok_and(|at| self.closes(&at.to_zoned(zone.clone())).is_some())
    }

    /// When the window closes in which `at` lies; `None` if it lies in none.
    pub(super) fn closes(self, at: &Zoned) -> Option<Zoned> {
        let Span { days, from, to } = self.0;
        let over = i8::from(to <= from);
        // It may have begun today or, going over midnight, yesterday.
        (0..=over).rev().find_map(|ago| {
            let day = at.date().checked_sub(i64::from(ago).days()).ok()?;
            let weekday = day.weekday().to_monday_zero_offset();
            if days >> weekday & 1 == 0 {
                return None;
            }
            let opens = moment(day, from, at)?;
            let last = if over == 1 { day.tomorrow().ok()? } else { day };
            let closes = moment(last, to, at)?;
            (opens <= *at && *at < closes).then_some(closes)
        })
    }
}

/// This many minutes after midnight by the clock on the wall.
fn moment(day: jiff::civil::Date, minutes: u16, like: &Zoned) -> Option<Zoned> {
    let day = if minutes == DAY { day.tomorrow().ok()? } else { day };
    let minutes = minutes % DAY;
    let (hour, minute) = (i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?);
    day.at(hour, minute, 0, 0).to_zoned(like.time_zone().clone()).ok()
}

impl FromStr for Window {
    type Err = NoSpan;

    fn from_str(text: &str) -> Result<Self, NoSpan> {
        let span: Span = text.parse()?;
        // A whole day is written with its end, 24:00; ends that are equal are a slip.
        if span.from == span.to { Err(NoSpan) } else { Ok(Self(span)) }
    }
}
