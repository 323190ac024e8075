//! The only room with sockets, privilege and the clock. It sends nothing but what the governor
//! cleared ([`Wire::send`] takes a [`Cleared`] and nothing else), and has no opinion of what comes
//! in: everything that was read goes to the engine as it is.
//!
//! Sockets are opened once, before the scan, in the network namespace of the process.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Backend;
use crate::engine::{Cleared, Input, Outlet, Packet};
use crate::plan::{Means, Plan, Policy};

/// The agent's only clock.
pub mod clock;
/// Frames heard and never sent.
pub mod ear;
mod echo;
/// Which interfaces the system has.
pub mod interfaces;
mod link;
mod neighbours;
mod stream;
/// What this process may still do once everything is open.
pub mod privilege;
mod tcp;
mod timestamp;
mod udp;

pub use neighbours::Neighbour;

/// How long a packet waits for room in a queue of the system before it counts as not sent.
const PATIENCE: Duration = Duration::from_millis(100);
/// Octets that the kernel may keep of datagrams not read yet.
const BUFFER: usize = 4 << 20;
/// Octets that the kernel may keep of frames not read yet.
const FRAME_BUFFER: usize = 16 << 20;
/// Most things that came in and were not handled yet. Nothing is dropped here: the readers wait,
/// and what the kernel's buffers cannot hold then is lost like on any network.
const ARRIVALS: usize = 4096;
/// Most connected sockets open at once, TCP and UDP together: a quarter of the 1,024 descriptors
/// that a process commonly may have.
const SLOTS: usize = 256;

/// Something that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// An ARP frame.
    Frame {
        /// On this interface.
        interface: Arc<str>,
        /// From the destination address on.
        octets: Vec<u8>,
    },
    /// Frames that the kernel had no room for.
    Missed {
        /// On this interface.
        interface: Arc<str>,
        /// In this VLAN; `None`: untagged ones.
        vlan: Option<u16>,
        /// How many.
        frames: u32,
    },
    /// An interface went down.
    Lost {
        /// Which.
        interface: Arc<str>,
        /// Whether it is not read any more.
        gone: bool,
    },
    /// An echo reply.
    EchoReply {
        /// From whom.
        from: IpAddr,
        /// Its sequence number.
        sequence: u16,
        /// Its payload.
        payload: Vec<u8>,
    },
    /// An ICMP timestamp reply.
    TimestampReply {
        /// From whom.
        from: IpAddr,
        /// Its sequence number.
        sequence: u16,
        /// What the request said of when it left.
        originate: u32,
    },
    /// A datagram.
    Datagram {
        /// By which socket.
        outlet: Outlet,
        /// From whom.
        from: SocketAddr,
        /// Its payload.
        octets: Vec<u8>,
    },
    /// The target said that the port is unreachable.
    PortUnreachable {
        /// By which socket.
        outlet: Outlet,
        /// To whom the datagram was.
        to: SocketAddr,
    },
    /// Something happened to a connection that is kept.
    Stream {
        /// To whom it is, or was to be.
        to: SocketAddr,
        /// Which of all that were opened.
        nth: u64,
        /// What.
        event: stream::Event,
    },
    /// A connection was accepted, and closed.
    Connected {
        /// By whom.
        to: SocketAddr,
    },
    /// A connection was refused by a reset.
    Refused {
        /// By whom.
        to: SocketAddr,
    },
    /// A SYN-ACK came to the port that SYNs leave from.
    SynAck {
        /// From whom.
        from: SocketAddrV4,
        /// Its acknowledgment number.
        acknowledges: u32,
    },
    /// A reset with an acknowledgment came to it.
    Reset {
        /// From whom.
        from: SocketAddrV4,
        /// Its acknowledgment number.
        acknowledges: u32,
    },
}

impl Arrival {
    /// The same, for the engine.
    pub fn input(&self) -> Input<'_> {
        match self {
            Self::Frame { interface, octets } => Input::Frame { interface, octets },
            Self::Missed { interface, vlan, frames } => {
                Input::Missed { interface, vlan: *vlan, frames: *frames }
            }
            Self::Lost { interface, gone } => Input::LinkLost { interface, gone: *gone },
            Self::EchoReply { from, sequence, payload } => {
                Input::EchoReply { from: *from, sequence: *sequence, payload }
            }
            Self::TimestampReply { from, sequence, originate } => {
                Input::TimestampReply { from: *from, sequence: *sequence, originate: *originate }
            }
            Self::Datagram { outlet, from, octets } => {
                Input::Datagram { outlet: *outlet, from: *from, octets }
            }
            Self::PortUnreachable { outlet, to } => {
                Input::PortUnreachable { outlet: *outlet, to: *to }
            }
            Self::Stream { to, event, .. } => Input::Stream { to: *to, event: event.as_input() },
            Self::Connected { to } => Input::Connected { to: *to },
            Self::Refused { to } => Input::Refused { to: *to },
            Self::SynAck { from, acknowledges } => {
                Input::SynAck { from: *from, acknowledges: *acknowledges }
            }
            Self::Reset { from, acknowledges } => {
                Input::Reset { from: *from, acknowledges: *acknowledges }
            }
        }
    }
}

/// The system did not send a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSent {
    /// Whether it was for want of a way (no route, interface down) rather than a refusal.
    pub unreachable: bool,
    /// Whether it was because the interface is down or not there any more: this ends with the
    /// interface coming back, and says nothing of the target.
    pub link_down: bool,
}

impl From<io::Error> for NotSent {
    fn from(error: io::Error) -> Self {
        let link_down = is_link_down(&error);
        let unreachable = link_down
            || matches!(
                error.kind(),
                io::ErrorKind::NetworkUnreachable
                    | io::ErrorKind::HostUnreachable
                    | io::ErrorKind::NetworkDown
                    | io::ErrorKind::AddrNotAvailable
                    | io::ErrorKind::NotFound
            );
        tracing::debug!(%error, "not sent");
        Self { unreachable, link_down }
    }
}

/// Whether an interface is down, or is not there any more (packet(7), ENETDOWN, ENODEV, ENXIO).
fn is_link_down(error: &io::Error) -> bool {
    let gone = || matches!(error.raw_os_error(), Some(libc::ENODEV | libc::ENXIO));
    error.kind() == io::ErrorKind::NetworkDown || gone()
}

/// Everything open for a scan.
pub struct Wire {
    /// By the VLAN of their frames (`None`: untagged) and by interface.
    links: HashMap<Option<u16>, HashMap<String, Box<dyn link::Link>>>,
    /// An IPv4 address of each interface, by which multicast leaves.
    sources: HashMap<String, Ipv4Addr>,
    echo: Option<echo::Echo>,
    timestamp: Option<timestamp::Timestamps>,
    syn: Option<tcp::Syns>,
    snmp: Option<udp::Shared>,
    /// By outlet, for hosts with IPv6 addresses.
    six: HashMap<Outlet, udp::Shared>,
    mdns: Option<udp::Shared>,
    udp: Option<udp::Shared>,
    streams: stream::Streams,
    slots: Arc<Semaphore>,
    wait: Duration,
    arrivals: Sender<Arrival>,
}

impl Wire {
    /// Finds out what the system lets this process do, and opens it: frames on the interfaces that
    /// are directly connected to a network of the plan, echo, and the sockets for datagrams. What
    /// could not be opened is missing from the [`Means`]. To be called within a runtime; nothing that
    /// comes after it needs a privilege ([`privilege::drop_all`]).
    pub fn open(
        plan: &Plan,
        backend: Backend,
        identifier: u16,
    ) -> (Self, Means, Receiver<Arrival>) {
        let (arrivals, incoming) = mpsc::channel(ARRIVALS);
        let links = interfaces::up();
        let mut means =
            Means { links, neighbour_table: neighbours::readable(), ..Means::default() };
        let mut links: HashMap<_, HashMap<_, _>> = HashMap::new();
        for found in &mut means.links {
            for (vlan, open) in tagged(plan, found, backend, &arrivals) {
                found.vlans.insert(vlan);
                links.entry(Some(vlan)).or_default().insert(found.interface.clone(), open);
            }
            if found.mac.is_none() || !is_concerned(plan, found) {
                continue;
            }
            match link::open(found, backend, arrivals.clone()) {
                Ok(open) => {
                    found.frames = true;
                    found.neighbours = hears_neighbours(plan, found, &arrivals);
                    links.entry(None).or_default().insert(found.interface.clone(), open);
                }
                Err(error) => tracing::debug!(interface = found.interface, %error, "no frames"),
            }
        }
        let echo = opened("echo", echo::Echo::open(identifier, arrivals.clone()));
        means.echo = echo.is_some();
        // What no network allows is not opened.
        let full = plan.networks.iter().any(|network| network.policy == Policy::Full);
        let timestamp = full.then(|| timestamp::Timestamps::open(identifier, arrivals.clone()));
        let timestamp = timestamp.and_then(|result| opened("timestamps", result));
        means.timestamp = timestamp.is_some();
        let asks = plan.networks.iter().any(|network| network.policy != Policy::Sighting);
        let syn = asks.then(|| tcp::Syns::open(arrivals.clone()));
        let syn = syn.and_then(|result| opened("SYNs", result));
        means.syn = syn.is_some();
        let shared = |outlet| opened("datagrams", udp::Shared::open(outlet, arrivals.clone()));
        let wire = Self {
            links,
            sources: sources(&means),
            echo,
            timestamp,
            syn,
            snmp: shared(Outlet::Snmp),
            six: datagrams_six(plan, &arrivals),
            mdns: shared(Outlet::Mdns),
            udp: shared(Outlet::Udp),
            streams: stream::Streams::new(plan.pace.timeout, arrivals.clone()),
            slots: Arc::new(Semaphore::new(SLOTS)),
            wait: plan.pace.timeout,
            arrivals,
        };
        (wire, means, incoming)
    }

    /// Whether another packet can be taken now: false while every connected socket is in use.
    pub fn has_room(&self) -> bool {
        self.slots.available_permits() > 0
    }

    /// Sends frames from the front of `cleared` that leave by the same interface, as many at once as
    /// the system takes, or the one packet there that is no frame. Returns how many packets left; if
    /// none did, why the first was [`NotSent`].
    ///
    /// # Errors
    /// See [`Self::send`]; about the first packet only.
    pub async fn send_some(&mut self, cleared: &[Cleared]) -> Result<usize, NotSent> {
        let Some(first) = cleared.first() else { return Ok(0) };
        let Packet::Frame { interface, octets } = first.packet() else {
            return self.send(first).await.map(|()| 1);
        };
        let vlan = link::vlan_of(octets);
        let frames: Vec<&[u8]> = cleared
            .iter()
            .map_while(|cleared| match cleared.packet() {
                Packet::Frame { interface: by, octets }
                    if by == interface && link::vlan_of(octets) == vlan =>
                {
                    Some(&octets[..])
                }
                Packet::Frame { .. }
                | Packet::Echo { .. }
                | Packet::Timestamp { .. }
                | Packet::Syn { .. }
                | Packet::Datagram { .. }
                | Packet::Connect { .. }
                | Packet::Open { .. }
                | Packet::Say { .. } => None,
            })
            .collect();
        let link = self.links.get_mut(&vlan).and_then(|links| links.get_mut(interface));
        let link = link.ok_or_else(|| NotSent::from(io::Error::from(io::ErrorKind::NotFound)))?;
        Ok(link.send(&frames)?)
    }

    /// Waits until [`Self::has_room`].
    pub async fn room(&self) {
        drop(self.slots.acquire().await);
    }

    /// Sends a packet, waiting at most a tenth of a second for the system's queues.
    ///
    /// # Errors
    /// [`NotSent`] if the system did not take it, or nothing is open to send it by.
    pub async fn send(&mut self, cleared: &Cleared) -> Result<(), NotSent> {
        let sending = tokio::time::timeout(PATIENCE, self.put(cleared.packet()));
        sending.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(NotSent::from)
    }

    async fn put(&mut self, packet: &Packet) -> io::Result<()> {
        match packet {
            Packet::Frame { interface, octets } => {
                let links = self.links.get_mut(&link::vlan_of(octets));
                let link = links.and_then(|links| links.get_mut(interface));
                link.ok_or(io::ErrorKind::NotFound)?.send(&[octets])?;
                Ok(())
            }
            Packet::Echo { to, sequence, payload } => {
                let echo = self.echo.as_ref().filter(|_| echo::speaks(*to));
                echo.ok_or(io::ErrorKind::Unsupported)?.send(*to, *sequence, payload).await
            }
            Packet::Timestamp { to, sequence, originate } => {
                let timestamp = self.timestamp.as_ref().ok_or(io::ErrorKind::Unsupported)?;
                timestamp.send(*to, *sequence, *originate).await
            }
            Packet::Datagram { outlet, interface, to, octets } => {
                let shared = match outlet {
                    Outlet::Snmp | Outlet::Mdns | Outlet::Udp if to.is_ipv6() => {
                        self.six.get(outlet)
                    }
                    Outlet::Snmp => self.snmp.as_ref(),
                    Outlet::Mdns => self.mdns.as_ref(),
                    Outlet::Udp => self.udp.as_ref(),
                    // What is said over a connection is no datagram.
                    Outlet::Stream => return Err(io::ErrorKind::Unsupported.into()),
                    Outlet::Connected => {
                        let (slot, arrivals) = (self.slot()?, self.arrivals.clone());
                        return udp::ask(*to, octets, self.wait, slot, arrivals);
                    }
                };
                let source = if to.ip().is_multicast() {
                    Some(*self.sources.get(interface).ok_or(io::ErrorKind::NotFound)?)
                } else {
                    None
                };
                shared.ok_or(io::ErrorKind::Unsupported)?.send(octets, *to, source).await
            }
            Packet::Syn { to, sequence } => {
                self.syn.as_ref().ok_or(io::ErrorKind::Unsupported)?.send(*to, *sequence).await
            }
            Packet::Connect { to } => {
                tcp::attempt(*to, self.wait, self.slot()?, self.arrivals.clone())
            }
            Packet::Open { to } => self.streams.open(*to),
            Packet::Say { to, octets } => {
                // That it broke is for the conversation to hear, which the reader tells.
                let said = self.streams.say(*to, octets).await;
                let _ = said.inspect_err(|error| tracing::debug!(%error, %to, "not said"));
                Ok(())
            }
        }
    }

    /// Closes the connection to this address and port, if there is one.
    pub fn hang_up(&mut self, to: SocketAddr) {
        self.streams.close(to);
    }

    /// Whether something comes of a connection that was closed or opened anew meanwhile.
    pub fn is_stale(&self, arrival: &Arrival) -> bool {
        matches!(arrival, Arrival::Stream { to, nth, .. } if !self.streams.is_current(*to, *nth))
    }

    fn slot(&self) -> io::Result<OwnedSemaphorePermit> {
        Arc::clone(&self.slots).try_acquire_owned().map_err(|_| io::ErrorKind::ResourceBusy.into())
    }

    /// The system's neighbour table as it stands.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn neighbours(&self) -> io::Result<Vec<Neighbour>> {
        neighbours::read()
    }
}

/// Whether the interface is directly connected to a network of the plan, and not denied.
fn is_concerned(plan: &Plan, link: &crate::plan::Link) -> bool {
    let denied = plan.deny.interfaces.contains(&link.interface);
    let touches = |net: &ipnet::IpNet| {
        let mut untagged = plan.networks.iter().filter(|it| it.vlan.is_none());
        untagged.any(|it| it.cidr.contains(net) || net.contains(&it.cidr))
    };
    !denied && link.addresses.iter().any(touches)
}

/// Opens the VLANs of the plan on this interface, unless it is denied.
fn tagged(
    plan: &Plan,
    link: &crate::plan::Link,
    backend: Backend,
    arrivals: &Sender<Arrival>,
) -> Vec<(u16, Box<dyn link::Link>)> {
    if link.mac.is_none() || plan.deny.interfaces.contains(&link.interface) {
        return Vec::new();
    }
    let vlans = plan.networks.iter().filter_map(|network| network.vlan.as_ref());
    let vlans: BTreeSet<u16> =
        vlans.filter(|vlan| vlan.interface == link.interface).map(|vlan| vlan.id).collect();
    let open = |id| link::open_tagged(&link.interface, id, backend, arrivals.clone());
    vlans.into_iter().filter_map(|id| Some((id, opened("a VLAN", open(id))?))).collect()
}

/// Begins to hear neighbours by IPv6, if any network of the plan wants that. Returns whether it does.
fn hears_neighbours(plan: &Plan, link: &crate::plan::Link, arrivals: &Sender<Arrival>) -> bool {
    plan.networks.iter().any(|network| network.ipv6)
        && opened("neighbours", link::hear_neighbours(&link.interface, arrivals.clone())).is_some()
}

/// The sockets for hosts with IPv6 addresses, where any network of the plan has some.
fn datagrams_six(plan: &Plan, arrivals: &Sender<Arrival>) -> HashMap<Outlet, udp::Shared> {
    let mut wanted = vec![Outlet::Snmp];
    if plan.networks.iter().any(|network| network.ipv6) {
        wanted.extend([Outlet::Mdns, Outlet::Udp]);
    }
    let open = |outlet| opened("datagrams", udp::Shared::open_six(outlet, arrivals.clone()));
    wanted.into_iter().filter_map(|outlet| Some((outlet, open(outlet)?))).collect()
}

fn sources(means: &Means) -> HashMap<String, Ipv4Addr> {
    let source = |link: &crate::plan::Link| {
        let address = link.addresses.iter().find_map(|net| match net.addr() {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        })?;
        Some((link.interface.clone(), address))
    };
    means.links.iter().filter_map(source).collect()
}

fn opened<T>(what: &str, result: io::Result<T>) -> Option<T> {
    result.inspect_err(|error| tracing::debug!(%error, "cannot open a socket for {what}")).ok()
}

#[cfg(test)]
mod tests;
