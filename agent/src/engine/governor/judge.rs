//! What no waiting changes: whether a packet may leave at all in this scan.

use std::net::{IpAddr, SocketAddr};

use daicho_common::coverage::Why;
use daicho_common::wire::Wire;
use daicho_common::wire::ethernet::{Ethernet, Tag};

use super::{Governor, is_forbidden, subject};
use crate::engine::Packet;
use crate::engine::scope::Place;

impl Governor {
    /// What no waiting changes.
    pub(super) fn judge(&self, packet: &Packet) -> Result<Place, Why> {
        if let Some(why) = self.closed {
            return Err(why);
        }
        let (address, port) = subject(packet).ok_or(Why::Policy)?;
        let place = self.place_of(packet).ok_or(Why::Policy)?;
        if !self.keeps_to_vlan(place, packet) {
            return Err(Why::Policy);
        }
        if self.denies(address)
            || self.claimed.contains(&place)
            || self.denies_interface(packet, address)
        {
            return Err(Why::Denied);
        }
        if port.is_some_and(is_forbidden) {
            return Err(Why::ForbiddenPort);
        }
        // A frame that got here is an ARP request, which is sighting; all else is more.
        if !matches!(packet, Packet::Frame { .. }) && self.only_sights(place) {
            return Err(Why::Policy);
        }
        let cost = 1 + u64::from(matches!(packet, Packet::Syn { .. }));
        if self.budget.saturating_sub(self.spent()) < cost { Err(Why::Budget) } else { Ok(place) }
    }

    /// Whether the packet goes into the VLAN of its network: tagged so, and where there is none,
    /// without a tag.
    fn keeps_to_vlan(&self, place: Place, packet: &Packet) -> bool {
        let vlan = self.grounds.get(place.network).and_then(|ground| ground.vlan.as_ref());
        let Packet::Frame { interface, octets } = packet else { return vlan.is_none() };
        let tag = Ethernet::decode(octets).ok().and_then(|(header, _)| header.tag);
        match (vlan, tag) {
            (None, None) => true,
            (Some((by, id)), Some(tag)) => by == interface && tag == Tag(*id),
            (None, Some(_)) | (Some(_), None) => false,
        }
    }

    fn denies_interface(&self, packet: &Packet, address: IpAddr) -> bool {
        if self.deny.interfaces.is_empty() {
            return false;
        }
        let named = match packet {
            Packet::Datagram { to: SocketAddr::V6(to), .. }
            | Packet::Open { to: SocketAddr::V6(to) }
            | Packet::Say { to: SocketAddr::V6(to), .. } => {
                self.six.interface_of_host(*to).unwrap_or_default()
            }
            Packet::Frame { interface, .. } | Packet::Datagram { interface, .. } => interface,
            Packet::Echo { .. }
            | Packet::Timestamp { .. }
            | Packet::Syn { .. }
            | Packet::Connect { .. }
            | Packet::Open { .. }
            | Packet::Say { .. } => "",
        };
        // Every link has the same link-local addresses, so a frame says where it goes.
        let routed = match address {
            IpAddr::V6(_) if !named.is_empty() => named,
            IpAddr::V4(_) | IpAddr::V6(_) => {
                self.means.link_to(address).map_or("", |link| &link.interface)
            }
        };
        self.deny.interfaces.iter().any(|denied| denied == named || denied == routed)
    }
}
