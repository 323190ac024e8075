//! IP重複: one address was answered for by several devices within a minute.

use super::{Finding, Known, Rule, joined, severity};

pub(super) fn find(known: &Known<'_>) -> Vec<Finding> {
    let contested = known.facts.contested.iter();
    contested
        .map(|conflict| Finding {
            id: format!("duplicate_address:{}:{}", conflict.network, conflict.ip),
            rule: Rule::DuplicateAddress,
            severity: severity::of(Rule::DuplicateAddress, &[]),
            device: conflict.devices.first().cloned(),
            entries: Vec::new(),
            detail: vec![
                conflict.ip.to_string(),
                conflict.network.clone(),
                joined(conflict.macs.iter()),
            ],
            evidence: conflict.sources.clone(),
        })
        .collect()
}
