//! What is so now that people should be told of: a function of what is known, told or not.

use daicho_common::time::Timestamp;

use super::event::{Event, Kind, What};
use crate::day::Day;
use crate::finding::{Finding, Rule};
use crate::policy::Severity;

/// An hour, in microseconds.
const HOUR: i64 = 3_600_000_000;
/// Of an agent that only delivers files somebody should know why nothing came for so long: 8 days, as the
/// longest usual schedule is weekly.
const FILES: i64 = 8 * 24 * HOUR;

/// An agent, as far as it is watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agent {
    /// Its name.
    pub name: String,
    /// When it last called at the agents' door.
    pub called: Option<Timestamp>,
    /// When its latest batch came, by whatever road.
    pub delivered: Option<Timestamp>,
    /// Until when its certificate holds; none if it has none that does.
    pub until: Option<Timestamp>,
    /// Whether it was revoked: then nothing is expected of it.
    pub revoked: bool,
    /// Files of its batches that could not be read.
    pub aside: Vec<String>,
}

/// What became of the latest copy of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// When.
    pub at: Timestamp,
    /// Why it failed; none if it did not.
    pub failed: Option<String>,
}

/// A message that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// Whose it was.
    pub channel: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub said: String,
}

/// From when on something is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Hours for which an agent may be silent, 1 to 720.
    pub silent_hours: u32,
    /// Days before the end of a certificate, 1 to 60.
    pub certificate_days: u32,
    /// Days that the latest regular copy of the database may be old, 1 to 366.
    pub backup_days: u32,
}

impl Default for Limits {
    /// A day of silence; two weeks before the end of a certificate, which its agent renews after two
    /// thirds of ninety days; three days without a copy, of which there is one a day.
    fn default() -> Self {
        Self { silent_hours: 24, certificate_days: 14, backup_days: 3 }
    }
}

/// What is known.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The findings.
    pub findings: &'a [Finding],
    /// The agents.
    pub agents: &'a [Agent],
    /// The latest regular copy, and the latest that came about; neither if there never was one.
    pub copies: (Option<&'a Copied>, Option<Timestamp>),
    /// Messages that were given up.
    pub given_up: &'a [GivenUp],
    /// From when on.
    pub limits: Limits,
    /// Today, where the hospital is.
    pub today: Day,
    /// Now.
    pub now: Timestamp,
}

/// Everything that is so now.
pub fn events<'a>(known: &Known<'a>) -> Vec<Event<'a>> {
    let mut events: Vec<Event<'a>> = Vec::new();
    for finding in known.findings {
        events.extend(of_finding(finding, known.today));
    }
    for agent in known.agents {
        events.extend(of_agent(agent, known));
    }
    events.extend(of_copies(known));
    let given_up = known.given_up.iter().map(|one| Event {
        key: format!("given_up:{}:{}", one.channel, one.at.micros()),
        kind: Kind::Delivery,
        severity: Severity::Warning,
        what: What::GivenUp(&one.channel, &one.said),
    });
    events.extend(given_up);
    events
}

/// A finding is a new event each time that it is opened again after an answer.
fn of_finding(finding: &Finding, today: Day) -> Vec<Event<'_>> {
    if !finding.is_open() {
        return Vec::new();
    }
    let severity = finding.severity;
    let answered = finding.answer.as_ref().map_or(0, |answer| {
        if answer.disposition.is_some() && !answer.holds { answer.decision } else { 0 }
    });
    let (kind, what) = if finding.rule == Rule::MissedScan {
        (Kind::MissedScan, What::MissedScan(finding))
    } else {
        (Kind::Finding, What::Finding(finding))
    };
    let key = format!("{}:{}:{answered}", kind.name(), finding.id);
    let mut events = vec![Event { key, kind, severity, what }];
    if let Some(due) =
        finding.answer.as_ref().filter(|it| it.is_overdue(today)).and_then(|it| it.due)
    {
        events.push(Event {
            key: format!("overdue:{}:{due}", finding.id),
            kind: Kind::Overdue,
            severity,
            what: What::Overdue(finding, due),
        });
    }
    events
}

fn of_agent<'a>(agent: &'a Agent, known: &Known<'a>) -> Vec<Event<'a>> {
    let mut events = Vec::new();
    let name = agent.name.as_str();
    let now = known.now.micros();
    let last = agent.called.max(agent.delivered).filter(|_| !agent.revoked);
    let patience = match agent.called {
        Some(_) => i64::from(known.limits.silent_hours).saturating_mul(HOUR),
        None => FILES,
    };
    if let Some(last) = last.filter(|last| now.saturating_sub(last.micros()) > patience) {
        events.push(Event {
            key: format!("silent:{name}:{}", last.micros()),
            kind: Kind::SilentAgent,
            severity: Severity::Warning,
            what: What::SilentAgent(name, last),
        });
    }
    let soon = i64::from(known.limits.certificate_days).saturating_mul(24 * HOUR);
    let until = agent.until.filter(|_| !agent.revoked);
    if let Some(until) = until.filter(|until| until.micros().saturating_sub(now) < soon) {
        let over = until <= known.now;
        events.push(Event {
            key: format!("certificate:{name}:{}", until.micros()),
            kind: Kind::Certificate,
            severity: if over { Severity::High } else { Severity::Warning },
            what: What::Certificate(name, until),
        });
    }
    events.extend(agent.aside.iter().map(|file| Event {
        key: format!("aside:{file}"),
        kind: Kind::Delivery,
        severity: Severity::Warning,
        what: What::Aside(name, file),
    }));
    events
}

/// A copy that failed is told of; one that is not made at all nobody would notice.
fn of_copies<'a>(known: &Known<'a>) -> Option<Event<'a>> {
    let (latest, good) = known.copies;
    let event = |key, what| Event { key, kind: Kind::Backup, severity: Severity::High, what };
    if let Some((at, why)) = latest.and_then(|one| Some((one.at, one.failed.as_deref()?))) {
        return Some(event(format!("backup_failed:{}", at.micros()), What::BackupFailed(why)));
    }
    let patience = i64::from(known.limits.backup_days).saturating_mul(24 * HOUR);
    let old = good.filter(|at| known.now.micros().saturating_sub(at.micros()) > patience)?;
    Some(event(format!("backup_old:{}", old.micros()), What::BackupOld(old)))
}
