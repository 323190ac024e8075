//! The questions of a sweep as packets, and whether something answers them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};

use daicho_common::addr::Mac;
use daicho_common::coverage::PacketKind;
use daicho_common::observation::Method;
use daicho_common::wire::Wire;
use daicho_common::wire::arp::{Arp, LENGTH, Operation};
use daicho_common::wire::ethernet::{EtherType, Ethernet, Tag};
use daicho_common::wire::icmp::NON_STANDARD;
use ring::hmac;

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
    /// ICMP timestamp, asked once of those who stayed silent to every other sweep.
    Timestamp,
    /// TCP to these ports.
    Tcp(Knock, Vec<u16>),
}

/// How a TCP port is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Knock {
    /// By a connection, as every user may.
    Connect,
    /// By a SYN alone, with a sequence number that belongs to this seed.
    Syn(u64),
}

impl Knock {
    /// What its packets count as.
    pub(super) const fn kind(self) -> PacketKind {
        match self {
            Self::Connect => PacketKind::TcpConnect,
            Self::Syn(_) => PacketKind::TcpSyn,
        }
    }

    /// How the account calls it.
    pub(super) const fn method(self) -> Method {
        match self {
            Self::Connect => Method::TcpConnect,
            Self::Syn(_) => Method::TcpSyn,
        }
    }

    /// The packet of a question to this address and port. A SYN that is repeated is the same to
    /// the octet, as in TCP.
    pub(super) fn packet(self, to: SocketAddr) -> Packet {
        match (self, to) {
            (Self::Syn(seed), SocketAddr::V4(to)) => {
                Packet::Syn { to, sequence: sequence_of(*to.ip(), to.port(), seed) }
            }
            // SYNs by themselves are of IPv4 only.
            (Self::Syn(_) | Self::Connect, to) => Packet::Connect { to },
        }
    }

    /// Whether this acknowledgment number answers the SYN that was sent to this address and port
    /// (RFC 9293 §3.10.7.3: one more than its sequence number). It is not kept who was sent one: who
    /// was not, cannot know the number.
    pub(super) fn is_answered(self, from: SocketAddrV4, acknowledges: u32) -> bool {
        match self {
            Self::Connect => false,
            Self::Syn(seed) => {
                sequence_of(*from.ip(), from.port(), seed).wrapping_add(1) == acknowledges
            }
        }
    }
}

impl Technique {
    /// What the packets of this technique count as.
    pub(super) const fn kind(&self) -> PacketKind {
        match self {
            Self::Arp { .. } => PacketKind::ArpRequest,
            Self::Nudge => PacketKind::Mdns,
            Self::Echo => PacketKind::Echo,
            Self::Timestamp => PacketKind::Timestamp,
            Self::Tcp(knock, _) => knock.kind(),
        }
    }

    /// How the account calls what its answers show; a nudge's own answer, not the table's.
    pub(super) const fn method(&self) -> Method {
        match self {
            Self::Arp { .. } => Method::Arp,
            Self::Nudge => Method::Udp,
            Self::Echo => Method::IcmpEcho,
            Self::Timestamp => Method::IcmpTimestamp,
            Self::Tcp(knock, _) => knock.method(),
        }
    }

    /// How often a silent address is asked, where the plan wants `tries`. The second chance is no
    /// more than that: whoever drops echo and timestamp alike is not to be pressed.
    pub(super) const fn tries(&self, tries: u8) -> u8 {
        if self.is_second_chance() { 1 } else { tries }
    }

    /// Whether only those are asked who stayed silent to every other sweep.
    pub(super) const fn is_second_chance(&self) -> bool {
        matches!(self, Self::Timestamp)
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
            Self::Timestamp => {
                let (sequence, originate) = (pass.into(), time_of(to, pass.into(), seed));
                Packet::Timestamp { to, sequence, originate }
            }
            Self::Tcp(knock, ports) => {
                let port = ports.get(usize::from(slot)).copied().unwrap_or_default();
                knock.packet(SocketAddr::from((to, port)))
            }
        }
    }

    /// The slot of this port, if it is asked.
    pub(super) fn slot_of(&self, port: u16) -> Option<u16> {
        match self {
            Self::Tcp(_, ports) => {
                (0..).zip(ports).find(|(_, p)| **p == port).map(|(slot, _)| slot)
            }
            Self::Nudge => (port == MDNS).then_some(0),
            Self::Arp { .. } | Self::Echo | Self::Timestamp => None,
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

/// What a question carries and its answer returns: nobody who did not get it can answer it, and who
/// got many of them learns nothing of the others. `number` tells the questions to one address apart.
fn cookie(to: Ipv4Addr, number: u16, seed: u64) -> [u8; 8] {
    let [a, b, c, d] = to.octets();
    let [n1, n0] = number.to_be_bytes();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &seed.to_be_bytes());
    let tag = hmac::sign(&key, &[a, b, c, d, n1, n0]);
    tag.as_ref().first_chunk().copied().unwrap_or_default()
}

/// What a timestamp request says of when it left: no time at all, which it says too (RFC 792), but 31
/// bits of the cookie. The agent's clock is nobody's business.
fn time_of(to: Ipv4Addr, sequence: u16, seed: u64) -> u32 {
    let [a, b, c, d, ..] = cookie(to, sequence, seed);
    u32::from_be_bytes([a, b, c, d]) | NON_STANDARD
}

/// The sequence number of the SYN to this address and port.
fn sequence_of(to: Ipv4Addr, port: u16, seed: u64) -> u32 {
    // Not the seed of the other cookies, some of whose numbers are ports too.
    let [a, b, c, d, ..] = cookie(to, port, !seed);
    u32::from_be_bytes([a, b, c, d])
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

/// Whether this came from a timestamp request that was sent to `from`.
pub(super) fn answers_timestamp(from: IpAddr, sequence: u16, originate: u32, seed: u64) -> bool {
    matches!(from, IpAddr::V4(from) if originate == time_of(from, sequence, seed))
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
