//! Frames by a packet socket of Linux (packet(7)), without promiscuous mode.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use nix::sys::socket::{LinkAddr, MsgFlags, bind, recv, setsockopt, sockopt};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc::Sender;

use super::{ARP, Arrival, Link};
use crate::net::{FRAME_BUFFER, PATIENCE};

/// Longest frame read: an ARP frame has 60 octets with its padding.
const LONGEST: usize = 2048;

/// Where the kernel tells a filter whether the frame came with a VLAN tag that no interface of the
/// system takes: `SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT` of `linux/filter.h`.
const TAG_PRESENT: u32 = 0xffff_f000 + 48;

/// Accepts untagged ARP frames and nothing else: a frame of another VLAN must not be taken for one
/// of this link. Classic BPF: load, jump if equal, return.
const ONLY_ARP: [SockFilter; 6] = [
    SockFilter::new(0x30, 0, 0, TAG_PRESENT), // ldb [tag present]
    SockFilter::new(0x15, 0, 3, 0),           // jeq 0, else drop
    SockFilter::new(0x28, 0, 0, 12),          // ldh [EtherType]
    SockFilter::new(0x15, 0, 1, 0x0806),      // jeq ARP, else drop
    SockFilter::new(0x06, 0, 0, 0xffff),      // ret whole
    SockFilter::new(0x06, 0, 0, 0),           // ret nothing
];

/// An open packet socket.
pub(super) struct Raw {
    socket: Arc<AsyncFd<OwnedFd>>,
}

impl Raw {
    /// Opens the interface and begins to read it.
    pub(super) fn open(interface: &str, arrivals: Sender<Arrival>) -> io::Result<Self> {
        let protocol = Protocol::from(i32::from(ARP.to_be()));
        let socket = Socket::new(Domain::PACKET, Type::RAW, Some(protocol))?;
        socket.attach_filter(&ONLY_ARP)?;
        // Larger than the system's limit for ordinary sockets; if it is refused, the limit stays.
        let _ = setsockopt(&socket, sockopt::RcvBufForce, &FRAME_BUFFER);
        bind(socket.as_raw_fd(), &address(interface)?)?;
        // The socket saw every interface until it was bound: throw that away.
        let mut buffer = [0; LONGEST];
        while recv(socket.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT).is_ok() {}
        // Sending waits for room in the queue, reading never waits (MSG_DONTWAIT).
        socket.set_write_timeout(Some(PATIENCE))?;
        let socket = Arc::new(watched(socket.into())?);
        tokio::spawn(read(Arc::clone(&socket), Arc::from(interface), arrivals));
        Ok(Self { socket })
    }
}

impl Link for Raw {
    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        nix::sys::socket::send(self.socket.as_raw_fd(), frame, MsgFlags::empty())?;
        Ok(())
    }
}

/// Has the runtime watch the socket for frames to read.
#[expect(unsafe_code, reason = "the runtime asks for a promise that the descriptor stays open")]
pub(in crate::net) fn watched(socket: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: the `AsyncFd` owns the `OwnedFd` and hands out shared references only, so that the
    // descriptor is neither closed nor replaced before the `AsyncFd` has deregistered it.
    Ok(unsafe { AsyncFd::register_with_interest(socket, Interest::READABLE) }?)
}

/// The link-layer address of an interface, which names it to bind(2). Its protocol is 0, so that
/// the socket keeps the one it was made with.
pub(in crate::net) fn address(interface: &str) -> io::Result<LinkAddr> {
    nix::ifaddrs::getifaddrs()?
        .filter(|row| row.interface_name == interface)
        .find_map(|row| row.address?.as_link_addr().copied())
        .ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// Reads frames until nobody wants them any more or the socket is broken for good.
async fn read(socket: Arc<AsyncFd<OwnedFd>>, interface: Arc<str>, arrivals: Sender<Arrival>) {
    let mut buffer = [0; LONGEST];
    loop {
        let receive = |fd: &OwnedFd| Ok(recv(fd.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT)?);
        let length = tokio::select! {
            () = arrivals.closed() => return,
            received = socket.async_io(Interest::READABLE, receive) => received,
        };
        match length {
            Ok(length) => {
                let octets = buffer.get(..length).unwrap_or_default().to_vec();
                let arrival = Arrival::Frame { interface: Arc::clone(&interface), octets };
                if arrivals.send(arrival).await.is_err() {
                    return;
                }
            }
            // The interface went down, and may come up again.
            Err(error) if error.kind() == io::ErrorKind::NetworkDown => {}
            Err(error) => {
                tracing::warn!(%interface, %error, "frames are not read any more");
                return;
            }
        }
    }
}
