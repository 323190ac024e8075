//! 台帳のみ・未検出: every declared address was really looked at, and nobody was there.

use super::{Finding, Known, Rule, at, severity};
use crate::reconcile::Verdict;

pub(super) fn find(known: &Known<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for found in known.facts.matches {
        let (Verdict::NotSeen { looked }, Some(place)) = (&found.verdict, &found.entry) else {
            continue;
        };
        let mut looks: Vec<_> =
            looked.iter().map(|look| (look.address(), look.network())).collect();
        looks.sort_unstable();
        looks.dedup();
        findings.push(Finding {
            id: format!("declared_not_seen:{}", at(place)),
            rule: Rule::DeclaredNotSeen,
            severity: severity::of(Rule::DeclaredNotSeen, &[]),
            device: None,
            entries: vec![place.clone()],
            detail: looks
                .into_iter()
                .flat_map(|(address, network)| [address.to_string(), network.to_owned()])
                .collect(),
            evidence: Vec::new(),
        });
    }
    findings
}
