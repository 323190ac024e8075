//! ARP in one VLAN of an interface, by tagged frames. The system needs no interface of its own there.
//!
//! The kernel takes the tag out of a frame that comes in and keeps it beside. Only a socket for every
//! protocol still gets to see it, and its filter takes the frames with one tag: the readers need not
//! tell VLANs apart, and put the tag back.

use std::io;
use std::sync::Arc;

use nix::libc;
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use tokio::sync::mpsc::Sender;

use super::packet::{C_TAG, PACKET_TYPE, Raw, TAG_PRESENT, address, bound, read};
use super::ring::Room;
use super::{ARP, Arrival};
use crate::net::{PATIENCE, ear};

/// `ETH_P_ALL` of `linux/if_ether.h`.
const EVERY_PROTOCOL: u16 = 0x0003;
/// `PACKET_OUTGOING` of `linux/if_packet.h`.
const OUTGOING: u32 = 4;
/// `SKF_AD_OFF + SKF_AD_VLAN_TAG` of `linux/filter.h`: the control information of the tag.
const TAG: u32 = 0xffff_f000 + 44;
/// `SKF_AD_OFF + SKF_AD_VLAN_TPID`: its protocol.
const TAG_PROTOCOL: u32 = 0xffff_f000 + 60;
/// The VLAN identifier in the control information (IEEE 802.1Q-2018 §9.6).
const IDENTIFIER: u32 = 0x0fff;

/// Accepts ARP frames that came in with the customer tag of this VLAN, and nothing else.
fn only_arp_in(vlan: u16) -> [SockFilter; 13] {
    [
        SockFilter::new(0x30, 0, 0, PACKET_TYPE), //  0 ldb [packet type]
        SockFilter::new(0x15, 10, 0, OUTGOING),   //  1 jeq outgoing, drop
        SockFilter::new(0x30, 0, 0, TAG_PRESENT), //  2 ldb [tag present]
        SockFilter::new(0x15, 8, 0, 0),           //  3 jeq 0, drop
        SockFilter::new(0x28, 0, 0, TAG_PROTOCOL), //  4 ldh [tag protocol]
        SockFilter::new(0x15, 0, 6, C_TAG.into()), //  5 jeq 0x8100, else drop
        SockFilter::new(0x28, 0, 0, TAG),         //  6 ldh [tag]
        SockFilter::new(0x54, 0, 0, IDENTIFIER),  //  7 and 0x0fff
        SockFilter::new(0x15, 0, 3, vlan.into()), //  8 jeq vlan, else drop
        SockFilter::new(0x28, 0, 0, 12),          //  9 ldh [EtherType]
        SockFilter::new(0x15, 0, 1, ARP.into()),  // 10 jeq ARP, else drop
        SockFilter::new(0x06, 0, 0, 0xffff),      // 11 ret whole
        SockFilter::new(0x06, 0, 0, 0),           // 12 ret nothing
    ]
}

/// Opens the VLAN and begins to read it.
///
/// An adapter may hold back the frames of every VLAN that the system has no interface for, and
/// silence would then look like absence. It does not in promiscuous mode, so the interface is put
/// into that for as long as the socket is open; what is read stays the same.
///
/// # Errors
/// As the system said.
pub(super) fn open(interface: &str, vlan: u16, arrivals: Sender<Arrival>) -> io::Result<Raw> {
    let place = address(interface)?;
    let protocol = Protocol::from(i32::from(EVERY_PROTOCOL.to_be()));
    let socket = Socket::new(Domain::PACKET, Type::RAW, Some(protocol))?;
    socket.attach_filter(&only_arp_in(vlan))?;
    ear::join(&socket, &place, libc::PACKET_MR_PROMISC, [0; 8])?;
    // Sending waits for room in the queue; reading is from the ring, and never waits.
    socket.set_write_timeout(Some(PATIENCE))?;
    let (socket, ring) = bound(socket.into(), &place, Room::VLAN)?;
    tokio::spawn(read((Arc::clone(&socket), ring), (Arc::from(interface), Some(vlan)), arrivals));
    Ok(Raw { socket })
}
