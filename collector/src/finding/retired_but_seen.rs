//! 廃棄済が稼働: declared retired, but seen.

use super::{Finding, Known, Rule, at, portrait, presence, severity};
use crate::reconcile::Verdict;

pub(super) fn find(known: &Known<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for found in known.facts.matches.iter().filter(|m| m.verdict == Verdict::RetiredButSeen) {
        let (Some(place), Some(device)) = (&found.entry, known.device(found)) else { continue };
        findings.push(Finding {
            id: format!("retired_but_seen:{}", at(place)),
            rule: Rule::RetiredButSeen,
            severity: severity::of(Rule::RetiredButSeen, &[]),
            device: Some(device.id.clone()),
            entries: vec![place.clone()],
            detail: portrait(device),
            evidence: presence(device),
        });
    }
    findings
}
