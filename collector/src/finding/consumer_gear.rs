//! A router or access point made for homes, or a NAS, in a medical network.

use super::{Draft, Drafts, Known, Rule, joined, portrait, presence};
use crate::fingerprint::Class;
use crate::policy::Purpose;

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    let policy = known.facts.policy;
    for device in known.facts.devices {
        let Some(class) = &device.class else { continue };
        let text = |field: &Option<crate::evidence::SourcedText>| {
            field.as_ref().map(|field| field.value.to_string()).unwrap_or_default()
        };
        let told = class.value == Class::Nas
            || matches!(class.value, Class::Router | Class::Wireless)
                && policy.placement.is_consumer(&text(&device.vendor), &text(&device.model));
        let medical = device
            .addresses
            .iter()
            .find(|address| policy.purpose(&address.network) == Some(Purpose::Medical));
        if let Some(address) = medical.filter(|_| told) {
            let mut detail = portrait(device);
            detail.push(address.network.to_string());
            let draft = Draft::new(Rule::ConsumerGear, device.id.0.as_str())
                .device(Some(&device.id))
                .detail(detail)
                .facts(vec![
                    joined(device.macs.iter().map(|mac| mac.value)),
                    address.network.to_string(),
                ])
                .evidence(presence(device).into_iter().chain(class.sources.iter().copied()));
            drafts.push(draft);
        }
    }
}
