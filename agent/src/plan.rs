//! What to scan, as meant. `config` makes a [`Plan`] from what was written; the engine sees nothing
//! else. Every range was checked when it was made.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use daicho_common::addr::Mac;
use ipnet::IpNet;

/// With what SNMP agents are asked.
pub mod credential;
/// What live hosts are asked beside SNMP and DNS-SD.
pub mod question;
/// When a network may be scanned.
pub mod window;

use credential::Credential;
use question::Questions;
use window::Windows;

/// What may be done in a network (DOMAIN §7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Sighting only: ARP (or the neighbour table); no question above the link.
    Sighting,
    /// Sighting, echo, and gentle questions (SNMP where configured, DNS-SD, and what
    /// `config/questions.toml` calls gentle). The default.
    #[default]
    Gentle,
    /// All of that, every other question, and TCP liveness on the configured ports.
    Full,
}

/// What may be done with devices whose link-layer address shows a maker of medical or nurse-call
/// gear ([`Plan::sighting`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Medical {
    /// Sighting only (DOMAIN §7.4). The default.
    #[default]
    Sighting,
    /// As with any other device of the network.
    Ask,
}

/// A VLAN of a trunk port, looked at by tagged frames: the system needs no interface in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vlan {
    /// The interface that is the port, as the system calls it.
    pub interface: String,
    /// The VLAN identifier, 1–4094 (IEEE 802.1Q-2018 §9.6).
    pub id: u16,
    /// The address that ARP requests come from: one of the network, kept free for the agent, which
    /// sees to it that nobody has it before it asks. Without one they come from 0.0.0.0 as probes do
    /// (RFC 5227 §2.1.1), which changes nobody's ARP cache.
    pub address: Option<Ipv4Addr>,
}

/// A declared network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its name, as the hospital calls it; the CIDR if it was given none.
    pub name: String,
    /// Its addresses: IPv4, /12 or longer, each of which is asked; or IPv6, /32 or longer, of which
    /// those are asked that were heard of or that a known MAC address would have.
    pub cidr: IpNet,
    /// The VLAN in which it is looked at by tagged frames; `None`: as the system's interfaces and
    /// routes lead there.
    pub vlan: Option<Vlan>,
    /// Whether IPv6 is asked on the link of this network: link-local addresses, and the declared
    /// ones. Always so where `cidr` is IPv6.
    pub ipv6: bool,
    /// What may be done there.
    pub policy: Policy,
    /// What may be done with medical and nurse-call gear there.
    pub medical: Medical,
    /// Most packets a second into this network, 1–1,000,000.
    pub packets_per_second: u32,
    /// What SNMP agents are asked with, tried in this order, and nothing else. Empty: SNMP is not
    /// asked.
    pub credentials: Vec<Credential>,
    /// UDP port of SNMP agents (161 unless the network was configured otherwise).
    pub snmp_port: u16,
    /// TCP ports for liveness under [`Policy::Full`], and without privilege under any policy but
    /// [`Policy::Sighting`]; never a forbidden one.
    pub tcp_ports: Vec<u16>,
    /// What live hosts are asked beside SNMP and DNS-SD; nothing under [`Policy::Sighting`].
    pub questions: Questions,
    /// When it may be scanned.
    pub windows: Windows,
}

/// What is never touched, at the moment of sending; wins over every other setting (DOMAIN §7.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DenyList {
    /// Addresses and networks.
    pub nets: Vec<IpNet>,
    /// MAC addresses: an address last known to belong to one of them is not sent to.
    pub macs: Vec<Mac>,
    /// First three octets of MAC addresses, likewise.
    pub ouis: Vec<[u8; 3]>,
    /// Interfaces that nothing leaves by.
    pub interfaces: Vec<String>,
}

/// How fast, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Most packets a second in all, 1–1,000,000.
    pub packets_per_second: u32,
    /// Most packets a second to one target, 1–1,000; two packets to one target are at least
    /// 1/this apart.
    pub target_packets_per_second: u32,
    /// How long an answer is waited for, 50 ms–60 s.
    pub timeout: Duration,
    /// How often a silent address is asked in all, 1–10.
    pub tries: u8,
    /// Most packets that a scan may send; 0 for no limit.
    pub budget: u64,
    /// After how many silences in a row a host that had answered is left in peace, 1–10.
    pub silences: u8,
    /// Whether the first interview of each network runs alone to its end, and the others only if
    /// its host is still there.
    pub canary: bool,
    /// Whether a network is waited for outside of its windows, or left out.
    pub waits: bool,
    /// How long an interface of the agent's own is waited for when it went down, 1 s–1 h; then what
    /// is left on it is given up.
    pub link_wait: Duration,
}

impl Pace {
    /// Time between two packets to one target.
    pub fn spacing(&self) -> Duration {
        let rate = u64::from(self.target_packets_per_second.max(1));
        Duration::from_micros(1_000_000_u64.div_ceil(rate))
    }
}

impl Default for Pace {
    /// Gentle: 200 packets a second in all, 2 a second to one target, 1 s, two tries, a canary.
    fn default() -> Self {
        Self {
            packets_per_second: 200,
            target_packets_per_second: 2,
            timeout: Duration::from_secs(1),
            tries: 2,
            budget: 0,
            silences: 3,
            canary: true,
            waits: true,
            link_wait: Duration::from_secs(30),
        }
    }
}

/// A whole scan, as meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The agent's name.
    pub agent: String,
    /// Networks, at least one; they do not overlap.
    pub networks: Vec<Network>,
    /// What is never touched.
    pub deny: DenyList,
    /// First three octets of link-layer addresses that get no question above the link, unless the
    /// network says [`Medical::Ask`].
    pub sighting: BTreeSet<[u8; 3]>,
    /// How fast.
    pub pace: Pace,
    /// Seed of the order of addresses and of jitter, so that a scan can be repeated in a test.
    pub seed: u64,
}

/// A link that the system has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The interface's name.
    pub interface: String,
    /// The system's number of it, by which link-local addresses of IPv6 are told apart; 0 where it is
    /// not known.
    pub index: u32,
    /// Its MAC address; `None` where it has none (loopback, tunnels).
    pub mac: Option<Mac>,
    /// Its addresses with their prefixes: networks that are directly connected.
    pub addresses: Vec<IpNet>,
    /// Whether frames can be sent and read on it (raw socket open).
    pub frames: bool,
    /// Whether neighbour discovery for IPv6 is read on it.
    pub neighbours: bool,
    /// VLANs in which tagged frames can be sent and read on it.
    pub vlans: BTreeSet<u16>,
}

/// What the system lets this process do, found out once before the scan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent findings, not a state")]
pub struct Means {
    /// Interfaces that are up.
    pub links: Vec<Link>,
    /// Whether ICMP echo can be sent (raw or ping socket).
    pub echo: bool,
    /// Whether ICMP timestamps can be asked for (raw socket: ping sockets only know echo).
    pub timestamp: bool,
    /// Whether a TCP SYN can be sent and its answer read without a connection (raw socket).
    pub syn: bool,
    /// Whether the neighbour table can be read.
    pub neighbour_table: bool,
}

impl Means {
    /// The link that is directly connected to `address`, with the longest prefix.
    pub fn link_to(&self, address: IpAddr) -> Option<&Link> {
        self.links
            .iter()
            .filter_map(|link| {
                link.addresses
                    .iter()
                    .filter(|net| net.contains(&address))
                    .map(IpNet::prefix_len)
                    .max()
                    .map(|length| (length, link))
            })
            .max_by_key(|(length, _)| *length)
            .map(|(_, link)| link)
    }
}
