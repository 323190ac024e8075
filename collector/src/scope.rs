//! Whether the checklist covers a device or a row: proposed by rules that are data and bear the label
//! of their edition, decided by a person, and kept.
//!
//! Network devices come last: they are in scope if something in scope hangs on them, so what
//! hangs on them is judged first, with what people said of it.

use std::collections::HashSet;
use std::sync::Arc;

use foldhash::fast::RandomState;
use serde::Serialize;

use crate::decision::{Decided, Decision, Scope, Standing, Subject};
use crate::evidence::Sources;
use crate::ledger::Entry;
use crate::parallel;
use crate::policy::Policy;
use crate::reconcile::Match;
use crate::resolve::{Device, DeviceId};
use crate::topology::Topology;

mod case;
mod kind;
mod rules;

#[cfg(test)]
mod tests;

use case::{Case, Lookup};
pub use kind::Kinds;
use rules::Reasoned;
pub use rules::{BadRules, Rule, Rules};

/// The judgement on one match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Scoped {
    /// What holds: the person's word, else the proposal.
    pub scope: Scope,
    /// What the rules propose.
    pub proposed: Scope,
    /// Why they propose it.
    pub reason: Arc<Reason>,
    /// The observations that the proposal rests on, ascending; empty where it rests on the book alone.
    pub evidence: Sources,
    /// Who decided, if somebody did.
    pub decided: Option<Box<Word>>,
}

/// The rule that proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The rule's id.
    pub rule: String,
    /// The edition of the rules.
    pub edition: String,
    /// The question of that edition's Q&A on which it rests.
    pub answer: String,
    /// In Japanese.
    pub ja: String,
    /// In English.
    pub en: String,
}

/// A person's word on the scope of something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Word {
    /// The decision's number.
    pub decision: u64,
    /// When.
    pub at: daicho_common::time::Timestamp,
    /// By whom.
    pub by: String,
    /// Why.
    pub why: String,
}

impl Word {
    fn of(decided: &Decided) -> Self {
        Self {
            decision: decided.id,
            at: decided.at,
            by: decided.by.clone(),
            why: decided.why.clone(),
        }
    }
}

/// What scopes are judged by.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// All devices, ascending by id.
    pub devices: &'a [Device],
    /// How they hang together.
    pub topology: &'a Topology,
    /// The rows.
    pub ledger: &'a crate::ledger::Ledger,
    /// What each row is known by, in their order.
    pub keys: &'a [crate::ledger::key::EntryKey],
    /// The matches of these.
    pub matches: &'a [Match],
    /// What people said.
    pub standing: &'a Standing<'a>,
    /// What the hospital decided in advance.
    pub policy: &'a Policy,
}

/// Devices by their ids.
type Ids<'a> = HashSet<&'a DeviceId, RandomState>;

/// The judgement on each match, in their order.
pub fn judge(facts: Facts<'_>, rules: &Rules) -> Vec<Scoped> {
    let lookup = Lookup::new(facts);
    let (kinds, rules) = (&rules.kinds, Reasoned::of(rules));
    let numbers: Vec<usize> = (0..facts.matches.len()).collect();
    let each = parallel::each(&numbers, |number| {
        let case = Case::of(*number, &lookup, kinds)?;
        let judged = one(&case, (facts, &rules), None);
        Some((case, judged))
    });
    let (cases, mut judged): (Vec<Case<'_>>, Vec<Option<Scoped>>) =
        each.into_iter().flatten().unzip();
    if !cases.iter().any(|case| case.may_carry) {
        return judged.into_iter().flatten().collect();
    }
    // A network device may hang on another one; each round adds those one step nearer to the root, and
    // a round that adds nothing is the last. Whatever the rules, there are no more steps than cases.
    let mut inside = inside(&cases, &judged);
    for _ in 0..=cases.len() {
        for (case, judged) in cases.iter().zip(&mut judged).filter(|(case, _)| case.may_carry) {
            *judged = one(case, (facts, &rules), Some(&inside));
        }
        let now = self::inside(&cases, &judged);
        if now == inside {
            break;
        }
        inside = now;
    }
    judged.into_iter().flatten().collect()
}

/// Devices in scope.
fn inside<'a>(cases: &[Case<'a>], judged: &[Option<Scoped>]) -> Ids<'a> {
    let judged = cases.iter().zip(judged);
    let inside = judged
        .filter(|(_, scoped)| scoped.as_ref().is_some_and(|scoped| scoped.scope == Scope::Inside));
    inside.flat_map(|(case, _)| case.devices.iter().map(|device| &device.id)).collect()
}

/// The judgement on one case; none for network devices as long as it is not known what is in scope.
fn one(
    case: &Case<'_>,
    (facts, rules): (Facts<'_>, &Reasoned<'_>),
    inside: Option<&Ids<'_>>,
) -> Option<Scoped> {
    if case.may_carry && inside.is_none() {
        return None;
    }
    let carried = case.carried(facts.topology, inside);
    let (rule, reason) = rules.first(case, &carried)?;
    let decided = facts.standing.scope(&case.subjects);
    let said = decided.and_then(|decided| {
        let Decision::Scope { scope, .. } = &decided.what else { return None };
        Some((*scope, Box::new(Word::of(decided))))
    });
    Some(Scoped {
        scope: said.as_ref().map_or(rule.scope, |(scope, _)| *scope),
        proposed: rule.scope,
        reason: Arc::clone(reason),
        evidence: case.evidence(rule, &carried),
        decided: said.map(|(_, word)| word),
    })
}

/// What a row is about, for decisions: by the keys that it and its devices are known by.
fn subjects(key: Option<&crate::ledger::key::EntryKey>, devices: &[&Device]) -> Vec<Subject> {
    let keys = devices.iter().flat_map(|device| device.keys()).map(Subject::Device);
    key.cloned().map(Subject::Entry).into_iter().chain(keys).collect()
}

/// The words in which a row says what it is.
fn words(entry: &Entry) -> [&str; 3] {
    [&entry.kind, &entry.name, &entry.model]
}
