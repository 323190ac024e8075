//! A capture of frames that our own encoders made, with values from a fixed sequence: what no
//! capture at hand has, such as CDP and spanning tree.

use daicho_common::addr::Mac;
use daicho_common::wire::Wire;
use daicho_common::wire::arp::{Arp, Operation};
use daicho_common::wire::cdp::{self, Cdp};
use daicho_common::wire::dhcp::{Dhcp, DhcpOption};
use daicho_common::wire::lldp::{self, Capabilities, ChassisId, Lldp, Management, PortId};
use daicho_common::wire::stp::{Bpdu, BridgeId, Config};

/// Frames of each kind.
const EACH: usize = 200;

/// A fixed sequence of numbers (xorshift64, Marsaglia 2003).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn octets<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next().to_be_bytes()[3])
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn mac(&mut self) -> Mac {
        let mut octets: [u8; 6] = self.octets();
        octets[0] = 0;
        Mac::new(octets)
    }

    fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.octets())
    }

    /// 1–40 letters, digits, spaces and points, none at the ends.
    fn text(&mut self) -> Vec<u8> {
        const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789-_/. ";
        let length = 1 + self.below(40);
        let letter = |n: u64| LETTERS.get(usize::try_from(n).unwrap_or(0)).copied().unwrap_or(b'a');
        let mut text: Vec<u8> =
            (0..length).map(|_| letter(self.below(LETTERS.len() as u64))).collect();
        text.insert(0, b'x');
        text.push(b'y');
        text
    }
}

/// The capture: classic pcap, Ethernet.
pub(super) fn capture() -> Vec<u8> {
    let mut numbers = Numbers(0x0dec_0de5_eed5_0001);
    let mut file = 0xa1b2_c3d4u32.to_be_bytes().to_vec();
    file.extend([0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 1]);
    for _ in 0..EACH {
        for make in [arp, lldp, cdp, stp, pvst, dhcp] {
            let mut frame = make(&mut numbers);
            frame.resize(frame.len().max(60), 0);
            let length = u32::try_from(frame.len()).unwrap_or(0);
            for field in [1_700_000_000, 0, length, length] {
                file.extend(field.to_be_bytes());
            }
            file.extend(frame);
        }
    }
    file
}

/// An Ethernet II header, tagged one time in three.
fn typed(to: [u8; 6], kind: u16, numbers: &mut Numbers) -> Vec<u8> {
    let mut frame = to.to_vec();
    frame.extend(numbers.mac().octets());
    if numbers.below(3) == 0 {
        frame.extend([0x81, 0x00]);
        frame.extend(numbers.u16().to_be_bytes());
    }
    frame.extend(kind.to_be_bytes());
    frame
}

/// An IEEE 802.3 frame: its length comes before LLC.
fn counted(to: [u8; 6], llc: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let length = u16::try_from(llc.len()).unwrap_or(0);
    let mut frame = typed(to, length, numbers);
    frame.extend(llc);
    frame
}

fn arp(numbers: &mut Numbers) -> Vec<u8> {
    let mut frame = typed([0xff; 6], 0x0806, numbers);
    Arp {
        operation: Operation(1 + u16::try_from(numbers.below(2)).unwrap_or(0)),
        sender_mac: numbers.mac(),
        sender_ip: numbers.octets().into(),
        target_mac: numbers.mac(),
        target_ip: numbers.octets().into(),
    }
    .encode(&mut frame);
    frame
}

fn lldp(numbers: &mut Numbers) -> Vec<u8> {
    let mut frame = typed([0x01, 0x80, 0xc2, 0, 0, 0x0e], lldp::ETHERTYPE, numbers);
    let text = |numbers: &mut Numbers| numbers.text().as_slice().into();
    let (chassis, port) = match numbers.below(3) {
        0 => {
            let (a, b) = (numbers.mac().octets(), numbers.mac().octets());
            (
                ChassisId { subtype: 4, id: a.as_slice().into() },
                PortId { subtype: 3, id: b.as_slice().into() },
            )
        }
        1 => {
            let [a, b, c, d] = numbers.octets();
            let id = [1, a, b, c, d].as_slice().into();
            (ChassisId { subtype: 5, id }, PortId { subtype: 5, id: text(numbers) })
        }
        _ => {
            (ChassisId { subtype: 7, id: text(numbers) }, PortId { subtype: 7, id: text(numbers) })
        }
    };
    let organisation =
        |oui, subtype, value: &[u8]| lldp::Tlv::Organisation { oui, subtype, value: value.into() };
    let vlan = 1 + u16::try_from(numbers.below(4094)).unwrap_or(0);
    let v4: [u8; 4] = numbers.octets();
    let v6: [u8; 16] = numbers.octets();
    let managed = |family, address: &[u8]| {
        lldp::Tlv::Management(Management {
            family,
            address: address.into(),
            interface_subtype: 2,
            interface: 7,
            object: lldp::Octets::default(),
        })
    };
    let mut tlvs = vec![
        lldp::Tlv::PortDescription(text(numbers)),
        lldp::Tlv::SystemName(text(numbers)),
        lldp::Tlv::SystemDescription(text(numbers)),
        lldp::Tlv::Capabilities(Capabilities { system: numbers.u16(), enabled: numbers.u16() }),
        managed(1, &v4),
        managed(2, &v6),
        organisation(lldp::OUI_8021, 1, &vlan.to_be_bytes()),
    ];
    for subtype in [5, 6, 7, 8, 9, 10, 11] {
        let mut value = numbers.text();
        value.truncate(32);
        tlvs.push(organisation(lldp::OUI_MED, subtype, &value));
    }
    Lldp { chassis, port, ttl_secs: numbers.u16(), tlvs }.encode(&mut frame);
    frame
}

fn cdp(numbers: &mut Numbers) -> Vec<u8> {
    let addresses = |ip: [u8; 4]| [&[0, 0, 0, 1, 1, 1, 0xcc, 0, 4][..], &ip].concat();
    let vlan = u16::try_from(numbers.below(4096)).unwrap_or(0);
    let tlvs = [
        (0x0001, numbers.text()),
        (0x0002, addresses(numbers.octets())),
        (0x0003, numbers.text()),
        (0x0004, numbers.octets::<4>().to_vec()),
        (0x0005, numbers.text()),
        (0x0006, numbers.text()),
        (0x000a, vlan.to_be_bytes().to_vec()),
        (0x0014, numbers.text()),
        (0x0016, addresses(numbers.octets())),
    ];
    let tlvs = tlvs.into_iter().map(|(kind, value)| cdp::Tlv { kind, value }).collect();
    let mut llc = Vec::new();
    let ttl_secs = numbers.octets::<1>()[0];
    Cdp { version: 2, ttl_secs, checksum: numbers.u16(), tlvs }.encode(&mut llc);
    counted([0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc], &llc, numbers)
}

fn bpdu(numbers: &mut Numbers) -> Vec<u8> {
    let id = |numbers: &mut Numbers| BridgeId { priority: numbers.u16(), mac: numbers.mac() };
    let config = Config {
        flags: numbers.octets::<1>()[0],
        root: id(numbers),
        root_cost: u32::from_be_bytes(numbers.octets()),
        bridge: id(numbers),
        port: numbers.u16(),
        message_age: numbers.u16() & 0xff00,
        max_age: numbers.u16() & 0xff00,
        hello_time: numbers.u16() & 0xff00,
        forward_delay: numbers.u16() & 0xff00,
    };
    let mut octets = Vec::new();
    match numbers.below(5) {
        0 => Bpdu::TopologyChange { version: 0 },
        1 | 2 => Bpdu::Configuration { version: 0, config },
        _ => Bpdu::Rapid { version: 2, config, rest: vec![0] },
    }
    .encode(&mut octets);
    octets
}

fn stp(numbers: &mut Numbers) -> Vec<u8> {
    let llc = bpdu(numbers);
    counted([0x01, 0x80, 0xc2, 0, 0, 0], &llc, numbers)
}

fn pvst(numbers: &mut Numbers) -> Vec<u8> {
    let bpdu = bpdu(numbers);
    let after = bpdu.get(3..).unwrap_or_default();
    let llc = [&[0xaa, 0xaa, 0x03, 0x00, 0x00, 0x0c, 0x01, 0x0b], after].concat();
    counted([0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcd], &llc, numbers)
}

fn dhcp(numbers: &mut Numbers) -> Vec<u8> {
    let op = 1 + numbers.octets::<1>()[0] % 2;
    let mut hardware = [0; 16];
    for (to, from) in hardware.iter_mut().zip(numbers.mac().octets()) {
        *to = from;
    }
    let option = |code, value: &[u8]| DhcpOption { code, value: value.to_vec() };
    let list: [u8; 9] = numbers.octets();
    let list: Vec<u8> = list.into_iter().map(|code| code.clamp(1, 254)).collect();
    let mut fqdn = vec![0, 0, 0];
    fqdn.extend(numbers.text());
    let kind = 1 + numbers.octets::<1>()[0] % 8;
    let options = vec![
        option(53, &[kind]),
        option(61, &[&[1], hardware.get(..6).unwrap_or_default()].concat()),
        option(50, &numbers.octets::<4>()),
        option(54, &numbers.octets::<4>()),
        option(12, &numbers.text()),
        option(60, &numbers.text()),
        option(81, &fqdn),
        option(55, &list),
    ];
    let mut message = Vec::new();
    Dhcp {
        op,
        htype: 1,
        hlen: 6,
        hops: 0,
        xid: u32::from_be_bytes(numbers.octets()),
        secs: numbers.u16(),
        flags: 0x8000,
        ciaddr: numbers.octets().into(),
        yiaddr: numbers.octets().into(),
        siaddr: numbers.octets().into(),
        giaddr: numbers.octets().into(),
        chaddr: hardware,
        sname: [0; 64],
        file: [0; 128],
        cookie: true,
        options,
    }
    .encode(&mut message);
    let (from, to) = ([0, 0, 0, 0].into(), [255; 4].into());
    let mut datagram = Vec::new();
    let (source, destination) = if op == 1 { (68, 67) } else { (67, 68) };
    daicho_common::wire::udp::Udp { source, destination, payload: message }.encode(
        from,
        to,
        &mut datagram,
    );
    let mut frame = typed([0xff; 6], 0x0800, numbers);
    daicho_common::wire::ipv4::Ipv4::new(17, from, to, datagram).encode(&mut frame);
    frame
}
