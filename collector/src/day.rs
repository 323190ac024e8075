//! A day of the calendar, as a value: due dates, review dates, the end of support.

use std::fmt::{self, Display};
use std::str::FromStr;

use daicho_common::time::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A day (ISO 8601, `YYYY-MM-DD`), in no time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(Date);

impl Day {
    /// The day, if the calendar has it: `year` 1 to 9999, `month` 1 to 12, `day` 1 to 31.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        Date::new(year, month, day).ok().map(Self)
    }

    /// The day of this instant in Japan, where the hospitals are (UTC+9, without summer time).
    pub fn of(at: Timestamp) -> Self {
        const JAPAN: i64 = 9 * 3_600_000_000;
        const DAY: i64 = 86_400_000_000;
        let days = at.micros().saturating_add(JAPAN).div_euclid(DAY);
        let epoch = jiff::civil::date(1970, 1, 1);
        Self(epoch.saturating_add(jiff::Span::new().days(days.clamp(-4_000_000, 2_900_000))))
    }

    /// Year, month 1 to 12, day 1 to 31.
    pub fn parts(self) -> (i16, u8, u8) {
        (self.0.year(), self.0.month().unsigned_abs(), self.0.day().unsigned_abs())
    }

    /// Whole days from this one to `later`; negative if `later` comes before.
    pub fn days_until(self, later: Self) -> i64 {
        // Two dates of the calendar are at most some millions of days apart.
        later.0.since(self.0).map_or(0, |span| i64::from(span.get_days()))
    }
}

impl From<Date> for Day {
    fn from(date: Date) -> Self {
        Self(date)
    }
}

impl Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, f)
    }
}

impl FromStr for Day {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_and_read_as_one_form() {
        let day: Day = "2027-02-28".parse().unwrap();
        assert_eq!(day.to_string(), "2027-02-28");
        assert_eq!(
            serde_json::from_str::<Day>(&serde_json::to_string(&day).unwrap()).unwrap(),
            day
        );
        assert!("2027-02-29".parse::<Day>().is_err() && Day::new(2027, 2, 29).is_none());
    }

    #[test]
    fn days_are_counted_over_months_and_back() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        assert_eq!(day("2027-02-28").days_until(day("2028-03-01")), 367);
        assert_eq!(day("2028-03-01").days_until(day("2028-02-29")), -1);
    }
}
