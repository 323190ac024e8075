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
/// Ends of the Ethernet groups (RFC 2464 §7) of `ff02::16`, to which listeners report (RFC 3810 §5.2.14),
/// and of those in which services and names are announced: `ff02::fb` mDNS (RFC 6762 §3), `ff02::1:3`
/// LLMNR (RFC 4795 §2), `ff02::c` SSDP and WS-Discovery.
const GROUPS: [[u8; 4]; 4] = [[0, 0, 0, 0x16], [0, 0, 0, 0xfb], [0, 1, 0, 3], [0, 0, 0, 0x0c]];

/// Accepts, untagged, ICMPv6 echo replies (129), listener reports (131, 132, and 143 after the
/// hop-by-hop header in which they alert routers), neighbour discovery (133–137), datagrams to groups
/// at the ports of announcements, and nothing else. Offsets from the Ethernet header on: next header
/// 20, destination 38, message 54, port 56, message after the hop-by-hop header 62.
const NEIGHBOURS: [SockFilter; 26] = [
    SockFilter::new(0x30, 0, 0, PACKET_TYPE), //    ldb [packet type]
    SockFilter::new(0x15, 23, 0, OTHERS),     //    jeq others, drop
    SockFilter::new(0x30, 0, 0, TAG_PRESENT), //  0 ldb [tag present]
    SockFilter::new(0x15, 0, 21, 0),          //  1 jeq 0, else drop
    SockFilter::new(0x30, 0, 0, 20),          //  2 ldb [next header]
    SockFilter::new(0x15, 0, 2, 58),          //  3 jeq ICMPv6, else 6
    SockFilter::new(0x30, 0, 0, 54),          //  4 ldb [type]
    SockFilter::new(0x05, 0, 0, 5),           //  5 ja 11
    SockFilter::new(0x15, 8, 0, 17),          //  6 jeq UDP, 15
    SockFilter::new(0x15, 0, 15, 0),          //  7 jeq hop-by-hop, else drop
    SockFilter::new(0x30, 0, 0, 54),          //  8 ldb [next header after it]
    SockFilter::new(0x15, 0, 13, 58),         //  9 jeq ICMPv6, else drop
    SockFilter::new(0x30, 0, 0, 62),          // 10 ldb [type]
    SockFilter::new(0x15, 10, 0, 143),        // 11 jeq 143, take
    SockFilter::new(0x35, 0, 10, 129),        // 12 jge 129, else drop
    SockFilter::new(0x15, 9, 0, 130),         // 13 jeq query, drop
    SockFilter::new(0x25, 8, 7, 137),         // 14 jgt 137, drop, else take
    SockFilter::new(0x30, 0, 0, 38),          // 15 ldb [destination]
    SockFilter::new(0x15, 0, 6, 0xff),        // 16 jeq group, else drop
    SockFilter::new(0x28, 0, 0, 56),          // 17 ldh [port]
    SockFilter::new(0x15, 3, 0, 5353),        // 18 jeq mDNS, take
    SockFilter::new(0x15, 2, 0, 5355),        // 19 jeq LLMNR, take
    SockFilter::new(0x15, 1, 0, 1900),        // 20 jeq SSDP, take
    SockFilter::new(0x15, 0, 1, 3702),        // 21 jeq WS-Discovery, else drop
    SockFilter::new(0x06, 0, 0, 0xffff),      // 22 ret whole
    SockFilter::new(0x06, 0, 0, 0),           // 23 ret nothing
];

/// Opens the interface for reading and begins to read it.
///
/// # Errors
/// As the system said.
pub(super) fn listen(interface: &str, arrivals: Sender<Arrival>) -> io::Result<()> {
    let protocol = Protocol::from(i32::from(IPV6.to_be()));
    let socket = Socket::new(Domain::PACKET, Type::RAW, Some(protocol))?;
    socket.attach_filter(&NEIGHBOURS)?;
    for group in GROUPS {
        hear_group(&socket, interface, group)?;
    }
    let reading = bound(socket.into(), &address(interface)?, Room::NEIGHBOURS)?;
    tokio::spawn(read(reading, (Arc::from(interface), None), arrivals));
    Ok(())
}

/// Has the interface take frames to the group that ends so. Unlike joining the group as a host does, this
/// says nothing on the link (packet(7), `PACKET_ADD_MEMBERSHIP`).
#[expect(unsafe_code, reason = "no crate here has this socket option")]
fn hear_group(socket: &Socket, interface: &str, end: [u8; 4]) -> io::Result<()> {
    let [a, b, c, d] = end;
    let index = if_nametoindex(interface)?;
    let request = libc::packet_mreq {
        mr_ifindex: i32::try_from(index).map_err(|_| io::ErrorKind::InvalidInput)?,
        mr_type: libc::c_ushort::try_from(libc::PACKET_MR_MULTICAST).unwrap_or_default(),
        mr_alen: 6,
        mr_address: [0x33, 0x33, a, b, c, d, 0, 0],
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
