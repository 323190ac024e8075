//! A management page or telnet on a router or firewall: seen, never tried.

use super::{Draft, Drafts, Known, Rule};

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    for device in known.facts.devices {
        let Some(class) = &device.class else { continue };
        let is_management =
            |kind: &str| known.facts.policy.placement.is_management(class.value, kind);
        let open: Vec<_> = device
            .services
            .iter()
            .filter(|service| is_management(service.value.kind.as_str()))
            .collect();
        if open.is_empty() {
            continue;
        }
        let mut ports: Vec<String> = open.iter().map(|one| one.value.port.to_string()).collect();
        ports.sort_unstable();
        ports.dedup();
        let services = open.iter().map(|service| {
            let service = &service.value;
            if service.kind.as_str().contains('/') {
                service.kind.to_string()
            } else {
                format!("{} ({})", service.kind, service.port)
            }
        });
        let draft = Draft::new(Rule::ManagementExposed, device.id.0.as_str())
            .device(Some(&device.id))
            .detail(std::iter::once(device.called()).chain(services).collect())
            .facts(ports)
            .concerns(known.purposes(device))
            .evidence(open.iter().flat_map(|service| service.sources.iter().copied()));
        drafts.push(draft);
    }
}
