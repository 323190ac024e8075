//! The numbers of logging in, as data: `config/people.toml`, which gives the reason of each.

use std::time::Duration;

use serde::Deserialize;

/// What was released.
const RELEASED: &str = include_str!("../../../config/people.toml");

/// Everything that is a number.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// What a password has to be, and how it is kept.
    pub password: Passwords,
    /// How long a login holds.
    pub session: Sessions,
    /// How long a link to log in once holds.
    pub link: Links,
    /// What happens after wrong tries.
    pub refusal: Refusal,
}

/// Passwords: Argon2id (RFC 9106) and what is asked of people.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passwords {
    /// Memory of one hash, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// Fewest characters.
    pub least_characters: usize,
    /// Fewest different characters.
    pub least_distinct: usize,
}

/// Sessions.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sessions {
    /// Without any request a session ends after this, in minutes.
    pub idle_minutes: u64,
    /// With requests it ends after this, in hours.
    pub longest_hours: u64,
}

impl Sessions {
    /// Without any request a session ends after this.
    pub const fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_minutes.saturating_mul(60))
    }

    /// It ends after this at the latest.
    pub const fn longest(&self) -> Duration {
        Duration::from_secs(self.longest_hours.saturating_mul(3600))
    }
}

/// Links that log in once.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Links {
    /// How long one holds, in minutes.
    pub minutes: u64,
}

impl Links {
    /// How long one holds.
    pub const fn holds(&self) -> Duration {
        Duration::from_secs(self.minutes.saturating_mul(60))
    }
}

/// What happens after wrong tries to log in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Wrong tries without any delay.
    pub free: u32,
    /// The first delay, in seconds; each further one is twice as long.
    pub first_seconds: u64,
    /// The longest delay, in seconds.
    pub longest_seconds: u64,
    /// Tries are forgotten after this, in hours.
    pub forget_hours: u64,
}

impl Rules {
    /// Reads the numbers and checks their ranges.
    ///
    /// # Errors
    /// What is wrong, in one line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rules: Self = toml::from_str(text).map_err(|bad| bad.message().to_owned())?;
        let Self { password, session, link, refusal } = &rules;
        let ranges = [
            // RFC 9106 §3.1: at least eight KiB a lane; a GiB is more than a server has to spare.
            ("memory_kib", u64::from(password.memory_kib), 8192..=1_048_576),
            ("passes", u64::from(password.passes), 1..=100),
            ("lanes", u64::from(password.lanes), 1..=16),
            ("least_characters", password.least_characters as u64, 8..=128),
            ("least_distinct", password.least_distinct as u64, 1..=8),
            ("idle_minutes", session.idle_minutes, 1..=1440),
            ("longest_hours", session.longest_hours, 1..=168),
            ("minutes", link.minutes, 1..=1440),
            ("free", u64::from(refusal.free), 1..=100),
            ("first_seconds", refusal.first_seconds, 1..=60),
            ("longest_seconds", refusal.longest_seconds, 1..=3600),
            ("forget_hours", refusal.forget_hours, 1..=168),
        ];
        match ranges.into_iter().find(|(_, value, range)| !range.contains(value)) {
            None => Ok(rules),
            Some((key, value, range)) => {
                Err(format!("{key} = {value}: {} to {}", range.start(), range.end()))
            }
        }
    }

    /// What was released.
    ///
    /// # Errors
    /// Never: the suite parses it.
    pub fn released() -> Result<Self, String> {
        Self::parse(RELEASED)
    }
}
