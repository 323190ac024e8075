//! Frames of devices that say one thing and are silent ever after.

use std::net::Ipv4Addr;

use daicho_common::addr::Mac;
use daicho_common::wire::Wire;
use daicho_common::wire::arp::{Arp, Operation};
use daicho_common::wire::dhcp::{Dhcp, DhcpOption};
use daicho_common::wire::dns::{Data, Kind, Message, Name, Question, Record};
use daicho_common::wire::ipv4::Ipv4;
use daicho_common::wire::lldp::{self, ChassisId, Lldp, PortId, Tlv};
use daicho_common::wire::tcp::{ACK, SYN, Tcp};
use daicho_common::wire::udp::Udp;

const EVERYBODY: [u8; 6] = [0xff; 6];
/// To whom devices talk that are overheard.
const PARTNER: Ipv4Addr = Ipv4Addr::new(10, 99, 2, 200);
const HL7: &[u8] = b"\x0bMSH|^~\\&|ANALYSER|LAB|HIS||||ORU^R01|1|P|2.5.1\r\x1c\r";

/// The burned-in address of the device with this number.
pub(super) fn mac(number: u8) -> Mac {
    Mac::new([0x00, 0x1a, 0x2b, 0xee, 0x00, number])
}

/// What each is, who sends it, and the frame.
pub(super) fn one_of_each() -> Vec<(&'static str, Mac, Vec<u8>)> {
    let ip = |host| Ipv4Addr::new(10, 99, 2, host);
    vec![
        ("gratuitous ARP", mac(1), gratuitous_arp(mac(1), ip(11))),
        ("LLDP", mac(2), lldp(mac(2))),
        ("DHCP discover", mac(3), dhcp_discover(mac(3))),
        ("mDNS announcement", mac(4), mdns_announcement(mac(4), ip(14))),
        ("IGMP report", mac(5), igmp_report(mac(5), ip(15))),
        ("TCP handshake", mac(6), segment(mac(6), ip(16), SYN | ACK, &[])),
        ("HL7 message", mac(7), segment(mac(7), ip(17), ACK, HL7)),
    ]
}

fn ethernet(to: [u8; 6], from: Mac, kind: u16, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut frame = [&to[..], &from.octets(), &kind.to_be_bytes()].concat();
    write(&mut frame);
    frame.resize(frame.len().max(60), 0);
    frame
}

/// To a group on the link: its address maps to the frame's (RFC 1112 §6.4).
fn packet(from: Mac, packet: &Ipv4) -> Vec<u8> {
    let [_, b, c, d] = packet.destination.octets();
    let group = packet.destination.is_multicast();
    let to = if group { [0x01, 0x00, 0x5e, b & 0x7f, c, d] } else { EVERYBODY };
    ethernet(to, from, 0x0800, |frame| packet.encode(frame))
}

/// RFC 5227 §2.3.
pub(super) fn gratuitous_arp(from: Mac, ip: Ipv4Addr) -> Vec<u8> {
    let arp = Arp {
        operation: Operation(1),
        sender_mac: from,
        sender_ip: ip,
        target_mac: Mac::ZERO,
        target_ip: ip,
    };
    ethernet(EVERYBODY, from, 0x0806, |frame| arp.encode(frame))
}

fn lldp(from: Mac) -> Vec<u8> {
    let lldp = Lldp {
        chassis: ChassisId { subtype: 4, id: from.octets().as_slice().into() },
        port: PortId { subtype: 5, id: b"port1".as_slice().into() },
        ttl_secs: 120,
        tlvs: vec![Tlv::SystemName(b"sw-3f".as_slice().into())],
    };
    let to = [0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e];
    ethernet(to, from, lldp::ETHERTYPE, |frame| lldp.encode(frame))
}

fn dhcp_discover(from: Mac) -> Vec<u8> {
    let mut chaddr = [0; 16];
    chaddr[..6].copy_from_slice(&from.octets());
    let nobody = Ipv4Addr::UNSPECIFIED;
    let discover = Dhcp {
        op: 1,
        htype: 1,
        hlen: 6,
        hops: 0,
        xid: 7,
        secs: 0,
        flags: 0x8000,
        ciaddr: nobody,
        yiaddr: nobody,
        siaddr: nobody,
        giaddr: nobody,
        chaddr,
        sname: [0; 64],
        file: [0; 128],
        cookie: true,
        options: vec![DhcpOption { code: 53, value: vec![1] }],
    };
    let mut message = Vec::new();
    discover.encode(&mut message);
    let mut datagram = Vec::new();
    let to = Ipv4Addr::BROADCAST;
    Udp { source: 68, destination: 67, payload: message }.encode(nobody, to, &mut datagram);
    packet(from, &Ipv4::new(17, nobody, to, datagram))
}

/// RFC 6762 §8.3.
fn mdns_announcement(from: Mac, ip: Ipv4Addr) -> Vec<u8> {
    let service = Name::dotted("_ipp._tcp.local").unwrap();
    let instance = Name::dotted("printer._ipp._tcp.local").unwrap();
    let asked =
        Message::question(0, Question { name: service.clone(), kind: Kind::Ptr, unicast: false });
    let mut message =
        Message::answer(&asked, vec![Record::new(service, Data::Ptr(instance))], vec![]);
    message.questions.clear();
    let group = Ipv4Addr::new(224, 0, 0, 251);
    let mut datagram = Vec::new();
    Udp { source: 5353, destination: 5353, payload: message.encode() }.encode(
        ip,
        group,
        &mut datagram,
    );
    packet(from, &Ipv4 { ttl: 255, ..Ipv4::new(17, ip, group, datagram) })
}

/// A version 2 membership report of SSDP's group (RFC 2236 §2); the octets 9–12 sum up to zero with
/// the rest (RFC 1071).
fn igmp_report(from: Mac, ip: Ipv4Addr) -> Vec<u8> {
    let group = Ipv4Addr::new(239, 255, 255, 250);
    let mut report = [&[0x16, 0, 0, 0][..], &group.octets()].concat();
    let sum: u32 =
        report.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let checksum = !u16::try_from(folded).unwrap();
    report[2..4].copy_from_slice(&checksum.to_be_bytes());
    packet(from, &Ipv4 { ttl: 1, ..Ipv4::new(2, ip, group, report) })
}

/// Of a conversation with somebody who is not there, as a mirrored port shows it.
fn segment(from: Mac, ip: Ipv4Addr, flags: u8, data: &[u8]) -> Vec<u8> {
    let tcp = Tcp { flags, data: data.to_vec(), ..Tcp::syn(8210, 49_800, 7) };
    let mut octets = Vec::new();
    tcp.encode(ip, PARTNER, &mut octets);
    packet(from, &Ipv4::new(6, ip, PARTNER, octets))
}
