//! Whether a daemon answers: one question each, in octets written here and by none of the code that
//! the lab is to test. To be called in a namespace on the lab's network.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use simple_dns::{CLASS, Name, Packet, QCLASS, QTYPE, Question, TYPE};
use socket2::SockRef;

use super::hosts::COMMUNITY;

/// How long one answer is waited for before the question is asked again.
const WAIT: Duration = Duration::from_millis(250);
/// Port and group of mDNS (RFC 6762 §3).
const MDNS: (Ipv4Addr, u16) = (Ipv4Addr::new(224, 0, 0, 251), 5353);

/// How a daemon is known to be there.
#[derive(Clone, Copy, Debug)]
pub enum Ready {
    /// It accepts connections to this TCP port.
    Tcp(u16),
    /// It tells this sysName over SNMP v2c.
    Snmp(&'static str),
    /// It tells this name over the `NetBIOS` name service.
    NetBios(&'static str),
    /// It knows an address for this name over DNS.
    Dns(&'static str),
    /// It answers for this DNS-SD service type.
    Mdns(&'static str),
    /// It answers for this host name over mDNS.
    MdnsHost(&'static str),
    /// Nothing says that this UDP port is unreachable.
    Udp(u16),
    /// It accepts connections to this socket in the host's directory.
    Socket(&'static str),
    /// This file is in the host's directory.
    File(&'static str),
}

impl Ready {
    /// Asks once. Everything that is no answer is a no.
    pub(super) fn ask(self, ip: Ipv4Addr, directory: &Path) -> bool {
        match self {
            Self::Tcp(port) => {
                TcpStream::connect_timeout(&SocketAddr::from((ip, port)), WAIT).is_ok()
            }
            Self::Snmp(name) => {
                let said = exchange((ip, 161), ip, &snmp_get_sys_name());
                said.is_ok_and(|reply| contains(&reply, name.as_bytes()))
            }
            Self::NetBios(name) => {
                let said = exchange((ip, 137), ip, &netbios_status());
                said.is_ok_and(|reply| contains(&reply, name.as_bytes()))
            }
            Self::Dns(name) => answers((ip, 53), ip, name, TYPE::A),
            Self::Mdns(service) => answers(MDNS, ip, &format!("{service}.local"), TYPE::PTR),
            Self::MdnsHost(name) => answers(MDNS, ip, name, TYPE::A),
            Self::Udp(port) => is_bound(ip, port),
            Self::Socket(path) => UnixStream::connect(directory.join(path)).is_ok(),
            Self::File(path) => directory.join(path).exists(),
        }
    }
}

/// Whether a datagram of no use to anybody is not sent back as unreachable (RFC 1122 §3.2.2.1).
fn is_bound(ip: Ipv4Addr, port: u16) -> bool {
    let ask = || -> io::Result<bool> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.set_read_timeout(Some(WAIT))?;
        socket.connect((ip, port))?;
        socket.send(b"\r\n")?;
        match socket.recv(&mut [0; 16]) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(false),
            Ok(_) | Err(_) => Ok(true),
        }
    };
    ask().unwrap_or(false)
}

fn contains(octets: &[u8], needle: &[u8]) -> bool {
    octets.windows(needle.len()).any(|window| window == needle)
}

/// Sends a datagram and returns the first that `from` sends back.
fn exchange(to: (Ipv4Addr, u16), from: Ipv4Addr, question: &[u8]) -> io::Result<Vec<u8>> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.set_read_timeout(Some(WAIT))?;
    if to.0.is_multicast() {
        SockRef::from(&socket).set_multicast_if_v4(&super::ASKER_IP)?;
    }
    socket.send_to(question, to)?;
    let mut reply = vec![0; 9000];
    // Others may answer a question to the group too; more than one each is not to be expected.
    for _ in 0..super::HOSTS.len() + super::WING.len() {
        let (length, speaker) = socket.recv_from(&mut reply)?;
        if speaker.ip() == IpAddr::V4(from) {
            reply.truncate(length);
            return Ok(reply);
        }
    }
    Err(ErrorKind::TimedOut.into())
}

/// Asks a DNS or mDNS question (the latter as a legacy unicast query, RFC 6762 §6.7) and returns
/// whether an answer record came.
fn answers(to: (Ipv4Addr, u16), from: Ipv4Addr, name: &str, kind: TYPE) -> bool {
    let ask = || -> Option<bool> {
        let mut packet = Packet::new_query(0x7747);
        packet.set_flags(simple_dns::PacketFlag::RECURSION_DESIRED);
        let name = Name::new(name).ok()?;
        let question = Question::new(name, QTYPE::TYPE(kind), QCLASS::CLASS(CLASS::IN), false);
        packet.questions.push(question);
        let reply = exchange(to, from, &packet.build_bytes_vec().ok()?).ok()?;
        let reply = Packet::parse(&reply).ok()?;
        Some(reply.id() == 0x7747 && !reply.answers.is_empty())
    };
    ask().unwrap_or(false)
}

/// A BER value in short form (X.690 §8.1.3.4).
fn value(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
    [&[tag, length], content.as_slice()].concat()
}

/// An SNMP v2c get of sysName.0 (RFC 3416 §4.2.1).
fn snmp_get_sys_name() -> Vec<u8> {
    let name = value(0x06, &[&[0x2b, 6, 1, 2, 1, 1, 5, 0]]);
    let bindings = value(0x30, &[&value(0x30, &[&name, &[0x05, 0]])]);
    let (id, zero) = (value(0x02, &[&[1]]), value(0x02, &[&[0]]));
    let get = value(0xa0, &[&id, &zero, &zero, &bindings]);
    value(0x30, &[&value(0x02, &[&[1]]), &value(0x04, &[COMMUNITY.as_bytes()]), &get])
}

/// A `NetBIOS` node status request for `*` (RFC 1002 §4.2.17).
fn netbios_status() -> Vec<u8> {
    let header = [0x77, 0x47, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    // '*' and fifteen zeros, each half an octet to a letter (RFC 1001 §14.1).
    let name = [&[32], b"CK".as_slice(), &[b'A'; 30], &[0]].concat();
    [header.as_slice(), &name, &[0, 0x21, 0, 1]].concat()
}
