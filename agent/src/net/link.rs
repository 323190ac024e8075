//! Whole Ethernet frames, sent and read on one interface. Only ARP is read, and where it is wanted
//! neighbour discovery for IPv6: everything else is filtered out, in the kernel where the system can.

use std::io;

use tokio::sync::mpsc::Sender;

use super::Arrival;
use crate::config::Backend;
use crate::plan::Link as Interface;

/// A packet socket of Linux.
#[cfg(target_os = "linux")]
pub(super) mod packet;
/// The portable data-link library.
mod portable;
/// Neighbours by IPv6, on Linux.
#[cfg(target_os = "linux")]
mod six;

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
