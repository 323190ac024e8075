//! When scans are to run: a pattern as cron(8) writes it, in a time zone, within windows, and not on
//! days that are left out. A schedule says when; what an agent may do at all its own configuration
//! says, and a schedule can only narrow it.
//!
//! Everything is a function of the schedule and an instant. Where a clock is put forward, a time that
//! does not exist that day falls to the moment after the gap; where it is put back, a time that comes
//! twice counts once (croner's rules, which the tests hold fast).

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use daicho_common::job::{Order, Reach};
use daicho_common::span::NoSpan;
use daicho_common::time::Timestamp;
use jiff::Zoned;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::day::Day;

/// Days that are left out.
mod blackout;
/// Spans of the day within which scans run.
mod window;

pub use blackout::Blackout;
pub use window::Window;

/// How late a scan without a window may begin: an hour, in microseconds.
const GRACE: i64 = 3_600_000_000;
/// How many times of a pattern are looked at for one that falls within a window and on no day that is
/// left out: a pattern of every minute over a week.
const LOOKED_AT: usize = 10_080;

/// A schedule as people write it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// What people call it; no two have one name.
    pub name: String,
    /// Whose scan it is.
    pub agent: String,
    /// Minute, hour, day of the month, month, day of the week, as cron(8) writes them; also `L` for
    /// the last, `5L` for the last Friday, `5#2` for the second.
    pub pattern: String,
    /// The IANA name of the zone in which all its times are.
    pub zone: String,
    /// Spans within which scans begin and end, like `22:00-05:00` or `Mon-Fri 22:00-05:00`; none:
    /// all day.
    #[serde(default)]
    pub windows: Vec<String>,
    /// Days on which nothing runs, like `2026-12-29` or `2026-12-29..2027-01-03`.
    #[serde(default)]
    pub blackout: Vec<String>,
    /// Networks that the agent declares, or parts of them; none: all of them.
    #[serde(default)]
    pub networks: Vec<String>,
    /// How far at most.
    #[serde(default)]
    pub reach: Option<Reach>,
    /// Most packets a second in all, where the agent's own figure is not smaller.
    #[serde(default)]
    pub packets_per_second: Option<u32>,
    /// Most packets a second to one target, where the agent's own figure is not smaller.
    #[serde(default)]
    pub target_packets_per_second: Option<u32>,
    /// Whom to call when something is amiss.
    #[serde(default)]
    pub contact: String,
}

/// Why a schedule cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// A name is empty, too long or holds control characters.
    #[error("{0:?} is no name")]
    Name(String),
    /// The pattern is none.
    #[error("the pattern {0:?} cannot be read: {1}")]
    Pattern(String, String),
    /// There is no such time zone.
    #[error("there is no time zone {0:?}")]
    Zone(String),
    /// A window is none.
    #[error("{0:?} is no window")]
    Window(String),
    /// A day that is left out is none.
    #[error("{0:?} is no day and no span of days")]
    Blackout(String),
    /// It never runs: its times fall outside its windows, or there are none.
    #[error("it would never run")]
    Never,
}

/// A run of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Run {
    /// When it is to begin.
    pub due: Timestamp,
    /// When it has to have begun; later it is missed.
    pub start_by: Timestamp,
    /// When its window closes, whatever is left.
    pub stop_at: Option<Timestamp>,
}

impl Run {
    /// A run that is wanted now.
    pub fn at_once(now: Timestamp) -> Self {
        let start_by = Timestamp::from_micros(now.micros().saturating_add(GRACE));
        Self { due: now, start_by, stop_at: None }
    }
}

/// A scan that has not come about since it last did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missed {
    /// The schedule's name; empty for what somebody wanted once.
    pub schedule: String,
    /// Whose it is.
    pub agent: String,
    /// When the latest was due.
    pub due: Timestamp,
    /// Why it did not come about.
    pub why: Why,
    /// How often in a row.
    pub times: u64,
}

/// Why a scan did not come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Its agent did not ask for it in time.
    NotTaken,
    /// The agent's configuration does not allow it.
    Refused,
    /// It was begun, and not done to the end; or its agent fell silent.
    Failed,
}

/// A schedule that was checked.
#[derive(Clone, Debug)]
pub struct Timetable {
    cron: Cron,
    zone: TimeZone,
    windows: Vec<Window>,
    blackout: Vec<Blackout>,
}

impl Schedule {
    /// The schedule checked.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn timetable(&self) -> Result<Timetable, Bad> {
        for name in [&self.name, &self.agent] {
            let fits = (1..=100).contains(&name.chars().count())
                && name.trim() == name
                && !name.chars().any(char::is_control);
            if !fits {
                return Err(Bad::Name(name.clone()));
            }
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed);
        let cron = parser
            .build()
            .parse(&self.pattern)
            .map_err(|why| Bad::Pattern(self.pattern.clone(), why.to_string()))?;
        let zone = TimeZone::get(&self.zone).map_err(|_| Bad::Zone(self.zone.clone()))?;
        let window = |text: &String| text.parse().map_err(|NoSpan| Bad::Window(text.clone()));
        let left_out = |text: &String| text.parse().map_err(|()| Bad::Blackout(text.clone()));
        Ok(Timetable {
            cron,
            zone,
            windows: self.windows.iter().map(window).collect::<Result<_, _>>()?,
            blackout: self.blackout.iter().map(left_out).collect::<Result<_, _>>()?,
        })
    }

    /// What its runs ask of the agent.
    pub fn order(&self) -> Order {
        Order {
            id: 0,
            networks: self.networks.clone(),
            reach: self.reach,
            packets_per_second: self.packets_per_second,
            target_packets_per_second: self.target_packets_per_second,
            ..Order::default()
        }
    }
}

impl Timetable {
    /// The first run after an instant; `None` if there is none.
    pub fn next_run(&self, after: Timestamp) -> Option<Run> {
        let mut at = self.zoned(after)?;
        for _ in 0..LOOKED_AT {
            at = self.cron.find_next_occurrence(&at, false).ok()?;
            if self.blackout.iter().any(|it| it.covers(Day::from(at.date()))) {
                // Straight to the end of the day: its other times are left out too.
                at = last_of(&at)?;
                continue;
            }
            if self.windows.is_empty() {
                let due = instant(&at);
                let start_by = Timestamp::from_micros(due.micros().saturating_add(GRACE));
                return Some(Run { due, start_by, stop_at: None });
            }
            let closes = self.windows.iter().filter_map(|window| window.closes(&at)).max();
            if let Some(closes) = closes {
                let closes = instant(&closes);
                return Some(Run { due: instant(&at), start_by: closes, stop_at: Some(closes) });
            }
        }
        None
    }

    /// The next runs after an instant, at most `count`.
    pub fn next_runs(&self, after: Timestamp, count: usize) -> Vec<Run> {
        let next = |last: &Run| self.next_run(last.due);
        std::iter::successors(self.next_run(after), next).take(count).collect()
    }

    /// The instant as people in the schedule's zone read it.
    pub fn shown(&self, at: Timestamp) -> String {
        self.zoned(at).map_or_else(String::new, |at| at.strftime("%Y-%m-%d (%a) %H:%M").to_string())
    }

    fn zoned(&self, at: Timestamp) -> Option<Zoned> {
        let at = jiff::Timestamp::from_microsecond(at.micros()).ok()?;
        Some(at.to_zoned(self.zone.clone()))
    }
}

/// The last minute of the day of `at`.
fn last_of(at: &Zoned) -> Option<Zoned> {
    let date: Date = at.date();
    date.at(23, 59, 59, 0).to_zoned(at.time_zone().clone()).ok()
}

fn instant(at: &Zoned) -> Timestamp {
    Timestamp::from_micros(at.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests;
