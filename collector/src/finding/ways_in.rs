//! By what the devices of a row can be reached from afar.

use std::collections::BTreeMap;

use daicho_common::observation::ObservationId;

use super::Known;
use crate::reconcile::Match;

/// The ways in, by name, with the observations that show each.
pub(super) fn ways_in(known: &Known<'_>, found: &Match) -> BTreeMap<String, Vec<ObservationId>> {
    let mut ways: BTreeMap<String, Vec<ObservationId>> = BTreeMap::new();
    let devices = found.devices().filter_map(|id| known.devices.get(id));
    for service in devices.flat_map(|device| &device.services) {
        let way = known.facts.policy.placement.way_in(service.value.kind.as_str());
        if let Some(way) = way {
            ways.entry(way.to_owned()).or_default().extend(&service.sources);
        }
    }
    ways
}
