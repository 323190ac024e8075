//! The only room of the collector that reads a clock, and the time zone in which times are shown.

use daicho_common::complaint::{Complaint, Exit};
use daicho_common::time::Timestamp;
use jiff::tz::TimeZone;

/// The time now.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub fn now() -> Timestamp {
    Timestamp::from_micros(jiff::Timestamp::now().as_microsecond())
}

/// The time zone in which people read times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone with this IANA name, for example `Asia/Tokyo`. The data base is built in.
    ///
    /// # Errors
    /// A complaint if there is no such zone.
    pub fn named(name: &str) -> Result<Self, Complaint> {
        TimeZone::get(name).map(Self).map_err(|_| {
            Complaint::new(
                Exit::Config,
                format!("時間帯 {name:?} は存在しません。Asia/Tokyo のような IANA の名前を指定してください"),
                format!("there is no time zone {name:?}: give an IANA name such as Asia/Tokyo"),
            )
        })
    }

    /// The instant as `2026-04-01 09:30:00`, without the zone's name.
    pub fn show(&self, at: Timestamp) -> String {
        jiff::Timestamp::from_microsecond(at.micros()).map_or_else(
            |_| format!("{} µs", at.micros()),
            |at| at.to_zoned(self.0.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        )
    }

    /// The instant with its offset, for machines: `2026-04-01T09:30:00.25+09:00`.
    pub fn rfc3339(&self, at: Timestamp) -> String {
        jiff::Timestamp::from_microsecond(at.micros()).map_or_else(
            |_| String::new(),
            |at| at.display_with_offset(self.0.to_offset(at)).to_string(),
        )
    }

    /// The zone as calendars reckon with it.
    pub const fn time_zone(&self) -> &TimeZone {
        &self.0
    }

    /// The zone's name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_the_zone_asked_for() {
        let at = Timestamp::from_micros(1_775_003_400_000_000);
        let tokyo = Zone::named("Asia/Tokyo").unwrap();
        assert_eq!(tokyo.show(at), "2026-04-01 09:30:00");
        assert_eq!(tokyo.rfc3339(at), "2026-04-01T09:30:00+09:00");
        assert_eq!(Zone::named("UTC").unwrap().show(at), "2026-04-01 00:30:00");
        assert_eq!(Zone::named("Mars/Olympus").unwrap_err().exit, Exit::Config);
    }

    #[test]
    fn an_instant_outside_the_calendar_is_shown_as_a_number() {
        let end = Timestamp::from_micros(i64::MAX);
        assert_eq!(Zone::named("UTC").unwrap().show(end), format!("{} µs", i64::MAX));
    }
}
