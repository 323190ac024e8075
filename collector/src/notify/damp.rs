//! Which events a receiver is told, and when: each once for as long as it holds, the first at once, what
//! comes up soon after in one summary, nothing in quiet hours unless it is urgent. A function of what was
//! told before, which is kept, so that a restart changes nothing.

use std::collections::BTreeMap;

use daicho_common::time::Timestamp;
use jiff::tz::TimeZone;

use super::channel::Damping;
use super::event::{Event, Kind};

const MINUTE: i64 = 60_000_000;

/// An event that a receiver was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its kind.
    pub kind: Kind,
    /// Since when it does not hold; none while it does.
    pub ceased: Option<Timestamp>,
}

/// What a receiver was told, by the events' keys.
pub type Memory = BTreeMap<String, Told>;

/// What changes in a receiver's memory because events came and went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// These do not hold any more.
    pub ceased: Vec<String>,
    /// These hold again, and are still the same events.
    pub resumed: Vec<String>,
    /// These are forgotten: when they come again they are new.
    pub forgotten: Vec<String>,
}

impl Changes {
    /// Whether nothing changes.
    pub const fn is_empty(&self) -> bool {
        self.ceased.is_empty() && self.resumed.is_empty() && self.forgotten.is_empty()
    }
}

/// How a receiver's memory changes when just these events hold.
pub fn changes(memory: &Memory, holding: &[&Event<'_>], now: Timestamp) -> Changes {
    let holds: std::collections::BTreeSet<&str> =
        holding.iter().map(|event| event.key.as_str()).collect();
    let mut changes = Changes::default();
    for (key, told) in memory {
        match (holds.contains(key.as_str()), told.ceased) {
            (true, None) => {}
            // It stayed away for so long that it is another one now.
            (true, Some(since)) if is_over(told.kind, since, now) && told.kind.rest() > 0 => {
                changes.forgotten.push(key.clone());
            }
            (true, Some(_)) => changes.resumed.push(key.clone()),
            (false, None) if told.kind.rest() == 0 => changes.forgotten.push(key.clone()),
            (false, None) => changes.ceased.push(key.clone()),
            (false, Some(since)) if is_over(told.kind, since, now) => {
                changes.forgotten.push(key.clone());
            }
            (false, Some(_)) => {}
        }
    }
    changes
}

fn is_over(kind: Kind, since: Timestamp, now: Timestamp) -> bool {
    now.micros().saturating_sub(since.micros()) >= kind.rest()
}

/// What a receiver's messages are like at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Desk {
    /// When its last message was made.
    pub last: Option<Timestamp>,
    /// Whether it has one that has not been delivered.
    pub waiting: bool,
}

/// The events that the receiver is told now, in one message, worst first; none: it is not told now. What
/// it is not told comes up again as long as it holds.
pub fn due<'e, 'a>(
    (rules, zone): (&Damping, &TimeZone),
    (memory, desk): (&Memory, Desk),
    holding: &[&'e Event<'a>],
    now: Timestamp,
) -> Vec<&'e Event<'a>> {
    let gather = i64::from(rules.gather_minutes).saturating_mul(MINUTE);
    // A clock that was put back makes nobody wait for more than the usual time.
    let age = desk.last.map(|last| now.micros().saturating_sub(last.micros()));
    if desk.waiting || age.is_some_and(|age| (0..gather).contains(&age)) {
        return Vec::new();
    }
    let is_quiet = rules.quiet.iter().any(|window| window.has(now, zone));
    let passes = |event: &Event<'_>| {
        !is_quiet || rules.urgent.is_some_and(|urgent| event.severity >= urgent)
    };
    let mut due: Vec<&Event<'_>> = holding
        .iter()
        .filter(|event| !memory.contains_key(&event.key) && passes(event))
        .copied()
        .collect();
    due.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.key.cmp(&b.key)));
    due.dedup_by(|a, b| a.key == b.key);
    due
}
