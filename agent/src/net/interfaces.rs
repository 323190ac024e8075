//! Which interfaces the system has.

use std::collections::BTreeSet;
use std::net::IpAddr;

use daicho_common::addr::Mac;
use ipnet::IpNet;
use nix::net::if_::InterfaceFlags;
use nix::sys::socket::SockaddrStorage;

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
            index: interface.index,
            interface: interface.name,
            frames: false,
            neighbours: false,
            vlans: BTreeSet::new(),
        })
        .collect();
    links.sort_by(|a, b| a.interface.cmp(&b.interface));
    links
}

/// Interfaces that are up and connected as they stand now, quickly: for looking often. `None` if the
/// system does not tell. None has its frames open.
pub fn connected() -> Option<Vec<Link>> {
    // Up, with a cable that leads somewhere. Without the second, frames vanish without an error; the
    // third is the system's word that it has begun to send.
    let mut wanted = InterfaceFlags::IFF_UP | InterfaceFlags::IFF_RUNNING;
    #[cfg(target_os = "linux")]
    wanted.insert(InterfaceFlags::IFF_LOWER_UP);
    let mut links: Vec<Link> = Vec::new();
    for row in nix::ifaddrs::getifaddrs().ok()?.filter(|row| row.flags.contains(wanted)) {
        let n = links.iter().position(|link| link.interface == row.interface_name);
        let n = n.unwrap_or_else(|| {
            links.push(Link {
                interface: row.interface_name.clone(),
                index: 0,
                mac: None,
                addresses: Vec::new(),
                frames: false,
                neighbours: false,
                vlans: BTreeSet::new(),
            });
            links.len() - 1
        });
        let (Some(link), Some(address)) = (links.get_mut(n), row.address) else { continue };
        if let Some(place) = address.as_link_addr() {
            link.index = u32::try_from(place.ifindex()).unwrap_or_default();
            link.mac = place.addr().map(Mac::new).filter(|mac| *mac != Mac::ZERO);
        }
        link.addresses.extend(net(&address, row.netmask.as_ref()));
    }
    Some(links)
}

/// An address with its prefix.
fn net(address: &SockaddrStorage, mask: Option<&SockaddrStorage>) -> Option<IpNet> {
    let ip = |of: &SockaddrStorage| {
        let four = of.as_sockaddr_in().map(|it| IpAddr::V4(it.ip()));
        four.or_else(|| of.as_sockaddr_in6().map(|it| IpAddr::V6(it.ip())))
    };
    IpNet::with_netmask(ip(address)?, ip(mask?)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_connected_and_has_its_network() {
        let links = connected().unwrap();
        let lo = links.iter().find(|link| link.interface.starts_with("lo")).unwrap();
        assert!(lo.addresses.contains(&"127.0.0.1/8".parse().unwrap()), "{lo:?}");
        assert_eq!(lo.mac, None);
        let up = up();
        assert!(links.iter().all(|link| up.iter().any(|it| it.interface == link.interface)));
    }
}
