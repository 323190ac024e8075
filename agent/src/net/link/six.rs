//! Reading what neighbours say by IPv6: a packet socket of its own beside that for ARP, opened only
//! where IPv6 was declared. Frames leave by the link's other socket.

use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;

use nix::libc;
use nix::net::if_::if_nametoindex;
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use tokio::sync::mpsc::Sender;

use super::packet::{OTHERS, PACKET_TYPE, TAG_PRESENT, address, bound, read};
use super::ring::Room;
use crate::net::Arrival;

/// `EtherType` of IPv6 (RFC 2464 §3).
const IPV6: u16 = 0x86dd;
/// The Ethernet group of `ff02::16`, to which listeners report (RFC 3810 §5.2.14, RFC 2464 §7).
const REPORTS: [u8; 8] = [0x33, 0x33, 0, 0, 0, 0x16, 0, 0];

/// Accepts, untagged, ICMPv6 echo replies (129), listener reports (131, 132, and 143 after the
/// hop-by-hop header in which they alert routers) and neighbour discovery (133–137), and nothing
/// else. Offsets from the Ethernet header on: next header 20, message 54, after that header 62.
const NEIGHBOURS: [SockFilter; 18] = [
    SockFilter::new(0x30, 0, 0, PACKET_TYPE), //    ldb [packet type]
    SockFilter::new(0x15, 15, 0, OTHERS),     //    jeq others, drop
    SockFilter::new(0x30, 0, 0, TAG_PRESENT), //  0 ldb [tag present]
    SockFilter::new(0x15, 0, 13, 0),          //  1 jeq 0, else drop
    SockFilter::new(0x30, 0, 0, 20),          //  2 ldb [next header]
    SockFilter::new(0x15, 0, 2, 58),          //  3 jeq ICMPv6, else 6
    SockFilter::new(0x30, 0, 0, 54),          //  4 ldb [type]
    SockFilter::new(0x05, 0, 0, 4),           //  5 ja 10
    SockFilter::new(0x15, 0, 8, 0),           //  6 jeq hop-by-hop, else drop
    SockFilter::new(0x30, 0, 0, 54),          //  7 ldb [next header after it]
    SockFilter::new(0x15, 0, 6, 58),          //  8 jeq ICMPv6, else drop
    SockFilter::new(0x30, 0, 0, 62),          //  9 ldb [type]
    SockFilter::new(0x15, 3, 0, 143),         // 10 jeq 143, take
    SockFilter::new(0x35, 0, 3, 129),         // 11 jge 129, else drop
    SockFilter::new(0x15, 2, 0, 130),         // 12 jeq query, drop
    SockFilter::new(0x25, 1, 0, 137),         // 13 jgt 137, drop
    SockFilter::new(0x06, 0, 0, 0xffff),      // 14 ret whole
    SockFilter::new(0x06, 0, 0, 0),           // 15 ret nothing
];

/// Opens the interface for reading and begins to read it.
///
/// # Errors
/// As the system said.
pub(super) fn listen(interface: &str, arrivals: Sender<Arrival>) -> io::Result<()> {
    let protocol = Protocol::from(i32::from(IPV6.to_be()));
    let socket = Socket::new(Domain::PACKET, Type::RAW, Some(protocol))?;
    socket.attach_filter(&NEIGHBOURS)?;
    hear_reports(&socket, interface)?;
    let reading = bound(socket.into(), &address(interface)?, Room::NEIGHBOURS)?;
    tokio::spawn(read(reading, (Arc::from(interface), None), arrivals));
    Ok(())
}

/// Has the interface take frames to [`REPORTS`]. Unlike joining the group as a host does, this says
/// nothing on the link (packet(7), `PACKET_ADD_MEMBERSHIP`).
#[expect(unsafe_code, reason = "no crate here has this socket option")]
fn hear_reports(socket: &Socket, interface: &str) -> io::Result<()> {
    let index = if_nametoindex(interface)?;
    let request = libc::packet_mreq {
        mr_ifindex: i32::try_from(index).map_err(|_| io::ErrorKind::InvalidInput)?,
        mr_type: libc::c_ushort::try_from(libc::PACKET_MR_MULTICAST).unwrap_or_default(),
        mr_alen: 6,
        mr_address: REPORTS,
    };
    let length = libc::socklen_t::try_from(size_of_val(&request)).unwrap_or_default();
    // SAFETY: the pointer is to a live `packet_mreq` and `length` is its size; the kernel copies it.
    let status = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            libc::PACKET_ADD_MEMBERSHIP,
            (&raw const request).cast(),
            length,
        )
    };
    if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
