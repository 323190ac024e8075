//! IP重複: one address was answered for by several devices within a minute.

use super::{Draft, Drafts, Known, Rule, joined};

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    let contested = known.facts.contested.iter();
    drafts.extend(contested.map(|conflict| {
        let macs = joined(conflict.macs.iter());
        Draft::new(Rule::DuplicateAddress, format!("{}:{}", conflict.network, conflict.ip))
            .device(conflict.devices.first())
            .detail(vec![conflict.ip.to_string(), conflict.network.clone(), macs])
            .evidence(conflict.sources.iter().copied())
    }));
}
