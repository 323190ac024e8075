//! The hospital on the sockets of an ordinary user: each address 127.20.x.y that answers questions
//! has its own. What answers ARP only has none, and is silent.
//!
//! SNMP is on [`SNMP_PORT`] and a liveness port is open on [`TCP_PORT`], since an ordinary user may
//! not listen below 1024. DNS-SD is on 5353 of each address, where nothing else has taken it.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::answer::{answer_dns_sd, answer_snmp, answer_words};
use super::{Device, Ground, Hospital, Reach};

/// UDP port of SNMP.
pub const SNMP_PORT: u16 = 16_161;
/// TCP port on which every device that speaks listens.
pub const TCP_PORT: u16 = 16_443;
const MDNS_PORT: u16 = 5353;
/// Milliseconds after which the thread looks whether it shall stop.
const TURN: u16 = 50;
/// How long something is awaited over a connection.
const PATIENCE: Duration = Duration::from_secs(2);

/// Sockets that answer as the hospital does; closed when dropped.
#[derive(Debug)]
pub struct Site {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// Addresses that announce services but whose port 5353 was taken.
    without_dns_sd: Vec<Ipv4Addr>,
}

#[derive(Debug)]
enum Ear {
    Snmp(UdpSocket),
    DnsSd(UdpSocket),
    Door(TcpListener),
}

/// An address with its sockets; the key of its device.
#[derive(Debug)]
struct Mouth {
    ip: Ipv4Addr,
    key: String,
    ear: Ear,
}

impl Site {
    /// Opens the sockets and starts to answer.
    ///
    /// # Errors
    /// If the hospital is not on loopback, or a port is in use.
    pub fn open(hospital: Hospital) -> Result<Self> {
        ensure!(hospital.ground == Ground::Loopback, "this hospital is not on loopback");
        let mut mouths = Vec::new();
        let mut without_dns_sd = Vec::new();
        for (ip, device) in speaking(&hospital) {
            let mut add = |ear| mouths.push(Mouth { ip, key: device.key.clone(), ear });
            add(Ear::Door(door(ip)?));
            if device.answers.snmp.is_some() {
                add(Ear::Snmp(datagrams(ip, SNMP_PORT)?));
            }
            if !device.answers.services.is_empty() {
                match datagrams(ip, MDNS_PORT) {
                    Ok(socket) => add(Ear::DnsSd(socket)),
                    Err(_) => without_dns_sd.push(ip),
                }
            }
        }
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || serve(&hospital, &mouths, &stopped));
        Ok(Self { stop, thread: Some(thread), without_dns_sd })
    }

    /// Addresses that announce services but cannot here, since port 5353 was taken.
    pub fn without_dns_sd(&self) -> &[Ipv4Addr] {
        &self.without_dns_sd
    }
}

/// The addresses that answer questions, with their devices.
fn speaking(hospital: &Hospital) -> BTreeMap<Ipv4Addr, &Device> {
    let heard = |ip| {
        let reach = hospital.segment_of(ip).map(|segment| segment.reach);
        matches!(reach, Some(Reach::Link | Reach::Routed))
    };
    hospital
        .devices
        .iter()
        .filter(|device| device.speaks())
        .flat_map(|device| device.nics.iter().map(move |nic| (nic.ip, device)))
        .filter(|(ip, _)| heard(*ip))
        .collect()
}

fn datagrams(ip: Ipv4Addr, port: u16) -> Result<UdpSocket> {
    let socket = UdpSocket::bind((ip, port))
        .with_context(|| format!("UDP port {port} of {ip} cannot be opened"))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn door(ip: Ipv4Addr) -> Result<TcpListener> {
    let listener = TcpListener::bind((ip, TCP_PORT))
        .with_context(|| format!("TCP port {TCP_PORT} of {ip} cannot be opened"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn serve(hospital: &Hospital, mouths: &[Mouth], stop: &AtomicBool) {
    let mut ready: Vec<PollFd<'_>> = mouths
        .iter()
        .map(|mouth| {
            let fd = match &mouth.ear {
                Ear::Snmp(socket) | Ear::DnsSd(socket) => socket.as_fd(),
                Ear::Door(listener) => listener.as_fd(),
            };
            PollFd::new(fd, PollFlags::POLLIN)
        })
        .collect();
    while !stop.load(Ordering::Relaxed) {
        if poll(&mut ready, PollTimeout::from(TURN)).is_err() {
            continue;
        }
        for (mouth, fd) in mouths.iter().zip(&ready) {
            if fd.any() == Some(true)
                && let Some(device) = hospital.device(&mouth.key)
            {
                mouth.answer(device);
            }
        }
    }
}

impl Mouth {
    fn answer(&self, device: &Device) {
        match &self.ear {
            Ear::Door(listener) => {
                while let Ok((stream, _)) = listener.accept() {
                    let device = device.clone();
                    // Whoever says nothing has the thread until it goes away.
                    std::thread::spawn(move || converse(&device, stream));
                }
            }
            Ear::Snmp(socket) => speak(socket, |asked| answer_snmp(device, asked)),
            Ear::DnsSd(socket) => speak(socket, |asked| answer_dns_sd(device, self.ip, asked)),
        }
    }
}

/// Answers what is said first over a connection, and closes it.
fn converse(device: &Device, mut stream: TcpStream) {
    let mut octets = [0; 2048];
    let asked = stream
        .set_nonblocking(false)
        .and_then(|()| stream.set_read_timeout(Some(PATIENCE)))
        .and_then(|()| stream.read(&mut octets));
    let Ok(length) = asked else { return };
    if let Some(words) = octets.get(..length).and_then(|it| answer_words(device, TCP_PORT, it)) {
        // Who has gone away meanwhile is told nothing.
        drop(stream.write_all(&words));
    }
}

/// Answers every datagram that waits.
fn speak(socket: &UdpSocket, answer: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    let mut octets = [0; 2048];
    loop {
        let (length, from): (usize, SocketAddr) = match socket.recv_from(&mut octets) {
            Ok(received) => received,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        if let Some(answer) = octets.get(..length).and_then(&answer) {
            // A datagram that cannot be sent is lost, as any may be.
            drop(socket.send_to(&answer, from));
        }
    }
}

impl Drop for Site {
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
