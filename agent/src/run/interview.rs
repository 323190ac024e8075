//! Which dialogues a live host gets, and with which numbers.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::engine::{Interviewer, Leads};
use crate::plan::{Network, Plan, Policy};
use crate::probe::Dialogue;
use crate::probe::mdns::Mdns;
use crate::probe::snmp::{Catalog, Keyring, Memory, Snmp, Terms};

/// Which protocol is spoken by which dialogue.
mod caller;

use caller::Caller;

/// Asks every host its DNS-SD services, SNMP where the network has credentials, and what the network
/// allows beside that.
pub(super) fn interviewer(
    plan: &Plan,
    catalog: Catalog,
    memory: Option<&Arc<Memory>>,
) -> Interviewer {
    let (seed, timeout, tries) = (plan.seed, plan.pace.timeout, plan.pace.tries);
    let catalog = Arc::new(catalog);
    let terms: HashMap<String, Terms> = plan
        .networks
        .iter()
        .map(|network| {
            let terms = Terms {
                keyring: Arc::new(Keyring::new(&network.credentials, seed, memory.cloned())),
                catalog: Arc::clone(&catalog),
                harm: network.policy == Policy::Full,
            };
            (network.name.clone(), terms)
        })
        .collect();
    Box::new(move |network: &Network, host: IpAddr| {
        let number = mixed(seed, host);
        let mut dialogues: Vec<Box<dyn Dialogue>> = Vec::new();
        let asked = !network.credentials.is_empty();
        if let Some(terms) = terms.get(&network.name).filter(|_| asked) {
            let target = (host, network.snmp_port).into();
            // Not negative, with room to count up.
            let first_request_id = i32::try_from(number >> 34).unwrap_or_default();
            dialogues.push(Box::new(Snmp::new(target, terms, timeout, tries, first_request_id)));
        }
        let first_id = u16::try_from(number & 0xffff).unwrap_or_default();
        dialogues.push(Box::new(Mdns::new(host, timeout, tries, first_id)));
        let caller = Caller { host, timeout, tries, number };
        dialogues.extend(caller.all(network));
        dialogues
    })
}

/// What follows from what a host said.
pub(super) fn leads(plan: &Plan) -> Leads {
    let (seed, timeout, tries) = (plan.seed, plan.pace.timeout, plan.pace.tries);
    Box::new(move |network, host, said| {
        let number = mixed(seed, host);
        Caller { host, timeout, tries, number }.after(network, said)
    })
}

/// Numbers that nobody can foresee who does not know the seed: the finaliser of `SplitMix64`.
fn mixed(seed: u64, host: IpAddr) -> u64 {
    let host = match host {
        IpAddr::V4(host) => u64::from(u32::from(host)),
        IpAddr::V6(host) => u128::from(host)
            .to_be_bytes()
            .iter()
            .fold(0, |sum: u64, octet| sum.rotate_left(7) ^ u64::from(*octet)),
    };
    let mut z = seed ^ host.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}
