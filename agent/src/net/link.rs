//! Whole Ethernet frames, sent and read on one interface. Only ARP is read, and where it is wanted
//! neighbour discovery for IPv6: everything else is filtered out, in the kernel where the system can.

use std::io;

use daicho_common::wire::Wire;
use daicho_common::wire::ethernet::{Ethernet, Tag};
use tokio::sync::mpsc::Sender;

use super::Arrival;
use crate::config::Backend;
use crate::plan::Link as Interface;

/// A packet socket of Linux.
#[cfg(target_os = "linux")]
pub(super) mod packet;
/// The portable data-link library.
mod portable;
/// Frames read from a mapped ring, on Linux.
#[cfg(target_os = "linux")]
mod ring;
/// Neighbours by IPv6, on Linux.
#[cfg(target_os = "linux")]
mod six;
/// A VLAN by tagged frames, on Linux.
#[cfg(target_os = "linux")]
mod tagged;

/// `EtherType` of ARP (RFC 826; IANA "IEEE 802 numbers").
const ARP: u16 = 0x0806;

/// An interface that frames leave by; what comes in goes to the channel it was opened with.
pub(super) trait Link: Send {
    /// Sends as many of the frames as the system takes at once, from the first on and at least that
    /// one, waiting at most [`super::PATIENCE`] for room in the queue. Returns how many.
    fn send(&mut self, frames: &[&[u8]]) -> io::Result<usize>;
}

/// Opens an interface that has a MAC address.
///
/// # Errors
/// As the system said; [`io::ErrorKind::PermissionDenied`] for want of privilege.
pub(super) fn open(
    interface: &Interface,
    backend: Backend,
    arrivals: Sender<Arrival>,
) -> io::Result<Box<dyn Link>> {
    match backend {
        #[cfg(target_os = "linux")]
        Backend::Native => Ok(Box::new(packet::Raw::open(&interface.interface, arrivals)?)),
        #[cfg(not(target_os = "linux"))]
        Backend::Native => Ok(Box::new(portable::Raw::open(interface, arrivals)?)),
        Backend::Pnet => Ok(Box::new(portable::Raw::open(interface, arrivals)?)),
    }
}

/// Opens a VLAN of an interface that has a MAC address: every frame that leaves or comes in by it has
/// its tag.
///
/// # Errors
/// As the system said; [`io::ErrorKind::Unsupported`] where a tag that the system took out of a frame
/// cannot be seen: by the portable library, and elsewhere than on Linux.
#[cfg_attr(not(target_os = "linux"), expect(unused_variables, reason = "nothing is opened there"))]
pub(super) fn open_tagged(
    interface: &str,
    vlan: u16,
    backend: Backend,
    arrivals: Sender<Arrival>,
) -> io::Result<Box<dyn Link>> {
    match backend {
        #[cfg(target_os = "linux")]
        Backend::Native => Ok(Box::new(tagged::open(interface, vlan, arrivals)?)),
        #[cfg(not(target_os = "linux"))]
        Backend::Native => Err(io::ErrorKind::Unsupported.into()),
        Backend::Pnet => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// The VLAN that a frame is tagged for.
pub(super) fn vlan_of(frame: &[u8]) -> Option<u16> {
    Ethernet::decode(frame).ok().and_then(|(header, _)| header.tag).map(Tag::vlan)
}

/// Begins to read what neighbours say by IPv6 on an interface.
///
/// # Errors
/// As the system said; [`io::ErrorKind::Unsupported`] where only ARP can be read.
#[cfg(target_os = "linux")]
pub(super) fn hear_neighbours(interface: &str, arrivals: Sender<Arrival>) -> io::Result<()> {
    six::listen(interface, arrivals)
}

/// Only ARP can be read here.
#[cfg(not(target_os = "linux"))]
pub(super) fn hear_neighbours(_: &str, _: Sender<Arrival>) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
