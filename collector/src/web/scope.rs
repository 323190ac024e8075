//! Whether the checklist covers what a page is about: the proposal with its reason, the decision, and the
//! form to decide.

use super::page::{Evidence, Tag};
use super::snapshot::Snapshot;
use crate::clock::Zone;
use crate::decision::{Scope, Subject};
use crate::ledger::key::EntryKey;
use crate::reconcile::Match;
use crate::resolve::Device;
use crate::scope::Scoped;
use crate::words::{Lang, Word, phrase};

/// A judgement as a page shows it.
pub(super) struct ScopeRow {
    pub(super) tag: Tag,
    pub(super) place: String,
    pub(super) reason: String,
    pub(super) rests_on: String,
    pub(super) evidence: Evidence,
    /// Who decided, when and why; empty if nobody did.
    pub(super) decided: String,
    /// The number of that decision, to withdraw it.
    pub(super) decision: Option<u64>,
    /// What the form is about, as the door for decisions reads it.
    pub(super) subject: String,
    pub(super) choices: Vec<(&'static str, &'static str, bool)>,
}

const CHOICES: [(&str, Scope); 3] =
    [("inside", Scope::Inside), ("outside", Scope::Outside), ("undecided", Scope::Undecided)];

/// A scope as a label.
pub(super) fn tag(lang: Lang, scope: Scope) -> Tag {
    let key = match scope {
        Scope::Inside => "inside",
        Scope::Outside => "outside",
        Scope::Undecided => "cannot_tell",
    };
    Tag::named(lang, key, phrase::scope(scope))
}

impl ScopeRow {
    pub(super) fn of(
        snapshot: &Snapshot,
        (lang, zone): (Lang, &Zone),
        (matched, scoped): (&Match, &Scoped),
        device: &Device,
    ) -> Self {
        let key = matched.entry.as_ref().and_then(|place| snapshot.key_of(place));
        let reason = &scoped.reason;
        let proposed = lang.say(phrase::scope(scoped.proposed));
        let said = match lang {
            Lang::Ja => &reason.ja,
            Lang::En => &reason.en,
        };
        Self {
            tag: tag(lang, scoped.scope),
            place: matched.entry.as_ref().map_or_else(
                || lang.say(Word::DeviceNoEntry).to_owned(),
                |place| phrase::place(lang, place),
            ),
            reason: lang.fill(Word::ScopeProposed, &[&proposed, &said]),
            rests_on: lang.fill(Word::ScopeRestsOn, &[&reason.answer, &reason.edition]),
            evidence: Evidence::of(snapshot, (lang, zone), &scoped.evidence),
            decided: (scoped.decided.as_ref())
                .map(|word| {
                    let at = zone.show(word.at);
                    lang.fill(Word::ScopeDecided, &[&word.by, &at, &word.why])
                })
                .unwrap_or_default(),
            decision: scoped.decided.as_ref().map(|word| word.decision),
            subject: subject(key, device)
                .and_then(|subject| serde_json::to_string(&subject).ok())
                .unwrap_or_default(),
            choices: CHOICES
                .map(|(key, scope)| (key, lang.say(phrase::scope(scope)), scope == scoped.scope))
                .to_vec(),
        }
    }
}

/// The row, where there is one; else the device by its first key.
pub(super) fn subject(key: Option<&EntryKey>, device: &Device) -> Option<Subject> {
    let of_device = || device.keys().into_iter().next().map(Subject::Device);
    key.cloned().map(Subject::Entry).or_else(of_device)
}
