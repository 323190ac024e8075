//! What holds of all decisions: of several about the same thing the latest, less the withdrawn.

use std::collections::{BTreeMap, BTreeSet};

use super::{Corrected, Decided, Decision, Key, Subject};

/// The decisions that hold. The order in which they are handed in changes nothing.
#[derive(Clone, Debug, Default)]
pub struct Standing<'a> {
    ties: BTreeMap<(&'a Key, &'a Key), &'a Decided>,
    corrections: BTreeMap<(&'a Key, Corrected), &'a Decided>,
    scopes: BTreeMap<&'a Subject, &'a Decided>,
    byod: BTreeMap<&'a Key, &'a Decided>,
    answers: BTreeMap<&'a str, Vec<&'a Decided>>,
}

impl<'a> Standing<'a> {
    /// What holds of these.
    pub fn of(decisions: &'a [Decided]) -> Self {
        let mut ordered: Vec<&Decided> = decisions.iter().collect();
        ordered.sort_unstable_by_key(|decided| decided.id);
        ordered.dedup_by_key(|decided| decided.id);
        let withdrawn = withdrawn(&ordered);
        let mut standing = Self::default();
        for decided in ordered.into_iter().filter(|decided| !withdrawn.contains(&decided.id)) {
            standing.add(decided);
        }
        standing
    }

    /// The numbers of decisions that hold no longer because somebody withdrew them.
    pub fn withdrawn_of(decisions: &[Decided]) -> BTreeSet<u64> {
        let mut ordered: Vec<&Decided> = decisions.iter().collect();
        ordered.sort_unstable_by_key(|decided| decided.id);
        withdrawn(&ordered)
    }

    fn add(&mut self, decided: &'a Decided) {
        match &decided.what {
            Decision::Join { a, b } | Decision::Split { a, b } => {
                self.ties.insert((a.min(b), a.max(b)), decided);
            }
            Decision::Correct { device, field, .. } => {
                self.corrections.insert((device, *field), decided);
            }
            Decision::Scope { subject, .. } => {
                self.scopes.insert(subject, decided);
            }
            Decision::Byod { device, .. } => {
                self.byod.insert(device, decided);
            }
            Decision::Answer { finding, .. } => {
                self.answers.entry(finding).or_default().push(decided);
            }
            Decision::Withdraw { .. } => {}
        }
    }

    /// Joins and splits, each pair of keys once, ascending by key.
    pub fn ties(&self) -> impl Iterator<Item = &'a Decided> {
        self.ties.values().copied()
    }

    /// Corrections, each field of each key once, ascending by key.
    pub fn corrections(&self) -> impl Iterator<Item = &'a Decided> {
        self.corrections.values().copied()
    }

    /// Whether anybody decided on the scope of anything.
    pub fn has_scopes(&self) -> bool {
        !self.scopes.is_empty()
    }

    /// The latest decision on the scope of something that is known by any of these.
    pub fn scope(&self, subjects: &[Subject]) -> Option<&'a Decided> {
        let found = subjects.iter().filter_map(|subject| self.scopes.get(subject));
        found.copied().max_by_key(|decided| decided.id)
    }

    /// The latest decision on whether a device of these keys is a permitted private one.
    pub fn byod(&self, keys: &[Key]) -> Option<&'a Decided> {
        let found = keys.iter().filter_map(|key| self.byod.get(key));
        found.copied().max_by_key(|decided| decided.id)
    }

    /// Every answer to a finding, in order.
    pub fn answers(&self, finding: &str) -> &[&'a Decided] {
        self.answers.get(finding).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The numbers of decisions that hold no longer. A withdrawal may itself be withdrawn by a later one;
/// read backwards, each is settled before what it takes back.
fn withdrawn(ordered: &[&Decided]) -> BTreeSet<u64> {
    let mut withdrawn = BTreeSet::new();
    for decided in ordered.iter().rev() {
        if let Decision::Withdraw { decision } = decided.what
            && decision < decided.id
            && !withdrawn.contains(&decided.id)
        {
            withdrawn.insert(decision);
        }
    }
    withdrawn
}
