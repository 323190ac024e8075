//! Frames by a packet socket of Linux (packet(7)), without promiscuous mode.

use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use nix::sys::socket::{LinkAddr, MsgFlags, MultiHeaders, bind, sendmmsg};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc::Sender;

use super::ring::{Ring, Room};
use super::{ARP, Arrival, Link};
use crate::net::PATIENCE;

/// Most frames read at once.
const GULP: usize = 64;
/// The tag protocol identifier of a customer VLAN tag (IEEE 802.1Q-2018 §9.5).
pub(super) const C_TAG: u16 = 0x8100;

/// Where the kernel tells a filter whether the frame came with a VLAN tag that no interface of the
/// system takes: `SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT` of `linux/filter.h`.
pub(super) const TAG_PRESENT: u32 = 0xffff_f000 + 48;
/// Where it tells for whom the frame was: `SKF_AD_OFF + SKF_AD_PKTTYPE`.
pub(super) const PACKET_TYPE: u32 = 0xffff_f000 + 4;
/// `PACKET_OTHERHOST` of `linux/if_packet.h`. For a socket of one protocol the kernel makes this of a
/// frame of a VLAN that no interface of the system takes, and takes the tag away, so that a filter
/// would see no tag there; and without promiscuous mode no other frame is that.
pub(super) const OTHERS: u32 = 3;

/// Accepts untagged ARP frames and nothing else: a frame of another VLAN must not be taken for one
/// of this link. Classic BPF: load, jump if equal, return.
const ONLY_ARP: [SockFilter; 8] = [
    SockFilter::new(0x30, 0, 0, PACKET_TYPE), // ldb [packet type]
    SockFilter::new(0x15, 5, 0, OTHERS),      // jeq others, drop
    SockFilter::new(0x30, 0, 0, TAG_PRESENT), // ldb [tag present]
    SockFilter::new(0x15, 0, 3, 0),           // jeq 0, else drop
    SockFilter::new(0x28, 0, 0, 12),          // ldh [EtherType]
    SockFilter::new(0x15, 0, 1, 0x0806),      // jeq ARP, else drop
    SockFilter::new(0x06, 0, 0, 0xffff),      // ret whole
    SockFilter::new(0x06, 0, 0, 0),           // ret nothing
];

/// An open packet socket.
pub(super) struct Raw {
    pub(super) socket: Arc<AsyncFd<OwnedFd>>,
}

impl Raw {
    /// Opens the interface and begins to read it.
    pub(super) fn open(interface: &str, arrivals: Sender<Arrival>) -> io::Result<Self> {
        let protocol = Protocol::from(i32::from(ARP.to_be()));
        let socket = Socket::new(Domain::PACKET, Type::RAW, Some(protocol))?;
        socket.attach_filter(&ONLY_ARP)?;
        // Sending waits for room in the queue; reading is from the ring, and never waits.
        socket.set_write_timeout(Some(PATIENCE))?;
        let (socket, ring) = bound(socket.into(), &address(interface)?, Room::ARP)?;
        tokio::spawn(read((Arc::clone(&socket), ring), (Arc::from(interface), None), arrivals));
        Ok(Self { socket })
    }
}

impl Link for Raw {
    fn send(&mut self, frames: &[&[u8]]) -> io::Result<usize> {
        let slices: Vec<_> = frames.iter().map(|frame| [IoSlice::new(frame)]).collect();
        // The socket is bound: no frame needs an address.
        let addresses: Vec<Option<()>> = vec![None; slices.len()];
        let mut headers = MultiHeaders::preallocate(slices.len(), None);
        let (fd, flags) = (self.socket.as_raw_fd(), MsgFlags::empty());
        Ok(sendmmsg(fd, &mut headers, &slices, addresses, [], flags)?.count())
    }
}

/// Binds the socket to its interface; what it takes from then on comes by the ring.
pub(super) fn bound(
    socket: OwnedFd,
    interface: &LinkAddr,
    room: Room,
) -> io::Result<(Arc<AsyncFd<OwnedFd>>, Ring)> {
    let mut ring = Ring::on(&socket, room)?;
    bind(socket.as_raw_fd(), interface)?;
    // The socket saw every interface until it was bound: throw that away.
    ring.clear();
    Ok((Arc::new(watched(socket)?), ring))
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

/// A frame as it was on the wire, with the tag that the kernel took out of it.
fn whole(mut octets: Vec<u8>, vlan: Option<u16>) -> Vec<u8> {
    if let Some(vlan) = vlan.filter(|_| octets.len() >= 12) {
        let ([a, b], [c, d]) = (C_TAG.to_be_bytes(), vlan.to_be_bytes());
        octets.splice(12..12, [a, b, c, d]);
    }
    octets
}

/// Reads the frames of an interface, all of which are of one VLAN or of none, until nobody wants them
/// any more or the socket is broken for good.
pub(super) async fn read(
    (socket, mut ring): (Arc<AsyncFd<OwnedFd>>, Ring),
    (interface, vlan): (Arc<str>, Option<u16>),
    arrivals: Sender<Arrival>,
) {
    loop {
        let receive = |fd: &OwnedFd| ring.gulp(fd, GULP);
        let read = tokio::select! {
            () = arrivals.closed() => return,
            read = socket.async_io(Interest::READABLE, receive) => read,
        };
        match read {
            Ok(gulp) => {
                let missed = gulp.dropped;
                if missed > 0 {
                    tracing::warn!(%interface, missed, "frames were lost; the silent are asked again");
                }
                let missed = (missed > 0).then(|| Arrival::Missed {
                    interface: Arc::clone(&interface),
                    vlan,
                    frames: missed,
                });
                let heard = gulp.frames.into_iter().map(|octets| Arrival::Frame {
                    interface: Arc::clone(&interface),
                    octets: whole(octets, vlan),
                });
                for arrival in heard.chain(missed) {
                    if arrivals.send(arrival).await.is_err() {
                        return;
                    }
                }
            }
            // The interface went down, and may come up again; or this is the end.
            Err(error) => {
                let gone = error.kind() != io::ErrorKind::NetworkDown;
                tracing::info!(%interface, %error, gone, "the interface went down");
                let lost = Arrival::Lost { interface: Arc::clone(&interface), gone };
                if arrivals.send(lost).await.is_err() || gone {
                    return;
                }
            }
        }
    }
}
