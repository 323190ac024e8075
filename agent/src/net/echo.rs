//! ICMP echo: by a ping socket where the system lets this user have one, else by a raw socket.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use daicho_common::wire::Wire;
use daicho_common::wire::icmp;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc::Sender;

use super::{Arrival, BUFFER};

/// Type of an echo reply (RFC 792).
const ECHO_REPLY: u8 = 0;

/// An open socket for echo requests and their replies.
pub(super) struct Echo {
    socket: Arc<UdpSocket>,
    identifier: u16,
}

impl Echo {
    /// Opens a socket and begins to read it. `identifier` tells our replies from those of other
    /// programs where the system does not (a ping socket has its own).
    pub(super) fn open(identifier: u16, arrivals: Sender<Arrival>) -> io::Result<Self> {
        let ping = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::ICMPV4));
        let (socket, expected) = match ping {
            Ok(socket) => (socket, None),
            Err(_) => (raw(ECHO_REPLY, identifier)?, Some(identifier)),
        };
        socket.set_nonblocking(true)?;
        let _ = socket.set_recv_buffer_size(BUFFER);
        // The standard library's calls on a datagram socket are what an ICMP socket needs too.
        let socket = Arc::new(UdpSocket::from_std(socket.into())?);
        tokio::spawn(read(Arc::clone(&socket), expected, arrivals));
        Ok(Self { socket, identifier })
    }

    /// Sends an echo request.
    pub(super) async fn send(&self, to: IpAddr, sequence: u16, payload: &[u8]) -> io::Result<()> {
        let payload = payload.to_vec();
        let request = icmp::Echo { reply: false, identifier: self.identifier, sequence, payload };
        let mut octets = Vec::new();
        request.encode(&mut octets);
        self.socket.send_to(&octets, SocketAddr::new(to, 0)).await?;
        Ok(())
    }
}

/// A raw ICMP socket that gets messages of type `reply` to `identifier` only.
pub(super) fn raw(reply: u8, identifier: u16) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4))?;
    #[cfg(target_os = "linux")]
    {
        use socket2::SockFilter;
        // Classic BPF over the IP packet: skip its header, then the type and our identifier.
        socket.attach_filter(&[
            SockFilter::new(0xb1, 0, 0, 0), // ldx length of the IP header
            SockFilter::new(0x50, 0, 0, 0), // ldb [type]
            SockFilter::new(0x15, 0, 3, u32::from(reply)), // jeq the reply, else drop
            SockFilter::new(0x48, 0, 0, 4), // ldh [identifier]
            SockFilter::new(0x15, 0, 1, u32::from(identifier)), // jeq ours, else drop
            SockFilter::new(0x06, 0, 0, 0xffff), // ret whole
            SockFilter::new(0x06, 0, 0, 0), // ret nothing
        ])?;
    }
    let _ = (reply, identifier);
    Ok(socket)
}

/// The ICMP message in what a socket read: some systems put the IP header before it.
pub(super) fn message(octets: &[u8]) -> Option<&[u8]> {
    let first = octets.first()?;
    let header = if first >> 4 == 4 { usize::from(first & 0x0f) * 4 } else { 0 };
    octets.get(header..)
}

/// The echo reply in what a socket read.
fn reply(octets: &[u8], expected: Option<u16>) -> Option<icmp::Echo> {
    let (echo, _) = icmp::Echo::decode(message(octets)?).ok()?;
    (echo.reply && expected.is_none_or(|expected| expected == echo.identifier)).then_some(echo)
}

async fn read(socket: Arc<UdpSocket>, expected: Option<u16>, arrivals: Sender<Arrival>) {
    let mut buffer = [0; 2048];
    loop {
        let received = tokio::select! {
            () = arrivals.closed() => return,
            received = socket.recv_from(&mut buffer) => received,
        };
        // An error that the socket had pending is about one target, and is cleared by reading it.
        let Ok((length, from)) = received else { continue };
        let Some(echo) = reply(buffer.get(..length).unwrap_or_default(), expected) else {
            continue;
        };
        let arrival =
            Arrival::EchoReply { from: from.ip(), sequence: echo.sequence, payload: echo.payload };
        if arrivals.send(arrival).await.is_err() {
            return;
        }
    }
}

/// Whether `address` is one that a ping socket of IPv4 can ask.
pub(super) const fn speaks(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !matches!(address, Ipv4Addr::UNSPECIFIED | Ipv4Addr::BROADCAST),
        IpAddr::V6(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(identifier: u16, reply: bool) -> Vec<u8> {
        let mut octets = Vec::new();
        icmp::Echo { reply, identifier, sequence: 3, payload: b"12345678".to_vec() }
            .encode(&mut octets);
        octets
    }

    #[test]
    fn a_reply_reads_the_same_with_and_without_its_ip_header() {
        let bare = octets(7, true);
        let mut whole = vec![0u8; 24];
        whole[0] = 0x46;
        whole.extend(&bare);
        assert_eq!(reply(&bare, None).unwrap().sequence, 3);
        assert_eq!(reply(&whole, Some(7)), reply(&bare, None));
    }

    #[test]
    fn requests_and_replies_to_others_are_left_alone() {
        assert_eq!(reply(&octets(7, false), None), None);
        assert_eq!(reply(&octets(8, true), Some(7)), None);
        assert_eq!(reply(&[], None), None);
        assert_eq!(reply(&[0x4f, 0], None), None);
    }
}
