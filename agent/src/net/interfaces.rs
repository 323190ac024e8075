//! Which interfaces the system has.

use std::collections::BTreeSet;

use daicho_common::addr::Mac;
use ipnet::IpNet;

use crate::plan::Link;

/// Interfaces that are up, in order of name; none has its frames open yet.
pub fn up() -> Vec<Link> {
    let mut links: Vec<_> = netdev::get_interfaces()
        .into_iter()
        .filter(netdev::Interface::is_up)
        .map(|interface| Link {
            mac: interface
                .mac_addr
                .map(|mac| Mac::new(mac.octets()))
                .filter(|mac| *mac != Mac::ZERO && !interface.is_point_to_point()),
            addresses: interface
                .ipv4
                .iter()
                .copied()
                .map(IpNet::V4)
                .chain(interface.ipv6.iter().copied().map(IpNet::V6))
                .collect(),
            interface: interface.name,
            frames: false,
            neighbours: false,
            vlans: BTreeSet::new(),
        })
        .collect();
    links.sort_by(|a, b| a.interface.cmp(&b.interface));
    links
}
