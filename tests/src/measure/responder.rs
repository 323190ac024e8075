//! A link full of hosts, quick enough for the fastest sender: answers ARP and echo for a fixed part
//! of all addresses, loses a fixed part of its answers, and notes who was asked when.

use std::collections::HashMap;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use daicho_common::addr::Mac;
use nix::errno::Errno;
use nix::sys::socket::{
    LinkAddr, MsgFlags, MultiHeaders, bind, recvmmsg, sendmmsg, setsockopt, sockopt,
};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};

use crate::netns::Namespace;

/// Frames read or sent by one call.
const BATCH: usize = 256;
/// Octets of a frame that are looked at.
const SNAP: usize = 128;
/// Octets that the kernel may keep of frames not read yet: a whole /16 three times over.
const BUFFER: usize = 512 << 20;
/// How often a reader looks up to see whether it is to stop.
const GLANCE: Duration = Duration::from_millis(20);

/// Which addresses have a host, and how many answers are lost; the same for the same seed.
#[derive(Clone, Copy, Debug)]
pub struct Population {
    /// Chooses the hosts and the losses.
    pub seed: u64,
    /// Of 100 addresses, how many have a host.
    pub density: u64,
    /// Of 100 answers, how many are lost.
    pub loss: u64,
}

/// The finaliser of `SplitMix64`.
const fn mix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

impl Population {
    /// Whether there is a host with this address.
    pub fn lives(&self, address: Ipv4Addr) -> bool {
        mix(self.seed ^ u64::from(u32::from(address)) << 16) % 100 < self.density
    }

    fn loses(&self, count: u64) -> bool {
        mix(mix(self.seed) ^ count) % 100 < self.loss
    }
}

/// What arrived during one run.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Whom each question was to and when it was read, since the start of the run.
    pub asked: Vec<(u32, Duration)>,
    /// Answers that were sent.
    pub answered: u64,
    /// Answers that were lost on purpose.
    pub lost: u64,
}

impl Record {
    /// Time from the first question to the last.
    pub fn span(&self) -> Duration {
        let times = || self.asked.iter().map(|(_, at)| *at);
        times().max().unwrap_or_default().saturating_sub(times().min().unwrap_or_default())
    }

    /// The most questions to one target in any window of this length, its end excluded.
    pub fn most_within(&self, window: Duration) -> usize {
        let mut by_target: HashMap<u32, Vec<Duration>> = HashMap::new();
        for &(target, at) in &self.asked {
            by_target.entry(target).or_default().push(at);
        }
        let densest = |times: &mut Vec<Duration>| {
            times.sort_unstable();
            let within = |from: &Duration| {
                times.iter().filter(|at| *at >= from && **at < *from + window).count()
            };
            times.iter().map(within).max().unwrap_or_default()
        };
        by_target.values_mut().map(densest).max().unwrap_or_default()
    }
}

/// A responder at work on one interface.
pub struct Responder {
    stop: Arc<AtomicBool>,
    readers: Vec<JoinHandle<Record>>,
}

/// Classic BPF: frames that came in (not out) with this octet pair at 12, and this octet at `at`.
fn filter(ether_type: u16, (at, octet): (u32, u32)) -> [SockFilter; 8] {
    const PACKET_TYPE: u32 = 0xffff_f000 + 4;
    [
        SockFilter::new(0x30, 0, 0, PACKET_TYPE), // ldb [packet type]
        SockFilter::new(0x15, 5, 0, 4),           // jeq outgoing: drop
        SockFilter::new(0x28, 0, 0, 12),          // ldh [EtherType]
        SockFilter::new(0x15, 0, 3, u32::from(ether_type)),
        SockFilter::new(0x30, 0, 0, at), // ldb [at]
        SockFilter::new(0x15, 0, 1, octet),
        SockFilter::new(0x06, 0, 0, 0xffff), // ret whole
        SockFilter::new(0x06, 0, 0, 0),      // ret nothing
    ]
}

/// A packet socket on an interface of the namespace that the calling thread is in.
pub(super) fn packet_socket(
    interface: &str,
    ether_type: u16,
    filter: &[SockFilter],
) -> io::Result<OwnedFd> {
    let protocol = Protocol::from(i32::from(ether_type.to_be()));
    let socket = Socket::new(Domain::PACKET, Type::RAW, Some(protocol))?;
    socket.attach_filter(filter)?;
    setsockopt(&socket, sockopt::RcvBufForce, &BUFFER)?;
    setsockopt(&socket, sockopt::SndBufForce, &(16 << 20))?;
    let address: LinkAddr = nix::ifaddrs::getifaddrs()?
        .filter(|row| row.interface_name == interface)
        .find_map(|row| row.address?.as_link_addr().copied())
        .ok_or(io::ErrorKind::NotFound)?;
    bind(socket.as_raw_fd(), &address)?;
    socket.set_read_timeout(Some(GLANCE))?;
    Ok(socket.into())
}

/// Reads what is there, at least one frame; nothing if none comes for a moment.
pub(super) fn read_batch(
    socket: &OwnedFd,
    buffers: &mut [[u8; SNAP]],
    lengths: &mut Vec<usize>,
) -> io::Result<()> {
    lengths.clear();
    let mut slices: Vec<[IoSliceMut<'_>; 1]> =
        buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
    let mut headers = MultiHeaders::<()>::preallocate(slices.len(), None);
    let flags = MsgFlags::MSG_WAITFORONE;
    match recvmmsg(socket.as_raw_fd(), &mut headers, &mut slices, flags, None) {
        Ok(received) => lengths.extend(received.map(|message| message.bytes.min(SNAP))),
        Err(Errno::EAGAIN | Errno::EINTR | Errno::ENETDOWN) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Buffers for [`read_batch`].
pub(super) fn buffers() -> Vec<[u8; SNAP]> {
    vec![[0; SNAP]; BATCH]
}

/// Sends frames, waiting for room. Returns how many the system took.
pub(super) fn send_batch(socket: &OwnedFd, frames: &[&[u8]]) -> usize {
    let slices: Vec<[IoSlice<'_>; 1]> = frames.iter().map(|frame| [IoSlice::new(frame)]).collect();
    let addresses: Vec<Option<()>> = vec![None; frames.len()];
    let mut headers = MultiHeaders::preallocate(frames.len(), None);
    let flags = MsgFlags::empty();
    sendmmsg(socket.as_raw_fd(), &mut headers, &slices, addresses, [], flags)
        .map_or(0, Iterator::count)
}

/// Turns a question into its answer in place. Returns whom it was to and the length of the answer.
fn answer(frame: &mut [u8], length: usize) -> Option<(Ipv4Addr, usize)> {
    let pair = |frame: &[u8], at: usize| <[u8; 4]>::try_from(frame.get(at..at + 4)?).ok();
    let asker = <[u8; 6]>::try_from(frame.get(6..12)?).ok()?;
    frame.get_mut(..6)?.copy_from_slice(&asker);
    if frame.get(12..14)? == [8, 6] {
        let (sender, target) = (pair(frame, 28)?, pair(frame, 38)?);
        let mac = mac(target.into()).octets();
        frame.get_mut(6..12)?.copy_from_slice(&mac);
        *frame.get_mut(21)? = 2;
        frame.get_mut(32..38)?.copy_from_slice(&asker);
        frame.get_mut(38..42)?.copy_from_slice(&sender);
        frame.get_mut(22..28)?.copy_from_slice(&mac);
        frame.get_mut(28..32)?.copy_from_slice(&target);
        return Some((target.into(), 42));
    }
    let (sender, target) = (pair(frame, 26)?, pair(frame, 30)?);
    frame.get_mut(6..12)?.copy_from_slice(&mac(target.into()).octets());
    frame.get_mut(26..30)?.copy_from_slice(&target);
    frame.get_mut(30..34)?.copy_from_slice(&sender);
    // Type 8 becomes 0: the ones' complement sum (RFC 1624) grows by as much as it lost.
    *frame.get_mut(34)? = 0;
    let sum = u16::from_be_bytes(frame.get(36..38)?.try_into().ok()?);
    let (sum, carry) = sum.overflowing_add(0x0800);
    frame.get_mut(36..38)?.copy_from_slice(&(sum + u16::from(carry)).to_be_bytes());
    Some((target.into(), length))
}

/// The link-layer address of the host with this address.
pub fn mac(address: Ipv4Addr) -> Mac {
    let [a, b, c, d] = address.octets();
    Mac::new([0x02, 0xda, a, b, c, d])
}

fn serve(socket: &OwnedFd, population: Population, stop: &AtomicBool) -> Result<Record> {
    let begun = Instant::now();
    let (mut record, mut lengths, mut frames) = (Record::default(), Vec::new(), buffers());
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        read_batch(socket, &mut frames, &mut lengths)?;
        let at = begun.elapsed();
        let mut answers: Vec<&[u8]> = Vec::with_capacity(BATCH);
        for (frame, length) in frames.iter_mut().zip(&lengths) {
            let Some((target, length)) = answer(frame, *length) else { continue };
            record.asked.push((target.into(), at));
            if !population.lives(target) {
                continue;
            }
            count += 1;
            if population.loses(count) {
                record.lost += 1;
            } else {
                answers.extend(frame.get(..length));
            }
        }
        while !answers.is_empty() {
            let sent = send_batch(socket, &answers).max(1);
            record.answered += sent as u64;
            answers.drain(..sent.min(answers.len()));
        }
    }
    Ok(record)
}

impl Responder {
    /// Begins to answer on `interface` of `namespace`.
    ///
    /// # Errors
    /// If the interface is not there or frames may not be read.
    pub fn start(namespace: &Namespace, interface: &str, population: Population) -> Result<Self> {
        let arp = filter(0x0806, (21, 1));
        let echo = filter(0x0800, (34, 8));
        let stop = Arc::new(AtomicBool::new(false));
        let sockets = namespace.enter(|| {
            Ok::<_, io::Error>([
                packet_socket(interface, 0x0806, &arp)?,
                packet_socket(interface, 0x0800, &echo)?,
            ])
        })?;
        let readers = sockets?.map(|socket| {
            let stop = Arc::clone(&stop);
            // What stops a reader early is missing from the record, which the run then shows.
            std::thread::spawn(move || serve(&socket, population, &stop).unwrap_or_default())
        });
        Ok(Self { stop, readers: readers.into() })
    }

    /// Stops, and tells what came.
    ///
    /// # Errors
    /// If a reader panicked.
    pub fn stop(self) -> Result<Record> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Record::default();
        for reader in self.readers {
            let record = reader.join().map_err(|_| anyhow!("panic")).context("responder")?;
            all.asked.extend(record.asked);
            all.answered += record.answered;
            all.lost += record.lost;
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use daicho_common::wire::Wire;
    use daicho_common::wire::arp::{Arp, Operation};
    use daicho_common::wire::ethernet::{EtherType, Ethernet};
    use daicho_common::wire::icmp::Echo;

    use super::*;

    const ASKER: Mac = Mac::new([2, 0, 0, 0, 0, 1]);

    fn ethernet(ether_type: EtherType) -> Vec<u8> {
        let mut frame = Vec::new();
        Ethernet { destination: Mac::BROADCAST, source: ASKER, tag: None, ether_type }
            .encode(&mut frame);
        frame
    }

    #[test]
    fn a_question_becomes_the_answer_of_the_host_that_it_was_to() {
        let [asker, target] = [1, 9].map(|last| Ipv4Addr::new(10, 77, 0, last));
        let mut frame = ethernet(EtherType::ARP);
        let question = Arp {
            operation: Operation::REQUEST,
            sender_mac: ASKER,
            sender_ip: asker,
            target_mac: Mac::ZERO,
            target_ip: target,
        };
        question.encode(&mut frame);
        assert_eq!(answer(&mut frame, 60), Some((target, 42)));
        let (header, payload) = Ethernet::decode(&frame).unwrap();
        assert_eq!((header.source, header.destination), (mac(target), ASKER));
        let expected = Arp {
            operation: Operation::REPLY,
            sender_mac: mac(target),
            sender_ip: target,
            target_mac: ASKER,
            target_ip: asker,
        };
        assert_eq!(Arp::decode(payload).unwrap().0, expected);
    }

    #[test]
    fn an_echo_is_returned_with_a_sum_that_fits() {
        let mut frame = ethernet(EtherType::IPV4);
        frame.extend([0x45; 20]);
        let mut echo = Echo { reply: false, identifier: 7, sequence: 9, payload: vec![3; 8] };
        echo.encode(&mut frame);
        let length = frame.len();
        assert_eq!(answer(&mut frame, length).unwrap().1, length);
        echo.reply = true;
        assert_eq!(Echo::decode(&frame[34..]).unwrap().0, echo);
    }

    #[test]
    fn a_window_that_is_too_full_is_found() {
        let at = |target, millis| (target, Duration::from_millis(millis));
        let asked = vec![at(1, 0), at(2, 10), at(1, 500), at(2, 400), at(2, 509)];
        let record = Record { asked, ..Record::default() };
        assert_eq!(record.most_within(Duration::from_millis(500)), 3);
        assert_eq!(record.most_within(Duration::from_millis(499)), 2);
        assert_eq!(record.span(), Duration::from_millis(509));
    }
}
