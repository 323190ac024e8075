//! The reference: a sender that knows nothing of pace, deny lists, batches of observations or
//! coverage. Three passes of prebuilt requests, only to those who have not answered, each followed
//! by the same wait for answers that the agent is given.

use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use daicho_common::addr::Mac;
use daicho_common::wire::Wire;
use daicho_common::wire::arp::{Arp, Operation};
use daicho_common::wire::ethernet::{EtherType, Ethernet};
use nix::sys::resource::{UsageWho, getrusage};
use socket2::SockFilter;

use super::responder::{buffers, packet_socket, read_batch, send_batch};
use super::ring::Ring;
use crate::netns::Namespace;

/// How often every silent address is asked.
const PASSES: usize = 3;
/// Frames handed to the system by one call.
const BATCH: usize = 64;

/// By which way frames leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Many to a call (`sendmmsg`).
    Calls,
    /// A mapped ring (`PACKET_TX_RING`).
    Ring,
}

/// What the frames leave by.
enum Sender {
    Calls(OwnedFd),
    Ring(Ring),
}

impl Sender {
    fn open(way: Way, interface: &str) -> std::io::Result<Self> {
        // What is sent by is not read from.
        let socket = packet_socket(interface, 0x0806, &[SockFilter::new(0x06, 0, 0, 0)])?;
        Ok(match way {
            Way::Calls => Self::Calls(socket),
            Way::Ring => Self::Ring(Ring::on(socket)?),
        })
    }

    fn send(&mut self, frames: &[&[u8]]) -> std::io::Result<()> {
        match self {
            Self::Calls(socket) => {
                frames.chunks(BATCH).for_each(|chunk| _ = send_batch(socket, chunk));
                Ok(())
            }
            Self::Ring(ring) => ring.send(frames),
        }
    }
}

/// What the reference needed.
#[derive(Clone, Copy, Debug)]
pub struct Bare {
    /// Hosts that answered.
    pub found: usize,
    /// From before the first frame until the wait for the last answers was over.
    pub time: Duration,
    /// Processor time of both threads.
    pub cpu: Duration,
}

fn request(own: (Mac, Ipv4Addr), target: Ipv4Addr) -> Vec<u8> {
    let mut frame = Vec::new();
    let destination = Mac::BROADCAST;
    Ethernet { destination, source: own.0, tag: None, ether_type: EtherType::ARP }
        .encode(&mut frame);
    Arp {
        operation: Operation::REQUEST,
        sender_mac: own.0,
        sender_ip: own.1,
        target_mac: Mac::ZERO,
        target_ip: target,
    }
    .encode(&mut frame);
    frame
}

fn thread_time() -> Duration {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_THREAD) else { return Duration::ZERO };
    let micros = |time: nix::sys::time::TimeVal| {
        let micros = time.tv_sec().saturating_mul(1_000_000).saturating_add(time.tv_usec());
        Duration::from_micros(u64::try_from(micros).unwrap_or_default())
    };
    micros(usage.user_time()) + micros(usage.system_time())
}

/// Notes who answered until told to stop. Returns its processor time.
fn listen(socket: &OwnedFd, first: u32, heard: &[AtomicBool], stop: &AtomicBool) -> Duration {
    let (mut frames, mut lengths) = (buffers(), Vec::new());
    let before = thread_time();
    while !stop.load(Ordering::Relaxed) {
        if read_batch(socket, &mut frames, &mut lengths).is_err() {
            break;
        }
        for (frame, _) in frames.iter().zip(&lengths) {
            let sender = frame.get(28..32).and_then(|octets| <[u8; 4]>::try_from(octets).ok());
            let number = sender.and_then(|it| u32::from_be_bytes(it).checked_sub(first));
            if let Some(heard) = number.and_then(|number| heard.get(number as usize)) {
                heard.store(true, Ordering::Relaxed);
            }
        }
    }
    thread_time().saturating_sub(before)
}

/// Asks all of `targets`, ascending, from `interface` of `namespace`.
///
/// # Errors
/// If frames cannot be sent there.
pub fn run(
    (namespace, interface, way): (&Namespace, &str, Way),
    own: (Mac, Ipv4Addr),
    targets: &[Ipv4Addr],
    wait: Duration,
) -> Result<Bare> {
    // Everything is let in that was not sent from here; the only other traffic is the answers.
    let replies = [
        SockFilter::new(0x30, 0, 0, 21),
        SockFilter::new(0x15, 0, 1, 2),
        SockFilter::new(0x06, 0, 0, 0xffff),
        SockFilter::new(0x06, 0, 0, 0),
    ];
    let open = || packet_socket(interface, 0x0806, &replies);
    let (reading, mut sending) =
        namespace.enter(|| Ok::<_, std::io::Error>((open()?, Sender::open(way, interface)?)))??;
    let first = targets.first().copied().map(u32::from).unwrap_or_default();
    let number = |target: &Ipv4Addr| (u32::from(*target) - first) as usize;
    let size = targets.last().map_or(0, |last| number(last) + 1);
    let heard: Vec<AtomicBool> = (0..size).map(|_| AtomicBool::new(false)).collect();
    let frames: Vec<Vec<u8>> = targets.iter().map(|target| request(own, *target)).collect();
    let stop = AtomicBool::new(false);
    let is_heard = |target| heard.get(number(target)).is_some_and(|it| it.load(Ordering::Relaxed));
    let begun = Instant::now();
    let (cpu, outcome) = std::thread::scope(|scope| {
        let mut outcome = Ok(());
        let listener = scope.spawn(|| listen(&reading, first, &heard, &stop));
        let before = thread_time();
        for _ in 0..PASSES {
            let asked = targets.iter().zip(&frames).filter(|(target, _)| !is_heard(target));
            let asked: Vec<&[u8]> = asked.map(|(_, frame)| frame.as_slice()).collect();
            outcome = outcome.and_then(|()| sending.send(&asked));
            std::thread::sleep(wait);
        }
        let spent = thread_time().saturating_sub(before);
        stop.store(true, Ordering::Relaxed);
        (listener.join().unwrap_or_default() + spent, outcome)
    });
    outcome?;
    let found = heard.iter().filter(|it| it.load(Ordering::Relaxed)).count();
    Ok(Bare { found, time: begun.elapsed(), cpu })
}
