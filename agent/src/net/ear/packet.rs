//! A packet socket of Linux (packet(7)) for every protocol.

use std::io::{self, IoSliceMut};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;

use nix::sys::socket::{
    ControlMessageOwned, LinkAddr, MsgFlags, bind, recv, recvmsg, setsockopt, sockopt,
};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc::Sender;

use super::{Heard, filter};
use crate::capture::{Frame, LinkType};
use crate::net::FRAME_BUFFER;
use crate::net::clock::Clock;
use crate::net::link::packet::{address, watched};

/// Longest frame read whole: the longest IP packet with its headers, as loopback has them.
const LONGEST: usize = 65_600;
/// `ETH_P_ALL` of `linux/if_ether.h`.
const EVERY_PROTOCOL: u16 = 0x0003;
/// Extreme's discovery protocol goes to an address that is not a group's.
const EDP: [u8; 8] = [0x00, 0xe0, 0x2b, 0x00, 0x00, 0x00, 0, 0];

/// Opens the interface and begins to read it.
pub(super) fn open(interface: &str, clock: Clock, heard: Sender<Heard>) -> io::Result<()> {
    let place = address(interface)?;
    let protocol = Protocol::from(i32::from(EVERY_PROTOCOL.to_be()));
    let socket = Socket::new(Domain::PACKET, Type::RAW, Some(protocol))?;
    socket.attach_filter(&filter::program())?;
    // Larger than the system's limit for ordinary sockets; if it is refused, the limit stays.
    let _ = setsockopt(&socket, sockopt::RcvBufForce, &FRAME_BUFFER);
    set(socket.as_raw_fd(), libc::PACKET_AUXDATA, &1i32)?;
    join(&socket, &place, libc::PACKET_MR_ALLMULTI, [0; 8])?;
    // An interface with no room for a second address does not hear that one protocol.
    let _ = join(&socket, &place, libc::PACKET_MR_UNICAST, EDP);
    bind(socket.as_raw_fd(), &place)?;
    // The socket saw every interface until it was bound: throw that away.
    let mut buffer = [0; 64];
    while recv(socket.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT).is_ok() {}
    tokio::spawn(read(watched(socket.into())?, Arc::from(interface), clock, heard));
    Ok(())
}

/// Joins a membership for as long as the socket is open. It sends nothing.
pub(in crate::net) fn join(
    socket: &Socket,
    place: &LinkAddr,
    kind: i32,
    address: [u8; 8],
) -> io::Result<()> {
    let request = libc::packet_mreq {
        mr_ifindex: i32::try_from(place.ifindex()).map_err(|_| io::ErrorKind::NotFound)?,
        mr_type: u16::try_from(kind).map_err(|_| io::ErrorKind::InvalidInput)?,
        mr_alen: 6,
        mr_address: address,
    };
    set(socket.as_raw_fd(), libc::PACKET_ADD_MEMBERSHIP, &request)
}

#[expect(unsafe_code, reason = "no library has the options of packet sockets")]
fn set<T: Copy>(socket: RawFd, option: i32, value: &T) -> io::Result<()> {
    let length = libc::socklen_t::try_from(size_of::<T>()).unwrap_or_default();
    // SAFETY: the pointer is to a live value of exactly `length` octets, which the kernel only
    // reads, and only during the call.
    let result = unsafe {
        libc::setsockopt(socket, libc::SOL_PACKET, option, std::ptr::from_ref(value).cast(), length)
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Reads frames until nobody wants them any more or the socket is broken for good.
async fn read(socket: AsyncFd<OwnedFd>, interface: Arc<str>, clock: Clock, heard: Sender<Heard>) {
    let mut buffer = vec![0; LONGEST];
    loop {
        let receive = |fd: &OwnedFd| receive(fd, &mut buffer);
        let received = tokio::select! {
            () = heard.closed() => return,
            received = socket.async_io(Interest::READABLE, receive) => received,
        };
        match received {
            Ok((octets, wire_length)) => {
                let at = clock.now().wall;
                let frame = Frame { at, link: LinkType::Ethernet, octets, wire_length };
                let interface = Arc::clone(&interface);
                if heard.send(Heard { interface, frame }).await.is_err() {
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

/// One frame with the VLAN tag that the kernel took out, and its length on the wire.
fn receive(socket: &OwnedFd, buffer: &mut [u8]) -> io::Result<(Vec<u8>, u32)> {
    let mut control = nix::cmsg_space!([u8; 64]);
    let mut parts = [IoSliceMut::new(buffer)];
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags)?;
    let length = message.bytes;
    let tag = message.cmsgs()?.find_map(|control| {
        let ControlMessageOwned::Unknown(unknown) = control else { return None };
        let kind = (unknown.cmsg_header.cmsg_level, unknown.cmsg_header.cmsg_type);
        (kind == (libc::SOL_PACKET, libc::PACKET_AUXDATA)).then(|| tag(&unknown.data_bytes))?
    });
    let kept = buffer.get(..length.min(LONGEST)).unwrap_or_default();
    let mut octets = kept.to_vec();
    if let Some(tag) = tag.filter(|_| octets.len() >= 12) {
        octets.splice(12..12, tag);
    }
    let added = octets.len() - kept.len();
    Ok((octets, u32::try_from(length + added).unwrap_or(u32::MAX)))
}

/// The four octets of the tag in `struct tpacket_auxdata` (`linux/if_packet.h`): status, length,
/// kept length (32 bits each), offsets of link and network header, tag and its protocol (16 each).
fn tag(auxiliary: &[u8]) -> Option<[u8; 4]> {
    let status = u32::from_ne_bytes(*auxiliary.first_chunk()?);
    let rest = auxiliary.get(16..)?;
    let control = u16::from_ne_bytes(*rest.first_chunk()?);
    let protocol = u16::from_ne_bytes(*rest.get(2..)?.first_chunk()?);
    if status & libc::TP_STATUS_VLAN_VALID == 0 {
        return None;
    }
    let known = status & libc::TP_STATUS_VLAN_TPID_VALID != 0;
    let [a, b] = if known { protocol } else { 0x8100 }.to_be_bytes();
    let [c, d] = control.to_be_bytes();
    Some([a, b, c, d])
}
