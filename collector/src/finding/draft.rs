//! A finding as its rule writes it, before policy and people have their say.

use std::fmt::Write;

use daicho_common::observation::ObservationId;
use sha2::{Digest, Sha256};

use super::{Answer, Facts, Finding, Rule, word};
use crate::ledger::Place;
use crate::resolve::DeviceId;

/// Octets of the digest that are kept; what it tells apart is one finding's facts now and then.
const KEPT: usize = 8;

/// What a rule says.
pub(super) struct Draft {
    rule: Rule,
    subject: String,
    device: Option<DeviceId>,
    entries: Vec<Place>,
    detail: Vec<String>,
    evidence: Vec<ObservationId>,
    concerns: Vec<String>,
    facts: Option<Vec<String>>,
}

impl Draft {
    /// A finding by this rule; `subject` tells it apart from the rule's others.
    pub(super) fn new(rule: Rule, subject: impl Into<String>) -> Self {
        Self {
            rule,
            subject: subject.into(),
            device: None,
            entries: Vec::new(),
            detail: Vec::new(),
            evidence: Vec::new(),
            concerns: Vec::new(),
            facts: None,
        }
    }

    /// What tells it apart from the rule's others.
    pub(super) fn subject(&self) -> &str {
        &self.subject
    }

    /// The device that it is about.
    pub(super) fn device(mut self, device: Option<&DeviceId>) -> Self {
        self.device = device.cloned();
        self
    }

    /// The rows that it is about.
    pub(super) fn entries(mut self, entries: impl IntoIterator<Item = Place>) -> Self {
        self.entries = entries.into_iter().collect();
        self
    }

    /// The values that [`Finding::detail`] promises.
    pub(super) fn detail(mut self, detail: Vec<String>) -> Self {
        self.detail = detail;
        self
    }

    /// The observations that it rests on, in any order.
    pub(super) fn evidence(mut self, evidence: impl IntoIterator<Item = ObservationId>) -> Self {
        self.evidence = evidence.into_iter().collect();
        self.evidence.sort_unstable();
        self.evidence.dedup();
        self
    }

    /// The classes, fields or purposes that it concerns, by which policy may raise it.
    pub(super) fn concerns(mut self, words: Vec<String>) -> Self {
        self.concerns = words;
        self
    }

    /// What makes it another matter when it changes; the detail, where nothing else is said.
    pub(super) fn facts(mut self, facts: Vec<String>) -> Self {
        self.facts = Some(facts);
        self
    }

    /// The finding.
    pub(super) fn finish(self, known: &Facts<'_>) -> Finding {
        let (rule, mut evidence) = (word(self.rule), self.evidence);
        evidence.shrink_to_fit();
        let id = [rule.as_str(), ":", &self.subject].concat();
        let facts = digest(self.facts.as_ref().unwrap_or(&self.detail));
        let answer = Answer::of(known.standing.answers(&id), &facts).map(Box::new);
        Finding {
            severity: known.policy.severities.of(&rule, &self.concerns),
            id,
            rule: self.rule,
            device: self.device,
            entries: self.entries,
            // Not in the room of the former texts, which are larger.
            detail: self.detail.iter().map(|text| text.as_str().into()).collect(),
            evidence,
            facts,
            answer,
        }
    }
}

fn digest(facts: &[String]) -> String {
    let mut hash = Sha256::new();
    for fact in facts {
        hash.update((fact.len() as u64).to_be_bytes());
        hash.update(fact);
    }
    let mut hex = String::new();
    for octet in hash.finalize().iter().take(KEPT) {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{octet:02x}");
    }
    hex
}
