//! A switch with VLANs (IEEE 802.1Q) between the interfaces of a namespace: a trunk port, where every
//! VLAN is tagged, and a port of each VLAN, where nothing is. It carries frames and looks at nothing
//! else in them, and needs no VLAN interfaces of the kernel, which not every kernel has.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::sys::socket::{LinkAddr, MsgFlags, bind, recv, send};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};

use super::Namespace;

/// `ETH_P_ALL` of `linux/if_ether.h`.
const EVERY_PROTOCOL: u16 = 0x0003;
/// The tag protocol identifier of a customer VLAN tag.
const C_TAG: [u8; 2] = [0x81, 0x00];
/// Longest frame that is carried.
const LONGEST: usize = 2048;
/// How often a port looks whether it is to stop.
const GLANCE: Duration = Duration::from_millis(50);

/// A switch at work until it is dropped.
#[derive(Debug)]
pub struct Switch {
    stop: Arc<AtomicBool>,
    carriers: Vec<JoinHandle<()>>,
}

/// Classic BPF: frames that came in (not out) with the tag of this VLAN, which the kernel has taken
/// out, or with none for 0.
fn of_vlan(vlan: u16) -> [SockFilter; 7] {
    const ANCILLARY: u32 = 0xffff_f000;
    [
        SockFilter::new(0x30, 0, 0, ANCILLARY + 4), // ldb [packet type]
        SockFilter::new(0x15, 4, 0, 4),             // jeq outgoing: drop
        SockFilter::new(0x28, 0, 0, ANCILLARY + 44), // ldh [tag], 0 if there is none
        SockFilter::new(0x54, 0, 0, 0x0fff),        // and 0x0fff
        SockFilter::new(0x15, 0, 1, u32::from(vlan)),
        SockFilter::new(0x06, 0, 0, 0xffff), // ret whole
        SockFilter::new(0x06, 0, 0, 0),      // ret nothing
    ]
}

/// A port of the namespace that the calling thread is in, for the frames of one VLAN, or of none.
fn port(interface: &str, vlan: u16) -> io::Result<OwnedFd> {
    let protocol = Protocol::from(i32::from(EVERY_PROTOCOL.to_be()));
    let socket = Socket::new(Domain::PACKET, Type::RAW, Some(protocol))?;
    socket.attach_filter(&of_vlan(vlan))?;
    let address: LinkAddr = nix::ifaddrs::getifaddrs()?
        .filter(|row| row.interface_name == interface)
        .find_map(|row| row.address?.as_link_addr().copied())
        .ok_or(io::ErrorKind::NotFound)?;
    bind(socket.as_raw_fd(), &address)?;
    // The socket heard every interface until it was bound.
    let mut buffer = [0; LONGEST];
    while recv(socket.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT).is_ok() {}
    socket.set_read_timeout(Some(GLANCE))?;
    Ok(socket.into())
}

/// Carries frames from one port to the other, with this tag, until it is to stop or a port is gone.
fn carry(from: &OwnedFd, to: &OwnedFd, tag: Option<u16>, stop: &AtomicBool) {
    let mut buffer = [0; LONGEST];
    while !stop.load(Ordering::Relaxed) {
        let length = match recv(from.as_raw_fd(), &mut buffer, MsgFlags::empty()) {
            Ok(length) => length,
            Err(Errno::EAGAIN | Errno::EINTR) => continue,
            Err(_) => return,
        };
        let Some((addresses, rest)) = buffer.get(..length).and_then(|it| it.split_at_checked(12))
        else {
            continue;
        };
        let tag = tag.map(|vlan| [C_TAG, vlan.to_be_bytes()].concat()).unwrap_or_default();
        // A frame that finds no room is lost, as in any switch.
        let _ = send(to.as_raw_fd(), &[addresses, &tag, rest].concat(), MsgFlags::empty());
    }
}

impl Switch {
    /// A switch inside `namespace` with a trunk and, by VLAN, the other ports.
    ///
    /// # Errors
    /// If an interface is not there, or this process may not read it.
    pub fn between(namespace: &Namespace, trunk: &str, access: &[(u16, &str)]) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut carriers = Vec::new();
        for &(vlan, interface) in access {
            let ports = namespace.enter(|| -> io::Result<_> {
                Ok((Arc::new(port(trunk, vlan)?), Arc::new(port(interface, 0)?)))
            })?;
            let (tagged, plain) = ports.with_context(|| format!("{trunk}, {interface}"))?;
            for (from, to, tag) in [(&tagged, &plain, None), (&plain, &tagged, Some(vlan))] {
                let (from, to, stop) = (Arc::clone(from), Arc::clone(to), Arc::clone(&stop));
                carriers.push(std::thread::spawn(move || carry(&from, &to, tag, &stop)));
            }
        }
        Ok(Self { stop, carriers })
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for carrier in self.carriers.drain(..) {
            drop(carrier.join());
        }
    }
}
