//! The questions of a sweep as packets, and whether something answers them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use daicho_common::addr::Mac;
use daicho_common::coverage::PacketKind;
use daicho_common::wire::Wire;
use daicho_common::wire::arp::{Arp, LENGTH, Operation};
use daicho_common::wire::ethernet::{EtherType, Ethernet, Tag};

use crate::engine::order::mix;
use crate::engine::{Outlet, Packet};

/// The port of mDNS (RFC 6762 §3).
pub(super) const MDNS: u16 = 5353;
/// A DNS question after its identifier: which services are there (RFC 6763 §9)? One question,
/// `_services._dns-sd._udp.local`, PTR, IN.
const WHICH_SERVICES: &[u8] =
    b"\0\0\0\x01\0\0\0\0\0\0\x09_services\x07_dns-sd\x04_udp\x05local\0\0\x0c\0\x01";

/// The technique of a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Technique {
    /// ARP requests as frames.
    Arp {
        /// The interface they leave by.
        interface: String,
        /// The VLAN they are tagged for; `None`: untagged.
        vlan: Option<u16>,
        /// Its link-layer address.
        mac: Mac,
        /// Its address in the network; 0.0.0.0 where it has none.
        ip: Ipv4Addr,
    },
    /// A DNS-SD question to a single address, which makes the system resolve the neighbour.
    Nudge,
    /// ICMP echo.
    Echo,
    /// TCP connections to these ports.
    Connect(Vec<u16>),
}

impl Technique {
    /// What the packets of this technique count as.
    pub(super) const fn kind(&self) -> PacketKind {
        match self {
            Self::Arp { .. } => PacketKind::ArpRequest,
            Self::Nudge => PacketKind::Mdns,
            Self::Echo => PacketKind::Echo,
            Self::Connect(_) => PacketKind::TcpConnect,
        }
    }

    /// The packet of a question to this address.
    pub(super) fn packet(&self, (pass, slot): (u8, u16), to: Ipv4Addr, seed: u64) -> Packet {
        match self {
            Self::Arp { interface, vlan, mac, ip } => Packet::Frame {
                interface: interface.clone(),
                octets: who_has(*vlan, (*mac, *ip), to),
            },
            Self::Nudge => Packet::Datagram {
                outlet: Outlet::Connected,
                interface: String::new(),
                to: SocketAddr::from((to, MDNS)),
                octets: [&identifier(to, seed)[..], WHICH_SERVICES].concat(),
            },
            Self::Echo => Packet::Echo {
                to: to.into(),
                sequence: pass.into(),
                payload: cookie(to, pass.into(), seed).to_vec(),
            },
            Self::Connect(ports) => {
                let port = ports.get(usize::from(slot)).copied().unwrap_or_default();
                Packet::Connect { to: SocketAddr::from((to, port)) }
            }
        }
    }

    /// The slot of this port, if it is asked.
    pub(super) fn slot_of(&self, port: u16) -> Option<u16> {
        match self {
            Self::Connect(ports) => {
                (0..).zip(ports).find(|(_, p)| **p == port).map(|(slot, _)| slot)
            }
            Self::Nudge => (port == MDNS).then_some(0),
            Self::Arp { .. } | Self::Echo => None,
        }
    }
}

/// An ARP request for `to`, to all on the link or in the VLAN of it (priority 0).
fn who_has(vlan: Option<u16>, (mac, ip): (Mac, Ipv4Addr), to: Ipv4Addr) -> Vec<u8> {
    let mut octets = Vec::with_capacity(18 + LENGTH);
    let (destination, tag) = (Mac::BROADCAST, vlan.map(Tag));
    Ethernet { destination, source: mac, tag, ether_type: EtherType::ARP }.encode(&mut octets);
    Arp {
        operation: Operation::REQUEST,
        sender_mac: mac,
        sender_ip: ip,
        target_mac: Mac::ZERO,
        target_ip: to,
    }
    .encode(&mut octets);
    octets
}

/// What an echo request carries: nobody who did not get it can answer it.
fn cookie(to: Ipv4Addr, sequence: u16, seed: u64) -> [u8; 8] {
    mix(mix(seed) ^ (u64::from(u32::from(to)) << 16 | u64::from(sequence))).to_be_bytes()
}

/// The identifier of a nudge; an answer to an ephemeral port repeats it (RFC 6762 §6.7).
fn identifier(to: Ipv4Addr, seed: u64) -> [u8; 2] {
    let [a, b, ..] = cookie(to, MDNS, seed);
    [a, b]
}

/// Whether this payload comes from an echo request that was sent to `from`.
pub(super) fn answers_echo(from: IpAddr, sequence: u16, payload: &[u8], seed: u64) -> bool {
    matches!(from, IpAddr::V4(from) if payload == cookie(from, sequence, seed))
}

/// Whether these octets are a DNS response (RFC 1035 §4.1.1) to the nudge that was sent to `from`.
pub(super) fn answers_nudge(from: IpAddr, octets: &[u8], seed: u64) -> bool {
    let (IpAddr::V4(from), Some((&[a, b, flags, ..], _))) =
        (from, octets.split_first_chunk::<12>())
    else {
        return false;
    };
    [a, b] == identifier(from, seed) && flags & 0xf8 == 0x80
}
