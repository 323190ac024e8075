//! What goes out and what comes in, as values.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};

use daicho_common::addr::Mac;
#[cfg(doc)]
use daicho_common::coverage::PacketKind;

use crate::plan::Link;
use crate::probe::Stream;

/// Which socket a datagram leaves by and its answers come in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outlet {
    /// One unconnected UDP socket for all SNMP targets.
    Snmp,
    /// One unconnected UDP socket for mDNS questions to single hosts and to the group; answers to
    /// an ephemeral port come back unicast (RFC 6762 §6.7).
    Mdns,
    /// One unconnected UDP socket for the questions of every other protocol.
    Udp,
    /// The TCP connection to the port, which a dialogue opens first ([`PacketKind::TcpOpen`]) and then
    /// speaks over. A target has one at a time.
    Stream,
    /// A UDP socket connected for this one datagram, so that ICMP unreachable comes back to an
    /// ordinary user, and so that the system resolves the neighbour.
    Connected,
}

/// Something to put on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// A whole Ethernet frame, on this interface.
    Frame {
        /// The interface's name.
        interface: String,
        /// The frame from the destination address on, without preamble and check sequence.
        octets: Vec<u8>,
    },
    /// An ICMP echo request with an empty identifier to fill in by the net (ping sockets choose
    /// their own).
    Echo {
        /// Whom.
        to: IpAddr,
        /// Sequence number.
        sequence: u16,
        /// Payload, at least 8 octets, returned by the target.
        payload: Vec<u8>,
    },
    /// An ICMP timestamp request, with an identifier to fill in by the net.
    Timestamp {
        /// Whom.
        to: Ipv4Addr,
        /// Sequence number.
        sequence: u16,
        /// What stands for the time when it left, returned by the target.
        originate: u32,
    },
    /// A UDP datagram.
    Datagram {
        /// By which socket.
        outlet: Outlet,
        /// On which interface, where it matters (multicast); empty: the system's routing.
        interface: String,
        /// Whom.
        to: SocketAddr,
        /// Payload.
        octets: Vec<u8>,
    },
    /// A TCP SYN from a port of the net's choice that no connection has. If the answer is a SYN-ACK,
    /// the system, which knows of no connection, closes it with a reset.
    Syn {
        /// Whom.
        to: SocketAddrV4,
        /// Its sequence number.
        sequence: u32,
    },
    /// A TCP connection attempt, closed at once if it is accepted, with no octet sent.
    Connect {
        /// Whom.
        to: SocketAddr,
    },
    /// A TCP connection that is kept, until [`super::Engine::poll_hang_up`] names it.
    Open {
        /// Whom.
        to: SocketAddr,
    },
    /// Octets over the connection that [`Self::Open`] made.
    Say {
        /// Whom.
        to: SocketAddr,
        /// What.
        octets: Vec<u8>,
    },
}

/// Something that happened outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// A frame arrived (only ARP is asked for in a scan).
    Frame {
        /// On this interface.
        interface: &'a str,
        /// From the destination address on.
        octets: &'a [u8],
    },
    /// An echo reply arrived with this payload.
    EchoReply {
        /// From whom.
        from: IpAddr,
        /// Its sequence number.
        sequence: u16,
        /// Its payload.
        payload: &'a [u8],
    },
    /// An ICMP timestamp reply arrived.
    TimestampReply {
        /// From whom.
        from: IpAddr,
        /// Its sequence number.
        sequence: u16,
        /// What the request said of when it left.
        originate: u32,
    },
    /// A datagram arrived.
    Datagram {
        /// By this socket.
        outlet: Outlet,
        /// From whom.
        from: SocketAddr,
        /// Its payload.
        octets: &'a [u8],
    },
    /// A datagram to this address and port came back as port unreachable.
    PortUnreachable {
        /// By this socket.
        outlet: Outlet,
        /// To whom it was.
        to: SocketAddr,
    },
    /// Something happened to a connection that was opened by [`Packet::Open`].
    Stream {
        /// To whom it is, or was to be.
        to: SocketAddr,
        /// What.
        event: Stream<'a>,
    },
    /// A connection was accepted (and closed).
    Connected {
        /// By whom.
        to: SocketAddr,
    },
    /// A connection was refused by a reset.
    Refused {
        /// By whom.
        to: SocketAddr,
    },
    /// A SYN-ACK arrived at the port that SYNs leave from.
    SynAck {
        /// From whom.
        from: SocketAddrV4,
        /// Its acknowledgment number.
        acknowledges: u32,
    },
    /// A reset with an acknowledgment arrived there.
    Reset {
        /// From whom.
        from: SocketAddrV4,
        /// Its acknowledgment number.
        acknowledges: u32,
    },
    /// A row of the system's neighbour table, read because [`super::Engine::wants_neighbours`] said so.
    Neighbour {
        /// On this interface.
        interface: &'a str,
        /// The neighbour.
        ip: IpAddr,
        /// Its link-layer address.
        mac: Mac,
    },
    /// The neighbour table was read to its end.
    NeighboursRead,
    /// The neighbour table could not be read: who stands in it is not known.
    NeighboursUnreadable,
    /// Frames arrived that the system had no room for.
    Missed {
        /// On this interface.
        interface: &'a str,
        /// In this VLAN; `None`: untagged ones.
        vlan: Option<u16>,
        /// How many.
        frames: u32,
    },
    /// An interface went down under what was under way. What was refused by it is to be handed in
    /// before.
    LinkLost {
        /// Which.
        interface: &'a str,
        /// Whether its frames will not come back.
        gone: bool,
    },
    /// The system's interfaces as they stand now: those that are up and connected. To be handed in
    /// several times in every [`crate::plan::Pace::timeout`], so that whoever stayed silent was
    /// awaited by an interface that was up.
    Links(&'a [Link]),
    /// The system refused to send this packet, or said there is no way there.
    NotSent {
        /// Which.
        packet: &'a Packet,
        /// Whether it was for want of a way (no route, interface down) rather than a refusal.
        unreachable: bool,
    },
}
