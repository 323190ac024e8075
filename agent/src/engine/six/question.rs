//! The questions of IPv6 as frames, and what a frame asks for.

use std::net::Ipv6Addr;

use daicho_common::addr::Mac;
use daicho_common::coverage::PacketKind;
use daicho_common::wire::Wire;
use daicho_common::wire::ethernet::{EtherType, Ethernet};
use daicho_common::wire::icmp6::{self, Echo};
use daicho_common::wire::igmp::{self, Membership};
use daicho_common::wire::ipv6::{HOP_BY_HOP, Ipv6};
use daicho_common::wire::ndp::{Body, Ndp, NdpOption};

use super::ground::{ALL_NODES, Street, is_host, solicited_node};
use crate::engine::Packet;
use crate::engine::order::mix;

/// Hop limit of neighbour discovery: a packet that came over a router has less (RFC 4861 §7.1).
pub(super) const NEIGHBOUR: u8 = 255;
/// Hop limit of what must stay on the link.
const LINK: u8 = 1;
/// Kind of the option with the sender's link-layer address (RFC 4861 §4.6.1).
const SOURCE: u8 = 1;

fn frame(street: &Street, to: Ipv6Addr, hop_limit: u8, message: Vec<u8>) -> Packet {
    let mut octets = Vec::with_capacity(90);
    let (destination, source) = (Mac::of_group(to), street.mac);
    Ethernet { destination, source, tag: None, ether_type: EtherType::IPV6 }.encode(&mut octets);
    icmp6::packet((street.source, to), hop_limit, message).encode(&mut octets);
    Packet::Frame { interface: street.interface.clone(), octets }
}

/// Who has this address?
pub(super) fn solicitation(street: &Street, target: Ipv6Addr) -> Packet {
    let options = vec![NdpOption { kind: SOURCE, value: street.mac.octets().to_vec() }];
    let body = Body::NeighbourSolicitation { reserved: 0, target };
    let mut message = Vec::new();
    Ndp { checksum: 0, body, options }.encode(&mut message);
    frame(street, solicited_node(target), NEIGHBOUR, message)
}

/// Who is there?
pub(super) fn echo(street: &Street, seed: u64) -> Packet {
    frame(street, ALL_NODES, LINK, called(street, seed).message())
}

fn called(street: &Street, seed: u64) -> Echo {
    let host = street.source.octets().last_chunk().map_or(0, |host| u64::from_be_bytes(*host));
    let cookie = mix(mix(seed) ^ host).to_be_bytes();
    let [a, b, ..] = cookie;
    let identifier = u16::from_be_bytes([a, b]);
    Echo { reply: false, identifier, sequence: 1, payload: cookie.to_vec() }
}

/// Whether this is the reply to the echo request on this link.
pub(super) fn answers_echo(street: &Street, seed: u64, echo: &Echo) -> bool {
    *echo == Echo { reply: true, ..called(street, seed) }
}

/// Who listens to which groups?
///
/// A router that hears a question from a lower address than its own leaves the asking to that one
/// for 255 seconds (RFC 3810 §9.5). What it knows lasts five seconds longer and is renewed by the
/// very answers to this question, which is why there is only one.
pub(super) fn listeners(street: &Street, within_millis: u16) -> Packet {
    frame(street, ALL_NODES, LINK, icmp6::listener_query(within_millis))
}

/// Which of the two questions to all nodes this frame is.
pub(super) fn group_kind(octets: &[u8]) -> PacketKind {
    let packet = Ethernet::decode(octets).and_then(|(_, payload)| Ipv6::decode(payload));
    let alerts = packet.is_ok_and(|(packet, _)| packet.next_header == HOP_BY_HOP);
    if alerts { PacketKind::ListenerQuery } else { PacketKind::Echo }
}

/// Whom this frame asks: the one address of a solicitation, or all nodes. `None` if it is anything
/// else than one of the questions above.
pub(in crate::engine) fn asks(header: &Ethernet, payload: &[u8]) -> Option<Ipv6Addr> {
    let (packet, _) = Ipv6::decode(payload).ok()?;
    if header.ether_type != EtherType::IPV6
        || header.destination != Mac::of_group(packet.destination)
        || !packet.source.is_unicast_link_local()
    {
        return None;
    }
    let message = icmp6::message(&packet).ok()?;
    if packet.destination == ALL_NODES && packet.hop_limit == LINK {
        let echo = Echo::decode(message).is_ok_and(|echo| !echo.reply);
        let everything = Membership::Query { group: Ipv6Addr::UNSPECIFIED };
        let query = igmp::decode_v6(message) == Ok(everything);
        return (echo || query).then_some(ALL_NODES);
    }
    let (ndp, _) = Ndp::decode(message).ok()?;
    let Body::NeighbourSolicitation { target, .. } = ndp.body else { return None };
    let addressed = packet.destination == solicited_node(target) && packet.hop_limit == NEIGHBOUR;
    (addressed && is_host(target)).then_some(target)
}
