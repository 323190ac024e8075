//! A finding as its rule writes it, before policy and people have their say.

use daicho_common::observation::ObservationId;

use super::digest::Digest;
use super::{Answer, Facts, Finding, Rule, word};
use crate::ledger::Place;
use crate::resolve::DeviceId;

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
    fn finish(self, known: &Facts<'_>) -> Finding {
        let rule = word(self.rule);
        let id = [rule.as_str(), ":", &self.subject].concat();
        let facts = Digest::of(self.facts.as_ref().unwrap_or(&self.detail));
        let answer = Answer::of(known.standing.answers(&id), facts).map(Box::new);
        Finding {
            severity: known.policy.severities.of(&rule, &self.concerns),
            id,
            rule: self.rule,
            device: self.device,
            entries: self.entries.into(),
            // Not in the room of the former texts, which are larger.
            detail: self.detail.iter().map(|text| text.as_str().into()).collect(),
            evidence: self.evidence.into(),
            facts,
            answer,
        }
    }
}

/// What a rule says, made findings one by one: drafts of a large site would take more than its findings.
pub(super) struct Drafts<'k> {
    known: &'k Facts<'k>,
    made: Vec<Finding>,
}

impl<'k> Drafts<'k> {
    /// None yet.
    pub(super) const fn of(known: &'k Facts<'k>) -> Self {
        Self { known, made: Vec::new() }
    }

    /// Takes one.
    pub(super) fn push(&mut self, draft: Draft) {
        self.made.push(draft.finish(self.known));
    }

    /// Takes some.
    pub(super) fn extend(&mut self, drafts: impl IntoIterator<Item = Draft>) {
        drafts.into_iter().for_each(|draft| self.push(draft));
    }

    /// The findings.
    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.made
    }
}
