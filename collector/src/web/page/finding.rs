//! Findings as lines of tables.

use super::{Evidence, Tag, device_link, encoded};
use crate::clock::Zone;
use crate::day::Day;
use crate::finding::{Finding, Rule};
use crate::ledger::Place;
use crate::report;
use crate::resolve::Device;
use crate::web::snapshot::Snapshot;
use crate::words::{Lang, Word, phrase};

/// A finding as a line of a table.
pub(in crate::web) struct FindingRow {
    pub(in crate::web) severity: Tag,
    pub(in crate::web) rule: &'static str,
    /// Where it leads and what it is called.
    pub(in crate::web) device: Option<(String, String)>,
    pub(in crate::web) places: Vec<String>,
    pub(in crate::web) detail: Vec<String>,
    pub(in crate::web) evidence: Evidence,
    pub(in crate::web) by_silence: bool,
    pub(in crate::web) by_book: bool,
    pub(in crate::web) id: String,
    pub(in crate::web) link: String,
    /// Since when it is known, with how many days that is; empty if nothing tells.
    pub(in crate::web) since: String,
    pub(in crate::web) state: Standing,
}

/// How far a finding has come.
pub(in crate::web) struct Standing {
    pub(in crate::web) text: String,
    pub(in crate::web) owner: String,
    pub(in crate::web) due: String,
    pub(in crate::web) overdue: bool,
}

impl Standing {
    fn of(lang: Lang, finding: &Finding, today: Day) -> Self {
        let Some(answer) = &finding.answer else {
            let text = lang.say(Word::FindingsUnanswered).to_owned();
            return Self { text, owner: String::new(), due: String::new(), overdue: false };
        };
        let said = answer.disposition.map_or(Word::FindingsUnanswered, phrase::disposition);
        let text = if answer.holds || answer.disposition.is_none() {
            lang.say(said).to_owned()
        } else {
            lang.fill(Word::FindingsReopened, &[&lang.say(said)])
        };
        Self {
            text,
            owner: answer.owner.clone(),
            due: answer.due.map(|due| due.to_string()).unwrap_or_default(),
            overdue: answer.is_overdue(today),
        }
    }
}

/// A finding's page.
pub(in crate::web) fn finding_link(id: &str) -> String {
    format!("/finding?id={}", encoded(id))
}

impl FindingRow {
    pub(in crate::web) fn of(
        snapshot: &Snapshot,
        (lang, zone): (Lang, &Zone),
        finding: &Finding,
    ) -> Self {
        let device = finding.device.as_ref().map(|id| {
            let called = snapshot.device(id).map_or_else(|| id.0.to_string(), Device::called);
            (device_link(id), called)
        });
        Self {
            severity: Tag::severity(lang, finding.severity),
            rule: lang.say(phrase::rule(finding.rule)),
            device,
            places: finding.entries.iter().map(|place| named(snapshot, lang, place)).collect(),
            detail: phrase::detail(lang, finding),
            evidence: Evidence::of(snapshot, (lang, zone), &finding.evidence),
            by_silence: finding.rule == Rule::DeclaredNotSeen,
            by_book: finding.evidence.is_empty() && finding.rule != Rule::DeclaredNotSeen,
            id: finding.id.clone(),
            link: finding_link(&finding.id),
            since: since(snapshot, (lang, zone), finding),
            state: Standing::of(lang, finding, snapshot.today()),
        }
    }
}

/// The day since which a finding is known, and how many days ago that was.
fn since(snapshot: &Snapshot, (lang, zone): (Lang, &Zone), finding: &Finding) -> String {
    let Some(since) = snapshot.since(finding) else { return String::new() };
    let days = Day::of(since).days_until(snapshot.today()).max(0);
    let day: String = zone.show(since).chars().take("2026-04-01".len()).collect();
    lang.fill(Word::FindingsSince, &[&day, &days])
}

/// A row by its place and by what it calls the thing.
fn named(snapshot: &Snapshot, lang: Lang, place: &Place) -> String {
    let entry = snapshot.entry(place);
    let name = entry.map(report::table::entry_name).unwrap_or_default();
    format!("{} {name}", phrase::place(lang, place)).trim_end().to_owned()
}
