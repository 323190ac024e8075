//! The hospital on real frames: two namespaces with a cable between them. In the one lives the
//! agent, in the other a thread that reads every frame and answers as the whole hospital.

use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, bind, recv, send,
    setsockopt, socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike};

use super::answer::answer_frame;
use super::furnish::AGENT_MAC;
use super::{Hospital, Reach};
use crate::netns::{Namespace, cable, name};

/// The agent's interface in its namespace.
pub const AGENT_INTERFACE: &str = "eth0";
const HOSPITAL_INTERFACE: &str = "hospital0";
/// Longest frame read: jumbo frames do not occur here.
const LONGEST: usize = 2048;
/// Milliseconds after which the thread looks whether it shall stop.
const TURN: i64 = 50;

/// What the responder counted.
#[derive(Debug, Default)]
struct Counts {
    frames: AtomicU64,
    forbidden: AtomicU64,
}

/// A hospital that answers on a wire, and the place from where to look at it.
///
/// When dropped, the responder stops and both namespaces go.
#[derive(Debug)]
pub struct Site {
    responder: Responder,
    agent: Namespace,
    _hospital: Namespace,
}

#[derive(Debug)]
struct Responder {
    counts: Arc<Counts>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Site {
    /// Makes the namespaces, lays the cable and starts to answer. `purpose` tells the namespaces of
    /// one process apart.
    ///
    /// # Errors
    /// If this process may not make namespaces ([`crate::netns::may`]).
    pub fn open(hospital: Hospital, purpose: &str) -> Result<Self> {
        let agent = Namespace::create(name(purpose, "agent"))?;
        let around = Namespace::create(name(purpose, "hospital"))?;
        cable((&agent, AGENT_INTERFACE), (&around, HOSPITAL_INTERFACE))?;
        agent.ip(&["link", "set", AGENT_INTERFACE, "address", &AGENT_MAC.to_string()])?;
        for (ip, prefix) in hospital.agent_addresses() {
            agent.ip(&["addr", "add", &format!("{ip}/{prefix}"), "dev", AGENT_INTERFACE])?;
        }
        let gateway = hospital.ground.address(0, 1).to_string();
        for segment in hospital.segments.iter().filter(|segment| segment.reach == Reach::Routed) {
            agent.ip(&["route", "add", &segment.cidr.to_string(), "via", &gateway])?;
        }
        let frames = around.enter(|| open_frames(HOSPITAL_INTERFACE))??;
        let responder = Responder::start(hospital, frames);
        Ok(Self { responder, agent, _hospital: around })
    }

    /// The namespace from which the hospital is looked at.
    pub fn agent(&self) -> &Namespace {
        &self.agent
    }

    /// Frames that came in so far.
    pub fn frames(&self) -> u64 {
        self.responder.counts.frames.load(Ordering::Relaxed)
    }

    /// Octets that came to ports that must never be sent to (DOMAIN §7.3), or into networks that must
    /// not be touched: to be 0.
    pub fn forbidden(&self) -> u64 {
        self.responder.counts.forbidden.load(Ordering::Relaxed)
    }
}

/// A packet socket for every frame of an interface of this thread's namespace.
fn open_frames(interface: &str) -> Result<OwnedFd> {
    let frames =
        socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::EthAll)?;
    let address: LinkAddr = nix::ifaddrs::getifaddrs()?
        .filter(|entry| entry.interface_name == interface)
        .find_map(|entry| entry.address?.as_link_addr().copied())
        .with_context(|| format!("no interface {interface}"))?;
    bind(frames.as_raw_fd(), &address)?;
    setsockopt(&frames, sockopt::ReceiveTimeout, &TimeVal::milliseconds(TURN))?;
    Ok(frames)
}

impl Responder {
    fn start(hospital: Hospital, frames: OwnedFd) -> Self {
        let counts = Arc::new(Counts::default());
        let stop = Arc::new(AtomicBool::new(false));
        let (count, stopped) = (Arc::clone(&counts), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                if !answer_next(&hospital, &frames, &count) {
                    return;
                }
            }
        });
        Self { counts, stop, thread: Some(thread) }
    }
}

/// Answers the next frame, if one comes within a [`TURN`]. Returns whether the interface is there.
fn answer_next(hospital: &Hospital, frames: &OwnedFd, counts: &Counts) -> bool {
    let mut frame = [0; LONGEST];
    let length = match recv(frames.as_raw_fd(), &mut frame, MsgFlags::empty()) {
        Ok(length) => length,
        // The interface may go down for a moment while it is set up.
        Err(Errno::EAGAIN | Errno::EINTR | Errno::ENETDOWN) => return true,
        Err(_) => return false,
    };
    counts.frames.fetch_add(1, Ordering::Relaxed);
    let met = answer_frame(hospital, frame.get(..length).unwrap_or_default());
    counts.forbidden.fetch_add(met.forbidden, Ordering::Relaxed);
    for answer in met.answers {
        // A full queue loses a frame, as a wire may.
        let _ = send(frames.as_raw_fd(), &answer, MsgFlags::empty());
    }
    true
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so already.
            drop(thread.join());
        }
    }
}

#[cfg(test)]
mod tests;
