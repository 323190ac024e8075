//! What people said about what was found. It stands against every later scan, and nothing of it is
//! ever deleted: a decision is withdrawn by another one.
//!
//! Decisions name things by keys that outlast a scan ([`Key`], [`EntryKey`]), not by ids that are
//! derived anew each time. [`Standing`] is what holds of them now.

use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::ledger::key::EntryKey;

mod standing;

pub use standing::Standing;

/// What a device is known by from scan to scan.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// A MAC address of it.
    Mac(Mac),
    /// Its serial number, as it says it.
    Serial(String),
    /// An address at which no MAC address is known.
    Address {
        /// The declared network.
        network: String,
        /// The address.
        ip: IpAddr,
    },
}

/// What a decision is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A device.
    Device(Key),
    /// A row of the ledger.
    Entry(EntryKey),
}

/// A field of a device that a person may correct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Corrected {
    /// What it is called.
    Name,
    /// What it is: a class as [`crate::fingerprint::Class`] is serialised.
    Class,
    /// Maker.
    Vendor,
    /// Model.
    Model,
    /// Serial number.
    Serial,
    /// Version of firmware or system.
    Version,
    /// Operating system.
    Os,
    /// Where it stands.
    Location,
    /// Whether a printer keeps documents: `yes` or `no`.
    Storage,
}

/// Whether the checklist covers something: proposed by rules, decided by a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// 対象.
    Inside,
    /// 対象外.
    Outside,
    /// 要判断.
    Undecided,
}

/// What was done about a finding (DOMAIN §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// 登録: it was entered in the ledger, or the ledger was put right.
    Registered,
    /// ベンダー照会中: the vendor was asked.
    VendorAsked,
    /// 承認済: it may stay as it is; the decision says why.
    Approved,
    /// 撤去: it was taken away.
    Removed,
    /// 調査中: somebody is finding out.
    Investigating,
}

impl Disposition {
    /// Whether nothing is left to do until the facts change.
    pub const fn settles(self) -> bool {
        matches!(self, Self::Registered | Self::Approved | Self::Removed)
    }
}

/// What a person said.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Decision {
    /// Two keys are of one device, whatever else was seen (pin).
    Join {
        /// One.
        a: Key,
        /// The other.
        b: Key,
    },
    /// Two keys are of two devices, whatever ties them (split).
    Split {
        /// One.
        a: Key,
        /// The other.
        b: Key,
    },
    /// A field of a device says this.
    Correct {
        /// The device.
        device: Key,
        /// The field.
        field: Corrected,
        /// What it says.
        value: String,
    },
    /// Whether something is in the scope of the checklist.
    Scope {
        /// What.
        subject: Subject,
        /// The decision.
        scope: Scope,
    },
    /// Something is, or is no longer, a permitted private device (承認済BYOD).
    Byod {
        /// The device.
        device: Key,
        /// Whether it is permitted.
        permitted: bool,
    },
    /// A finding was answered.
    Answer {
        /// The finding's id.
        finding: String,
        /// The facts that were answered ([`crate::finding::Finding::facts`]); others open it again.
        facts: String,
        /// The answer; `None` where only its owner or due date was set.
        disposition: Option<Disposition>,
        /// Who sees to it; empty if nobody was named.
        owner: String,
        /// Until when.
        due: Option<Day>,
    },
    /// An earlier decision holds no longer.
    Withdraw {
        /// Its number.
        decision: u64,
    },
}

/// A decision with who made it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Decided {
    /// Its number, growing from 1 as decisions are made.
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Why, in their words.
    pub why: String,
    /// What.
    pub what: Decision,
}

/// The findings of which something was said since, if nothing else was: answers, and answers that were
/// taken back or hold again. Both are in order of their numbers.
pub(crate) fn answers_since(before: &[Decided], now: &[Decided]) -> Option<Vec<String>> {
    let since = now.strip_prefix(before)?;
    since.iter().map(|decided| answered(decided, now).map(str::to_owned)).collect()
}

/// The finding that this is an answer to, or takes back an answer to; none if it is about something else.
fn answered<'a>(decided: &'a Decided, all: &'a [Decided]) -> Option<&'a str> {
    let mut about = decided;
    loop {
        match &about.what {
            Decision::Answer { finding, .. } => return Some(finding),
            // What takes back itself or what comes later takes nothing back.
            Decision::Withdraw { decision } if *decision < about.id => {
                let at = all.binary_search_by_key(decision, |decided| decided.id).ok()?;
                about = all.get(at)?;
            }
            Decision::Join { .. }
            | Decision::Split { .. }
            | Decision::Correct { .. }
            | Decision::Scope { .. }
            | Decision::Byod { .. }
            | Decision::Withdraw { .. } => return None,
        }
    }
}

#[cfg(test)]
mod tests;
