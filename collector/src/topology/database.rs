//! Whose filtering database is whose VLAN's, where a bridge does not say (`dot1qVlanCurrentTable` is
//! missing or was lost).
//!
//! The number of a database (dot1qFdbId) is not the VLAN's: RFC 4363 leaves it to the bridge, and one
//! database may serve several VLANs (shared learning). So nothing is taken for granted. What shows it
//! are ports with a VLAN of their own (dot1qPvid) on which frames of one database only were heard: such
//! frames are mostly untagged, so they are of the port's own VLAN. Where databases prove to be numbered
//! as their VLANs, those without such ports are believed to be so too, unless the bridge lists its
//! VLANs and they are not among them. Where it lists its VLANs and every database has the number of
//! one of them, that is enough, unless the numbers could have come of counting.

use std::collections::{BTreeMap, BTreeSet};

use daicho_common::observation::table::Rows;

use super::node::Node;
use crate::mib::bridge::{self, Database};

/// So many ports must agree about a database.
const LEAST: usize = 2;

/// The VLAN of each database for which it is shown.
pub(super) fn of<'r>(
    node: &Node,
    forwarding: impl Iterator<Item = &'r Rows>,
) -> BTreeMap<u32, u16> {
    let mut ports: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for row in forwarding.flat_map(bridge::forwarding) {
        if let Database::Filter(id) = row.of {
            ports.entry(node.whole(node.index(row.port))).or_default().insert(id);
        }
    }
    let ids: BTreeSet<u32> = ports.values().flatten().copied().collect();
    let shown = shown(node, &ports);
    let same = shown.iter().all(|(id, vlan)| *id == u32::from(*vlan));
    let several = shown.len() >= LEAST || shown.len() == 1 && ids.len() == 1;
    let number = |id: &u32| u16::try_from(*id).ok().filter(|vlan| (1..=4094).contains(vlan));
    let set_up = |id: &u32| number(id).is_some_and(|vlan| node.vlans.contains(&vlan));
    let all_set_up = !node.vlans.is_empty() && ids.iter().all(set_up);
    // Databases that were merely counted have no higher number than there are VLANs.
    let counted = ids.iter().all(|id| usize::try_from(*id).is_ok_and(|id| id <= node.vlans.len()));
    if same && (several && node.vlans.is_empty() || all_set_up && (several || !counted)) {
        return ids.iter().filter_map(|id| Some((*id, number(id)?))).collect();
    }
    shown
}

/// What the ports show: for each database its VLAN, for each VLAN one database.
fn shown(node: &Node, ports: &BTreeMap<u32, BTreeSet<u32>>) -> BTreeMap<u32, u16> {
    let mut votes: BTreeMap<u32, BTreeMap<u16, usize>> = BTreeMap::new();
    for (port, ids) in ports {
        let own = node.ports.get(port).and_then(|port| port.vlan);
        if let (Some(own), Some(id), 1) = (own, ids.first(), ids.len()) {
            *votes.entry(*id).or_default().entry(own).or_default() += 1;
        }
    }
    let mut owners: BTreeMap<u16, Vec<(usize, u32)>> = BTreeMap::new();
    for (id, votes) in votes {
        let all: usize = votes.values().sum();
        let Some((vlan, most)) = votes.into_iter().max_by_key(|(_, count)| *count) else {
            continue;
        };
        // One port in five may be out of date or have a telephone only; more is shared learning.
        if most >= LEAST && most * 5 >= all * 4 && all - most < LEAST.max(most / 5) {
            owners.entry(vlan).or_default().push((most, id));
        }
    }
    let only = |(vlan, mut ids): (u16, Vec<(usize, u32)>)| {
        ids.sort_unstable_by_key(|(most, _)| std::cmp::Reverse(*most));
        match ids.as_slice() {
            [(_, id)] => Some((*id, vlan)),
            [(first, id), (second, _), ..] if first > second => Some((*id, vlan)),
            _ => None,
        }
    };
    owners.into_iter().filter_map(only).collect()
}
