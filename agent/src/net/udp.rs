//! UDP: one unconnected socket for each kind of question, and sockets connected for one datagram.
//!
//! A port that is unreachable counts only if the target itself said so: a router that rejects for a
//! whole network would otherwise make a host of every address.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::Sender;

use super::{Arrival, BUFFER};
use crate::engine::Outlet;

/// Hops of mDNS packets (RFC 6762 §11).
const MDNS_TTL: u32 = 255;
/// Longest UDP datagram.
const LONGEST: usize = 65_535;

/// A socket for IPv6 only.
fn socket_six() -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV6, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    socket.set_only_v6(true)?;
    #[cfg(target_os = "linux")]
    nix::sys::socket::setsockopt(&socket, nix::sys::socket::sockopt::Ipv6RecvErr, &true)?;
    socket.bind(&SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)).into())?;
    UdpSocket::from_std(socket.into())
}

fn socket() -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    #[cfg(target_os = "linux")]
    nix::sys::socket::setsockopt(&socket, nix::sys::socket::sockopt::Ipv4RecvErr, &true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)).into())?;
    UdpSocket::from_std(socket.into())
}

/// An unconnected socket that many targets are asked by.
pub(super) struct Shared {
    socket: Arc<UdpSocket>,
    outlet: Outlet,
    arrivals: Sender<Arrival>,
}

impl Shared {
    /// Opens a socket on a port of the system's choice and begins to read it.
    pub(super) fn open(outlet: Outlet, arrivals: Sender<Arrival>) -> io::Result<Self> {
        let socket = socket()?;
        let options = SockRef::from(&socket);
        // Bursts of answers wait in the kernel; if the system allows less, less it is.
        let _ = options.set_recv_buffer_size(BUFFER);
        if outlet == Outlet::Mdns {
            options.set_multicast_ttl_v4(MDNS_TTL)?;
            options.set_ttl_v4(MDNS_TTL)?;
            options.set_multicast_loop_v4(true)?;
        }
        Ok(Self::reading(socket, outlet, arrivals))
    }

    /// The same for targets with IPv6 addresses; never for groups.
    pub(super) fn open_six(outlet: Outlet, arrivals: Sender<Arrival>) -> io::Result<Self> {
        let socket = socket_six()?;
        let options = SockRef::from(&socket);
        let _ = options.set_recv_buffer_size(BUFFER);
        if outlet == Outlet::Mdns {
            options.set_unicast_hops_v6(MDNS_TTL)?;
        }
        Ok(Self::reading(socket, outlet, arrivals))
    }

    fn reading(socket: UdpSocket, outlet: Outlet, arrivals: Sender<Arrival>) -> Self {
        let socket = Arc::new(socket);
        tokio::spawn(read(Arc::clone(&socket), outlet, arrivals.clone()));
        Self { socket, outlet, arrivals }
    }

    /// Sends a datagram; a multicast one leaves by the interface that has the address `source`.
    pub(super) async fn send(
        &self,
        octets: &[u8],
        to: SocketAddr,
        source: Option<Ipv4Addr>,
    ) -> io::Result<()> {
        if let Some(source) = source {
            SockRef::from(&self.socket).set_multicast_if_v4(&source)?;
        }
        match self.socket.send_to(octets, to).await {
            // The error was about an earlier datagram to another target, and is now cleared.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                for to in refusals(&self.socket) {
                    // Never waits: the one who empties the channel is the one who sends.
                    let outlet = self.outlet;
                    let _ = self.arrivals.try_send(Arrival::PortUnreachable { outlet, to });
                }
                self.socket.send_to(octets, to).await.map(drop)
            }
            sent => sent.map(drop),
        }
    }
}

async fn read(socket: Arc<UdpSocket>, outlet: Outlet, arrivals: Sender<Arrival>) {
    let mut buffer = vec![0; LONGEST];
    loop {
        let received = tokio::select! {
            () = arrivals.closed() => return,
            received = socket.recv_from(&mut buffer) => received,
        };
        match received {
            Ok((length, from)) => {
                let octets = buffer.get(..length).unwrap_or_default().to_vec();
                if arrivals.send(Arrival::Datagram { outlet, from, octets }).await.is_err() {
                    return;
                }
            }
            Err(_) => {
                for to in refusals(&socket) {
                    // Only the scan's end closes the channel, and that is noticed above.
                    let _ = arrivals.send(Arrival::PortUnreachable { outlet, to }).await;
                }
            }
        }
    }
}

/// A datagram by a socket of its own, connected, so that the system lets even an ordinary user know
/// that the port is unreachable.
///
/// # Errors
/// As the system said when it was asked to send.
pub(super) fn ask(
    to: SocketAddr,
    octets: &[u8],
    wait: Duration,
    slot: OwnedSemaphorePermit,
    arrivals: Sender<Arrival>,
) -> io::Result<()> {
    let socket = socket()?;
    SockRef::from(&socket).connect(&to.into())?;
    SockRef::from(&socket).send(octets)?;
    tokio::spawn(async move {
        let mut buffer = vec![0; LONGEST];
        let answer = tokio::time::timeout(wait, socket.recv(&mut buffer)).await;
        let arrival = match answer {
            Ok(Ok(length)) => {
                buffer.truncate(length);
                Some(Arrival::Datagram { outlet: Outlet::Connected, from: to, octets: buffer })
            }
            Ok(Err(_)) => refusals(&socket)
                .contains(&to)
                .then_some(Arrival::PortUnreachable { outlet: Outlet::Connected, to }),
            Err(_) => None,
        };
        // The slot is free before anything waits for the channel: the loop that empties the
        // channel may be waiting for a slot.
        drop((socket, slot));
        if let Some(arrival) = arrival {
            let _ = arrivals.send(arrival).await;
        }
    });
    Ok(())
}

/// Takes what the socket's error queue holds: targets that said themselves that the port is
/// unreachable.
#[cfg(target_os = "linux")]
fn refusals(socket: &UdpSocket) -> Vec<SocketAddr> {
    if socket.local_addr().is_ok_and(|own| own.is_ipv6()) {
        refusals_six(socket)
    } else {
        refusals_four(socket)
    }
}

/// The same of a socket for IPv6 (RFC 4443 §3.1, type 1 code 4).
#[cfg(target_os = "linux")]
fn refusals_six(socket: &UdpSocket) -> Vec<SocketAddr> {
    use std::io::IoSliceMut;
    use std::net::SocketAddrV6;
    use std::os::fd::AsRawFd;

    use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn6, recvmsg};

    const UNREACHABLE: u8 = 1;
    const PORT: u8 = 4;
    let mut refused = Vec::new();
    loop {
        let mut octets = [0; 64];
        let mut parts = [IoSliceMut::new(&mut octets)];
        let mut control = nix::cmsg_space!(libc::sock_extended_err, libc::sockaddr_in6);
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let Ok(message) =
            recvmsg::<SockaddrIn6>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags)
        else {
            return refused;
        };
        let Some(to) = message.address else { continue };
        let said_so_itself = |part: ControlMessageOwned| {
            let ControlMessageOwned::Ipv6RecvErr(error, Some(offender)) = part else {
                return false;
            };
            error.ee_origin == libc::SO_EE_ORIGIN_ICMP6
                && (error.ee_type, error.ee_code) == (UNREACHABLE, PORT)
                && SockaddrIn6::from(offender).ip() == to.ip()
        };
        if message.cmsgs().is_ok_and(|mut parts| parts.any(said_so_itself)) {
            let scope = if to.ip().is_unicast_link_local() { to.scope_id() } else { 0 };
            refused.push(SocketAddrV6::new(to.ip(), to.port(), 0, scope).into());
        }
    }
}

/// The same of a socket for IPv4 (RFC 792, type 3 code 3).
#[cfg(target_os = "linux")]
fn refusals_four(socket: &UdpSocket) -> Vec<SocketAddr> {
    use std::io::IoSliceMut;
    use std::os::fd::AsRawFd;

    use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg};

    const UNREACHABLE: u8 = 3;
    const PORT: u8 = 3;
    let mut refused = Vec::new();
    loop {
        let mut octets = [0; 64];
        let mut parts = [IoSliceMut::new(&mut octets)];
        let mut control = nix::cmsg_space!(libc::sock_extended_err, libc::sockaddr_in);
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let Ok(message) =
            recvmsg::<SockaddrIn>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags)
        else {
            return refused;
        };
        let Some(to) = message.address else { continue };
        let said_so_itself = |part: ControlMessageOwned| {
            let ControlMessageOwned::Ipv4RecvErr(error, Some(offender)) = part else {
                return false;
            };
            error.ee_origin == libc::SO_EE_ORIGIN_ICMP
                && (error.ee_type, error.ee_code) == (UNREACHABLE, PORT)
                && SockaddrIn::from(offender).ip() == to.ip()
        };
        if message.cmsgs().is_ok_and(|mut parts| parts.any(said_so_itself)) {
            refused.push(SocketAddr::from((to.ip(), to.port())));
        }
    }
}

/// Without an error queue, a connected socket's refusal is all that is known.
#[cfg(not(target_os = "linux"))]
fn refusals(socket: &UdpSocket) -> Vec<SocketAddr> {
    socket.peer_addr().into_iter().collect()
}
