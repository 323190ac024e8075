//! 相違: book and wire differ in a field.

use super::{Finding, Known, Rule, at, severity};
use crate::reconcile::Verdict;

pub(super) fn find(known: &Known<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for found in known.facts.matches {
        let (Verdict::Differs { differences }, Some(place)) = (&found.verdict, &found.entry) else {
            continue;
        };
        let fields: Vec<String> = differences.iter().map(|d| severity::word(d.field)).collect();
        let values = differences.iter().zip(&fields);
        let mut evidence: Vec<_> = differences.iter().flat_map(|d| d.sources.clone()).collect();
        evidence.sort_unstable();
        evidence.dedup();
        findings.push(Finding {
            id: format!("fields_differ:{}", at(place)),
            rule: Rule::FieldsDiffer,
            severity: severity::of(Rule::FieldsDiffer, &fields),
            device: found.device.clone(),
            entries: vec![place.clone()],
            detail: values
                .flat_map(|(d, field)| [field.clone(), d.declared.clone(), d.observed.clone()])
                .collect(),
            evidence,
        });
    }
    findings
}
