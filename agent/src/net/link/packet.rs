//! Frames by a packet socket of Linux (packet(7)), without promiscuous mode.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use nix::cmsg_space;
use nix::sys::socket::{
    ControlMessageOwned, LinkAddr, MsgFlags, MultiHeaders, bind, recv, recvmmsg, sendmmsg,
    setsockopt, sockopt,
};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc::Sender;

use super::{ARP, Arrival, Link};
use crate::net::{FRAME_BUFFER, PATIENCE};

/// Longest frame read: the link's whole, for a router may say much at once.
pub(super) const LONGEST: usize = 2048;
/// Most frames read by one call.
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
        // Larger than the system's limit for ordinary sockets; if it is refused, the limit stays.
        let _ = setsockopt(&socket, sockopt::RcvBufForce, &FRAME_BUFFER);
        // With every frame the kernel then tells how many it has dropped before.
        setsockopt(&socket, sockopt::RxqOvfl, &1)?;
        bind(socket.as_raw_fd(), &address(interface)?)?;
        // The socket saw every interface until it was bound: throw that away.
        let mut buffer = [0; LONGEST];
        while recv(socket.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT).is_ok() {}
        // Sending waits for room in the queue, reading never waits (MSG_DONTWAIT).
        socket.set_write_timeout(Some(PATIENCE))?;
        let socket = Arc::new(watched(socket.into())?);
        tokio::spawn(read(Arc::clone(&socket), (Arc::from(interface), None), arrivals));
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

/// What one call read.
struct Gulp {
    frames: Vec<Vec<u8>>,
    /// How many the kernel has dropped since the socket was opened.
    dropped: u32,
}

/// Reads the frames that are there, at least one.
fn gulp(fd: &OwnedFd, buffers: &mut [[u8; LONGEST]], dropped: u32) -> io::Result<Gulp> {
    let mut slices: Vec<_> = buffers.iter_mut().map(|it| [IoSliceMut::new(it)]).collect();
    let mut headers = MultiHeaders::<()>::preallocate(slices.len(), Some(cmsg_space!(u32)));
    let flags = MsgFlags::MSG_DONTWAIT;
    let mut gulp = Gulp { frames: Vec::new(), dropped };
    for message in recvmmsg(fd.as_raw_fd(), &mut headers, &mut slices, flags, None)? {
        for control in message.cmsgs()? {
            if let ControlMessageOwned::RxqOvfl(dropped) = control {
                gulp.dropped = dropped;
            }
        }
        gulp.frames.extend(message.iovs().next().map(<[u8]>::to_vec));
    }
    Ok(gulp)
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
    socket: Arc<AsyncFd<OwnedFd>>,
    (interface, vlan): (Arc<str>, Option<u16>),
    arrivals: Sender<Arrival>,
) {
    let mut buffers = vec![[0; LONGEST]; GULP];
    let mut dropped = 0;
    loop {
        let receive = |fd: &OwnedFd| gulp(fd, &mut buffers, dropped);
        let read = tokio::select! {
            () = arrivals.closed() => return,
            read = socket.async_io(Interest::READABLE, receive) => read,
        };
        match read {
            Ok(gulp) => {
                let missed = gulp.dropped.wrapping_sub(dropped);
                dropped = gulp.dropped;
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
