//! Wireless clients at their access points, as an access point or its controller lists them.
//!
//! That list goes before forwarding tables: behind a controller the frames of all clients come out
//! at the controller's own port.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use daicho_common::addr::Mac;

use super::known::{Known, Vertex};
use super::node::Node;
use super::place::{Spot, Spots};

/// Moves every listed client to where its access point hangs; returns those that were.
pub(super) fn place(
    nodes: &BTreeMap<usize, Node>,
    known: &Known,
    spots: &mut Spots,
) -> BTreeSet<Mac> {
    let mut places: HashMap<Vertex, Spot> = HashMap::new();
    for (mac, spot) in &spots.of {
        if let Some(vertex) = known.of(*mac) {
            places.entry(vertex).or_insert_with(|| spot.clone());
        }
    }
    let mut moved = BTreeSet::new();
    for node in nodes.values() {
        for (client, radio, source) in &node.clients {
            let wired = radio.map(|radio| node.points.get(&radio).copied().unwrap_or(radio));
            let point = wired.map_or(Some(node.device), |wired| known.of(wired));
            let Some(at) = point.and_then(|point| places.get(&point)) else { continue };
            let here =
                spots.of.get(client).filter(|own| (own.switch, own.port) == (at.switch, at.port));
            let mut spot = Spot { vlan: here.and_then(|own| own.vlan), ..at.clone() };
            spot.sources.insert(*source);
            spots.contested.remove(client);
            spots.of.insert(*client, spot);
            moved.insert(*client);
        }
    }
    moved
}
