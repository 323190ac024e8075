//! Scanning windows as they are written: `22:00-05:00`, `Mon-Fri 22:00-05:00`, `土,日 00:00-24:00`.

use crate::plan::window::Span;

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

/// The span that `text` writes; `None` if it writes none.
pub(super) fn span(text: &str) -> Option<Span> {
    let (days, times) = match text.trim().rsplit_once(char::is_whitespace) {
        Some((days, times)) => (self::days(days.trim())?, times),
        None => (0x7f, text.trim()),
    };
    let (from, to) = times.split_once(['-', '～'])?;
    let (from, to) = (minutes(from)?, minutes(to)?);
    (from < 1440).then_some(Span { days, from, to })
}

/// How far local time is ahead of UTC, in seconds, from `+09:00`.
pub(super) fn offset(text: &str) -> Option<i32> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let minutes = minutes(rest).filter(|minutes| *minutes <= 14 * 60)?;
    Some(sign * i32::from(minutes) * 60)
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
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let number = |text: &str| -> Option<u16> {
        let digits = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|_| digits)
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (minutes < 60 && hours * 60 + minutes <= 1440).then_some(hours * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_read_as_people_write_them() {
        let read = |text| span(text).map(|span| (span.days, span.from, span.to));
        assert_eq!(read("22:00-05:00"), Some((0x7f, 1320, 300)));
        assert_eq!(read("Mon-Fri 22:00-05:00"), Some((0x1f, 1320, 300)));
        assert_eq!(read("sat,sun 00:00-24:00"), Some((0x60, 0, 1440)));
        assert_eq!(read("土,日 9:30～12:00"), Some((0x60, 570, 720)));
        assert_eq!(read("Fri-Mon, Wed 1:00-2:00"), Some((0x75, 60, 120)));
        for wrong in
            ["", "22-5", "24:00-05:00", "22:00-24:01", "Foo 1:00-2:00", "1:60-2:00", "+1:00-2:00"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn offsets_read_with_a_sign() {
        assert_eq!(offset("+09:00"), Some(9 * 3600));
        assert_eq!(offset("-03:30"), Some(-(3 * 3600 + 1800)));
        for wrong in ["", "09:00", "+15:00", "JST", "+9", "＋09:00"] {
            assert_eq!(offset(wrong), None, "{wrong}");
        }
    }
}
