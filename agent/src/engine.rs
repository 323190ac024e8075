//! The scan as a state machine without a socket or a clock.
//!
//! The driver (`run`, or a test) repeats: hand in what happened ([`Engine::handle`]), send what is
//! cleared ([`Engine::poll_transmit`] until `None`), take what was learned
//! ([`Engine::poll_observation`] until `None`), read the neighbour table if
//! [`Engine::wants_neighbours`], sleep until [`Engine::poll_timeout`] or an input; and ends when
//! [`Engine::is_finished`], with [`Engine::finish`]. Time comes in as [`Now`]. The engine stamps
//! observations and is the only place that does.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use daicho_common::addr::Mac;
use daicho_common::coverage::{Coverage, Sent};
use daicho_common::observation::Observation;
use daicho_common::time::{Now, Tick};

use crate::plan::{Means, Network, Plan};
use crate::probe::Dialogue;

/// The only door to the wire: scope, deny list, forbidden ports, pace, budget, and the count.
pub mod governor;

pub use governor::Cleared;

/// Which dialogues a live host of a network gets, in order. The engine does not ask it under
/// [`crate::plan::Policy::Sighting`].
pub type Interviewer = Box<dyn Fn(&Network, IpAddr) -> Vec<Box<dyn Dialogue>> + Send>;

/// How far a scan has got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Addresses that will be asked for a sign of life.
    pub planned: u64,
    /// Of these, how many answered or spent all their tries.
    pub done: u64,
    /// Addresses that gave a sign of life.
    pub found: u64,
    /// Of these, how many were questioned to the end (or are not to be questioned).
    pub questioned: u64,
    /// Packets sent.
    pub packets: u64,
    /// Packets a second over the last seconds.
    pub rate: u32,
    /// Estimate of the time left; `None` until there is something to judge by.
    pub left: Option<Duration>,
}

/// What came in that was nobody's answer. Nothing else changes by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strays {
    /// Frames that could not be decoded, or that name no possible host.
    pub malformed: u64,
    /// Well-formed inputs that answer nothing that was asked, or come from outside the scope.
    pub unasked: u64,
    /// Facts left out because one address had already claimed too many link-layer addresses.
    pub overflow: u64,
}

/// The account of a scan when it is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// How far each method got in each network.
    pub coverage: Vec<Coverage>,
    /// What was sent, by network, target and kind.
    pub sent: Vec<Sent>,
    /// What came in that was nobody's answer.
    pub strays: Strays,
}

/// The scan.
pub struct Engine {
    plan: Plan,
}

impl Engine {
    /// A scan of `plan` with what the system allows, begun at `now`.
    pub fn new(plan: Plan, means: &Means, interviewer: Interviewer, now: Now) -> Self {
        let _ = (means, interviewer, now);
        Self { plan }
    }

    /// Takes in something that happened.
    pub fn handle(&mut self, input: Input<'_>, now: Now) {
        let _ = (input, now, &self.plan);
    }

    /// The next packet that may leave now.
    pub fn poll_transmit(&mut self, now: Now) -> Option<Cleared> {
        let _ = now;
        None
    }

    /// When [`Self::poll_transmit`] wants to be called again if nothing comes in; `None` if only an
    /// input (or nothing at all) can make a difference.
    pub fn poll_timeout(&self) -> Option<Tick> {
        None
    }

    /// The next thing learned, oldest first. Still to be emptied after the end.
    pub fn poll_observation(&mut self) -> Option<Observation> {
        None
    }

    /// Whether the neighbour table is to be read now. The driver then hands in one
    /// [`Input::Neighbour`] a row, and [`Input::NeighboursRead`] even if it could not be read:
    /// until then a scan with link-layer addresses on its deny list sends nothing.
    pub fn wants_neighbours(&self) -> bool {
        false
    }

    /// How far it has got.
    pub fn progress(&self) -> Progress {
        Progress::default()
    }

    /// Ends the scan: nothing is cleared any more, what is left counts as interrupted.
    pub fn stop(&mut self, now: Now) {
        let _ = now;
    }

    /// Whether nothing more will be sent and nothing more is awaited.
    pub fn is_finished(&self) -> bool {
        true
    }

    /// The account. A scan that is not finished is stopped first.
    pub fn finish(self, now: Now) -> Account {
        let _ = now;
        Account::default()
    }
}

/// Which socket a datagram leaves by and its answers come in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outlet {
    /// One unconnected UDP socket for all SNMP targets.
    Snmp,
    /// One unconnected UDP socket for mDNS questions to single hosts and to the group; answers to
    /// an ephemeral port come back unicast (RFC 6762 §6.7).
    Mdns,
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
    /// A TCP connection attempt, closed at once if it is accepted, with no octet sent.
    Connect {
        /// Whom.
        to: SocketAddr,
    },
}

/// Something that happened outside.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// A row of the system's neighbour table, read because [`Engine::wants_neighbours`] said so.
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
    /// The system refused to send this packet, or said there is no way there.
    NotSent {
        /// Which.
        packet: &'a Packet,
        /// Whether it was for want of a way (no route, interface down) rather than a refusal.
        unreachable: bool,
    },
}
