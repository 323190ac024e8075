//! Of something that a network has once, or as often as was declared: what there is beyond that.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{Draft, Drafts, Known, Rule, joined};
use crate::duty::{Duty, Kind};
use crate::policy::Network;

/// What is looked for.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) kind: Kind,
    pub(super) rule: Rule,
}

/// One finding for each undeclared one where some are declared; else one for each network with more
/// than one.
pub(super) fn beyond(
    known: &Known<'_>,
    wanted: Wanted,
    declared: fn(&Network) -> &Vec<IpAddr>,
    drafts: &mut Drafts<'_>,
) {
    let mut networks: BTreeMap<&str, Vec<&Duty>> = BTreeMap::new();
    for duty in known.facts.duties.iter().filter(|duty| duty.kind == wanted.kind) {
        networks.entry(&duty.network).or_default().push(duty);
    }
    for (name, duties) in networks {
        let allowed = known.facts.policy.network(name).map(declared);
        match allowed.filter(|allowed| !allowed.is_empty()) {
            Some(allowed) => {
                let others = duties
                    .into_iter()
                    .filter(|duty| !duty.addresses.iter().any(|address| allowed.contains(address)));
                for duty in others {
                    let subject = format!("{name}:{}", joined(duty.addresses.iter()));
                    drafts.push(draft(known, wanted.rule, subject, (name, &[duty])));
                }
            }
            None if duties.len() > 1 => {
                drafts.push(draft(known, wanted.rule, name.to_owned(), (name, &duties)));
            }
            None => {}
        }
    }
}

fn draft(
    known: &Known<'_>,
    rule: Rule,
    subject: String,
    (network, duties): (&str, &[&Duty]),
) -> Draft {
    let name = |duty: &&Duty| {
        let devices = duty.devices.iter().filter_map(|id| known.devices.get(id).copied());
        let names = joined(devices.map(crate::resolve::Device::called));
        format!("{} {names}", joined(duty.addresses.iter())).trim().to_owned()
    };
    let detail: Vec<String> =
        std::iter::once(network.to_owned()).chain(duties.iter().map(name)).collect();
    let addresses = duties.iter().map(|duty| joined(duty.addresses.iter()));
    let purpose = known.facts.policy.purpose(network).map(super::word);
    let device = match duties {
        [one] => one.devices.first(),
        _ => None,
    };
    Draft::new(rule, subject)
        .device(device)
        .facts(addresses.collect())
        .concerns(purpose.into_iter().collect())
        .evidence(duties.iter().flat_map(|duty| duty.sources.iter().copied()))
        .detail(detail)
}
