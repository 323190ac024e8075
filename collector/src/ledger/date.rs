//! Dates as ledgers write them (DOMAIN §4): 令和7年4月1日, R7.4.1, H30/3, 2025.4, 20250401, serial
//! numbers of a spreadsheet, and years alone. What a cell leaves open stays open.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::normal::nfkc;

/// A day, month or year of the Gregorian calendar, as precise as it was written. Shown, ordered and
/// kept in ISO 8601's reduced precision (`2025-04-01`, `2025-04`, `2025`); a Japanese fiscal year,
/// April to March, as `2025年度`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PartialDate {
    year: u16,
    month: Option<u8>,
    day: Option<u8>,
    fiscal: bool,
}

/// The text is no date of ISO 8601 (or no fiscal year).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no date such as 2025-04-01, 2025-04, 2025 or 2025年度")]
pub struct NoDate;

/// Years that a ledger may speak of: before 1900 nothing that it lists was made.
const YEARS: std::ops::RangeInclusive<u16> = 1900..=2199;
/// Serial numbers of a spreadsheet that are taken for dates where a date is expected: 1954 to 2119.
const SERIALS: std::ops::RangeInclusive<u32> = 20_000..=80_000;
/// Eras by their names and letters, with the year before their first.
const ERAS: [(&str, u16); 10] = [
    ("令和", 2018),
    ("平成", 1988),
    ("昭和", 1925),
    ("大正", 1911),
    ("令", 2018),
    ("平", 1988),
    ("昭", 1925),
    ("r", 2018),
    ("h", 1988),
    ("s", 1925),
];
/// Taishō's letter, which stands apart: a lone T before a number is rarely an era.
const TAISHO: (&str, u16) = ("t", 1911);

impl PartialDate {
    /// A date of the calendar; `None` if there is no such day, or the year is no ledger's.
    pub fn new(year: u16, month: Option<u8>, day: Option<u8>) -> Option<Self> {
        if !YEARS.contains(&year) {
            return None;
        }
        match (month, day) {
            (None | Some(1..=12), None) => {}
            (Some(month @ 1..=12), Some(day)) if (1..=days(year, month)).contains(&day) => {}
            _ => return None,
        }
        Some(Self { year, month, day, fiscal: false })
    }

    /// A Japanese fiscal year (年度): from April of that year to March of the next.
    pub fn fiscal_year(year: u16) -> Option<Self> {
        YEARS.contains(&year).then_some(Self { year, month: None, day: None, fiscal: true })
    }

    /// The year as written, from 1900.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The first day that it covers: year, month, day.
    pub fn first_day(self) -> (u16, u8, u8) {
        let month = self.month.unwrap_or(if self.fiscal { 4 } else { 1 });
        (self.year, month, self.day.unwrap_or(1))
    }

    /// The last day that it covers: year, month, day. Something that ends in 2025-03 ends on the
    /// 31st.
    pub fn last_day(self) -> (u16, u8, u8) {
        let (year, month) = match self.month {
            Some(month) => (self.year, month),
            None if self.fiscal => (self.year.saturating_add(1), 3),
            None => (self.year, 12),
        };
        (year, month, self.day.unwrap_or_else(|| days(year, month)))
    }
}

const fn days(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04}", self.year)?;
        if self.fiscal {
            return out.write_str("年度");
        }
        for part in [self.month, self.day].into_iter().flatten() {
            write!(out, "-{part:02}")?;
        }
        Ok(())
    }
}

impl FromStr for PartialDate {
    type Err = NoDate;

    fn from_str(text: &str) -> Result<Self, NoDate> {
        if let Some(year) = text.strip_suffix("年度") {
            return year.parse().ok().and_then(Self::fiscal_year).ok_or(NoDate);
        }
        let mut parts = text.split('-');
        let year = parts.next().and_then(|part| part.parse().ok()).ok_or(NoDate)?;
        let mut part = || parts.next().map(|part| part.parse::<u8>().map_err(|_| NoDate));
        let (month, day) = (part().transpose()?, part().transpose()?);
        if parts.next().is_some() {
            return Err(NoDate);
        }
        Self::new(year, month, day).ok_or(NoDate)
    }
}

impl TryFrom<String> for PartialDate {
    type Error = NoDate;

    fn try_from(text: String) -> Result<Self, NoDate> {
        text.parse()
    }
}

impl From<PartialDate> for String {
    fn from(date: PartialDate) -> Self {
        date.to_string()
    }
}

/// The dates of a cell, in order of writing: a period (2024/4/1～2025/3/31) has two. What is no
/// date is passed over.
pub fn dates(cell: &str) -> Vec<PartialDate> {
    let text: String = nfkc(cell).to_lowercase().replace("元年", "1年");
    if let Some(date) = bare_number(text.trim()) {
        return vec![date];
    }
    let mut found = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        if let Some((date, after)) = date_at(rest) {
            found.push(date);
            rest = after;
        } else {
            rest = skip(rest);
        }
    }
    found
}

/// Whether a cell without a readable date was meant as one: it is made of digits and what stands
/// between them.
pub fn seems_meant(cell: &str) -> bool {
    let text = nfkc(cell);
    let number = |c: char| c.is_ascii_digit();
    let groups = text.split(|c: char| !number(c)).filter(|group| !group.is_empty()).count();
    groups >= 2
        && text
            .trim()
            .chars()
            .all(|c| number(c) || "年月日./- RHSTrhst令和平成昭和大正元".contains(c))
}

/// A cell of digits only: a serial number, `20250401`, `202504` or `2025`.
fn bare_number(text: &str) -> Option<PartialDate> {
    let whole = text.strip_suffix(".0").unwrap_or(text);
    if whole.is_empty() || !whole.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let number: u32 = whole.parse().ok()?;
    let part = |from: usize, to: usize| whole.get(from..to)?.parse::<u8>().ok();
    match whole.len() {
        4 => PartialDate::new(u16::try_from(number).ok()?, None, None),
        5 if SERIALS.contains(&number) => serial(number),
        6 => PartialDate::new(u16::try_from(number / 100).ok()?, Some(part(4, 6)?), None),
        8 => {
            let year = u16::try_from(number / 10_000).ok()?;
            PartialDate::new(year, Some(part(4, 6)?), Some(part(6, 8)?))
        }
        _ => None,
    }
}

/// Days since 1899-12-30, as spreadsheets count them after February 1900 (ECMA-376 part 1,
/// 18.17.4.1), by the civil calendar.
fn serial(number: u32) -> Option<PartialDate> {
    // Days since 0000-03-01, so that a leap day ends its year; 1899-12-30 is day 693,899.
    let day = number + 693_899;
    let era = day / 146_097;
    let of_era = day % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u32::from(month <= 2);
    PartialDate::new(
        u16::try_from(year).ok()?,
        Some(u8::try_from(month).ok()?),
        Some(u8::try_from(day).ok()?),
    )
}

/// The text behind its first letter, or behind its digits if it begins with them, so that no date is
/// read from the middle of a number.
fn skip(text: &str) -> &str {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
    if digits.len() < text.len() {
        return digits;
    }
    // A word that ends in a letter of an era (NBRS7) is no era.
    let word = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    if word.len() < text.len() {
        return word;
    }
    let mut chars = text.chars();
    chars.next();
    chars.as_str()
}

/// The date that the text begins with, and what follows it.
fn date_at(text: &str) -> Option<(PartialDate, &str)> {
    let era = ERAS.iter().chain([&TAISHO]).find_map(|(name, before)| {
        let rest = text.strip_prefix(name)?.trim_start_matches([' ', '.']);
        rest.starts_with(|c: char| c.is_ascii_digit()).then_some((name, *before, rest))
    });
    if let Some((name, before, rest)) = era {
        let (year, rest) = digits(rest, 2)?;
        let year = u16::try_from(year).ok().filter(|year| *year > 0)?.checked_add(before)?;
        // R7 alone is as likely a model; 令和7 is not.
        return date_of(year, rest, name.is_ascii());
    }
    let (first, rest) = digits(text, 4)?;
    if first >= 1000 {
        return date_of(u16::try_from(first).ok()?, rest, false);
    }
    // 4/1/2025, as an English Excel shows it.
    let (day, after) = digits(rest.strip_prefix('/')?, 2)?;
    let (year, after) = digits(after.strip_prefix('/')?, 4)?;
    let date = PartialDate::new(
        u16::try_from(year).ok()?,
        Some(u8::try_from(first).ok()?),
        Some(u8::try_from(day).ok()?),
    );
    Some((date?, after))
}

/// Month and day behind a year. `dated`: a year without a month is none.
fn date_of(year: u16, rest: &str, dated: bool) -> Option<(PartialDate, &str)> {
    if let Some(after) = rest.strip_prefix("年度") {
        return Some((PartialDate::fiscal_year(year)?, after));
    }
    let alone = || {
        let after = rest.strip_prefix('年').unwrap_or(rest);
        if dated && after.len() == rest.len() {
            return None;
        }
        Some((PartialDate::new(year, None, None)?, after))
    };
    let Some(behind) = rest.strip_prefix(['年', '.', '/', '-']) else { return alone() };
    let Some((month, after_month)) = digits(behind.trim_start(), 2) else { return alone() };
    let month = u8::try_from(month).ok().filter(|month| (1..=12).contains(month))?;
    let month_alone = |after| Some((PartialDate::new(year, Some(month), None)?, after));
    let Some(behind) = after_month.strip_prefix(['月', '.', '/', '-']) else {
        return month_alone(after_month);
    };
    let Some((day, after)) = digits(behind.trim_start(), 2) else { return month_alone(behind) };
    let date = PartialDate::new(year, Some(month), Some(u8::try_from(day).ok()?))?;
    Some((date, after.strip_prefix('日').unwrap_or(after)))
}

/// The number of at most `most` digits that the text begins with; `None` if more digits follow.
fn digits(text: &str, most: usize) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(end)?;
    if end == 0 || end > most { None } else { Some((number.parse().ok()?, rest)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cell: &str) -> String {
        dates(cell).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_date_is_read_in_every_form_that_ledgers_write() {
        for (cell, date) in [
            ("令和7年4月1日", "2025-04-01"),
            ("令和元年5月1日", "2019-05-01"),
            ("令和 7年 4月 1日", "2025-04-01"),
            ("Ｒ７．４．１", "2025-04-01"),
            ("R7.4.1", "2025-04-01"),
            ("R07/04/01", "2025-04-01"),
            ("R.7.4", "2025-04"),
            ("H30/3", "2018-03"),
            ("H31.4.30", "2019-04-30"),
            ("平成３０年３月", "2018-03"),
            ("平30.3.31", "2018-03-31"),
            ("㍻30年", "2018"),
            ("S63.12.1", "1988-12-01"),
            ("昭和63年度", "1988年度"),
            ("大正15年12月", "1926-12"),
            ("T15.12.24", "1926-12-24"),
            ("令和6年度", "2024年度"),
            ("2025年度", "2025年度"),
            ("2025.4", "2025-04"),
            ("2025/4/1", "2025-04-01"),
            ("2025-04-01 00:00:00", "2025-04-01"),
            ("２０２５年４月", "2025-04"),
            ("2025", "2025"),
            ("2025年", "2025"),
            ("20250401", "2025-04-01"),
            ("202504", "2025-04"),
            ("45748", "2025-04-01"),
            ("43921", "2020-03-31"),
            ("36585", "2000-02-29"),
            ("4/1/2025", "2025-04-01"),
            ("2024/4/1～2025/3/31", "2024-04-01 2025-03-31"),
            ("R6.4.1-R7.3.31", "2024-04-01 2025-03-31"),
            ("保守契約あり（2027年3月末まで）", "2027-03"),
            ("2025/4/1\n(更新 2026/4/1)", "2025-04-01 2026-04-01"),
        ] {
            assert_eq!(read(cell), date, "{cell}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for cell in [
            "",
            "-",
            "不明",
            "有",
            "R7",
            "H30",
            "NBRS7.4.1",
            "2025/13/1",
            "2025/2/30",
            "12345678",
            "192.168.10.5",
            "90000",
            "0",
            "1",
            "Ver.2",
            "R0.1.1",
            "03-1234-5678",
            "令和",
        ] {
            assert_eq!(read(cell), "", "{cell}");
        }
    }

    #[test]
    fn what_is_left_open_ends_with_its_last_day() {
        let date = |text: &str| text.parse::<PartialDate>().unwrap();
        assert_eq!(date("2024-02").last_day(), (2024, 2, 29));
        assert_eq!(date("2025").last_day(), (2025, 12, 31));
        assert_eq!(date("2025年度").first_day(), (2025, 4, 1));
        assert_eq!(date("2025年度").last_day(), (2026, 3, 31));
        assert!("2025-02-30".parse::<PartialDate>().is_err());
        assert!("2025-1-1-1".parse::<PartialDate>().is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(令和|R|H|[0-9年月日./ -]|\\PC){0,20}") {
            for date in dates(&text) {
                proptest::prop_assert_eq!(date.to_string().parse(), Ok(date));
            }
        }
    }
}
