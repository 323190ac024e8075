//! Spans of local time that come every week, as people write them: `22:00-05:00`,
//! `Mon-Fri 22:00-05:00`, `土,日 00:00-24:00`. One that goes over midnight belongs to the day on
//! which it begins.

use std::str::FromStr;

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
pub const DAY: u16 = 1440;

/// A span of local time that begins on some days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// On which days it begins: bit 0 is Monday, bit 6 Sunday.
    pub days: u8,
    /// When it begins, in minutes after midnight, 0–1,439.
    pub from: u16,
    /// When it ends, in minutes after midnight, 0–1,440; not later than `from`: on the next day.
    pub to: u16,
}

/// The text writes no span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSpan;

impl FromStr for Span {
    type Err = NoSpan;

    fn from_str(text: &str) -> Result<Self, NoSpan> {
        let (days, times) = match text.trim().rsplit_once(char::is_whitespace) {
            Some((days, times)) => (self::days(days.trim()).ok_or(NoSpan)?, times),
            None => (0x7f, text.trim()),
        };
        let (from, to) = times.split_once(['-', '～']).ok_or(NoSpan)?;
        let (from, to) = (minutes(from).ok_or(NoSpan)?, minutes(to).ok_or(NoSpan)?);
        if from < DAY { Ok(Self { days, from, to }) } else { Err(NoSpan) }
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

/// Minutes after midnight, from `05:00`; up to `24:00`.
pub fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let number = |text: &str| -> Option<u16> {
        let digits = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|_| digits)
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (minutes < 60 && hours * 60 + minutes <= DAY).then_some(hours * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_write_them() {
        let read = |text: &str| text.parse().map(|span: Span| (span.days, span.from, span.to));
        assert_eq!(read("22:00-05:00"), Ok((0x7f, 1320, 300)));
        assert_eq!(read("Mon-Fri 22:00-05:00"), Ok((0x1f, 1320, 300)));
        assert_eq!(read("sat,sun 00:00-24:00"), Ok((0x60, 0, 1440)));
        assert_eq!(read("土,日 9:30～12:00"), Ok((0x60, 570, 720)));
        assert_eq!(read("Fri-Mon, Wed 1:00-2:00"), Ok((0x75, 60, 120)));
        for wrong in
            ["", "22-5", "24:00-05:00", "22:00-24:01", "Foo 1:00-2:00", "1:60-2:00", "+1:00-2:00"]
        {
            assert_eq!(read(wrong), Err(NoSpan), "{wrong}");
        }
    }
}
