//! What devices say to their link without being asked, in the terms of each protocol.
//!
//! Counters, ages and sequence numbers are left out: they change with every frame, and a fact that
//! changes with every frame cannot be told from news.

use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::addr::Mac;
use crate::text::Text;

/// What a device says it is, in the terms of LLDP (IEEE 802.1AB-2016 §8.5.8); the other neighbour
/// protocols have a subset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// None of the others.
    Other,
    /// A repeater.
    Repeater,
    /// A bridge: a switch.
    Bridge,
    /// A wireless access point.
    AccessPoint,
    /// A router.
    Router,
    /// A telephone.
    Telephone,
    /// A cable modem (DOCSIS).
    CableModem,
    /// A station: it does not forward.
    Station,
}

/// A neighbour protocol's announcement: LLDP, CDP, EDP, FDP or SONMP, as the observation's method
/// says. What the protocol does not have is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinkNeighbour {
    /// LLDP's chassis ID, CDP's and FDP's device ID, EDP's machine ID. A MAC address is written as
    /// [`Mac`] writes it, a network address likewise.
    pub chassis: Text,
    /// The chassis' MAC address, where the chassis ID is one.
    pub mac: Option<Mac>,
    /// The port that sent it, as the device calls it.
    pub port: Text,
    /// LLDP's port description.
    pub port_description: Text,
    /// Seconds for which it holds; 0 takes it back.
    pub ttl_secs: u16,
    /// The system's name.
    pub name: Text,
    /// LLDP's system description; CDP's software version.
    pub description: Text,
    /// CDP's platform.
    pub platform: Text,
    /// What it says it is, in ascending order; of LLDP, what is enabled.
    pub capabilities: Vec<Capability>,
    /// Addresses by which it is managed, in the order sent.
    pub addresses: Vec<IpAddr>,
    /// The port's own (untagged, native) VLAN, 1–4094.
    pub vlan: Option<u16>,
    /// LLDP-MED's inventory, where at least one part of it is said.
    pub inventory: Option<Inventory>,
}

/// LLDP-MED's hardware inventory (ANSI/TIA-1057 §10.2.6); what is not said is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Inventory {
    /// Hardware revision.
    pub hardware: Text,
    /// Firmware revision.
    pub firmware: Text,
    /// Software revision.
    pub software: Text,
    /// Serial number.
    pub serial: Text,
    /// Manufacturer's name.
    pub manufacturer: Text,
    /// Model name.
    pub model: Text,
    /// Asset identifier.
    pub asset: Text,
}

/// A message of DHCP (RFC 2131, RFC 8415); of BOOTP where `message` is 0. The subject is the client,
/// whoever sent it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dhcp {
    /// The message type: option 53 (RFC 2132 §9.6), or `msg-type` (RFC 8415 §7.3).
    pub message: u8,
    /// Whether it is a server's message; else it is a client's.
    pub from_server: bool,
    /// The client's hardware address: `chaddr`, or the one in its DUID.
    pub client: Option<Mac>,
    /// Option 12, host name.
    pub host_name: Text,
    /// Option 81, or 39 of version 6: the client's fully qualified domain name.
    pub fqdn: Text,
    /// Option 60, vendor class identifier; of option 16 of version 6 the first class.
    pub vendor_class: Text,
    /// Option 61 or the DUID, as hexadecimal digits.
    pub client_id: String,
    /// Option 55 (of version 6, option 6) in the order sent: the fingerprint.
    pub requested_options: Vec<u16>,
    /// Option 50, the address asked for, or the one that the client renews.
    pub requested: Option<IpAddr>,
    /// The address that a server gives.
    pub assigned: Option<IpAddr>,
    /// Option 54, the server's identifier.
    pub server: Option<IpAddr>,
    /// The relay agent's address, where one passed it on.
    pub relay: Option<IpAddr>,
}

/// A bridge of a spanning tree (IEEE 802.1D-2004 §9.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bridge {
    /// Its priority with the system ID extension in the low 12 bits.
    pub priority: u16,
    /// Its address.
    pub mac: Mac,
}

/// Where a bridge sees itself in a spanning tree (IEEE 802.1D-2004 §9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpanningTree {
    /// 0 spanning tree, 2 rapid, 3 multiple, 4 shortest path.
    pub version: u8,
    /// The root.
    pub root: Bridge,
    /// Cost from the bridge to the root.
    pub root_cost: u32,
    /// The bridge that speaks.
    pub bridge: Bridge,
    /// Its port: priority in the high 4 bits, number in the low 12.
    pub port: u16,
}

/// A virtual router that the speaker takes part in (VRRP, RFC 5798; HSRP, RFC 2281).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VirtualRouter {
    /// The virtual router identifier or group, 0–4095.
    pub group: u16,
    /// The speaker's priority.
    pub priority: u32,
    /// Whether the speaker forwards for it.
    pub active: bool,
    /// Its addresses, as far as they are known.
    pub addresses: Vec<IpAddr>,
}

/// A router's advertisement (RFC 4861 §4.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouterAdvertisement {
    /// Seconds as a default router; 0: it is none.
    pub lifetime_secs: u16,
    /// Whether addresses come by DHCPv6.
    pub managed: bool,
    /// Whether other configuration comes by DHCPv6.
    pub other: bool,
    /// Prefixes of the link, each with its length in bits.
    pub prefixes: Vec<(Ipv6Addr, u8)>,
}

/// A host's announcement to the computer browser service of Windows and Samba.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Browser {
    /// Its name; of a domain announcement, the domain's.
    pub name: Text,
    /// 1 host, 12 domain, 15 local master browser.
    pub command: u8,
    /// Major and minor version of its operating system, as it says.
    pub version: (u8, u8),
    /// Bits: 0 workstation, 1 server, 3 domain controller, 9 print queue, 12 NT, 15 NT server.
    pub server_type: u32,
    /// What somebody wrote about it.
    pub comment: Text,
}

/// A message of SSDP (`UPnP` Device Architecture 1.1 §1) in which a device speaks of itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ssdp {
    /// What is announced: `NT` or `ST`.
    pub target: Text,
    /// `USN`, the unique service name.
    pub name: Text,
    /// `SERVER`, its operating system and product.
    pub server: Text,
    /// `LOCATION`, where its description is. Nothing fetches it.
    pub location: Text,
    /// Whether it takes the announcement back.
    pub gone: bool,
}
