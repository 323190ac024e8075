//! Something that people should be told of, as it is known now. Its key says what it is: as long as an
//! event of the same key holds, it is one event, and told once.

use daicho_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::finding::Finding;
use crate::people::portion::Portion;
use crate::policy::Severity;

/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;

/// The kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A finding that is open.
    Finding,
    /// A scan that did not come about.
    MissedScan,
    /// An agent that has not called.
    SilentAgent,
    /// An answer that should have been there by now.
    Overdue,
    /// A certificate of an agent that ends soon.
    Certificate,
    /// A copy of the database that failed, or is too old.
    Backup,
    /// Something that was sent and did not arrive, here or from here.
    Delivery,
    /// Nothing happened: somebody tries whether messages arrive.
    Trial,
}

impl Kind {
    /// Every kind that can be chosen.
    pub const ALL: [Self; 7] = [
        Self::Finding,
        Self::MissedScan,
        Self::SilentAgent,
        Self::Overdue,
        Self::Certificate,
        Self::Backup,
        Self::Delivery,
    ];

    /// Its name in files and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Finding => "finding",
            Self::MissedScan => "missed_scan",
            Self::SilentAgent => "silent_agent",
            Self::Overdue => "overdue",
            Self::Certificate => "certificate",
            Self::Backup => "backup",
            Self::Delivery => "delivery",
            Self::Trial => "trial",
        }
    }

    /// How long an event that was told has to be away before it is a new one, in microseconds. A device
    /// that comes and goes is told of once in two weeks; what has a moment of its own in its key needs no
    /// such rest.
    pub const fn rest(self) -> i64 {
        match self {
            Self::Finding | Self::Overdue => 14 * DAY,
            Self::MissedScan
            | Self::SilentAgent
            | Self::Certificate
            | Self::Backup
            | Self::Delivery
            | Self::Trial => 0,
        }
    }
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq)]
pub enum What<'a> {
    /// This finding.
    Finding(&'a Finding),
    /// The answer to this finding, which was due on this day.
    Overdue(&'a Finding, Day),
    /// The finding that tells of the scan.
    MissedScan(&'a Finding),
    /// The agent of this name, which last called then.
    SilentAgent(&'a str, Timestamp),
    /// The certificate of this agent ends then.
    Certificate(&'a str, Timestamp),
    /// No copy was made, for this reason.
    BackupFailed(&'a str),
    /// The last copy was made then.
    BackupOld(Timestamp),
    /// A batch of this agent could not be read; it is in this file.
    Aside(&'a str, &'a str),
    /// Messages to this receiver were given up, for this reason.
    GivenUp(&'a str, &'a str),
}

/// Something that people should be told of.
#[derive(Clone, Debug, PartialEq)]
pub struct Event<'a> {
    /// What it is, the same for as long as it is one event.
    pub key: String,
    /// Its kind.
    pub kind: Kind,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about.
    pub what: What<'a>,
}

impl Event<'_> {
    /// Whether it is about nothing but what is this vendor's. What is about the hospital's own keeping
    /// (agents, scans, copies) is nobody else's.
    pub fn is_of(&self, portion: &Portion) -> bool {
        match self.what {
            What::Finding(finding) | What::Overdue(finding, _) => portion.has(finding),
            What::MissedScan(_)
            | What::SilentAgent(..)
            | What::Certificate(..)
            | What::BackupFailed(_)
            | What::BackupOld(_)
            | What::Aside(..)
            | What::GivenUp(..) => false,
        }
    }
}
