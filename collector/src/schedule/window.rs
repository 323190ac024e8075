//! Spans of the day: `22:00-05:00`, `Mon-Fri 22:00-05:00`, `土,日 00:00-24:00`. One that goes over
//! midnight belongs to the day on which it begins.

use std::str::FromStr;

use jiff::{ToSpan, Zoned};

/// The days of the week as they may be written, from Monday.
const DAYS: [[&str; 2]; 7] = [
    ["mon", "月"],
    ["tue", "火"],
    ["wed", "水"],
    ["thu", "木"],
    ["fri", "金"],
    ["sat", "土"],
    ["sun", "日"],
];
/// Minutes of a day.
const DAY: i16 = 1440;

/// A span of the day, on some days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// A bit for each day of the week, from Monday.
    days: u8,
    /// Minutes after midnight, 0–1439.
    from: i16,
    /// Minutes after midnight, 0–1440; not after `from`: on the next day.
    to: i16,
}

impl Window {
    /// When the window closes in which `at` lies; `None` if it lies in none.
    pub(super) fn closes(self, at: &Zoned) -> Option<Zoned> {
        let over = i16::from(self.to <= self.from);
        // It may have begun today or, going over midnight, yesterday.
        (0..=over).rev().find_map(|ago| {
            let day = at.date().checked_sub(i64::from(ago).days()).ok()?;
            let weekday = day.weekday().to_monday_zero_offset();
            if self.days >> weekday & 1 == 0 {
                return None;
            }
            let opens = moment(day, self.from, at)?;
            let last = if over == 1 { day.tomorrow().ok()? } else { day };
            let closes = moment(last, self.to, at)?;
            (opens <= *at && *at < closes).then_some(closes)
        })
    }
}

/// This many minutes after midnight by the clock on the wall.
fn moment(day: jiff::civil::Date, minutes: i16, like: &Zoned) -> Option<Zoned> {
    let day = if minutes == DAY { day.tomorrow().ok()? } else { day };
    let minutes = minutes % DAY;
    let (hour, minute) = (i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?);
    day.at(hour, minute, 0, 0).to_zoned(like.time_zone().clone()).ok()
}

impl FromStr for Window {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (days, times) = match text.trim().rsplit_once(char::is_whitespace) {
            Some((days, times)) => (self::days(days.trim()).ok_or(())?, times),
            None => (0x7f, text.trim()),
        };
        let (from, to) = times.split_once(['-', '～']).ok_or(())?;
        let (from, to) = (minutes(from).ok_or(())?, minutes(to).ok_or(())?);
        if from < DAY && from != to { Ok(Self { days, from, to }) } else { Err(()) }
    }
}

fn days(text: &str) -> Option<u8> {
    text.split(',').try_fold(0, |days, part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        let length = (last + 7 - first) % 7;
        Some((0..=length).fold(days, |days, n| days | 1 << ((first + n) % 7)))
    })
}

fn day(text: &str) -> Option<u8> {
    let text = text.trim().to_ascii_lowercase();
    (0..).zip(DAYS).find(|(_, names)| names.contains(&text.as_str())).map(|(day, _)| day)
}

fn minutes(text: &str) -> Option<i16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let number = |text: &str| -> Option<i16> {
        let digits = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|_| digits)
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (minutes < 60 && hours * 60 + minutes <= DAY).then_some(hours * 60 + minutes)
}
