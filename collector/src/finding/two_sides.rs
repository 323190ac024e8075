//! One machine that may stand there twice: once by its address, because it answered behind a router
//! whose neighbour table cannot be read; once by its MAC address, because a switch heard it.
//!
//! Nothing that was seen joins the two, so both are told, and each with those that it may be: where
//! the VLANs of a network are known, only those in them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Facts, joined};
use crate::reconcile::Match;
use crate::resolve::{Device, DeviceId};

/// So many are named; of more it is told how many there are.
const NAMED: usize = 3;

/// Devices of which one side was seen, and which no row ties to the other.
pub(super) struct Sides<'a> {
    /// Without an address, by the VLAN in which they were heard.
    by_mac: BTreeMap<Option<u16>, Vec<&'a Device>>,
    /// Without a MAC address, by network.
    by_address: BTreeMap<&'a str, Vec<&'a Device>>,
    /// In which VLANs devices of a network were heard.
    vlans: BTreeMap<&'a str, BTreeSet<u16>>,
}

fn vlans(device: &Device) -> impl Iterator<Item = u16> + '_ {
    device.attached.iter().filter_map(|attached| attached.value.vlan)
}

fn networks(device: &Device) -> impl Iterator<Item = &str> {
    device.addresses.iter().map(|address| address.network.as_str())
}

impl<'a> Sides<'a> {
    pub(super) fn of(facts: &Facts<'a>) -> Self {
        let mut sides =
            Self { by_mac: BTreeMap::new(), by_address: BTreeMap::new(), vlans: BTreeMap::new() };
        let tied: BTreeSet<&DeviceId> = facts
            .matches
            .iter()
            .filter(|found| !found.also.is_empty())
            .flat_map(Match::devices)
            .collect();
        for device in facts.devices.iter().filter(|device| !tied.contains(&device.id)) {
            if device.addresses.is_empty() {
                sides.by_mac.entry(vlans(device).next()).or_default().push(device);
            } else if device.macs.is_empty() {
                for network in networks(device).collect::<BTreeSet<_>>() {
                    sides.by_address.entry(network).or_default().push(device);
                }
            } else {
                for network in networks(device) {
                    sides.vlans.entry(network).or_default().extend(vlans(device));
                }
            }
        }
        sides
    }

    /// The values that [`Finding::detail`](super::Finding::detail) promises of what the device may be:
    /// MAC addresses or addresses, at most three, and how many there are. Empty if it is nothing else.
    pub(super) fn other(&self, device: &Device) -> Vec<String> {
        let groups: Vec<&Vec<&Device>> = if device.addresses.is_empty() {
            let vlan = vlans(device).next();
            let there = |network: &&str| self.holds(network, vlan);
            self.by_address.iter().filter(|(network, _)| there(network)).map(|(_, d)| d).collect()
        } else if device.macs.is_empty() {
            let own: BTreeSet<&str> = networks(device).collect();
            let there = |vlan: &Option<u16>| own.iter().any(|network| self.holds(network, *vlan));
            self.by_mac.iter().filter(|(vlan, _)| there(vlan)).map(|(_, d)| d).collect()
        } else {
            Vec::new()
        };
        let count: usize = groups.iter().map(|group| group.len()).sum();
        if count == 0 {
            return Vec::new();
        }
        let some = groups.into_iter().flatten().take(if count > NAMED { 0 } else { NAMED });
        let names = some.map(|other| match other.addresses.first() {
            Some(address) => address.ip.to_string(),
            None => joined(other.macs.iter().map(|mac| mac.value)),
        });
        vec![joined(names), count.to_string()]
    }

    /// Whether who is heard in the VLAN may be in the network.
    fn holds(&self, network: &str, vlan: Option<u16>) -> bool {
        let known = self.vlans.get(network).filter(|known| !known.is_empty());
        known.is_none_or(|known| vlan.is_none_or(|vlan| known.contains(&vlan)))
    }
}
