//! Which protocol a frame is of, by its types and ports; and each protocol's listener.

use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::observation::{Fact, Method};
use daicho_common::wire::Malformed;
use daicho_common::wire::{
    cdp as cdp_wire, edp as edp_wire, lldp as lldp_wire, sonmp as sonmp_wire, stp as stp_wire,
};

use super::frame::{self, Payload};
use super::packet::{self, Datagram, Packet, Segment};
use super::{
    Layer, arp, browser, cdp, dhcp, dhcp6, edp, group, hl7, hsrp, lldp, llmnr, mdns, nbns, ndp,
};
use super::{sonmp, ssdp, stp, tcp, vrrp};
use crate::capture::LinkType;

/// SNAP OUI and protocol identifier of the Cisco Discovery Protocol.
const CDP_SNAP: [u8; 5] = [0x00, 0x00, 0x0c, 0x20, 0x00];
/// SNAP OUI and protocol identifier of Cisco's spanning tree of one VLAN.
const PVST_SNAP: [u8; 5] = [0x00, 0x00, 0x0c, 0x01, 0x0b];

/// A frame whose headers were read.
#[derive(Debug)]
pub struct Found<'a> {
    /// Who sent the frame on this link.
    pub source: Option<Mac>,
    /// VLAN identifiers, outermost first.
    pub vlans: Vec<u16>,
    /// What it carries, if it is of a protocol that is listened to.
    pub message: Option<Message<'a>>,
}

/// A message of a protocol that is listened to.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Which protocol.
    pub method: Method,
    /// Its octets, as its listener wants them.
    pub octets: &'a [u8],
    /// The source address of the packet, if a packet carries it; unspecified as the sender wrote it.
    pub from: Option<IpAddr>,
    /// The packet's time to live or hop limit.
    pub hops: u8,
    /// Who sent the frame on this link.
    pub mac: Option<Mac>,
    /// Whether no router can have passed it on.
    pub on_link: bool,
    read: Read,
}

/// A protocol's listener.
type Read = fn(&Message<'_>) -> Result<Vec<Fact>, Malformed>;

/// Opens a frame as far as the protocol in it. `None` for later fragments and what is encrypted.
///
/// # Errors
/// Where the reading ended, and why.
pub fn find(link: LinkType, octets: &[u8]) -> Result<Option<Found<'_>>, (Layer, Malformed)> {
    let opened = frame::open(link, octets).map_err(|malformed| (Layer::Link, malformed))?;
    let mac = opened.source;
    let on_link = |(method, read), octets| {
        Some(Message { method, octets, from: None, hops: 0, mac, on_link: true, read })
    };
    let at = |layer| move |malformed| (layer, malformed);
    let message = match opened.payload {
        Payload::Typed(0x0800, octets) => {
            match packet::open_v4(octets).map_err(at(Layer::Internet))? {
                Some(packet) => in_packet(packet, mac)?,
                None => return Ok(None),
            }
        }
        Payload::Typed(0x86dd, octets) => {
            match packet::open_v6(octets).map_err(at(Layer::Internet))? {
                Some(packet) => in_packet(packet, mac)?,
                None => return Ok(None),
            }
        }
        Payload::Typed(0x0806, octets) => {
            on_link((Method::ArpHeard, |it| arp::facts(it.octets)), octets)
        }
        Payload::Typed(lldp_wire::ETHERTYPE, octets) => {
            on_link((Method::Lldp, |it| lldp::facts(it.octets)), octets)
        }
        Payload::Snap(snap, octets) => by_snap(snap).and_then(|found| on_link(found, octets)),
        Payload::Llc(octets) if octets.starts_with(&stp_wire::LLC) => {
            on_link((Method::Stp, |it| stp::facts(it.octets)), octets)
        }
        Payload::Typed(..) | Payload::Llc(_) => None,
    };
    Ok(Some(Found { source: mac, vlans: opened.vlans, message }))
}

fn by_snap(snap: [u8; 5]) -> Option<(Method, Read)> {
    match snap {
        CDP_SNAP => Some((Method::Cdp, |it| cdp::facts(it.octets))),
        PVST_SNAP => Some((Method::Stp, |it| stp::facts(it.octets))),
        cdp_wire::FDP_SNAP => Some((Method::Fdp, |it| cdp::facts(it.octets))),
        edp_wire::SNAP => Some((Method::Edp, |it| edp::facts(it.octets))),
        sonmp_wire::SNAP_FLAT | sonmp_wire::SNAP_SEGMENT => {
            Some((Method::Sonmp, |it| sonmp::facts(it.octets)))
        }
        _ => None,
    }
}

/// By protocol number (IANA "protocol numbers") and message type.
fn in_packet(
    packet: Packet<'_>,
    mac: Option<Mac>,
) -> Result<Option<Message<'_>>, (Layer, Malformed)> {
    let (found, octets): (Option<(Method, Read)>, _) =
        match (packet.protocol, packet.payload.first()) {
            (2, _) => (Some((Method::Igmp, |it| group::facts_v4(it.octets))), packet.payload),
            (58, Some(133..=137)) => (Some((Method::NdpHeard, ndp::facts)), packet.payload),
            (58, Some(130..=132 | 143)) => {
                (Some((Method::Mld, |it| group::facts_v6(it.octets))), packet.payload)
            }
            (112, _) => (Some((Method::Vrrp, vrrp::facts)), packet.payload),
            (17, _) => {
                let datagram =
                    packet::datagram(packet.payload).map_err(|error| (Layer::Datagram, error))?;
                (by_port(&datagram), datagram.payload)
            }
            (6, _) => {
                let segment =
                    packet::segment(packet.payload).map_err(|error| (Layer::Datagram, error))?;
                (by_segment(&segment), packet.payload)
            }
            _ => (None, packet.payload),
        };
    Ok(found.map(|(method, read)| Message {
        method,
        octets,
        from: Some(packet.source),
        hops: packet.hops,
        mac,
        on_link: packet.stays_on_link() || never_routed(method, packet.hops),
        read,
    }))
}

/// Whether the hop limit shows that no router passed it on: it is still the highest (RFC 4861 §6.1),
/// or the protocol sends with a limit of one (RFC 3376 §4, RFC 3810 §5).
const fn never_routed(method: Method, hops: u8) -> bool {
    matches!((method, hops), (Method::NdpHeard, 255) | (Method::Igmp | Method::Mld, 1))
}

/// By the ports of IANA's "Service Name and Transport Protocol Port Number" registry.
fn by_port(datagram: &Datagram<'_>) -> Option<(Method, Read)> {
    match (datagram.source, datagram.destination) {
        // 4011 is PXE's way to a boot server.
        (_, 67 | 68 | 4011) | (67 | 68 | 4011, _) => {
            Some((Method::Dhcp, |it| dhcp::facts(it.octets)))
        }
        (_, 546 | 547) => Some((Method::Dhcp6, dhcp6::facts)),
        // An answer that is not from the port of mDNS is none (RFC 6762 §6).
        (5353, _) => Some((Method::Mdns, mdns::facts)),
        (_, 1900) | (1900, _) => Some((Method::Ssdp, |it| ssdp::facts(it.octets))),
        (_, 137) | (137, _) => Some((Method::Nbns, nbns::facts)),
        (_, 138) => Some((Method::Browser, |it| browser::facts(it.octets))),
        (5355, _) => Some((Method::Llmnr, llmnr::facts)),
        // 2029 is that of version 2 over IPv6.
        (_, 1985 | 2029) => Some((Method::Hsrp, |it| hsrp::facts(it.octets))),
        _ => None,
    }
}

/// By what the segment shows of itself: HL7 is spoken at any port.
fn by_segment(segment: &Segment<'_>) -> Option<(Method, Read)> {
    if tcp::accepts(segment) {
        return Some((Method::TcpHeard, tcp::facts));
    }
    hl7::begins(segment).then_some((Method::Hl7, hl7::facts))
}

impl Message<'_> {
    /// Whether it is one of two hosts talking with each other, of whom one may be anywhere.
    pub(super) const fn is_of_a_conversation(&self) -> bool {
        matches!(self.method, Method::TcpHeard | Method::Hl7)
    }

    /// What it says of its speaker.
    ///
    /// # Errors
    /// [`Malformed`] if it contradicts its protocol.
    pub(super) fn facts(&self) -> Result<Vec<Fact>, Malformed> {
        (self.read)(self)
    }

    /// The address of the speaker, unless it has none yet.
    pub(super) fn speaker(&self) -> Option<IpAddr> {
        self.from.filter(|ip| !ip.is_unspecified() && !ip.is_multicast())
    }
}
