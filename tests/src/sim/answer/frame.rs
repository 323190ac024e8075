//! ARP (RFC 826), IPv4 (RFC 791), ICMP (RFC 792), UDP (RFC 768) and TCP (RFC 9293), as far as hosts
//! need them to answer a scanner. Written apart from the agent's codecs, so that an error in those
//! is not answered by the same error here. Checksums of what comes in are not looked at: a virtual
//! cable leaves them out.

use std::net::Ipv4Addr;

use daicho_common::addr::Mac;

use super::{answer_dns_sd, answer_snmp, answer_words, greeting};
use crate::sim::{Device, Door, Hospital, Reach};

const ARP: u16 = 0x0806;
const IPV4: u16 = 0x0800;
const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const MDNS_GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);

/// What a frame met in the hospital.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// Frames that answer it.
    pub answers: Vec<Vec<u8>>,
    /// Octets of its packet, if it went to a port that must never be sent to; of the frame, if it went
    /// into a network that the agent may not touch.
    pub forbidden: u64,
}

/// Whether a byte sent to this port does harm (DOMAIN §7.3): printers print it, HL7 reads it.
pub const fn forbidden(port: u16) -> bool {
    matches!(port, 9100..=9107 | 515 | 2575)
}

/// An IPv4 packet with the addresses of its frame.
#[derive(Clone, Copy)]
struct Packet<'a> {
    from_mac: Mac,
    to_mac: Mac,
    from: Ipv4Addr,
    to: Ipv4Addr,
    protocol: u8,
    /// The packet from its first octet.
    whole: &'a [u8],
    payload: &'a [u8],
}

/// What the whole hospital, on one end of the agent's cable, answers to a frame.
pub fn answer_frame(hospital: &Hospital, frame: &[u8]) -> Met {
    let kind = frame.get(12..14).map(be16);
    if asked(frame).is_some_and(|ip| hospital.is_untouchable(ip)) {
        return Met { answers: Vec::new(), forbidden: frame.len() as u64 };
    }
    if kind == Some(ARP) {
        let answers = answer_arp(hospital, frame).into_iter().collect();
        return Met { answers, forbidden: 0 };
    }
    match kind.filter(|kind| *kind == IPV4).and_then(|_| read(frame)) {
        Some(packet) => answer_packet(hospital, &packet),
        None => Met::default(),
    }
}

/// Whom an ARP request asks for, or a packet is for.
fn asked(frame: &[u8]) -> Option<Ipv4Addr> {
    match be16(frame.get(12..14)?) {
        ARP => address(frame.get(38..42)?),
        IPV4 => address(frame.get(30..34)?),
        _ => None,
    }
}

/// The ARP reply to an ARP request; `None` if nobody on the link has the address.
pub fn answer_arp(hospital: &Hospital, frame: &[u8]) -> Option<Vec<u8>> {
    let arp = frame.get(14..42)?;
    if arp.get(..8)? != [0, 1, 8, 0, 6, 4, 0, 1] {
        return None;
    }
    let target = address(arp.get(24..28)?)?;
    let (_, nic) = hospital.at(target)?;
    if matches!(hospital.segment_of(target)?.reach, Reach::Routed | Reach::Untouched) {
        return None;
    }
    let asker = arp.get(8..18)?;
    let mut reply = Vec::with_capacity(60);
    reply.extend_from_slice(asker.get(..6)?);
    reply.extend_from_slice(&nic.mac.octets());
    reply.extend_from_slice(&[8, 6, 0, 1, 8, 0, 6, 4, 0, 2]);
    reply.extend_from_slice(&nic.mac.octets());
    reply.extend_from_slice(&target.octets());
    reply.extend_from_slice(asker);
    reply.resize(60, 0);
    Some(reply)
}

fn read(frame: &[u8]) -> Option<Packet<'_>> {
    let whole = frame.get(14..)?;
    let header = usize::from(*whole.first()? & 0x0f) * 4;
    let length = usize::from(be16(whole.get(2..4)?));
    let whole = whole.get(..length)?;
    Some(Packet {
        from_mac: Mac::from_slice(frame.get(6..12)?)?,
        to_mac: Mac::from_slice(frame.get(..6)?)?,
        from: address(whole.get(12..16)?)?,
        to: address(whole.get(16..20)?)?,
        protocol: *whole.get(9)?,
        whole,
        payload: whole.get(header..)?,
    })
}

fn answer_packet(hospital: &Hospital, packet: &Packet<'_>) -> Met {
    if packet.to == MDNS_GROUP {
        let answers =
            hospital.devices.iter().filter_map(|device| to_group(hospital, device, packet));
        return Met { answers: answers.collect(), forbidden: 0 };
    }
    let Some(device) = reached(hospital, packet) else { return Met::default() };
    let port = packet.payload.get(2..4).map(be16).filter(|_| packet.protocol != ICMP);
    let forbidden = if port.is_some_and(forbidden) { packet.whole.len() as u64 } else { 0 };
    let answer = match packet.protocol {
        ICMP => answer_icmp(device, packet.payload).map(|octets| (ICMP, octets)),
        UDP => answer_udp(device, packet),
        TCP => answer_tcp(device, packet).map(|octets| (TCP, octets)),
        _ => None,
    };
    let answers = answer.map(|(protocol, octets)| reply(packet, packet.to, protocol, &octets));
    Met { answers: answers.into_iter().collect(), forbidden }
}

/// The device that gets the packet: on the link by its own address, else by way of the router.
fn reached<'a>(hospital: &'a Hospital, packet: &Packet<'_>) -> Option<&'a Device> {
    let (device, nic) = hospital.at(packet.to)?;
    if !matches!(hospital.segment_of(packet.to)?.reach, Reach::Routed | Reach::Untouched) {
        return (nic.mac == packet.to_mac).then_some(device);
    }
    let (_, gateway) = hospital.at(hospital.ground.address(0, 1))?;
    (gateway.mac == packet.to_mac).then_some(device)
}

fn to_group(hospital: &Hospital, device: &Device, packet: &Packet<'_>) -> Option<Vec<u8>> {
    let on_link = |ip| hospital.segment_of(ip).is_some_and(|segment| segment.reach == Reach::Link);
    let nic = device.nics.iter().find(|nic| on_link(nic.ip))?;
    if packet.protocol != UDP || be16(packet.payload.get(2..4)?) != 5353 {
        return None;
    }
    let said = answer_dns_sd(device, nic.ip, packet.payload.get(8..)?)?;
    let back = Packet { to_mac: nic.mac, ..*packet };
    Some(reply(&back, nic.ip, UDP, &datagram(nic.ip, packet, &said)?))
}

/// The echo reply to an echo request (RFC 792).
pub fn answer_echo(device: &Device, icmp: &[u8]) -> Option<Vec<u8>> {
    if !device.answers.echo || icmp.first() != Some(&8) {
        return None;
    }
    let mut octets = [&[0, 0, 0, 0], icmp.get(4..)?].concat();
    seal(&mut octets, 2, 0)?;
    Some(octets)
}

/// The timestamp reply to a timestamp request (RFC 792), from who answers echo: midnight.
fn answer_timestamp(device: &Device, icmp: &[u8]) -> Option<Vec<u8>> {
    if !device.answers.echo || icmp.first() != Some(&13) {
        return None;
    }
    let mut octets = [&[14, 0, 0, 0], icmp.get(4..12)?, &[0; 8]].concat();
    seal(&mut octets, 2, 0)?;
    Some(octets)
}

fn answer_icmp(device: &Device, icmp: &[u8]) -> Option<Vec<u8>> {
    answer_echo(device, icmp).or_else(|| answer_timestamp(device, icmp))
}

fn answer_udp(device: &Device, packet: &Packet<'_>) -> Option<(u8, Vec<u8>)> {
    let asked = packet.payload.get(8..)?;
    let (said, listens) = match be16(packet.payload.get(2..4)?) {
        161 => (answer_snmp(device, asked), device.answers.snmp.is_some()),
        5353 => (answer_dns_sd(device, packet.to, asked), !device.answers.services.is_empty()),
        _ => (None, false),
    };
    if let Some(said) = said {
        return Some((UDP, datagram(packet.to, packet, &said)?));
    }
    // RFC 1122 §3.2.2.1: code 3 is port unreachable; the header and 8 octets come back.
    let quoted = packet.whole.get(..28)?;
    (!listens && device.answers.resets).then(|| {
        let mut octets = [&[3, 3, 0, 0, 0, 0, 0, 0], quoted].concat();
        seal(&mut octets, 2, 0);
        (ICMP, octets)
    })
}

/// A datagram back to who sent `packet`, from the port it was for.
fn datagram(from: Ipv4Addr, packet: &Packet<'_>, said: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(8 + said.len()).ok()?;
    let mut octets = Vec::with_capacity(8 + said.len());
    octets.extend_from_slice(packet.payload.get(2..4)?);
    octets.extend_from_slice(packet.payload.get(..2)?);
    octets.extend_from_slice(&length.to_be_bytes());
    octets.extend_from_slice(&[0, 0]);
    octets.extend_from_slice(said);
    let pseudo = pseudo_header(from, packet.from, UDP, octets.len());
    seal(&mut octets, 6, pseudo)?;
    Some(octets)
}

/// A segment that came in, as far as it matters.
struct Segment<'a> {
    ports: (u16, u16),
    sequence: u32,
    acknowledged: u32,
    flags: u8,
    words: &'a [u8],
}

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;

fn segment(tcp: &[u8]) -> Option<Segment<'_>> {
    let number = |at: usize| Some(u32::from_be_bytes(tcp.get(at..at + 4)?.try_into().ok()?));
    let header = usize::from(*tcp.get(12)? >> 4) * 4;
    Some(Segment {
        ports: (be16(tcp.get(..2)?), be16(tcp.get(2..4)?)),
        sequence: number(4)?,
        acknowledged: number(8)?,
        flags: *tcp.get(13)?,
        words: tcp.get(header..)?,
    })
}

/// A host without memory: every connection begins at the sequence number that is its address, a
/// greeting follows on the handshake, and with the first answer the connection is closed.
fn answer_tcp(device: &Device, packet: &Packet<'_>) -> Option<Vec<u8>> {
    let came = segment(packet.payload)?;
    let (begin, port) = (u32::from(packet.to), came.ports.1);
    let length = u32::try_from(came.words.len()).ok()?;
    let next = came.sequence.wrapping_add(length);
    let open = device.tcp(port) == Door::Open;
    let (sequence, theirs, flags, said) = match came.flags & (SYN | RST | FIN) {
        SYN if open => (begin, next.wrapping_add(1), SYN | ACK, None),
        SYN if device.tcp(port) == Door::Refused => (0, next.wrapping_add(1), RST | ACK, None),
        FIN if open => (came.acknowledged, next.wrapping_add(1), FIN | ACK, None),
        0 if open && length > 0 => {
            let said = answer_words(device, port, came.words);
            (came.acknowledged, next, FIN | PSH | ACK, said)
        }
        0 if open && came.acknowledged == begin.wrapping_add(1) => {
            (came.acknowledged, next, PSH | ACK, Some(greeting(device, port)?))
        }
        _ => return None,
    };
    let mut octets = [came.ports.1.to_be_bytes(), came.ports.0.to_be_bytes()].concat();
    octets.extend_from_slice(&sequence.to_be_bytes());
    octets.extend_from_slice(&theirs.to_be_bytes());
    octets.extend_from_slice(&[0x50, flags, 0xfa, 0xf0, 0, 0, 0, 0]);
    octets.extend(said.unwrap_or_default());
    let pseudo = pseudo_header(packet.to, packet.from, TCP, octets.len());
    seal(&mut octets, 16, pseudo)?;
    Some(octets)
}

/// The frame that carries an answer back.
fn reply(packet: &Packet<'_>, from: Ipv4Addr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + payload.len()).unwrap_or(u16::MAX);
    let mut header = vec![0x45, 0];
    header.extend_from_slice(&length.to_be_bytes());
    header.extend_from_slice(&[0, 0, 0x40, 0, 64, protocol, 0, 0]);
    header.extend_from_slice(&from.octets());
    header.extend_from_slice(&packet.from.octets());
    seal(&mut header, 10, 0);
    let (to, by) = (packet.from_mac.octets(), packet.to_mac.octets());
    let mut frame = [&to, &by, IPV4.to_be_bytes().as_slice(), &header, payload].concat();
    frame.resize(frame.len().max(60), 0);
    frame
}

fn pseudo_header(from: Ipv4Addr, to: Ipv4Addr, protocol: u8, length: usize) -> u32 {
    let length = u32::try_from(length).unwrap_or(0);
    sum(&[from.octets(), to.octets()].concat()) + u32::from(protocol) + length
}

fn sum(octets: &[u8]) -> u32 {
    octets.chunks(2).map(|pair| u32::from(be16(pair))).sum()
}

/// Writes the Internet checksum (RFC 1071) at `at`.
fn seal(octets: &mut [u8], at: usize, pseudo: u32) -> Option<()> {
    let mut total = sum(octets) + pseudo;
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    let checksum = !u16::try_from(total).unwrap_or(0);
    octets.get_mut(at..at + 2)?.copy_from_slice(&checksum.to_be_bytes());
    Some(())
}

/// Two octets as a number; one octet stands for itself and a zero.
fn be16(octets: &[u8]) -> u16 {
    let octet = |at| octets.get(at).copied().unwrap_or(0);
    u16::from_be_bytes([octet(0), octet(1)])
}

fn address(octets: &[u8]) -> Option<Ipv4Addr> {
    <[u8; 4]>::try_from(octets).ok().map(Ipv4Addr::from)
}
