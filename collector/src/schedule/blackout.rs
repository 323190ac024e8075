//! Days that are left out: `2026-12-29`, or `2026-12-29..2027-01-03` with both ends.

use std::str::FromStr;

use crate::day::Day;

/// A span of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blackout {
    first: Day,
    last: Day,
}

impl Blackout {
    /// Whether a day is left out.
    pub fn covers(&self, day: Day) -> bool {
        (self.first..=self.last).contains(&day)
    }
}

impl FromStr for Blackout {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let day = |text: &str| text.trim().parse::<Day>().map_err(|_| ());
        let (first, last) = (day(first)?, day(last)?);
        if first <= last { Ok(Self { first, last }) } else { Err(()) }
    }
}
