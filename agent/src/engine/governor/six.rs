//! IPv6 at the door. Its addresses are too many to have a place each from the start, so they get
//! one when somebody first means to ask them, after those of the network's IPv4 addresses; and only
//! inside of what was declared.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddrV6};

use daicho_common::addr::Mac;

use super::Governor;
use crate::engine::scope::Place;
use crate::engine::six::ground::{ALL_NODES, Ground, is_host};
use crate::plan::{DenyList, Means, Network};

/// Most addresses of one link that get a place.
pub(in crate::engine) const MOST: usize = 1 << 15;

/// The IPv6 addresses that may be asked.
#[derive(Debug)]
pub(super) struct Six {
    ground: Ground,
    places: HashMap<(usize, Ipv6Addr), Place>,
    /// How many of each link have a place.
    counts: Vec<usize>,
}

impl Six {
    pub(super) fn new(networks: &[Network], means: &Means, deny: &DenyList) -> Self {
        let ground = Ground::new(networks, means, deny);
        Self { counts: vec![0; ground.streets.len()], ground, places: HashMap::new() }
    }

    /// The place of an address that has one.
    pub(super) fn place(&self, interface: &str, ip: Ipv6Addr) -> Option<Place> {
        self.places.get(&(self.ground.on(interface)?, ip)).copied()
    }

    /// The link, and the place, of one host that is asked above the link.
    fn host(&self, to: SocketAddrV6) -> Option<(usize, Place)> {
        let ip = *to.ip();
        let on = |street| Some((street, *self.places.get(&(street, ip))?));
        if !is_host(ip) {
            None
        } else if ip.is_unicast_link_local() {
            on(self.ground.numbered(to.scope_id())?)
        } else {
            (0..self.ground.streets.len()).find_map(on)
        }
    }

    /// The place of a host that is asked above the link.
    pub(super) fn place_of_host(&self, to: SocketAddrV6) -> Option<Place> {
        self.host(to).map(|(_, place)| place)
    }

    /// The interface by which such a host is reached.
    pub(super) fn interface_of_host(&self, to: SocketAddrV6) -> Option<&str> {
        let (street, _) = self.host(to)?;
        self.ground.streets.get(street).map(|street| street.interface.as_str())
    }
}

impl Governor {
    /// Gives an address on a link its place. `None` outside of what was declared, for the agent's
    /// own addresses, and when there are too many.
    pub(in crate::engine) fn enrol(&mut self, street: usize, ip: Ipv6Addr) -> Option<Place> {
        if let Some(place) = self.six.places.get(&(street, ip)) {
            return Some(*place);
        }
        let ground = &self.six.ground;
        if ground.is_own(street, ip) || !(is_host(ip) || ip == ALL_NODES) {
            return None;
        }
        let network = ground.part_of(street, ip)?.1.network;
        let count = self.six.counts.get_mut(street).filter(|count| **count < MOST)?;
        let of_network = self.grounds.get_mut(network)?;
        let host = u32::try_from(of_network.six.len()).ok()?;
        let place = Place { network, host: of_network.size.checked_add(host)?.checked_add(1)? };
        *count += 1;
        of_network.six.push(ip);
        self.six.places.insert((street, ip), place);
        Some(place)
    }

    /// Whether this link-layer address shows medical or nurse-call gear.
    pub(in crate::engine) fn is_medical(&self, mac: Mac) -> bool {
        self.sighting.contains(&mac.oui())
    }

    /// Whether this IPv6 address, which has this place, is on the deny list.
    pub(in crate::engine) fn denies_six(&self, ip: Ipv6Addr, place: Place) -> bool {
        self.denied.contains(IpAddr::V6(ip)) || self.claimed.contains(&place)
    }
}
