//! A hub or switch without management, inferred from what is heard on a port.

use super::{Draft, Drafts, Known, Rule};

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    let hubs = known.facts.topology.hubs();
    drafts.extend(hubs.map(|hub| {
        let switch = hub.at.device.as_ref().map(|id| id.0.as_str()).unwrap_or_default();
        let devices = hub.devices.iter().filter_map(|id| known.devices.get(id).copied());
        let mut purposes: Vec<String> = devices.flat_map(|device| known.purposes(device)).collect();
        purposes.sort_unstable();
        purposes.dedup();
        let count = hub.devices.len().to_string();
        Draft::new(Rule::UnmanagedHub, format!("{switch}:{}", hub.at.port))
            .device(hub.at.device.as_ref())
            .detail(vec![hub.at.name.clone(), hub.at.port.clone(), count])
            // Who hangs on it today is no other matter tomorrow.
            .facts(vec![hub.at.port.clone()])
            .concerns(purposes)
            .evidence(hub.sources.iter().copied())
    }));
}
