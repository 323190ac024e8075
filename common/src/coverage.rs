//! What was asked, of which addresses, from where, and how far it got.
//!
//! Silence means something only inside a coverage: the collector cannot say "declared, not seen"
//! of an address that no coverage holds among its asked ones.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::address_set::AddressSet;
use crate::observation::{Method, Vantage};
use crate::time::Timestamp;

/// Why an address was not asked, or not asked to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// On the deny list.
    Denied,
    /// The network is looked at by frames with a VLAN tag, which carry ARP and nothing above it: the
    /// agent's system has no part in that VLAN.
    TaggedOnly,
    /// The address that was meant for the agent's questions in a VLAN belongs to somebody (RFC 5227).
    SenderTaken,
    /// The policy of the network or class forbids this method there.
    Policy,
    /// The method needs a privilege that the agent did not have.
    NoPrivilege,
    /// The method works on a directly connected link only, and the network is behind a router.
    NotOnLink,
    /// No interface or route led there, or the interface went down.
    Unreachable,
    /// The system refused to send.
    SendFailed,
    /// No credential was configured for the network.
    NoCredential,
    /// The scan was stopped before its turn came.
    Interrupted,
    /// The budget of packets was used up.
    Budget,
    /// It is the agent's own address.
    Own,
    /// The target had gone silent or slow, and was left in peace.
    BackedOff,
    /// The port is one that must never be sent to.
    ForbiddenPort,
    /// The system was asked to resolve it, but its table of neighbours could not be read.
    NotRead,
    /// It was outside of the times at which the network may be scanned.
    Window,
    /// It had answered to another method of the same sweep, and this one is for the silent.
    NotNeeded,
    /// It was asked, but part of what the scan learned was lost before it was kept, so that silence
    /// shows nothing.
    Lost,
    /// No sign of life came from it, so nothing above the link was asked; and where the addresses
    /// are too many to be asked one by one (IPv6), nothing pointed at this one.
    NoSignOfLife,
}

/// Addresses that were not asked, and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotAsked {
    /// Which.
    pub addresses: AddressSet,
    /// Why.
    pub why: Why,
}

/// How far one method got in one network in one scan.
///
/// `asked` holds the addresses whose tries were all spent or that answered; an address of `cidr`
/// is in `asked` or in one of `not_asked`, or is no host address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// From where.
    pub vantage: Vantage,
    /// By which method.
    pub method: Method,
    /// The network as declared.
    pub cidr: IpNet,
    /// When the first question left.
    pub from: Timestamp,
    /// When the last answer came or the last try ran out.
    pub to: Timestamp,
    /// How often a silent address was asked.
    pub tries: u8,
    /// Asked to the end.
    pub asked: AddressSet,
    /// Answered; a subset of `asked`.
    pub answered: AddressSet,
    /// Not asked, or not to the end.
    pub not_asked: Vec<NotAsked>,
}

impl Method {
    /// Whether silence to this method shows that nobody has the address.
    ///
    /// A host on the link cannot use IPv4 without answering ARP (RFC 826), nor an IPv6 address
    /// without answering a solicitation for it (RFC 4861 §7.2.4); everything above may be dropped by
    /// a host firewall, so silence there shows nothing.
    pub const fn silence_is_conclusive(self) -> bool {
        matches!(self, Self::Arp | Self::NeighbourTable | Self::Ndp)
    }
}

impl Coverage {
    /// Whether this coverage shows that `address` was asked in a way to which every host answers,
    /// and stayed silent.
    pub fn shows_absence(&self, address: IpAddr) -> bool {
        self.method.silence_is_conclusive()
            && self.asked.contains(address)
            && !self.answered.contains(address)
    }
}

/// The kinds of packet that the governor counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PacketKind {
    /// An ARP request.
    ArpRequest,
    /// A neighbour solicitation (RFC 4861 §4.3).
    NeighbourSolicitation,
    /// A listener query (RFC 3810 §5.1).
    ListenerQuery,
    /// An ICMP or ICMPv6 echo request.
    Echo,
    /// An ICMP timestamp request.
    Timestamp,
    /// A TCP connection attempt (one `connect()`, closed at once if accepted).
    TcpConnect,
    /// A TCP SYN by raw socket.
    TcpSyn,
    /// A TCP reset by which the agent's own system closes what a [`Self::TcpSyn`] has half opened: one
    /// for each SYN-ACK that came. The system sends it, not the agent, who never sees it.
    TcpReset,
    /// An SNMP request.
    Snmp,
    /// An mDNS or DNS-SD question.
    Mdns,
    /// A TCP connection that a conversation is held over.
    TcpOpen,
    /// A question of a conversation over TCP, by whichever protocol the port speaks.
    Said,
    /// A question to a name server.
    Dns,
    /// A NetBIOS node status request.
    NodeStatus,
    /// A question of link-local multicast name resolution, by unicast.
    Llmnr,
    /// An SSDP search by unicast.
    Ssdp,
    /// A WS-Discovery probe by unicast.
    Wsd,
    /// A SIP OPTIONS request over UDP.
    Sip,
    /// An NTP client's question.
    Ntp,
}

/// What was sent to one target: the log that clears the scanner when a device hiccups.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// The declared network.
    pub network: String,
    /// The address asked (a group address for multicast).
    pub target: IpAddr,
    /// What kind of packet.
    pub kind: PacketKind,
    /// How many.
    pub packets: u64,
    /// Octets, counted from the outermost header that the agent wrote.
    pub octets: u64,
    /// When the first left.
    pub first: Timestamp,
    /// When the last left.
    pub last: Timestamp,
}
