//! Spanning tree: who is a bridge, and where it sees the root.

use daicho_common::observation::Fact;
use daicho_common::observation::heard::{Bridge, SpanningTree};
use daicho_common::wire::stp::{Bpdu, BridgeId, LLC};
use daicho_common::wire::{Malformed, Wire};

pub(super) fn facts(octets: &[u8]) -> Result<Vec<Fact>, Malformed> {
    // Cisco's spanning tree of one VLAN comes behind a SNAP header instead of the LLC of its own.
    let whole = if octets.starts_with(&LLC) { octets.to_vec() } else { [&LLC, octets].concat() };
    let (bpdu, _) = Bpdu::decode(&whole)?;
    let bridge = |id: BridgeId| Bridge { priority: id.priority, mac: id.mac };
    let tree = bpdu.config().map(|config| SpanningTree {
        version: bpdu.version(),
        root: bridge(config.root),
        root_cost: config.root_cost,
        bridge: bridge(config.bridge),
        port: config.port,
    });
    Ok(tree.map(Fact::SpanningTree).into_iter().collect())
}
