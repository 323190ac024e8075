//! MAC重複: one MAC address is heard at one time on ports of which none leads to the other.

use super::{Draft, Drafts, Known, Rule};

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    let contradictions = known.facts.topology.contradictions.iter();
    drafts.extend(contradictions.map(|found| {
        let mac = found.mac.to_string();
        let ports = found.ports.iter().map(|port| format!("{} {}", port.name, port.port));
        Draft::new(Rule::DuplicateMac, &mac)
            .device(Some(&found.device))
            .detail(std::iter::once(mac).chain(ports).collect())
            .evidence(found.sources.iter().copied())
    }));
}
