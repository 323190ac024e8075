//! Which addresses may be asked at all: those of the declared networks, each by its network and its
//! number in it.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use crate::plan::Network;

/// Shortest prefix that is scanned (a million addresses).
const SHORTEST_PREFIX: u8 = 12;

/// An address by its declared network and its number in it, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Place {
    /// Position of the network in the plan.
    pub(super) network: usize,
    /// Number of the address in the network.
    pub(super) host: u32,
}

/// The declared networks by address.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// First and last address and position in the plan, ascending.
    ranges: Vec<(u32, u32, usize)>,
}

/// First address and number of addresses; `None` for what is not scanned: IPv6, and IPv4 networks
/// too large to be meant. The configuration refuses both.
pub(super) fn extent(cidr: IpNet) -> Option<(u32, u32)> {
    match cidr {
        IpNet::V4(net) if net.prefix_len() >= SHORTEST_PREFIX => {
            Some((net.network().into(), 1 << (32 - net.prefix_len())))
        }
        IpNet::V4(_) | IpNet::V6(_) => None,
    }
}

impl Scope {
    /// The scope of these networks, in the order of the plan.
    pub(super) fn new(networks: &[Network]) -> Self {
        let mut ranges: Vec<_> = networks
            .iter()
            .enumerate()
            .filter_map(|(n, network)| extent(network.cidr).map(|(first, size)| (n, first, size)))
            .map(|(n, first, size)| (first, first + (size - 1), n))
            .collect();
        ranges.sort_unstable();
        Self { ranges }
    }

    /// The place of this address; `None` outside every declared network.
    pub(super) fn place(&self, address: IpAddr) -> Option<Place> {
        let IpAddr::V4(address) = address else { return None };
        let address = u32::from(address);
        let index = self.ranges.partition_point(|&(_, last, _)| last < address);
        let &(first, _, network) = self.ranges.get(index)?;
        address.checked_sub(first).map(|host| Place { network, host })
    }
}

/// The address with this number in a network that begins at `first`.
pub(super) fn address(first: u32, host: u32) -> Ipv4Addr {
    Ipv4Addr::from(first.saturating_add(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tests::network;

    #[test]
    fn an_address_is_found_in_its_network_and_nowhere_else() {
        let nets =
            ["10.20.4.0/24", "10.20.0.0/24", "255.255.255.0/24", "2001:db8::/64", "10.0.0.0/8"];
        let scope = Scope::new(&nets.map(network));
        let place = |text: &str| scope.place(text.parse().unwrap()).map(|p| (p.network, p.host));
        assert_eq!(place("10.20.0.0"), Some((1, 0)));
        assert_eq!(place("10.20.0.255"), Some((1, 255)));
        assert_eq!(place("10.20.4.7"), Some((0, 7)));
        assert_eq!(place("255.255.255.255"), Some((2, 255)));
        for outside in ["10.20.1.0", "10.20.3.255", "10.20.5.0", "2001:db8::1", "0.0.0.0"] {
            assert_eq!(place(outside), None, "{outside}");
        }
    }
}
