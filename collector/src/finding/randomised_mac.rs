//! A randomised MAC address in a wired medical network, where everything should have its own.

use super::{Draft, Drafts, Known, Rule, joined, portrait};
use crate::policy::Purpose;
use crate::resolve::Oddity;

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    for device in known.facts.devices {
        let odd = device.oddities.iter().find(|odd| odd.value == Oddity::RandomisedMac);
        let network = device.addresses.iter().find(|address| {
            let network = known.facts.policy.network(&address.network);
            network.is_some_and(|network| network.wired && network.purpose == Purpose::Medical)
        });
        let (Some(odd), Some(address)) = (odd, network) else { continue };
        let mut detail = portrait(device);
        detail.push(address.network.to_string());
        let draft = Draft::new(Rule::RandomisedMac, device.id.0.as_str())
            .device(Some(&device.id))
            .detail(detail)
            .facts(vec![joined(device.macs.iter().map(|mac| mac.value))])
            .evidence(odd.sources.iter().copied());
        drafts.push(draft);
    }
}
