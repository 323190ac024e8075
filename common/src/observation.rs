//! One thing learned (a [`Fact`]), and who said it, where, when and how (an [`Observation`]).
//!
//! Observations are the only ground truth: everything the collector shows is derived from them and
//! may be thrown away. The agent stamps them in one place (`agent::engine`) and has no opinion of
//! what they mean.

use std::collections::HashSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::addr::Mac;
use crate::text::Text;
use crate::time::Timestamp;

/// What devices say without being asked.
pub mod heard;
/// What services say of themselves when they are asked.
pub mod said;
/// Rows of tables that devices keep.
pub mod table;

/// Where something was seen: which agent, on which interface, for which declared network
/// (the observation point of RFC 7011 §2).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vantage {
    /// The agent's name, unique in one collector.
    pub agent: String,
    /// The name of the interface that the agent used, as its system calls it; empty if the
    /// system's routing chose.
    pub interface: String,
    /// The name of the declared network that was looked at.
    pub network: String,
}

/// Vantages, each kept once: observations are many and their places few.
#[derive(Debug, Default)]
pub struct Vantages(HashSet<Arc<Vantage>>);

impl Vantages {
    /// The same vantage as it was met first.
    pub fn shared(&mut self, vantage: Arc<Vantage>) -> Arc<Vantage> {
        if let Some(known) = self.0.get(&vantage) {
            return Arc::clone(known);
        }
        self.0.insert(Arc::clone(&vantage));
        vantage
    }
}

/// How something was learned. One technique, one variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// ARP requests on the link (RFC 826), answers read as frames.
    Arp,
    /// The neighbour table of the agent's own system, after it was given a reason to resolve.
    NeighbourTable,
    /// IPv6 neighbour discovery on the link (RFC 4861): solicitations, answers read as frames.
    Ndp,
    /// ICMP or ICMPv6 echo (RFC 792, RFC 4443 §4.1).
    IcmpEcho,
    /// ICMP timestamp (RFC 792), a second chance for who was silent to echo.
    IcmpTimestamp,
    /// TCP `connect()`: open or refused.
    TcpConnect,
    /// A TCP SYN by raw socket, never a whole connection: open or refused.
    TcpSyn,
    /// A UDP datagram whose port was unreachable, or that was answered.
    Udp,
    /// SNMP (RFC 3411–3418).
    Snmp,
    /// mDNS and DNS-SD (RFC 6762, RFC 6763).
    Mdns,
    /// ARP packets heard that this agent did not ask for (RFC 826).
    ArpHeard,
    /// IPv6 neighbour discovery heard that this agent did not ask for (RFC 4861).
    NdpHeard,
    /// DHCP heard (RFC 2131).
    Dhcp,
    /// DHCPv6 heard (RFC 8415).
    Dhcp6,
    /// Link Layer Discovery Protocol (IEEE 802.1AB).
    Lldp,
    /// Cisco Discovery Protocol.
    Cdp,
    /// Extreme Discovery Protocol.
    Edp,
    /// Foundry Discovery Protocol.
    Fdp,
    /// Nortel's topology discovery (`SynOptics` network management protocol).
    Sonmp,
    /// Spanning tree (IEEE 802.1D, IEEE 802.1Q), and Cisco's one a VLAN.
    Stp,
    /// Simple Service Discovery heard (`UPnP`).
    Ssdp,
    /// NetBIOS name service heard (RFC 1002).
    Nbns,
    /// Announcements of the computer browser service heard.
    Browser,
    /// Link-local multicast name resolution heard (RFC 4795).
    Llmnr,
    /// Group membership of IPv4 heard (RFC 3376).
    Igmp,
    /// Group membership of IPv6 heard (RFC 3810).
    Mld,
    /// Virtual Router Redundancy Protocol heard (RFC 5798).
    Vrrp,
    /// Hot Standby Router Protocol heard (RFC 2281).
    Hsrp,
    /// The second step of a TCP handshake heard that this agent did not begin (RFC 9293 §3.5).
    TcpHeard,
    /// HL7 version 2 heard (MLLP); nothing is kept of it but what names the program that speaks.
    Hl7,
    /// The header of any frame (IEEE 802.1Q tags).
    FrameHeader,
    /// Reverse DNS, asked of the network's own name server (RFC 1035 §3.5, RFC 3596 §2.5).
    Dns,
    /// NetBIOS node status, asked of one host (RFC 1002 §4.2.17).
    NodeStatus,
    /// Link-local multicast name resolution, asked of one host (RFC 4795).
    LlmnrQuery,
    /// Simple Service Discovery, asked of one host by unicast (`UPnP` Device Architecture 2.0 §1.3.2).
    SsdpSearch,
    /// A `UPnP` device description, fetched from where SSDP said (`UPnP` Device Architecture 2.0 §2).
    Upnp,
    /// WS-Discovery (OASIS 1.1; the 2005 draft that devices speak) and device metadata (DPWS).
    Wsd,
    /// SMB: negotiation, and the NTLM challenge of a session that is never set up ([MS-SMB2], [MS-NLMP]).
    Smb,
    /// RDP: negotiation, and the NTLM challenge of a login that is never made ([MS-RDPBCGR], [MS-CSSP]).
    Rdp,
    /// HTTP of the start page, over TCP or TLS (RFC 9110, RFC 9112).
    Http,
    /// A TLS handshake as far as the certificate (RFC 8446, RFC 5246, RFC 2246).
    Tls,
    /// SSH: identification and host key, never a login (RFC 4253).
    Ssh,
    /// FTP's greeting (RFC 959 §5.4).
    Ftp,
    /// What a telnet server says first (RFC 854).
    Telnet,
    /// SMTP's greeting (RFC 5321 §4.2).
    Smtp,
    /// IMAP's greeting (RFC 9051 §7.1).
    Imap,
    /// SIP OPTIONS (RFC 3261 §11).
    Sip,
    /// RTSP OPTIONS (RFC 2326 §10.1).
    Rtsp,
    /// IPP Get-Printer-Attributes (RFC 8011 §4.2.5).
    Ipp,
    /// eSCL scanner capabilities (Mopria Alliance).
    Escl,
    /// NTP, a client's question (RFC 5905).
    Ntp,
    /// DICOM association and C-ECHO, only of hosts that a person named (PS3.7 §9.1.5).
    Dicom,
}

/// The addresses from which the answer came, as the wire showed them.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Speaker {
    /// Source address of the packet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
    /// Source address of the frame; only where the frame itself was seen on the device's own link,
    /// so that a router's address never stands for what is behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<Mac>,
}

/// A sign of life that carries nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// An echo reply.
    Echo,
    /// An ICMP timestamp reply.
    Timestamp,
    /// A TCP connection was accepted on this port, and closed at once; or, by SYN, would have been.
    TcpOpen(u16),
    /// A TCP connection was refused by a reset.
    TcpRefused(u16),
    /// A UDP datagram to this port came back as ICMP port unreachable (RFC 1122 §3.2.2.1).
    UdpUnreachable(u16),
}

/// Something that was asked of a device that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// SNMPv2-MIB system group.
    SnmpSystem,
    /// IF-MIB ifTable (and ifXTable where there is one).
    SnmpInterfaces,
    /// IP-MIB ipAddressTable, or the older ipAddrTable.
    SnmpAddresses,
    /// The DNS-SD services that the device announces.
    MdnsServices,
    /// What a service says of itself; the method says by which protocol.
    Service {
        /// Its TCP or UDP port.
        port: u16,
    },
}

/// How a question ended. Distinct ends never share a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Answered in full.
    Complete,
    /// The answer broke off; what is missing is unknown, so it is never authoritative.
    Partial,
    /// The device said no (for example noSuchName, authorizationError, port unreachable).
    Refused,
    /// No answer within every try. With SNMP v1/v2c a wrong community looks the same.
    Silent,
    /// The answer made no sense.
    Malformed,
}

/// One thing learned. The subject is the [`Speaker`] unless the variant says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fact {
    /// An ARP packet said that `mac` has `ip` (sender addresses, RFC 826).
    Arp {
        /// Sender protocol address.
        ip: Ipv4Addr,
        /// Sender hardware address.
        mac: Mac,
    },
    /// `ip` was resolved to `mac` on a link: by the agent's own system, or in neighbour discovery
    /// that was heard (RFC 4861 §7.2), as the method says.
    Neighbour {
        /// The neighbour's address.
        ip: IpAddr,
        /// The link-layer address that answered for it.
        mac: Mac,
    },
    /// The device gave a sign of life.
    Answered(Reply),
    /// SNMPv2-MIB system group (RFC 3418). `sysUpTime` is left out: it changes with every look.
    System {
        /// sysDescr.
        description: Text,
        /// sysObjectID in dotted decimal, without a leading dot.
        object_id: String,
        /// sysName.
        name: Text,
        /// sysLocation.
        location: Text,
        /// sysContact.
        contact: Text,
    },
    /// A row of IF-MIB ifTable and ifXTable (RFC 2863).
    Interface {
        /// ifIndex, 1 or more.
        index: u32,
        /// ifName; empty where the device has no ifXTable.
        name: Text,
        /// ifDescr.
        description: Text,
        /// ifAlias.
        alias: Text,
        /// ifType (IANAifType-MIB number; 6 is ethernetCsmacd, 24 softwareLoopback).
        kind: u32,
        /// ifPhysAddress, where it is six octets long.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mac: Option<Mac>,
        /// Whether ifOperStatus is up(1).
        up: bool,
    },
    /// A row of IP-MIB ipAddressTable (RFC 4293) or ipAddrTable (RFC 1213): an own address.
    InterfaceAddress {
        /// ifIndex of the interface that has it.
        index: u32,
        /// The address.
        ip: IpAddr,
        /// Length of its prefix in bits, where the device said it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        prefix: Option<u8>,
    },
    /// A DNS-SD service instance (RFC 6763 §4.1).
    Service {
        /// For example `_ipp._tcp`.
        service: Text,
        /// The instance name, unescaped.
        instance: Text,
        /// The SRV target without the trailing dot, for example `MFP-3F.local`; empty if none came.
        host: Text,
        /// The SRV port; 0 if no SRV record came.
        port: u16,
        /// TXT key/value pairs (RFC 6763 §6) in order of key.
        txt: Vec<(Text, Text)>,
    },
    /// A name that the device gives itself in an address or reverse record, without trailing dot.
    HostName {
        /// The name, for example `nurse-pc-07.local`.
        name: Text,
    },
    /// A neighbour protocol's announcement.
    LinkNeighbour(Box<heard::LinkNeighbour>),
    /// A DHCP message; the subject is its client.
    Dhcp(Box<heard::Dhcp>),
    /// A bridge's view of its spanning tree.
    SpanningTree(heard::SpanningTree),
    /// The speaker takes part in a virtual router.
    VirtualRouter(heard::VirtualRouter),
    /// The speaker is an IPv6 router.
    RouterAdvertisement(heard::RouterAdvertisement),
    /// The speaker claims a NetBIOS name (RFC 1002).
    NetbiosName {
        /// Without its padding.
        name: Text,
        /// What it is for: 0x00 workstation or workgroup, 0x20 file server, 0x1b and 0x1c domain.
        suffix: u8,
        /// Whether it is a group's name, which many have.
        group: bool,
    },
    /// The speaker announces itself to the computer browser service.
    Browser(heard::Browser),
    /// The speaker announces itself by SSDP.
    Ssdp(Box<heard::Ssdp>),
    /// The speaker listens to a multicast group.
    GroupMember {
        /// Which.
        group: IpAddr,
    },
    /// The speaker asks who listens to groups: a router or a switch.
    GroupQuerier,
    /// A frame of the speaker came with this VLAN tag (IEEE 802.1Q §9.6).
    VlanTag {
        /// The VLAN identifier, 1–4094.
        vlan: u16,
    },
    /// Rows of a table of the speaker, over SNMP.
    Rows(Box<table::Rows>),
    /// Reading a table of the speaker ended thus.
    TableRead(table::TableRead),
    /// What a service of the speaker said of itself when it was asked; the method says by which
    /// protocol.
    Said(Box<said::Said>),
    /// A name server says that an address has this name (a PTR record, RFC 1035 §3.5). The speaker is
    /// the server.
    Pointer {
        /// The address.
        ip: IpAddr,
        /// Its name, without trailing dot.
        name: Text,
    },
    /// A question to the speaker ended thus.
    Asked {
        /// What was asked.
        question: Question,
        /// How it ended.
        outcome: Outcome,
    },
}

/// Octets that the JSON of most observations has at most.
const USUAL: usize = 512;

/// A fact with its circumstances.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// When the answer arrived, by the agent's clock.
    pub at: Timestamp,
    /// Where it was seen; observations from one place share it.
    pub vantage: Arc<Vantage>,
    /// How it was learned.
    pub method: Method,
    /// Who said it.
    pub speaker: Speaker,
    /// What was said.
    pub fact: Fact,
}

/// Names an observation by its content: the first 16 octets of a SHA-256 over its JSON.
///
/// The same observation delivered twice has the same id, whatever batch brought it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObservationId([u8; 16]);

impl Fact {
    /// The address and the link-layer address that an ARP or neighbour discovery fact binds.
    pub const fn binding(&self) -> Option<(IpAddr, Mac)> {
        if let Self::Arp { ip, mac } = self {
            Some((IpAddr::V4(*ip), *mac))
        } else if let Self::Neighbour { ip, mac } = self {
            Some((*ip, *mac))
        } else {
            None
        }
    }
}

impl Observation {
    /// The id of this observation.
    pub fn id(&self) -> ObservationId {
        // Serialising these types cannot fail: no map has a key that is not a string.
        let mut json = Vec::with_capacity(USUAL);
        let _ = serde_json::to_writer(&mut json, self);
        let digest = Sha256::digest(&json);
        let mut id = [0; 16];
        for (to, from) in id.iter_mut().zip(digest) {
            *to = from;
        }
        ObservationId(id)
    }
}

impl ObservationId {
    /// The id with these octets.
    pub const fn new(octets: [u8; 16]) -> Self {
        Self(octets)
    }

    /// Its octets.
    pub const fn octets(self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Display for ObservationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for ObservationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not an observation id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an observation id: 32 hexadecimal digits are needed")]
pub struct NotAnId;

impl FromStr for ObservationId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(NotAnId);
        }
        u128::from_str_radix(text, 16).map(|n| Self(n.to_be_bytes())).map_err(|_| NotAnId)
    }
}

impl Serialize for ObservationId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ObservationId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
