//! What a round of stock-taking (棚卸) comes to, row by row: what the network showed since the round
//! began, what people found when they went and looked, and what is still to be checked.
//!
//! A person's word stands against what was seen. Once the clerk has signed, the rows are those that were
//! kept at that moment ([`Check`]) and nothing that is seen later changes them: what the others sign is
//! what the clerk counted, named by its digest ([`digest`]).

use std::collections::{BTreeMap, HashMap};

use daicho_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::ledger::key::EntryKey;
use crate::ledger::{Entry, Ledger, Place, State};
use crate::reconcile::{Match, Verdict};
use crate::register::Stocktaking;
use crate::register::stocktaking::Role;
use crate::resolve::{Device, DeviceId};

/// What is known of a row in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing tells yet whether it is there: somebody has to look.
    Unchecked,
    /// Its address was asked as often as it takes, and nobody answered.
    NotSeen,
    /// Somebody looked, and it is not there.
    Missing,
    /// It was seen on the network since the round began.
    Seen,
    /// Somebody looked, and it is there.
    Found,
}

impl Outcome {
    /// Every outcome, those first that somebody has to do something about.
    pub const ALL: [Self; 5] =
        [Self::Unchecked, Self::NotSeen, Self::Missing, Self::Seen, Self::Found];

    /// Its name in addresses and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unchecked => "unchecked",
            Self::NotSeen => "not_seen",
            Self::Missing => "missing",
            Self::Seen => "seen",
            Self::Found => "found",
        }
    }

    /// The outcome of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }

    /// Whether a person says it who went and looked; [`Self::Unchecked`] takes such a word back.
    pub const fn is_of_person(self) -> bool {
        matches!(self, Self::Found | Self::Missing | Self::Unchecked)
    }
}

/// What was said of a row in a round. The newest of a row holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The round's name.
    pub round: String,
    /// What the row is known by.
    pub key: EntryKey,
    /// What it was called then, so that the record can be read when the row has gone.
    pub label: String,
    /// What was found.
    pub outcome: Outcome,
    /// A remark, or what the outcome rests on.
    pub note: String,
    /// When.
    pub at: Timestamp,
    /// By whom; of what was seen on the network: who counted.
    pub by: String,
}

/// What a round is held against.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The book of record.
    pub ledger: &'a Ledger,
    /// The keys of its rows, in their order.
    pub keys: &'a [EntryKey],
    /// Rows held against devices.
    pub matches: &'a [Match],
    /// What was found.
    pub devices: &'a [Device],
    /// Everything that was said of rows, in order.
    pub checks: &'a [Check],
}

/// A row of a round.
#[derive(Clone, Debug, PartialEq)]
pub struct Line<'a> {
    /// What the row is known by.
    pub key: &'a EntryKey,
    /// What it is called.
    pub label: String,
    /// The row, if it is still there.
    pub entry: Option<&'a Entry>,
    /// The device that it was matched with.
    pub device: Option<&'a Device>,
    /// What the match says.
    pub verdict: Option<&'a Verdict>,
    /// What is known.
    pub outcome: Outcome,
    /// Who said so, if somebody did.
    pub check: Option<&'a Check>,
}

/// Whether what was counted stands: the clerk has signed.
pub fn is_closed(round: &Stocktaking) -> bool {
    round.signatures.iter().any(|one| one.role == Role::Clerk)
}

/// A row of a round by its places in the facts, so that many can be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    entry: Option<usize>,
    check: Option<usize>,
    /// Whether it is as it was when the round was closed.
    kept: bool,
    /// What is known of it.
    pub outcome: Outcome,
}

/// The device that a row was matched with, and what the match says.
pub type About<'a> = (Option<&'a Device>, Option<&'a Verdict>);

/// The rows of a round: of one that is under way those of the ledger that it covers, in their order; of
/// one that was closed those that were kept then.
pub fn lines<'a>(round: &Stocktaking, facts: &Facts<'a>) -> Vec<Line<'a>> {
    let found = Found::of(facts);
    let about = |entry: &Entry| found.about(entry);
    let rows = rows(round, facts, about);
    rows.into_iter().filter_map(|at| line(at, facts, about)).collect()
}

/// The same by their places. `about` tells of a row what was found of it.
pub fn rows<'a>(
    round: &Stocktaking,
    facts: &Facts<'a>,
    about: impl Fn(&Entry) -> About<'a>,
) -> Vec<At> {
    let mut said: BTreeMap<&EntryKey, (usize, &Check)> = BTreeMap::new();
    for (number, check) in facts.checks.iter().enumerate() {
        if check.round == round.id {
            said.insert(&check.key, (number, check));
        }
    }
    let rows = facts.ledger.entries.iter().zip(facts.keys).enumerate();
    if is_closed(round) {
        let places: HashMap<&EntryKey, usize> = rows.map(|(at, (_, key))| (key, at)).collect();
        let kept = said.into_values().map(|(number, check)| At {
            entry: places.get(&check.key).copied(),
            check: Some(number),
            kept: true,
            outcome: check.outcome,
        });
        return kept.collect();
    }
    let row = |(at, (entry, key)): (usize, (&Entry, &EntryKey))| {
        let word = said.get(key).filter(|(_, check)| check.outcome != Outcome::Unchecked);
        let outcome = word.map_or_else(|| seen(round, about(entry)), |(_, check)| check.outcome);
        At { entry: Some(at), check: word.map(|(number, _)| *number), kept: false, outcome }
    };
    rows.filter(|(_, (entry, _))| round.is_for(entry)).map(row).collect()
}

/// A row whose places are known; none if they are of other facts.
pub fn line<'a>(
    at: At,
    facts: &Facts<'a>,
    about: impl Fn(&Entry) -> About<'a>,
) -> Option<Line<'a>> {
    let entry = at.entry.and_then(|number| facts.ledger.entries.get(number));
    let check = at.check.and_then(|number| facts.checks.get(number));
    let (device, verdict) = entry.map_or((None, None), about);
    let key = match check {
        Some(check) => &check.key,
        None => facts.keys.get(at.entry?)?,
    };
    let kept = check.filter(|_| at.kept).map(|check| check.label.clone());
    let label = kept.or_else(|| entry.map(label)).unwrap_or_default();
    Some(Line { key, label, entry, device, verdict, outcome: at.outcome, check })
}

/// What was found of each row.
struct Found<'a> {
    matches: BTreeMap<&'a Place, &'a Match>,
    devices: HashMap<&'a DeviceId, &'a Device>,
}

impl<'a> Found<'a> {
    fn of(facts: &Facts<'a>) -> Self {
        let matches = facts.matches.iter();
        Self {
            matches: matches.filter_map(|one| Some((one.entry.as_ref()?, one))).collect(),
            devices: facts.devices.iter().map(|device| (&device.id, device)).collect(),
        }
    }

    fn about(&self, entry: &Entry) -> About<'a> {
        let found = self.matches.get(&entry.place);
        let device = found.and_then(|found| self.devices.get(found.device.as_ref()?).copied());
        (device, found.map(|found| &found.verdict))
    }
}

/// What the network tells of a row.
fn seen(round: &Stocktaking, (device, verdict): About<'_>) -> Outcome {
    if device.is_some_and(|device| is_since(round, device.last_seen)) {
        return Outcome::Seen;
    }
    match verdict {
        Some(Verdict::NotSeen { .. } | Verdict::PossiblyLost { .. }) => Outcome::NotSeen,
        _ => Outcome::Unchecked,
    }
}

/// Whether the moment is of a day on which the round had begun.
fn is_since(round: &Stocktaking, at: Timestamp) -> bool {
    let (year, month, day) = Day::of(at).parts();
    let on = (u16::try_from(year).unwrap_or_default(), month, day);
    round.from.is_none_or(|from| on >= from.first_day())
}

/// What a row is called: number and name.
pub fn label(entry: &Entry) -> String {
    let name =
        [&entry.name, &entry.host_name, &entry.model].into_iter().find(|one| !one.is_empty());
    let name = name.map_or("", String::as_str);
    format!("{} {name}", entry.asset_number).trim().to_owned()
}

impl Stocktaking {
    /// Whether the row is to be counted in it: what was retired is not.
    pub fn is_for(&self, entry: &Entry) -> bool {
        entry.state != State::Retired
            && (self.covers.is_empty() || self.covers.iter().any(|rule| rule.holds(entry)))
    }
}

/// How many of these outcomes there are of each kind, in the order of [`Outcome::ALL`].
pub fn counts(outcomes: impl Iterator<Item = Outcome>) -> [(Outcome, usize); 5] {
    let mut counts = Outcome::ALL.map(|outcome| (outcome, 0));
    for outcome in outcomes {
        if let Some((_, count)) = counts.iter_mut().find(|(of, _)| *of == outcome) {
            *count += 1;
        }
    }
    counts
}

/// The rows as they are kept when the clerk signs: each with what it rests on.
pub fn closing(
    round: &Stocktaking,
    lines: &[Line<'_>],
    (by, at): (&str, Timestamp),
    evidence: impl Fn(&Line<'_>) -> String,
) -> Vec<Check> {
    let kept = |line: &Line<'_>| {
        line.check.cloned().unwrap_or_else(|| Check {
            round: round.id.clone(),
            key: line.key.clone(),
            label: line.label.clone(),
            outcome: line.outcome,
            note: evidence(line),
            at,
            by: by.to_owned(),
        })
    };
    lines.iter().map(kept).collect()
}

/// The digest (SHA-256, in hexadecimal digits) of what was counted, in whatever order it stands.
pub fn digest(checks: &[Check]) -> String {
    let mut rows: Vec<String> =
        (checks.iter()).map(|one| serde_json::to_string(one).unwrap_or_default()).collect();
    rows.sort();
    crate::snapshot::digest(&rows.join("\n")).hex()
}

#[cfg(test)]
mod tests;
