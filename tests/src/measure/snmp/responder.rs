//! The SNMP agents of a whole network on the sockets of one namespace, whose kernel answers echo and
//! says of every other UDP port that nobody listens.

use std::io::{IoSlice, IoSliceMut};
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use nix::errno::Errno;
use nix::libc::in_pktinfo;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmsg,
    setsockopt, sockopt,
};
use socket2::{Domain, Protocol, Socket, Type};

use super::codec::{Mib, answer};
use crate::netns::Namespace;

/// Datagrams read by one call.
const BATCH: usize = 32;
/// Octets of a question that are looked at.
const SNAP: usize = 1_500;
/// Octets that the kernel may keep of questions not read yet.
const BUFFER: usize = 64 << 20;
/// How often a reader looks up to see whether it is to stop.
const GLANCE: Duration = Duration::from_millis(20);
/// Threads that answer.
const THREADS: usize = 2;

/// An answer of an agent.
#[derive(Debug)]
pub struct Answer {
    /// The message.
    pub octets: Vec<u8>,
    /// Whether its question is counted by itself ([`Count::under`]).
    pub under: bool,
}

/// Those who are asked.
pub trait Asked: Send + Sync + 'static {
    /// What the one at `address` answers to a datagram; `None` is silence.
    fn answer(&self, address: Ipv4Addr, octets: &[u8]) -> Option<Answer>;
}

/// Agents by the thousand, of a few kinds.
#[derive(Debug)]
pub struct Agents {
    /// What they hold: the agent with the number `n` has the one at `n` modulo their count.
    pub mibs: Vec<Mib>,
    /// How long an answer is on its way, one after the other.
    pub delay: Duration,
    /// Questions whose first name is under this are counted by themselves.
    pub under: Vec<u32>,
}

impl Agents {
    fn mib(&self, address: Ipv4Addr) -> Option<&Mib> {
        self.mibs.get(u32::from(address) as usize % self.mibs.len().max(1))
    }
}

impl Asked for Agents {
    fn answer(&self, address: Ipv4Addr, octets: &[u8]) -> Option<Answer> {
        let answered = answer(self.mib(address)?, octets)?;
        if !self.delay.is_zero() {
            std::thread::sleep(self.delay);
        }
        let under = answered.first.starts_with(&self.under);
        Some(Answer { octets: answered.octets, under })
    }
}

/// What was asked during one run.
#[derive(Debug, Default)]
pub struct Count {
    questions: AtomicU64,
    answers: AtomicU64,
    under: AtomicU64,
    dropped: AtomicU64,
}

impl Count {
    /// Datagrams that came, and answers that left.
    pub fn asked(&self) -> (u64, u64) {
        (self.questions.load(Ordering::Relaxed), self.answers.load(Ordering::Relaxed))
    }

    /// Questions under [`Agents::under`].
    pub fn under(&self) -> u64 {
        self.under.load(Ordering::Relaxed)
    }

    /// Datagrams that the kernel had no room for.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// A responder at work.
#[derive(Debug)]
pub struct Responder {
    stop: Arc<AtomicBool>,
    count: Arc<Count>,
    readers: Vec<JoinHandle<Result<()>>>,
}

/// A socket of the namespace that the calling thread is in.
fn socket() -> Result<OwnedFd> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    setsockopt(&socket, sockopt::ReusePort, &true)?;
    setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
    setsockopt(&socket, sockopt::RxqOvfl, &1)?;
    setsockopt(&socket, sockopt::RcvBufForce, &BUFFER)?;
    setsockopt(&socket, sockopt::SndBufForce, &BUFFER)?;
    socket.bind(&std::net::SocketAddr::from((Ipv4Addr::UNSPECIFIED, 161)).into())?;
    socket.set_read_timeout(Some(GLANCE))?;
    Ok(socket.into())
}

/// A datagram's way back: to whom, and as whom.
struct Way {
    length: usize,
    to: SockaddrIn,
    as_whom: in_pktinfo,
}

fn read(socket: &OwnedFd, buffers: &mut [[u8; SNAP]], count: &Count) -> Result<Vec<Option<Way>>> {
    let mut slices: Vec<[IoSliceMut<'_>; 1]> =
        buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
    let room = nix::cmsg_space!(in_pktinfo, u32);
    let mut headers = MultiHeaders::<SockaddrIn>::preallocate(slices.len(), Some(room));
    let flags = MsgFlags::MSG_WAITFORONE;
    let received = match recvmmsg(socket.as_raw_fd(), &mut headers, &mut slices, flags, None) {
        Ok(received) => received,
        Err(Errno::EAGAIN | Errno::EINTR) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let way = |message: nix::sys::socket::RecvMsg<'_, '_, SockaddrIn>| {
        let mut as_whom = None;
        for part in message.cmsgs().ok()? {
            if let ControlMessageOwned::Ipv4PacketInfo(mut info) = part {
                (info.ipi_ifindex, info.ipi_spec_dst) = (0, info.ipi_addr);
                as_whom = Some(info);
            } else if let ControlMessageOwned::RxqOvfl(dropped) = part {
                count.dropped.fetch_max(u64::from(dropped), Ordering::Relaxed);
            }
        }
        Some(Way { length: message.bytes, to: message.address?, as_whom: as_whom? })
    };
    Ok(received.map(way).collect())
}

fn serve(socket: &OwnedFd, agents: &impl Asked, stop: &AtomicBool, count: &Count) -> Result<()> {
    let mut buffers = vec![[0; SNAP]; BATCH];
    while !stop.load(Ordering::Relaxed) {
        let ways = read(socket, &mut buffers, count)?;
        for (buffer, way) in buffers.iter().zip(ways) {
            let Some(way) = way else { continue };
            count.questions.fetch_add(1, Ordering::Relaxed);
            let address = Ipv4Addr::from(way.as_whom.ipi_addr.s_addr.to_ne_bytes());
            let octets = buffer.get(..way.length).unwrap_or_default();
            let Some(answered) = agents.answer(address, octets) else { continue };
            count.under.fetch_add(u64::from(answered.under), Ordering::Relaxed);
            let parts = [IoSlice::new(&answered.octets)];
            let source = [ControlMessage::Ipv4PacketInfo(&way.as_whom)];
            let flags = MsgFlags::empty();
            if sendmsg(socket.as_raw_fd(), &parts, &source, flags, Some(&way.to)).is_ok() {
                count.answers.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    Ok(())
}

impl Responder {
    /// Begins to answer in `namespace`, whatever the address.
    ///
    /// # Errors
    /// If its sockets cannot be opened.
    pub fn start(namespace: &Namespace, agents: &Arc<impl Asked>) -> Result<Self> {
        let open = || (0..THREADS).map(|_| socket()).collect::<Result<Vec<_>>>();
        let sockets = namespace.enter(open)?.context("sockets for the agents")?;
        let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(Count::default()));
        let reader = |socket: OwnedFd| {
            let (agents, stop, count) = (Arc::clone(agents), Arc::clone(&stop), Arc::clone(&count));
            std::thread::spawn(move || serve(&socket, &*agents, &stop, &count))
        };
        let readers = sockets.into_iter().map(reader).collect();
        Ok(Self { stop, count, readers })
    }

    /// Stops, and tells what was asked.
    ///
    /// # Errors
    /// If reading failed on the way.
    pub fn stop(self) -> Result<Arc<Count>> {
        self.stop.store(true, Ordering::Relaxed);
        for reader in self.readers {
            reader.join().map_err(|_| anyhow!("the responder panicked"))??;
        }
        Ok(self.count)
    }
}
