//! SYNs by a raw socket of Linux (raw(7)), and what answers them.
//!
//! They leave from a port that is held by a socket which is bound and neither listens nor connects.
//! So no other program gets the port, and no answer finds a connection: the system answers each
//! SYN-ACK with a reset of its own making (RFC 9293 §3.5.2, group 1), which closes the half-open
//! connection at the other end before any program there hears of it. A reset that comes in is
//! dropped by the system in silence. The raw socket gets copies of both.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

use daicho_common::wire::Wire;
use daicho_common::wire::ipv4::{self, Ipv4};
use daicho_common::wire::tcp::{ACK, RST, SYN, Tcp};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc::Sender;

use crate::net::{Arrival, BUFFER};

/// The discard port (RFC 863): asking for the way to an address needs some port, and sends nothing.
const DISCARD: u16 = 9;

/// An open socket for SYNs and their answers.
pub(in crate::net) struct Syns {
    socket: Arc<UdpSocket>,
    port: u16,
    /// Holds the port.
    _held: Socket,
}

impl Syns {
    /// Opens the sockets and begins to read.
    ///
    /// # Errors
    /// As the system said; [`io::ErrorKind::PermissionDenied`] for want of privilege.
    pub(in crate::net) fn open(arrivals: Sender<Arrival>) -> io::Result<Self> {
        let held = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        held.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0).into())?;
        let port = held.local_addr()?.as_socket_ipv4().map(|address| address.port());
        let port = port.ok_or(io::ErrorKind::AddrNotAvailable)?;
        let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::TCP))?;
        socket.attach_filter(&to_port(port))?;
        // The checksum of TCP covers our address, so the header that has it is ours as well.
        socket.set_header_included_v4(true)?;
        socket.set_nonblocking(true)?;
        let _ = socket.set_recv_buffer_size(BUFFER);
        // The standard library's calls on a datagram socket are what a raw socket needs too.
        let socket = Arc::new(UdpSocket::from_std(socket.into())?);
        tokio::spawn(read(Arc::clone(&socket), port, arrivals));
        Ok(Self { socket, port, _held: held })
    }

    /// Sends a SYN.
    ///
    /// # Errors
    /// As the system said, for want of a way too: then nothing was sent.
    pub(in crate::net) async fn send(&self, to: SocketAddrV4, sequence: u32) -> io::Result<()> {
        let from = source(to)?;
        let mut segment = Vec::new();
        Tcp::syn(self.port, to.port(), sequence).encode(from, *to.ip(), &mut segment);
        let mut packet = Ipv4::new(ipv4::TCP, from, *to.ip(), segment);
        packet.dont_fragment = true;
        let mut octets = Vec::new();
        packet.encode(&mut octets);
        self.socket.send_to(&octets, (*to.ip(), 0)).await.map(drop)
    }
}

/// Our address on the way to this one, as the system's routing has it now.
fn source(to: SocketAddrV4) -> io::Result<Ipv4Addr> {
    let way = std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    way.connect((*to.ip(), DISCARD))?;
    match way.local_addr()?.ip() {
        IpAddr::V4(from) => Ok(from),
        IpAddr::V6(_) => Err(io::ErrorKind::AddrNotAvailable.into()),
    }
}

/// Classic BPF over the IP packet: skip its header, then our port.
fn to_port(port: u16) -> [SockFilter; 5] {
    [
        SockFilter::new(0xb1, 0, 0, 0), // ldx length of the IP header
        SockFilter::new(0x48, 0, 0, 2), // ldh [destination port]
        SockFilter::new(0x15, 0, 1, u32::from(port)), // jeq ours, else drop
        SockFilter::new(0x06, 0, 0, 0xffff), // ret whole
        SockFilter::new(0x06, 0, 0, 0), // ret nothing
    ]
}

/// What a packet says to a SYN that left from `port`; nothing, if it is no answer to one. Its
/// checksum is not looked at: between virtual machines there is none, and the engine knows by the
/// number that is acknowledged whether the answer is one.
fn answer(octets: &[u8], port: u16) -> Option<Arrival> {
    let (packet, _) = Ipv4::decode(octets).ok()?;
    let segment = Tcp::read(&packet.payload).ok()?;
    if packet.protocol != ipv4::TCP || segment.destination != port {
        return None;
    }
    let from = SocketAddrV4::new(packet.source, segment.source);
    let acknowledges = segment.acknowledgment;
    match segment.flags & (SYN | ACK | RST) {
        both if both == SYN | ACK => Some(Arrival::SynAck { from, acknowledges }),
        both if both == RST | ACK => Some(Arrival::Reset { from, acknowledges }),
        _ => None,
    }
}

async fn read(socket: Arc<UdpSocket>, port: u16, arrivals: Sender<Arrival>) {
    let mut buffer = [0; 2048];
    loop {
        let received = tokio::select! {
            () = arrivals.closed() => return,
            received = socket.recv_from(&mut buffer) => received,
        };
        // An error that the socket had pending is about one target, and is cleared by reading it.
        let Ok((length, _)) = received else { continue };
        let Some(arrival) = answer(buffer.get(..length).unwrap_or_default(), port) else {
            continue;
        };
        if arrivals.send(arrival).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
    const TO: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

    fn packet(flags: u8, port: u16) -> Vec<u8> {
        let mut segment = Vec::new();
        Tcp { flags, acknowledgment: 8, ..Tcp::syn(443, port, 7) }.encode(FROM, TO, &mut segment);
        // As a virtual cable hands it over.
        segment[16] ^= 1;
        let mut octets = Vec::new();
        Ipv4::new(ipv4::TCP, FROM, TO, segment).encode(&mut octets);
        octets
    }

    #[test]
    fn a_syn_ack_and_a_reset_are_told_apart_and_all_else_is_left() {
        let (from, acknowledges) = (SocketAddrV4::new(FROM, 443), 8);
        let open = Some(Arrival::SynAck { from, acknowledges });
        assert_eq!(answer(&packet(SYN | ACK, 9), 9), open);
        assert_eq!(answer(&packet(RST | ACK, 9), 9), Some(Arrival::Reset { from, acknowledges }));
        for flags in [0, SYN, ACK, RST, SYN | RST | ACK, ACK | 1] {
            assert_eq!(answer(&packet(flags, 9), 9), None, "{flags:#x}");
        }
        assert_eq!(answer(&packet(SYN | ACK, 8), 9), None);
    }

    #[test]
    fn stumps_are_no_answers() {
        let whole = packet(SYN | ACK, 9);
        for end in 0..whole.len() {
            assert_eq!(answer(&whole[..end], 9), None);
        }
    }
}
