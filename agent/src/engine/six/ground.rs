//! What of IPv6 may be asked on the links, by the plan: declared IPv6 networks, and the link-local
//! addresses of every link on which IPv6 was declared.

use std::net::{IpAddr, Ipv6Addr};

use daicho_common::addr::Mac;
use daicho_common::coverage::Why;
use ipnet::{IpNet, Ipv6Net};

use crate::engine::reach::may_browse;
use crate::plan::{DenyList, Link, Means, Medical, Network, Policy};

/// The group of every node on a link (RFC 4291 §2.7.1).
pub(in crate::engine) const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// Length of the prefix before an interface identifier (RFC 4291 §2.5.1).
const SUBNET: u8 = 64;

/// The link-local addresses that hosts have (RFC 4291 §2.5.6).
fn link_local() -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), SUBNET)
}

/// A link on which neighbours may be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Street {
    /// Its interface.
    pub(in crate::engine) interface: String,
    /// The system's number of that.
    pub(in crate::engine) index: u32,
    /// The interface's link-layer address.
    pub(in crate::engine) mac: Mac,
    /// Its link-local address, from which questions come.
    pub(in crate::engine) source: Ipv6Addr,
    /// Every address that it has.
    pub(in crate::engine) own: Vec<Ipv6Addr>,
    /// Whether everybody may be asked at once: the whole link was declared for more than sighting,
    /// and nobody on it can be on the deny list.
    pub(in crate::engine) groups: Result<(), Why>,
    /// Whether single hosts may be asked more than whether they are there: nobody on the link may be
    /// on the deny list by an address, for a device has others beside the one that was denied.
    pub(in crate::engine) talks: Result<(), Why>,
    /// By the rules of which network hosts are asked of which nothing but a link-local address is
    /// known: of those on the link the one that allows least.
    pub(in crate::engine) local: Result<usize, Why>,
    /// Whether every network on the link lets medical gear be asked.
    pub(in crate::engine) asks_medical: bool,
}

/// Addresses of one network on one link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Part {
    /// Position of the network in the plan.
    pub(in crate::engine) network: usize,
    /// Its name.
    pub(in crate::engine) name: String,
    /// The addresses.
    pub(in crate::engine) net: Ipv6Net,
    /// The link, or why nothing can be asked.
    pub(in crate::engine) street: Result<usize, Why>,
    /// Prefixes that hosts may have put before an identifier made of their link-layer address.
    pub(in crate::engine) subnets: Vec<Ipv6Net>,
}

/// Where IPv6 may be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Ground {
    pub(in crate::engine) streets: Vec<Street>,
    pub(in crate::engine) parts: Vec<Part>,
}

fn v6(net: &IpNet) -> Option<Ipv6Net> {
    match net {
        IpNet::V6(net) => Some(*net),
        IpNet::V4(_) => None,
    }
}

/// The link that a network lies on, if it is directly connected.
fn link_to<'a>(network: &Network, means: &'a Means) -> Option<&'a Link> {
    let within = |net: &IpNet| net.contains(&network.cidr) || network.cidr.contains(&net.trunc());
    let mut links = means.links.iter();
    match network.cidr {
        IpNet::V4(net) if net.network().is_loopback() => None,
        IpNet::V4(_) => means
            .link_to(network.cidr.network())
            .filter(|link| link.addresses.iter().any(|net| net.contains(&network.cidr))),
        IpNet::V6(_) => links.find(|link| link.addresses.iter().any(within)),
    }
}

/// Whether anybody on the link may be on the deny list.
fn may_be_denied(link: &Link, deny: &DenyList) -> bool {
    let touches = |a: &IpNet, b: &IpNet| a.contains(b) || b.contains(a);
    let local = IpNet::V6(link_local());
    let there = |denied: &IpNet| {
        touches(denied, &local) || link.addresses.iter().any(|net| touches(denied, &net.trunc()))
    };
    !deny.macs.is_empty() || !deny.ouis.is_empty() || deny.nets.iter().any(there)
}

/// By which of these networks' rules those are asked that may be of any of them.
fn strictest<'n>(on_link: impl Iterator<Item = (usize, &'n Network)>) -> Result<usize, Why> {
    let rank = |network: &Network| match network.policy {
        Policy::Sighting => 0,
        Policy::Gentle => 1,
        Policy::Full => 2,
    };
    let least = on_link.min_by_key(|(_, network)| rank(network)).ok_or(Why::Policy)?;
    if least.1.policy == Policy::Sighting { Err(Why::Policy) } else { Ok(least.0) }
}

/// Whether anybody on the link may have an address on the deny list.
fn may_have_denied_address(link: &Link, deny: &DenyList) -> bool {
    let by_address = DenyList { nets: deny.nets.clone(), ..DenyList::default() };
    may_be_denied(link, &by_address)
}

impl Ground {
    /// What these networks allow with these means.
    pub(in crate::engine) fn new(networks: &[Network], means: &Means, deny: &DenyList) -> Self {
        let mut ground = Self::default();
        for (number, network) in networks.iter().enumerate().filter(|(_, it)| it.ipv6) {
            let street = ground.street(network, networks, (means, deny));
            let declared = v6(&network.cidr);
            if let Ok(street) = street
                && !ground.parts.iter().any(|p| p.street == Ok(street) && p.net == link_local())
            {
                ground.part((number, network), link_local(), Ok(street), &[]);
            }
            if let Some(net) = declared {
                let own: Vec<_> = match link_to(network, means) {
                    Some(link) => link.addresses.iter().filter_map(v6).collect(),
                    None => Vec::new(),
                };
                ground.part((number, network), net, street, &own);
            } else if let Err(why) = street {
                ground.part((number, network), link_local(), Err(why), &[]);
            }
        }
        ground
    }

    fn part(
        &mut self,
        (number, network): (usize, &Network),
        net: Ipv6Net,
        street: Result<usize, Why>,
        own: &[Ipv6Net],
    ) {
        let subnets = if net.prefix_len() == SUBNET {
            vec![net]
        } else {
            let on_link = own.iter().map(Ipv6Net::trunc);
            on_link.filter(|it| it.prefix_len() == SUBNET && net.contains(it)).collect()
        };
        let name = network.name.clone();
        self.parts.push(Part { network: number, name, net, street, subnets });
    }

    /// The link of this network, noted if it is new.
    fn street(
        &mut self,
        network: &Network,
        networks: &[Network],
        (means, deny): (&Means, &DenyList),
    ) -> Result<usize, Why> {
        if network.vlan.is_some() {
            return Err(Why::TaggedOnly);
        }
        let link = link_to(network, means).ok_or(Why::NotOnLink)?;
        if deny.interfaces.contains(&link.interface) {
            return Err(Why::Denied);
        }
        let mac = link.mac.filter(|_| link.frames && link.neighbours).ok_or(Why::NoPrivilege)?;
        let own: Vec<Ipv6Addr> =
            link.addresses.iter().filter_map(v6).map(|net| net.addr()).collect();
        // Without an address of its own the agent could only ask like one who checks for a
        // duplicate (RFC 4862 §5.4), and who has the address would give way.
        let source = own.iter().find(|ip| ip.is_unicast_link_local()).ok_or(Why::Unreachable)?;
        let is_on_link = |other: &Network| {
            other.vlan.is_none()
                && link_to(other, means).is_some_and(|its| its.interface == link.interface)
        };
        let on_link: Vec<(usize, &Network)> =
            networks.iter().enumerate().filter(|(_, it)| is_on_link(it)).collect();
        let asks_medical = on_link.iter().all(|(_, other)| other.medical == Medical::Ask);
        // A group has everybody in it, of whichever network, and medical gear too.
        let sighting = !asks_medical || on_link.iter().any(|(_, it)| it.policy == Policy::Sighting);
        let local = strictest(on_link.into_iter());
        let talks = if may_have_denied_address(link, deny) { Err(Why::Denied) } else { Ok(()) };
        let groups = if sighting {
            Err(Why::Policy)
        } else if may_be_denied(link, deny) {
            Err(Why::Denied)
        } else if may_browse(network, link, deny) {
            Ok(())
        } else {
            Err(Why::Policy)
        };
        let known = self.streets.iter().position(|street| street.interface == link.interface);
        if let Some(street) = known.and_then(|n| self.streets.get_mut(n)) {
            // The strictest network decides for all.
            street.groups = street.groups.and(groups);
            return known.ok_or(Why::Unreachable);
        }
        let (interface, source) = (link.interface.clone(), *source);
        let index = link.index;
        let street =
            Street { interface, index, mac, source, own, groups, talks, local, asks_medical };
        self.streets.push(street);
        Ok(self.streets.len() - 1)
    }

    /// The link of this interface.
    pub(in crate::engine) fn on(&self, interface: &str) -> Option<usize> {
        self.streets.iter().position(|street| street.interface == interface)
    }

    /// The network to which a question for this address on this link belongs: that of the longest
    /// prefix, and for the group of all nodes that of the link-local addresses.
    pub(in crate::engine) fn part_of(&self, street: usize, ip: Ipv6Addr) -> Option<(usize, &Part)> {
        if ip == ALL_NODES {
            self.streets.get(street)?.groups.ok()?;
        }
        let ip = if ip == ALL_NODES { link_local().addr() } else { ip };
        let parts = self.parts.iter().enumerate();
        parts
            .filter(|(_, part)| part.street == Ok(street) && part.net.contains(&ip))
            .max_by_key(|(_, part)| part.net.prefix_len())
    }

    /// The link on which a link-local address with this number of an interface lies.
    pub(in crate::engine) fn numbered(&self, index: u32) -> Option<usize> {
        self.streets.iter().position(|street| index != 0 && street.index == index)
    }

    /// Whether the agent's own system has this address.
    pub(in crate::engine) fn is_own(&self, street: usize, ip: Ipv6Addr) -> bool {
        self.streets.get(street).is_some_and(|street| street.own.contains(&ip))
    }
}

/// The group that a solicitation for this address goes to (RFC 4291 §2.7.1).
pub(in crate::engine) fn solicited_node(ip: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = ip.octets();
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(a), u16::from_be_bytes([b, c]))
}

/// The address that a host with this link-layer address makes itself in this /64.
pub(in crate::engine) fn derived(subnet: Ipv6Net, mac: Mac) -> Ipv6Addr {
    let prefix = u128::from(subnet.network());
    Ipv6Addr::from(prefix | u128::from(mac.interface_identifier()))
}

/// Whether an address can be one host's.
pub(in crate::engine) fn is_host(ip: Ipv6Addr) -> bool {
    let ip = IpAddr::V6(ip);
    !ip.is_unspecified() && !ip.is_multicast() && !ip.is_loopback()
}
