//! Frames of one interface, heard and never sent: for listening.
//!
//! Not promiscuous: only what the interface would take anyway, and every multicast frame, which a
//! switch sends here without being asked.

use std::io;
use std::sync::Arc;

use tokio::sync::mpsc::Sender;

use crate::capture::Frame;

#[cfg(target_os = "linux")]
mod filter;
#[cfg(target_os = "linux")]
mod packet;

#[cfg(target_os = "linux")]
pub(super) use packet::join;

/// A frame, and the interface that it came by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The interface.
    pub interface: Arc<str>,
    /// The frame, stamped when it was read.
    pub frame: Frame,
}

/// Begins to read an interface; what is heard goes to the channel. To be called within a runtime.
/// The kernel holds back what is certainly of no protocol that is listened to.
///
/// # Errors
/// As the system said; [`io::ErrorKind::PermissionDenied`] for want of privilege,
/// [`io::ErrorKind::NotFound`] if there is no such interface.
#[cfg(target_os = "linux")]
pub fn open(interface: &str, clock: super::clock::Clock, heard: Sender<Heard>) -> io::Result<()> {
    packet::open(interface, clock, heard)
}

/// Begins to read an interface.
///
/// # Errors
/// Always [`io::ErrorKind::Unsupported`]: live listening needs a packet socket of Linux.
#[cfg(not(target_os = "linux"))]
pub fn open(_: &str, _: super::clock::Clock, _: Sender<Heard>) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
