//! What each network device carries: the devices that hang on it, away from the root.

use std::collections::{BTreeMap, BTreeSet};

use daicho_common::observation::ObservationId;

use super::Carried;
use super::known::Vertex;
use super::link::{self, Found};
use super::path::Paths;
use super::place::Spots;
use super::shown::Shown;
use crate::resolve::DeviceId;

/// Who is carried by whom, and what shows it.
type Loads = BTreeMap<Vertex, BTreeMap<Vertex, BTreeSet<ObservationId>>>;

/// For each network device the devices reached through it: whose frames it heard on a port that does
/// not lead to the root, whom it resolved as a router, and who hangs on a network device behind it.
pub(super) fn carried(
    shown: Shown<'_>,
    spots: &Spots,
    (links, paths): (&[Found], &Paths),
) -> BTreeMap<DeviceId, Vec<Carried>> {
    let mut loads = Loads::new();
    let behind = link::far_ends(links);
    for node in shown.nodes.values() {
        let up = paths.up(node.device).and_then(|(port, _)| port);
        let load = loads.entry(node.device).or_default();
        let rows = node.last().iter().map(|row| (row.mac, Some(node.whole(row.port)), row.source));
        let listed = node.neighbours.iter().map(|(mac, (_, source))| (*mac, None, *source));
        for (mac, port, source) in rows.chain(listed) {
            let other = shown.known.of(mac).filter(|other| *other != node.device);
            if let Some(other) = other.filter(|_| port.is_none() || port != up) {
                load.entry(other).or_default().insert(source);
            }
        }
    }
    for (mac, spot) in &spots.of {
        let Some(station) = shown.known.of(*mac) else { continue };
        let behind = behind.get(&(spot.switch, spot.port)).copied();
        let first = spot.beyond.or(behind).unwrap_or(spot.switch);
        let mut at = Some(first);
        let mut passed = BTreeSet::new();
        while let Some(carrier) = at.filter(|carrier| passed.insert(*carrier)) {
            if carrier != station {
                let load = loads.entry(carrier).or_default().entry(station).or_default();
                load.extend(&spot.sources);
            }
            at = paths.up(carrier).map(|(_, next)| next);
        }
    }
    let one = |(device, sources): (Vertex, BTreeSet<ObservationId>)| {
        let sources = sources.into_iter().collect();
        Some(Carried { device: shown.id(device)?, sources })
    };
    loads
        .into_iter()
        .filter_map(|(carrier, load)| {
            Some((shown.id(carrier)?, load.into_iter().filter_map(one).collect::<Vec<_>>()))
        })
        .filter(|(_, load)| !load.is_empty())
        .collect()
}
