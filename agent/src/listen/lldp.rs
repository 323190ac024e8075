//! LLDP (IEEE 802.1AB-2016): what a neighbour is, and by which port it speaks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use daicho_common::addr::Mac;
use daicho_common::observation::Fact;
use daicho_common::observation::heard::{Capability, Inventory, LinkNeighbour};
use daicho_common::text::Text;
use daicho_common::wire::lldp::{Capabilities, Lldp, Octets, Tlv};
use daicho_common::wire::{Malformed, Wire};

/// Most management addresses told of one neighbour.
const MAX_ADDRESSES: usize = 16;

/// System capabilities by bit (§8.5.8.1).
const CAPABILITIES: [(u32, Capability); 8] = [
    (0, Capability::Other),
    (1, Capability::Repeater),
    (2, Capability::Bridge),
    (3, Capability::AccessPoint),
    (4, Capability::Router),
    (5, Capability::Telephone),
    (6, Capability::CableModem),
    (7, Capability::Station),
];

pub(super) fn facts(octets: &[u8]) -> Result<Vec<Fact>, Malformed> {
    let (lldp, _) = Lldp::decode(octets)?;
    let mut neighbour = LinkNeighbour {
        chassis: identifier(lldp.chassis.mac(), lldp.chassis.address(), &lldp.chassis.id),
        mac: lldp.chassis.mac(),
        port: identifier(
            lldp.port.mac(),
            (lldp.port.subtype == 4).then(|| address(lldp.port.id.as_slice())).flatten(),
            &lldp.port.id,
        ),
        ttl_secs: lldp.ttl_secs,
        vlan: lldp.port_vlan(),
        inventory: inventory(&lldp),
        ..LinkNeighbour::default()
    };
    for tlv in &lldp.tlvs {
        match tlv {
            Tlv::PortDescription(text) => neighbour.port_description = read(text),
            Tlv::SystemName(text) => neighbour.name = read(text),
            Tlv::SystemDescription(text) => neighbour.description = read(text),
            Tlv::Capabilities(has) => neighbour.capabilities = capabilities(*has),
            Tlv::Management(management) => {
                let room = neighbour.addresses.len() < MAX_ADDRESSES;
                neighbour.addresses.extend(management.ip().filter(|_| room));
            }
            Tlv::Organisation { .. } | Tlv::Other { .. } => {}
        }
    }
    neighbour.addresses.extend(lldp.chassis.address());
    neighbour.addresses.dedup();
    Ok(vec![Fact::LinkNeighbour(Box::new(neighbour))])
}

fn read(octets: &Octets) -> Text {
    Text::from_wire(octets.as_slice())
}

fn identifier(mac: Option<Mac>, address: Option<IpAddr>, octets: &Octets) -> Text {
    match (mac, address) {
        (Some(mac), _) => Text::clean(&mac.to_string()),
        (None, Some(address)) => Text::clean(&address.to_string()),
        (None, None) => read(octets),
    }
}

/// An IANA address family number and the address (§8.5.3.3).
fn address(octets: &[u8]) -> Option<IpAddr> {
    match octets {
        [1, a, b, c, d] => Some(Ipv4Addr::new(*a, *b, *c, *d).into()),
        [2, rest @ ..] => <[u8; 16]>::try_from(rest).ok().map(|a| Ipv6Addr::from(a).into()),
        _ => None,
    }
}

fn capabilities(has: Capabilities) -> Vec<Capability> {
    let enabled = CAPABILITIES.iter().filter(|(bit, _)| has.enabled >> bit & 1 == 1);
    enabled.map(|(_, capability)| *capability).collect()
}

fn inventory(lldp: &Lldp) -> Option<Inventory> {
    let said = lldp.inventory();
    let text = |octets: Option<&[u8]>| Text::from_wire(octets.unwrap_or_default());
    let inventory = Inventory {
        hardware: text(said.hardware),
        firmware: text(said.firmware),
        software: text(said.software),
        serial: text(said.serial),
        manufacturer: text(said.manufacturer),
        model: text(said.model),
        asset: text(said.asset),
    };
    Some(inventory).filter(|inventory| *inventory != Inventory::default())
}
