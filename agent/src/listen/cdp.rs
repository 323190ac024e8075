//! Cisco's and Foundry's discovery protocols, which have the same shape.

use daicho_common::observation::Fact;
use daicho_common::observation::heard::{Capability, LinkNeighbour};
use daicho_common::text::Text;
use daicho_common::wire::Malformed;
use daicho_common::wire::cdp::Cdp;

/// Capabilities by bit. A switch and both kinds of bridge are one in the terms of LLDP.
const CAPABILITIES: [(u32, Capability); 7] = [
    (6, Capability::Repeater),
    (1, Capability::Bridge),
    (2, Capability::Bridge),
    (3, Capability::Bridge),
    (0, Capability::Router),
    (7, Capability::Telephone),
    (4, Capability::Station),
];

pub(super) fn facts(octets: &[u8]) -> Result<Vec<Fact>, Malformed> {
    let cdp = Cdp::after_snap(octets)?;
    let text = |octets: Option<&[u8]>| Text::from_wire(octets.unwrap_or_default());
    let bits = cdp.capabilities().unwrap_or(0);
    let mut capabilities: Vec<_> = CAPABILITIES
        .iter()
        .filter(|(bit, _)| bits >> bit & 1 == 1)
        .map(|(_, capability)| *capability)
        .collect();
    capabilities.dedup();
    let mut addresses = cdp.management_addresses();
    addresses.extend(cdp.addresses());
    let mut told = Vec::new();
    addresses.retain(|address| {
        let new = !told.contains(address);
        told.push(*address);
        new
    });
    // A phone or access point calls itself by its device ID alone.
    let name = text(cdp.system_name());
    let neighbour = LinkNeighbour {
        chassis: text(cdp.device_id()),
        port: text(cdp.port_id()),
        ttl_secs: cdp.ttl_secs.into(),
        name,
        description: text(cdp.software()),
        platform: text(cdp.platform()),
        capabilities,
        addresses,
        vlan: cdp.native_vlan().filter(|vlan| (1..=4094).contains(vlan)),
        ..LinkNeighbour::default()
    };
    Ok(vec![Fact::LinkNeighbour(Box::new(neighbour))])
}
